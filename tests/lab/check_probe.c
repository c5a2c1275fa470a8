/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asks one server once, as ldirectord would, and prints the verdict: for
 * scenarios that try the checks against real servers.
 *
 *   check_probe SERVICE tcp|udp ADDRESS PORT [WORD=VALUE]...
 *
 * with request, receive, login, passwd, database, secret, virtualhost, cafile,
 * sni, verify, expectstatus, header (one), body, send, expect and timeout_ms. Exit status 0 up, 1 down, 2 wrong use.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/run/clock.h"
#include "ldirectord/check/check.h"

struct asking {
    struct ha_loop *loop;
};

static void told(void *ctx, uint32_t check_id, enum ld_verdict verdict, const char *detail,
                 const struct ld_advice *advice, uint64_t took_ns, uint64_t now_ns)
{
    struct asking *asking = ctx;

    (void)now_ns;
    (void)check_id;
    (void)advice;
    printf("%s %" PRIu64 " ms %s\n", ld_verdict_code(verdict), took_ns / 1000000,
           detail != NULL ? detail : "-");
    ha_loop_stop(asking->loop, ld_verdict_passed(verdict) ? 0 : 1);
}

static bool set_word(struct ld_probe *probe, const char *word)
{
    const struct {
        const char *name;
        const char **place;
    } texts[] = {
        {"request", &probe->request},   {"receive", &probe->receive},
        {"login", &probe->login},       {"passwd", &probe->passwd},
        {"database", &probe->database}, {"secret", &probe->secret},
        {"virtualhost", &probe->virtualhost},
        {"cafile", (const char **)&probe->terms.cafile},
        {"sni", (const char **)&probe->terms.sni},
        {"expectstatus", (const char **)&probe->terms.expectstatus},
        {"header", (const char **)&probe->terms.headers},
        {"body", (const char **)&probe->terms.body},
        {"send", (const char **)&probe->terms.send},
        {"expect", (const char **)&probe->terms.expect},
    };
    const char *value = strchr(word, '=');

    if (value == NULL)
        return false;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (strlen(texts[i].name) == (size_t)(value - word) &&
            strncmp(texts[i].name, word, (size_t)(value - word)) == 0) {
            *texts[i].place = value + 1;
            return true;
        }
    }
    if (strncmp(word, "verify=", 7) == 0)
        return ld_verify_find(value + 1, &probe->terms.verify);
    if (strncmp(word, "timeout_ms=", 11) != 0)
        return false;
    probe->timeout_ms = strtoull(value + 1, NULL, 10);
    return probe->timeout_ms > 0;
}

static bool read_arguments(struct ld_probe *probe, int argc, char **argv)
{
    *probe = (struct ld_probe){.type = LD_CHECK_NEGOTIATE, .timeout_ms = 20000, .request = "/"};
    if (argc < 5 || !ld_app_find(argv[1], &probe->app) || !ha_addr_parse(&probe->addr, argv[3]))
        return false;
    probe->protocol = strcmp(argv[2], "udp") == 0 ? LD_UDP : LD_TCP;
    probe->port = (uint16_t)atoi(argv[4]);
    for (int i = 5; i < argc; i++)
        if (!set_word(probe, argv[i]))
            return false;
    return true;
}

int main(int argc, char **argv)
{
    struct asking asking = {.loop = ha_loop_new()};
    struct ld_checks *checks;
    struct ld_probe probe;
    int status;

    if (asking.loop == NULL || !read_arguments(&probe, argc, argv)) {
        fprintf(stderr, "usage: check_probe SERVICE tcp|udp ADDRESS PORT [WORD=VALUE]...\n");
        return 2;
    }
    if (ld_checks_new(&checks, asking.loop, told, &asking) != 0)
        return 2;
    ld_checks_start(checks, 1, &probe, ha_clock_ns());
    status = ha_loop_run(asking.loop);
    ld_checks_free(checks);
    ha_loop_free(asking.loop);
    return status;
}
