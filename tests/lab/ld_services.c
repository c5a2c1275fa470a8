/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes one good ldirectord.cf of many virtual services of every kind, before
 * four real servers 10.2.0.11 to .14 (fd02::11 to ::14) with web servers on
 * port 80 and a fallback, for the scenario ldirectord-tables. With EDIT
 * another number than 0 it is the same file after somebody's edits: some
 * services changed, some gone, one new.
 *
 * usage: ld_services SEED COUNT EDIT
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/lab/chance.h"

#define SERVERS 4

enum kind { TCP, UDP, MARK, TCP6, MARK6, KINDS };

static const char *one_of(const char *const *list, unsigned count)
{
    return list[chance(count)];
}

static void print_head(enum kind kind, unsigned number, unsigned port)
{
    switch (kind) {
    case TCP:
    case UDP: printf("virtual=10.9.%u.%u:%u\n", number / 200, number % 200 + 1, port); break;
    case MARK: printf("virtual=%u\n", number + 1); break;
    case TCP6: printf("virtual6=[fd09::%x]:%u\n", number + 1, port); break;
    case MARK6: printf("virtual6=%u\n", number + 1); break;
    case KINDS: break;
    }
    if (kind == UDP)
        printf("\tprotocol=udp\n");
}

static void print_address(bool six, unsigned server)
{
    if (six)
        printf("[fd02::%u]", 11 + server);
    else
        printf("10.2.0.%u", 11 + server);
}

/* A server once in a service, with all that a line can say. */
static void print_reals(enum kind kind, unsigned port)
{
    static const char *const methods[] = {"gate", "masq", "ipip"};
    bool six = kind == TCP6 || kind == MARK6, mark = kind == MARK || kind == MARK6;
    unsigned first = chance(SERVERS), count = 1 + chance(3);

    for (unsigned i = 0; i < count; i++) {
        const char *method = one_of(methods, 3);

        printf("\treal%s=", six ? "6" : "");
        print_address(six, (first + i) % SERVERS);
        if (mark ? percent(50) : true)
            printf(":%u", !mark && method[0] == 'm' && percent(30) ? port + 1000 : port);
        printf(" %s", method);
        if (percent(60))
            printf(" %u", percent(15) ? 0 : 1 + chance(9));
        if (percent(20))
            printf(" l:%u u:%u", 1 + chance(5), 10 + chance(90));
        printf("\n");
    }
}

static void print_check(enum kind kind)
{
    static const char *const types[] = {"connect", "negotiate", "negotiate", "2", "external"};
    const char *type = kind == UDP ? "external" : kind == TCP6 || kind == MARK6 ? "connect" : one_of(types, 5);

    if (percent(6) && kind != UDP) {
        printf("\tchecktype=on\n");
        return;
    }
    printf("\tchecktype=%s\n\tcheckport=80\n\tcheckcommand=/usr/local/bin/reach\n", type);
    if (type[0] != 'e')
        printf("\tservice=http\n\trequest=\"index.html\"\n\treceive=\"he[a-z]e\"\n");
    if (percent(25))
        printf("\tfailurecount=2\n");
}

static void print_terms(enum kind kind)
{
    static const char *const schedulers[] = {"rr", "wrr", "lc", "wlc", "sed", "nq", "sh", "dh"};
    bool six = kind == TCP6 || kind == MARK6;

    if (percent(75))
        printf("\tscheduler=%s\n", one_of(schedulers, 8));
    if (percent(30)) {
        printf("\tpersistent=%u\n", 30 * (1 + chance(40)));
        if (percent(50))
            printf("\tnetmask=%s\n", six ? "64" : "255.255.255.0");
    } else if (kind == UDP && percent(50)) {
        printf("\tops=yes\n");
    }
    if (percent(50))
        printf("\tquiescent=%s\n", percent(50) ? "yes" : "no");
    if (percent(40) || kind == MARK) /* the original cannot use the global one for a mark */
        printf("\tfallback%s\n", six ? "6=[fd02::21]:80 masq" : percent(50) ? "=10.2.0.21 gate" : "=10.2.0.21:80 masq");
    if (percent(15))
        printf("\tcleanstop=no\n");
}

static void print_service(unsigned number, uint64_t seed)
{
    static const enum kind kinds[] = {TCP, TCP, TCP, UDP, MARK, TCP6, MARK6};
    enum kind kind;
    unsigned port;

    chance_seed(seed * 1000 + number);
    kind = kinds[number % 7];
    port = percent(50) ? 80 : 1000 + chance(4000);
    print_head(kind, number, port);
    print_reals(kind, port);
    print_check(kind);
    print_terms(kind);
}

int main(int argc, char **argv)
{
    uint64_t seed, edit;
    unsigned count;

    if (argc != 4) {
        fprintf(stderr, "usage: ld_services SEED COUNT EDIT\n");
        return 2;
    }
    seed = strtoull(argv[1], NULL, 10);
    count = (unsigned)strtoul(argv[2], NULL, 10);
    edit = strtoull(argv[3], NULL, 10);
    printf("checkinterval=1\nchecktimeout=2\nnegotiatetimeout=2\nquiescent=%s\nfallback=10.2.0.21:80\n"
           "logfile=\"/var/log/ldirectord.log\"\n", edit % 2 ? "yes" : "no");
    for (unsigned i = 0; i < count; i++) {
        if (edit && i % 7 == 3)
            continue;
        print_service(i, edit && i % 3 == 0 ? seed + edit : seed);
    }
    if (edit)
        print_service(count, seed);
    return 0;
}
