/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * external: a program of the administrator's, run with four arguments (virtual
 * address or mark, virtual port, real address, real port; IPv6 in brackets) in
 * "/". Exit status 0 passes; anything else, a signal included, does not. The
 * whole checkcommand is the path: no shell, no arguments, no quoting.
 */
#include <errno.h>
#include <string.h>

#include "common/run/child.h"
#include "ldirectord/check/check_inside.h"

struct external_state {
    struct ha_child *child;
};

static enum ld_verdict verdict_of(const struct ha_child_result *result)
{
    switch (result->end) {
    case HA_CHILD_EXITED:
        return result->code == 0 ? LD_EXTOK : LD_EXTERR;
    case HA_CHILD_TIMED_OUT:
        return LD_EXTTOUT;
    case HA_CHILD_FAILED:
        return LD_EXTRUN;
    default:
        return LD_EXTERR;
    }
}

static void external_ended(void *ctx, const struct ha_child_result *result)
{
    struct ld_check *check = ctx;
    struct external_state *state = ld_check_state(check);
    enum ld_verdict verdict = verdict_of(result);
    char *text = verdict == LD_EXTOK ? NULL : ha_child_result_text(result);

    state->child = NULL;
    if (verdict == LD_EXTRUN) {
        char *whole = g_strdup_printf("%s: %s", ld_check_probe(check)->command, text);
        g_free(text);
        text = whole;
    }
    ld_check_done(check, verdict, text);
    g_free(text);
}

static void print_address(const struct ha_addr *addr, char *out, size_t size)
{
    char text[HA_ADDR_TEXT];

    g_snprintf(out, size, addr->family == AF_INET6 ? "[%s]" : "%s", ha_addr_text(addr, text));
}

static int external_start(struct ld_check *check)
{
    const struct ld_probe *probe = ld_check_probe(check);
    struct external_state *state = ld_check_state(check);
    char virtual_addr[HA_ADDR_TEXT + 2], virtual_port[8], real_addr[HA_ADDR_TEXT + 2], real_port[8];
    char *argv[] = {(char *)probe->command, virtual_addr, virtual_port, real_addr, real_port, NULL};
    struct ha_child_spec spec = {
        .path = probe->command, .argv = argv, .cwd = "/", .deadline_ms = probe->timeout_ms};

    if (probe->command == NULL || probe->command[0] == '\0') {
        ld_check_done(check, LD_EXTRUN, "no checkcommand is configured");
        return 0;
    }
    if (probe->service.protocol == LD_FWM)
        g_snprintf(virtual_addr, sizeof(virtual_addr), "%u", probe->service.fwmark);
    else
        print_address(&probe->service.addr, virtual_addr, sizeof(virtual_addr));
    g_snprintf(virtual_port, sizeof(virtual_port), "%u", probe->service.port);
    print_address(&probe->addr, real_addr, sizeof(real_addr));
    g_snprintf(real_port, sizeof(real_port), "%u", probe->real_port);
    state->child = ha_child_start(ld_check_loop(check), &spec, external_ended, check);
    return state->child == NULL ? -errno : 0;
}

/* Still running here means past its deadline or not wanted any more: its whole group is ended. */
static void external_stop(struct ld_check *check)
{
    struct external_state *state = ld_check_state(check);

    if (state->child != NULL)
        ha_child_abandon(state->child);
}

static enum ld_verdict external_deadline(struct ld_check *check)
{
    (void)check;
    return LD_EXTTOUT;
}

const struct ld_check_ops ld_check_external = {
    .name = "external",
    .state_size = sizeof(struct external_state),
    .start = external_start,
    .stop = external_stop,
    .deadline = external_deadline,
};
