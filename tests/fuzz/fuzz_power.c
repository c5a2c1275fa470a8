/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What somebody who has taken the daemon over may send to the helper: one
 * packet. Whatever is in it, nothing that the files do not name is let through.
 */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/unit/helper_rules.h"

static uint32_t sum;

static void start(struct hb_rules *rules, struct hb_power_body *body)
{
    struct hb_power_start of;

    if (hb_power_read_start(body, &of) && hb_rules_start(rules, &of) == NULL) {
        char **environment = hb_rules_environment(rules, (char *const *)of.envp->pdata);

        fuzz_must(of.cwd == NULL);
        fuzz_must(g_str_has_prefix(of.path, "/etc/ha.d/") || g_str_has_prefix(of.path, "/etc/init.d/") ||
                  strcmp(of.path, "/usr/sbin/ldirectord") == 0);
        fuzz_must(strstr(of.path, "/../") == NULL);
        fuzz_must(g_environ_getenv(environment, "LD_PRELOAD") == NULL);
        fuzz_must(strcmp(g_environ_getenv(environment, "HA_FUNCS"), "/etc/ha.d/shellfuncs") == 0);
        g_strfreev(environment);
    }
    hb_power_start_clear(&of);
}

static void changes(struct hb_power_body *body)
{
    struct hb_change list[HB_POWER_CHANGES_MAX];
    size_t count;

    if (!hb_power_read_changes(body, list, &count))
        return;
    for (size_t i = 0; i < count; i++) {
        fuzz_must(list[i].address.index > 0);
        fuzz_must(ha_addr_bits(&list[i].address.addr) >= list[i].address.bits);
        sum += (uint32_t)strlen(list[i].address.label);
    }
}

static void open_file(const struct hb_rules *rules, struct hb_power_body *body)
{
    struct hb_power_kind of;
    const char *path;

    if (hb_power_take(body, &of, sizeof of) && hb_power_take_text(body, &path) &&
        hb_rules_open(rules, (enum hb_power_file)of.kind, path) == NULL)
        fuzz_must(g_str_has_prefix(path, "/etc/ha.d/") || strcmp(path, "/var/log/ha-log") == 0 ||
                  strcmp(path, "/dev/watchdog") == 0 || strcmp(path, "/dev/ttyS0") == 0 ||
                  g_str_has_suffix(path, "/lib/heartbeat/fifo") || g_str_has_suffix(path, "/heartbeat/guarded"));
}

static void program(const struct hb_rules *rules, struct hb_power_body *body)
{
    const char *user, *command;

    if (hb_power_take_text(body, &user) && hb_power_take_text(body, &command) &&
        hb_rules_program(rules, user, command) == NULL)
        fuzz_must(strcmp(user, "nobody") == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct hb_rules *rules;
    uint8_t route[HB_POWER_ROUTE_MAX] __attribute__((aligned(8)));
    struct hb_kernel_address addresses[HB_POWER_CHANGES_MAX];
    struct hb_power_head head;
    struct hb_power_body body, again;
    size_t count;

    if (rules == NULL)
        rules = helper_rules();
    if (!hb_power_read_head(data, size, &head, &body)) {
        /* The rest is to be reached without a head that fits, too. */
        body = (struct hb_power_body){data, size};
        head.act = size > 0 ? 1 + data[0] % (HB_POWER_ACT_END - 1) : HB_POWER_CHANGES;
    }
    again = body;
    start(rules, &again);
    again = body;
    changes(&again);
    again = body;
    (void)hb_power_read_addresses(&again, addresses, &count);
    again = body;
    (void)hb_power_read_route(&again, route);
    again = body;
    open_file(rules, &again);
    again = body;
    program(rules, &again);
    return 0;
}
