/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes one good ldirectord.cf of many virtual services of every kind, for the
 * scenario ldirectord-tables: before four real servers 10.2.0.11 to .14 (fd02::11
 * to ::14, web11 to web14) with web servers on port 80, and fallbacks. With
 * EDIT another number than 0 it is the same file after somebody's edits: some
 * services changed, some gone, one new. Its last service is for counting
 * rounds of checks: a line of /var/log/rounds for each.
 *
 * usage: ld_services SEED COUNT EDIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lab/chance.h"

#define SERVERS 4

enum kind { TCP, UDP, MARK, TCP6, MARK6 };

/* One service in the making. */
struct service {
    enum kind kind;
    bool six, mark;
    bool http; /* its check asks for a page */
    unsigned number, port;
};

#define ONE_OF(list) ((list)[chance(sizeof(list) / sizeof *(list))])

static const char *const methods[] = {"gate", "masq", "ipip"};

static void print_head(const struct service *service)
{
    unsigned number = service->number;

    switch (service->kind) {
    case TCP:
    case UDP: printf("virtual=10.9.%u.%u:%u\n", number / 200, number % 200 + 1, service->port); break;
    case MARK: printf("virtual=%u\n", number + 1); break;
    case TCP6: printf("virtual6=[fd09::%x]:%u\n", number + 1, service->port); break;
    case MARK6: printf("virtual6=%u\n", number + 1); break;
    }
    if (service->kind == UDP)
        printf("\tprotocol=udp\n");
}

static void print_address(bool six, unsigned server)
{
    if (six)
        printf("[fd02::%u]", 11 + server);
    else if (percent(12))
        printf("web%u", 11 + server);
    else
        printf("10.2.0.%u", 11 + server);
}

/* What stands behind the address of a server. The port is the service's own where the kernel takes no other. */
static void print_manner(const struct service *service)
{
    const char *method = ONE_OF(methods);

    if (service->mark ? percent(50) : true)
        printf(":%u", !service->mark && method[0] == 'm' && percent(30) ? service->port + 1000 : service->port);
    printf(" %s", method);
    if (percent(60))
        printf(" %u", percent(15) ? 0 : 1 + chance(9));
    if (service->http && percent(25))
        printf(" \"alive.html\"%s\"al[i-m]ve\"", percent(50) ? "," : " ");
    if (percent(20))
        printf(" l:%u u:%u", 1 + chance(5), 10 + chance(90));
    printf("\n");
}

/* A server once in a service. */
static void print_reals(const struct service *service)
{
    unsigned first = chance(SERVERS), count = percent(10) ? 3 : 1 + chance(2);

    if (!service->six && percent(20)) {
        first = chance(2);
        count = 2 + chance(2);
        printf("\treal=10.2.0.%u->10.2.0.%u", 11 + first, 11 + first + count - 1);
        print_manner(service);
        if (percent(50))
            return;
        first += count;
        count = 1;
    }
    for (unsigned i = 0; i < count; i++) {
        printf("\treal%s=", service->six ? "6" : "");
        print_address(service->six, (first + i) % SERVERS);
        print_manner(service);
    }
}

/* Asks for a page now and then, else only whether somebody is there. */
static bool is_combined(const char *type)
{
    return strpbrk(type, "0123456789") != NULL;
}

static void print_request(bool combined)
{
    switch (chance(6)) {
    case 0: printf("\thttpmethod=HEAD\n\trequest=\"alive.html\"\n"); break;
    case 1: printf("\tvirtualhost=www.named.test\n\treceive=\"^named$\"\n"); break;
    case 2:
        if (!combined) { /* else it takes rounds until it is asked for */
            printf("\trequest=\"/alive.html\"\n");
            break;
        }
        /* fall through */
    default: printf("\trequest=\"index.html\"\n\treceive=\"he[a-z]e\"\n"); break;
    }
}

static const char *check_of(struct service *service)
{
    static const char *const of_address[] = {"connect", "negotiate", "negotiate", "negotiate",    "2",
                                             "ping",    "external",  "on",        "checktimeout1"};
    static const char *const of_datagrams[] = {"external", "connect", "ping", "external"};
    static const char *const of_six[] = {"connect", "connect", "external", "on"};

    switch (service->kind) {
    case UDP: return ONE_OF(of_datagrams);
    case TCP6:
    case MARK6: return ONE_OF(of_six);
    default: return ONE_OF(of_address);
    }
}

static void print_check(struct service *service, const char *type)
{
    printf("\tchecktype=%s\n", type);
    if (service->kind != UDP)
        printf("\tcheckport=80\n");
    if (type[0] == 'e')
        printf("\tcheckcommand=%s\n", percent(50) ? "/usr/local/bin/reach" : "\"/usr/local/bin/reach\"");
    if (service->http) {
        printf("\tservice=http\n");
        print_request(is_combined(type));
    }
    if (percent(20))
        printf("\tfailurecount=2\n");
    if (percent(10))
        printf("\tchecktimeout=%u\n", 2 + chance(2));
    if (percent(10))
        printf("\tnegotiatetimeout=3\n");
}

static void print_fallback(const struct service *service)
{
    static const char *const four[] = {"10.2.0.21 gate", "10.2.0.21:80 masq", "10.2.0.22:8080 masq", "10.2.0.23",
                                       "127.0.0.1:80",   "web21 ipip",        "10.2.0.22:domain masq"};
    static const char *const six[] = {"[fd02::21]:80 masq", "[fd02::22]:8080 masq", "[fd02::22]:domain masq"};
    unsigned named = service->mark ? 0 : 1; /* for a mark the original knows no service by name */

    do {
        if (service->six)
            printf("\tfallback6=%s\n", six[chance(2 + named)]);
        else
            printf("\tfallback=%s\n", four[chance(6 + named)]);
    } while (percent(15)); /* the last one counts */
}

static void print_scheduler(void)
{
    static const char *const schedulers[] = {"rr", "wrr", "lc",  "wlc",  "sed", "nq", "sh",
                                             "dh", "fo",  "ovf", "lblc", "mh",  "lblcr"};
    static const char *const flags[] = {"sh-port", "sh-fallback", "sh-fallback,sh-port"};
    const char *scheduler = ONE_OF(schedulers);

    printf("\tscheduler=%s\n", scheduler);
    if (scheduler[1] == 'h' && percent(50) && scheduler[0] != 'd')
        printf("\tschedflags=%s\n", scheduler[0] == 'm' ? "mh-port" : ONE_OF(flags));
}

static void print_terms(const struct service *service)
{
    if (percent(75))
        print_scheduler();
    if (percent(30)) {
        printf("\tpersistent=%u\n", 30 * (1 + chance(40)));
        if (percent(50))
            printf("\tnetmask=%s\n", service->six ? "64" : "255.255.255.0");
    } else if (service->kind == UDP && percent(50)) {
        printf("\tops=yes\n");
    }
    if (percent(50))
        printf("\tquiescent=%s\n", percent(50) ? "yes" : "no");
    /* the original cannot use the global one for a mark */
    if (percent(40) || service->mark)
        print_fallback(service);
    if (percent(25))
        printf("\tcleanstop=%s\n", percent(50) ? "yes" : "no");
    if (percent(20) && !service->mark)
        printf("\tfallbackcommand=%s\n", percent(50) ? "/usr/local/bin/told" : "\"/usr/local/bin/told\"");
    if (percent(5))
        printf("\temailalert=\"root@lab.test\"\n\tsmtp=10.1.0.3\n\tservicename=Web %u\n\tcomment=of the lab\n",
               service->number);
    if (percent(5))
        printf("\tmonitorfile=/var/log/monitor.%u\n", service->number);
}

static void print_service(unsigned number, uint64_t seed)
{
    static const enum kind kinds[] = {TCP, TCP, TCP, UDP, MARK, TCP6, TCP, MARK6};
    struct service service = {.kind = kinds[number % 8], .number = number};
    const char *type;

    chance_seed(seed * 1000 + number);
    service.six = service.kind == TCP6 || service.kind == MARK6;
    service.mark = service.kind == MARK || service.kind == MARK6;
    service.port = percent(75) ? 80 : 1000 + chance(4000);
    type = check_of(&service);
    service.http = type[0] == 'n' || is_combined(type);
    print_head(&service);
    print_reals(&service);
    print_check(&service, type);
    print_terms(&service);
}

static void print_globals(uint64_t seed, uint64_t edit)
{
    printf("checkinterval=1\nchecktimeout=1\nnegotiatetimeout=2\nlogfile=\"/var/log/ldirectord.log\"\n"
           "maintenancedir=/var/maintenance\nquiescent=%s\nreaddquiescent=%s\ncleanstop=%s\n",
           (seed + edit) % 2 ? "no" : "yes", seed % 3 == 2 ? "yes" : "no", seed % 5 == 4 ? "no" : "yes");
    if (seed % 2 == 0 || edit)
        printf("fallback=%s\n", edit ? "10.2.0.22:80 masq" : "10.2.0.21:80");
    if (seed % 4 > 1 || edit)
        printf("fallback6=[fd02::21]:80 masq\n");
    if (seed % 3 == 0)
        printf("fallbackcommand=/usr/local/bin/told\n");
    if (seed % 4 == 0)
        printf("failurecount=2\n");
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
    print_globals(seed, edit);
    for (unsigned i = 0; i < count; i++) {
        if (edit && i % 7 == 3)
            continue;
        print_service(i, edit && i % 3 == 0 ? seed + edit : seed);
    }
    if (edit)
        print_service(count, seed);
    printf("virtual=10.9.250.1:80\n\treal=10.1.0.3:80 masq\n\tchecktype=connect\n\tmonitorfile=/var/log/rounds\n");
    return 0;
}
