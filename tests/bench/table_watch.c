/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Waits until the IPVS table of this network namespace is as somebody is to make it, and prints at what wall
 * time, in microseconds, it saw that first. Rests five times as long as it looks: on User-Mode Linux it
 * shares the processor with whom it watches. For the same reason it does not look before -b, a wall time in
 * microseconds before which the table cannot be so.
 *
 *   [-b US] servers N SECONDS [VIP:PORT]    so many real servers have a weight. It takes time to look at a large
 *                                           table: not before that virtual service (TCP) has one of them
 *   [-b US] weight VIP:PORT REAL:PORT N SECONDS     a real server of a virtual service (TCP) has that one
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ldirectord/ipvs/ipvs.h"
#include "tests/bench/netspace.h"

#define REST_LEAST_NS 1000000u

struct watched {
    struct ld_portion portion; /* the service, if there is one */
    struct ha_addr real;
    uint16_t real_port;
    unsigned wanted;           /* weight, or servers */
    uint64_t seconds, before_us;
    bool servers;
};

static unsigned in_service(const struct ld_table *table)
{
    unsigned found = 0;

    for (guint i = 0; i < table->services->len; i++) {
        const struct ld_vs *vs = g_ptr_array_index(table->services, i);

        for (guint j = 0; j < vs->dests->len; j++)
            found += g_array_index(vs->dests, struct ld_dest, j).weight > 0;
    }
    return found;
}

/* Asks, and frees. A table that changes under the dump is as good as an empty one. */
static bool table_holds(struct ld_ipvs *ipvs, const struct watched *watched, bool whole)
{
    struct ld_table *table = NULL;
    bool yes = false;

    if (ipvs->ops->read(ipvs, whole ? NULL : &watched->portion, &table) != 0)
        return false;
    if (watched->servers) {
        yes = in_service(table) >= (whole ? watched->wanted : 1);
    } else {
        const struct ld_vs *vs = ld_table_find(table, g_ptr_array_index(watched->portion.ids, 0));
        const struct ld_dest *dest = vs ? ld_vs_find(vs, &watched->real, watched->real_port) : NULL;

        yes = dest != NULL && dest->weight == watched->wanted;
    }
    ld_table_free(table);
    return yes;
}

static bool holds(struct ld_ipvs *ipvs, const struct watched *watched)
{
    if (watched->portion.ids->len > 0 && !table_holds(ipvs, watched, false))
        return false;
    return !watched->servers || table_holds(ipvs, watched, true);
}

/* "10.0.0.1:80" */
static bool read_place(char *text, struct ha_addr *addr, uint16_t *port)
{
    char *colon = strrchr(text, ':');

    if (colon == NULL)
        return false;
    *colon = '\0';
    *port = (uint16_t)atoi(colon + 1);
    return ha_addr_parse(addr, text);
}

static bool read_service(char *text, struct watched *watched)
{
    struct ld_service_id *id = g_new0(struct ld_service_id, 1);

    id->protocol = LD_TCP;
    g_ptr_array_add(watched->portion.ids, id);
    return read_place(text, &id->addr, &id->port);
}

static bool read_arguments(int argc, char **argv, struct watched *watched)
{
    ld_portion_init(&watched->portion);
    if (argc > 2 && strcmp(argv[1], "-b") == 0) {
        watched->before_us = strtoull(argv[2], NULL, 10);
        argc -= 2;
        argv += 2;
    }
    if ((argc == 4 || argc == 5) && strcmp(argv[1], "servers") == 0) {
        watched->servers = true;
        watched->wanted = (unsigned)atoi(argv[2]);
        watched->seconds = strtoull(argv[3], NULL, 10);
        return argc == 4 || read_service(argv[4], watched);
    }
    if (argc != 6 || strcmp(argv[1], "weight") != 0)
        return false;
    watched->wanted = (unsigned)atoi(argv[4]);
    watched->seconds = strtoull(argv[5], NULL, 10);
    return read_service(argv[2], watched) && read_place(argv[3], &watched->real, &watched->real_port);
}

static void rest(uint64_t ns)
{
    nanosleep(&(struct timespec){.tv_sec = (time_t)(ns / 1000000000u), .tv_nsec = (long)(ns % 1000000000u)}, NULL);
}

int main(int argc, char **argv)
{
    uint64_t from_ns = bench_now_ns(), before_ns, after_ns;
    struct watched watched = {.servers = false};
    struct ld_ipvs *ipvs;
    char *why;

    if (!read_arguments(argc, argv, &watched)) {
        fprintf(stderr, "usage: table_watch [-b US] servers N SECONDS [VIP:PORT] |\n"
                        "                   [-b US] weight VIP:PORT REAL:PORT N SECONDS\n");
        return 2;
    }
    if (ld_ipvs_netlink_open(&ipvs, &why) != 0)
        bench_die(why);
    if (watched.before_us > bench_now_ns() / 1000)
        rest(watched.before_us * 1000 - bench_now_ns());
    for (;;) {
        bool yes;

        before_ns = bench_now_ns();
        yes = holds(ipvs, &watched);
        after_ns = bench_now_ns();
        if (yes) {
            printf("%" PRIu64 "\n", after_ns / 1000);
            return 0;
        }
        if (after_ns - from_ns > watched.seconds * 1000000000u)
            return 1;
        rest(REST_LEAST_NS + 5 * (after_ns - before_ns));
    }
}
