/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * external: a program of the administrator's, run with four arguments (virtual
 * address or mark, virtual port, real address, real port; IPv6 in brackets) in
 * "/". Exit status 0 passes; anything else, a signal included, does not; with
 * checkweight 2 to 102 pass, too, and say 0 to 100 percent of the weight. The
 * whole checkcommand is the path: no shell, no arguments, no quoting.
 *
 * external-perl: a file of Perl, with the same four in @ARGV. Passes if it comes
 * to its end, returns, or exits with 0; not if it dies or cannot be compiled. Run
 * by perl in a process of its own each time: what it leaves in memory is gone,
 * and what it breaks is not ours.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/run/child.h"
#include "ldirectord/check/wire.h"
#include "ldirectord/door/allowed.h"
#include "ldirectord/door/door.h"

/* Of what a Perl check prints: enough for the sentence it died with. */
#define PERL_SAYS    512

/* With checkweight the first exit status that means a weight: of 0 percent. */
#define WEIGHT_STATUS 2

struct external_state {
    struct ha_child *child;
};

/* keepalived's way, but in percent, so that what shells mean by 126 and more cannot be a weight. */
static bool says_weight(const struct ld_check *check, int status)
{
    return ld_check_probe(check)->weighs && status >= WEIGHT_STATUS && status <= WEIGHT_STATUS + 100;
}

/* No memory, no process, no descriptor: the command has not been asked. */
static bool is_want(int error)
{
    return error == EAGAIN || error == ENOMEM || error == EMFILE || error == ENFILE;
}

static enum ld_verdict verdict_of(const struct ld_check *check,
                                  const struct ha_child_result *result)
{
    switch (result->end) {
    case HA_CHILD_EXITED:
        return result->code == 0 || says_weight(check, result->code) ? LD_EXTOK : LD_EXTERR;
    case HA_CHILD_TIMED_OUT:
        return LD_EXTTOUT;
    case HA_CHILD_FAILED:
        return is_want(result->code) ? LD_INTERNAL : LD_EXTRUN;
    default:
        return LD_EXTERR;
    }
}

static void external_ended(void *ctx, const struct ha_child_result *result)
{
    struct ld_check *check = ctx;
    struct external_state *state = ld_check_state(check);
    enum ld_verdict verdict = verdict_of(check, result);
    char *text = verdict == LD_EXTOK ? NULL : ha_child_result_text(result);

    state->child = NULL;
    if (verdict == LD_EXTOK && result->code != 0)
        ld_check_advise(check, (uint32_t)(result->code - WEIGHT_STATUS));
    if (verdict == LD_EXTRUN) {
        bool perl = ld_check_probe(check)->type == LD_CHECK_EXTERNAL_PERL;
        bool whose = perl && access(LD_PERL, X_OK) != 0;
        char *whole = g_strdup_printf("%s: %s", whose ? LD_PERL : ld_check_probe(check)->command, text);

        g_free(text);
        text = whole;
    } else if (text != NULL && result->output_len > 0) {
        char shown[LD_SHOWN_MAX + 1];
        char *whole = g_strdup_printf(
            "%s: %s", text, ld_wire_shown(result->output, result->output_len, shown));

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

/* Runs before, which ends in NULL, with the four arguments after it. */
static int run(struct ld_check *check, const char *const *before, size_t output_max)
{
    const struct ld_probe *probe = ld_check_probe(check);
    struct external_state *state = ld_check_state(check);
    char virtual_addr[HA_ADDR_TEXT + 2], virtual_port[8], real_addr[HA_ADDR_TEXT + 2], real_port[8];
    char *argv[16];
    size_t count = 0;
    struct ha_child_spec spec = {.path = before[0], .argv = argv, .cwd = "/",
                                 .deadline_ms = probe->timeout_ms, .output_max = output_max,
                                 .merge_stderr = output_max > 0};

    for (; before[count] != NULL; count++)
        argv[count] = (char *)before[count];
    argv[count++] = virtual_addr;
    argv[count++] = virtual_port;
    argv[count++] = real_addr;
    argv[count++] = real_port;
    argv[count] = NULL;
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

static bool has_command(struct ld_check *check)
{
    const char *command = ld_check_probe(check)->command;

    if (command != NULL && command[0] != '\0')
        return true;
    ld_check_done(check, LD_EXTRUN, "no checkcommand is configured");
    return false;
}

static int external_start(struct ld_check *check)
{
    const char *const before[] = {ld_check_probe(check)->command, NULL};

    return has_command(check) ? run(check, before, 0) : 0;
}

static int external_perl_start(struct ld_check *check)
{
    const char *command = ld_check_probe(check)->command;
    const char *const before[] = {LD_PERL, "-e", LD_PERL_PROGRAM, "--", command, NULL};

    if (!has_command(check))
        return 0;
    if (!ld_door_divided() && access(command, R_OK) != 0) {
        char *why = g_strdup_printf("%s: %s", command, g_strerror(errno));

        ld_check_done(check, LD_EXTRUN, why);
        g_free(why);
        return 0;
    }
    return run(check, before, PERL_SAYS);
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

const struct ld_check_ops ld_check_external_perl = {
    .name = "external-perl",
    .state_size = sizeof(struct external_state),
    .start = external_perl_start,
    .stop = external_stop,
    .deadline = external_deadline,
};
