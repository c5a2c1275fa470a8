/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lives of what is kept warm. One process per file, its own daemon and not
 * our child: it is found by its control socket, its end is learnt from a pidfd,
 * and it outlives us. What happens to it is noticed; whoever did it is not
 * argued with, but it is started again, ever more seldom.
 *
 *   unknown ─look─▶ nobody there ─start─▶ look ─▶ known ─ends─▶ wait ─▶ unknown
 *
 * One that was told to stop in good order by somebody else is left alone for a
 * while; one that crashed is started again soon. While it is known it is looked
 * at now and then: one that does not answer is killed, one that somebody has
 * told to be other than it should be is named in the log.
 */
#include "heartbeatd/act/warm.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "common/run/log.h"
#include "heartbeatd/act/power.h"
#include "heartbeatd/act/warm_inside.h"

#define START_MS     60000
#define OUTPUT_MAX   4096
/* Started again after 1, 2, 4 … 300 s; one that lived for a minute begins at 1 s anew. */
#define AGAIN_FIRST_NS (1 * HA_NS_PER_S)
#define AGAIN_LAST_NS  (300 * HA_NS_PER_S)
#define LIVED_NS       (60 * HA_NS_PER_S)
/* One that somebody stopped may be started by him; later by us. */
#define STOPPED_NS (30 * HA_NS_PER_S)
#define SOON_NS    (2 * HA_NS_PER_S)
/* ldirectord's exit status for words it does not know. */
#define USAGE_STATUS 255

/* ---- its next life ---- */

static void look(struct hb_warm_member *member);

static void try_again(void *ctx, uint64_t now_ns)
{
    struct hb_warm_member *member = ctx;

    (void)now_ns;
    if (member->alive.fd >= 0 && member->look == NULL)
        look(member);
    else
        hb_warm_settle(member);
}

static uint64_t again_in(struct hb_warm_member *member, uint64_t wait_ns)
{
    ha_timer_set(member->warm->loop, &member->again, ha_clock_ns() + wait_ns, try_again, member);
    return wait_ns / HA_NS_PER_S;
}

static uint64_t again_later(struct hb_warm_member *member)
{
    unsigned doubled = MIN(member->tries, 9);

    member->tries++;
    return again_in(member, MIN(AGAIN_FIRST_NS << doubled, AGAIN_LAST_NS));
}

void hb_warm_look_soon(struct hb_warm_member *member)
{
    if (member->alive.fd < 0 && hb_warm_wanted(member) && !member->hopeless)
        again_in(member, SOON_NS);
}

/* Its pid file goes with it, if it ends in good order. */
static bool left_in_order(const struct hb_warm_member *member)
{
    char *path = g_strdup_printf("%s/ldirectord.%s.pid", member->warm->paths.piddir,
                                 member->instance);
    bool gone = member->warm->paths.piddir != NULL && access(path, F_OK) != 0;

    g_free(path);
    return gone;
}

/* ---- whether it is ready ---- */

static void patience_ends(void *ctx, uint64_t now_ns)
{
    (void)now_ns;
    hb_warm_set_checked(ctx, true);
}

static void is_told(struct hb_warm_member *member, const struct ha_director_state *state)
{
    hb_warm_set_standby(member, state->standby);
    member->hands_over = state->hands_over > 0;
    if (!member->checked && state->unchecked == 0)
        hb_warm_set_checked(member, true);
    again_in(member, ha_ms_to_ns(member->checked ? member->warm->check_ms : HB_WARM_SOON_MS));
}

/* ---- its end ---- */

static void forget_process(struct hb_warm_member *member)
{
    int fd = member->alive.fd;

    ha_watch_stop(member->warm->loop, &member->alive);
    close(fd);
    ha_control_abandon(member->order);
    member->order = NULL;
    ha_timer_cancel(member->warm->loop, &member->again);
    member->ending = member->drifted = member->spare = member->hands_over = false;
    member->silent = 0;
    member->pid = 0;
}

static void gone(void *ctx, uint32_t events)
{
    struct hb_warm_member *member = ctx;
    const char *held = hb_warm_started(member, NULL) ? ", and its group is held here" : "";
    bool ours = member->ending;
    pid_t pid = member->pid;
    uint64_t seconds;

    (void)events;
    forget_process(member);
    hb_warm_set_checked(member, false);
    hb_warm_op_gone(member);
    if (ours || !hb_warm_wanted(member)) {
        hb_warm_settle(member);
        return;
    }
    if (ha_clock_ns() - member->known_ns >= LIVED_NS)
        member->tries = 0;
    if (left_in_order(member)) {
        seconds = again_in(member, STOPPED_NS);
        ha_log(HA_LOG_WARNING, "%s (pid %d) was stopped, but not by heartbeat%s; it is started "
               "again in %u s", member->text, (int)pid, held, (unsigned)seconds);
    } else {
        seconds = again_later(member);
        ha_log(HA_LOG_ERROR, "%s (pid %d) has died%s; it is started again in %u s", member->text,
               (int)pid, held, (unsigned)seconds);
    }
}

void hb_warm_end(struct hb_warm_member *member)
{
    if (member->alive.fd < 0 || member->ending)
        return;
    member->ending = true;
    if (hb_power_away())
        hb_power_director(member->pid, SIGTERM);
    else if (syscall(SYS_pidfd_send_signal, member->alive.fd, SIGTERM, NULL, 0) != 0)
        ha_log(HA_LOG_WARNING, "%s (pid %d) cannot be told to end: %s", member->text,
               (int)member->pid, g_strerror(errno));
}

void hb_warm_kill(struct hb_warm_member *member)
{
    if (member->alive.fd < 0)
        return;
    ha_log(HA_LOG_ERROR, "%s (pid %d) does not answer: it is killed", member->text, (int)member->pid);
    if (hb_power_away())
        hb_power_director(member->pid, SIGKILL);
    else
        syscall(SYS_pidfd_send_signal, member->alive.fd, SIGKILL, NULL, 0);
}

/* ---- its start ---- */

/* Each reason once, however often it is tried. */
static void log_start_failure(struct hb_warm_member *member, const struct ha_child_result *result)
{
    int failure = result->end == HA_CHILD_EXITED ? result->code : -1;
    enum ha_level level = failure == member->failure ? HA_LOG_DEBUG : HA_LOG_ERROR;
    char *end = ha_child_result_text(result);
    char *first = ha_log_clean(result->output, strcspn(result->output, "\n"), 400);

    if (member->hopeless)
        ha_log(HA_LOG_WARNING, "%s does not know standby: %s is left to the resource script",
               member->warm->paths.ldirectord, member->text);
    else
        ha_log(level, "%s cannot be kept warm: %s%s%s; tried again in %u s", member->text, end,
               *first != '\0' ? ": " : "", first, (unsigned)again_later(member));
    member->failure = failure;
    g_free(first);
    g_free(end);
}

static void start_ended(void *ctx, const struct ha_child_result *result)
{
    struct hb_warm_member *member = ctx;

    member->starting = NULL;
    hb_warm_op_go_on(member);
    if (result->end == HA_CHILD_EXITED && result->code == 0) {
        member->started = true;
        look(member);
        return;
    }
    member->hopeless = result->end == HA_CHILD_EXITED && result->code == USAGE_STATUS;
    if (member->hopeless)
        hb_warm_set_checked(member, true);
    if (hb_warm_wanted(member))
        log_start_failure(member, result);
}

/* Adopts what stands in the kernel's table, where the group is held; in standby takes it away. */
static void start(struct hb_warm_member *member)
{
    bool held = hb_warm_started(member, NULL);
    char *argv[] = {(char *)member->warm->paths.ldirectord, (char *)member->file,
                    (char *)(held ? "start" : "standby"), NULL};
    struct ha_child_spec spec = {.path = argv[0], .argv = argv, .envp = member->warm->environment,
                                 .deadline_ms = START_MS, .output_max = OUTPUT_MAX,
                                 .merge_stderr = true};

    ha_log(member->failure != 0 ? HA_LOG_DEBUG : HA_LOG_INFO, "starting %s%s", member->text,
           held ? "" : " in standby");
    member->starting = ha_child_start(member->warm->loop, &spec, start_ended, member);
    if (member->starting == NULL)
        ha_log(HA_LOG_ERROR, "%s cannot be started: %s; tried again in %u s", member->text,
               g_strerror(errno), (unsigned)again_later(member));
}

/* ---- how it is ---- */

static void order_answered(void *ctx, int error, int status, const char *answer)
{
    struct hb_warm_member *member = ctx;

    member->order = NULL;
    if (error == 0 && status == 0)
        hb_warm_set_standby(member, member->ordered_standby);
    else
        ha_log(HA_LOG_WARNING, "%s does not follow: %s", member->text,
               error != 0 ? g_strerror(-error) : answer);
    hb_warm_op_go_on(member);
    hb_warm_settle(member);
}

static void order(struct hb_warm_member *member, bool standby)
{
    char *words[] = {(char *)(standby ? HA_DIRECTOR_STANDBY : HA_DIRECTOR_ACTIVATE), NULL};

    member->ordered_standby = standby;
    member->order = ha_control_call(member->warm->loop, member->socket, words, HB_WARM_ORDER_MS,
                                    order_answered, member);
}

/* Not as it should be, and no operation sees to that. */
static bool is_wrong(const struct hb_warm_member *member, bool standby)
{
    bool held = hb_warm_started(member, NULL) || member->spare;

    return hb_warm_wanted(member) && member->ops.length == 0 && member->order == NULL &&
           standby == held && (held || !hb_warm_in_use(member));
}

static void correct(struct hb_warm_member *member, bool standby)
{
    if (!is_wrong(member, standby))
        return;
    ha_log(HA_LOG_NOTICE, "%s (pid %d) is %s and told to %s", member->text, (int)member->pid,
           standby ? "in standby" : "active", standby ? "be active" : "stand by");
    order(member, !standby);
}

/* A group comes, or does not come after all, or has gone: it is made to follow. */
static void follow(struct hb_warm_member *member)
{
    bool held = hb_warm_started(member, NULL), coming = hb_warm_coming(member);

    if (member->alive.fd < 0 || member->ending || member->order != NULL || member->ops.length > 0 ||
        held || hb_warm_in_use(member) || !hb_warm_wanted(member))
        return;
    if (coming && member->standby) {
        member->spare = true;
        order(member, false);
    } else if (!coming && member->spare) {
        member->spare = false;
        order(member, true);
    }
}

/* An earlier life of ours has started it for the groups that it handed down. */
static void inherit(struct hb_warm_member *member)
{
    for (guint i = 0; i < member->parts->len; i++) {
        struct hb_warm_part *part = &g_array_index(member->parts, struct hb_warm_part, i);

        part->started |= part->wish == HB_WARM_IN_USE;
    }
}

static void adopt(struct hb_warm_member *member, const struct ha_director_state *state)
{
    int fd = (int)syscall(SYS_pidfd_open, state->pid, 0);

    if (fd < 0 ||
        ha_watch_start(member->warm->loop, &member->alive, fd, EPOLLIN, gone, member) != 0) {
        ha_log(HA_LOG_WARNING, "%s (pid %d) cannot be watched: %s; tried again in %u s",
               member->text, (int)state->pid, g_strerror(errno), (unsigned)again_later(member));
        if (fd >= 0)
            close(fd);
        return;
    }
    member->pid = state->pid;
    member->known_ns = ha_clock_ns();
    member->failure = 0;
    ha_log(HA_LOG_INFO, "%s runs (pid %d, %s)", member->text, (int)member->pid,
           state->standby ? "in standby" : "active");
    is_told(member, state);
    if (!state->standby)
        inherit(member);
    correct(member, state->standby);
    hb_warm_settle(member);
}

/* It is known, and was asked how it is. */
static void checked(struct hb_warm_member *member, int error, const struct ha_director_state *state)
{
    bool wrong = state != NULL && is_wrong(member, state->standby);

    if (state != NULL)
        is_told(member, state);
    else
        again_in(member, ha_ms_to_ns(member->warm->check_ms));
    member->silent = error == -ETIMEDOUT ? member->silent + 1 : 0;
    if (member->silent >= HB_WARM_SILENT_MAX)
        hb_warm_kill(member);
    else if (member->silent > 0)
        again_in(member, 0);
    if (wrong && !member->drifted)
        ha_log(HA_LOG_WARNING, "%s (pid %d) is %s: not by heartbeat, and its group is %sheld here",
               member->text, (int)member->pid, state->standby ? "in standby" : "active",
               state->standby ? "" : "not ");
    if (state != NULL)
        member->drifted = wrong;
}

static void looked(void *ctx, int error, int status, const char *answer)
{
    struct hb_warm_member *member = ctx;
    struct ha_director_state state;
    bool started = member->started;
    bool told = error == 0 && status == 0 && ha_director_state_read(answer, &state);

    member->look = NULL;
    member->started = false;
    if (member->alive.fd >= 0)
        checked(member, error, told ? &state : NULL);
    else if (told)
        adopt(member, &state);
    else if (!hb_warm_wanted(member))
        return;
    else if (error == -ECONNREFUSED && !started)
        start(member);
    else
        ha_log(HA_LOG_WARNING, "%s runs, but does not say how it is (%s); asked again in %u s",
               member->text, error != 0 ? g_strerror(-error) : "not understood",
               (unsigned)again_later(member));
}

static void look(struct hb_warm_member *member)
{
    char *words[] = {(char *)HA_DIRECTOR_STATUS, NULL};

    member->look = ha_control_call(member->warm->loop, member->socket, words,
                                   (int)member->warm->look_ms, looked, member);
}

void hb_warm_settle(struct hb_warm_member *member)
{
    bool wanted = hb_warm_wanted(member);

    if (!wanted) {
        ha_timer_cancel(member->warm->loop, &member->again);
        ha_timer_cancel(member->warm->loop, &member->patience);
    } else if (!member->checked && member->patience.at_ns == 0) {
        ha_timer_set(member->warm->loop, &member->patience,
                     ha_clock_ns() + ha_ms_to_ns(HB_WARM_PATIENCE_MS), patience_ends, member);
    }
    follow(member);
    if (!wanted && !hb_warm_started(member, NULL))
        hb_warm_end(member);
    if (wanted && !member->hopeless && member->alive.fd < 0 && member->look == NULL &&
        member->starting == NULL && member->again.at_ns == 0)
        look(member);
}

void hb_warm_leave(struct hb_warm_member *member)
{
    ha_control_abandon(member->look);
    if (member->starting != NULL)
        ha_child_abandon(member->starting);
    if (member->alive.fd >= 0)
        forget_process(member);
    ha_timer_cancel(member->warm->loop, &member->again);
    ha_timer_cancel(member->warm->loop, &member->patience);
}
