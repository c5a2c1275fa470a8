/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Table, guardian, and the look back (guard.h; doc/states.md, "Guardian").
 * Decides nothing about groups: the core hears what was found and what was
 * taken off.
 */
#include "heartbeatd/daemon/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "heartbeatd/act/guard_table.h"
#include "heartbeatd/act/power.h"
#include "heartbeatd/daemon/guardian_start.h"
#include "heartbeatd/daemon/paths.h"

/* A guardian that ended, or could not be had, is replaced after this long. */
#define AGAIN_NS HA_NS_PER_S
/* A socket to take addresses off with. */
#define SOCKET_TRIES    3
#define SOCKET_PAUSE_MS 20

struct hb_guard {
    struct hb_guard_table *table; /* NULL: it could not be had */
    int table_fd;
    int netlink;
    int self_fd; /* a pidfd of ourselves */
    int timer;   /* put off by each beat */
    pid_t pid;   /* of the guardian; 0: none */
    int pidfd;        /* of the guardian, or what the helper tells of its end */
    bool by_helper;
    struct ha_watch watch;
    struct ha_timer again;
    struct ha_log_limit troubles;
    /* What a life before this one left. */
    struct hb_guard_table *before;
    int before_fd;
    bool before_kept; /* its addresses are still set, and may be */
    struct hb_daemon *daemon;
};

/* NULL: there is none. */
static struct hb_guard_table *table_of(const struct hb_daemon *daemon)
{
    return daemon->guard != NULL ? daemon->guard->table : NULL;
}

/* By whoever has the right to. */
static unsigned release(struct hb_guard_table *table, int fd, int netlink)
{
    return hb_power_away() ? hb_power_release(fd) : hb_guard_release(table, netlink);
}

/* ---- the table ---- */

static uint64_t hash_text(uint64_t hash, const char *text)
{
    for (; *text != '\0'; text++)
        hash = (hash ^ (uint8_t)*text) * UINT64_C(1099511628211);
    return (hash ^ 0xff) * UINT64_C(1099511628211);
}

static uint64_t hash_group(const struct hb_group *group)
{
    uint64_t hash = hash_text(UINT64_C(14695981039346656037), group->home);

    for (guint i = 0; i < group->resources->len; i++) {
        const struct hb_resource *resource = g_ptr_array_index(group->resources, i);

        hash = hash_text(hash, resource->text);
    }
    return hash;
}

static struct hb_guard_table *map(int fd)
{
    struct hb_guard_table *table =
        mmap(NULL, sizeof *table, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    return table == MAP_FAILED ? NULL : table;
}

/* The table of the life before, if there is one that can be believed. */
static struct hb_guard_table *open_before(int *kept_fd)
{
    int fd = open(HB_GUARD_PATH, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    struct hb_guard_table *table = NULL;
    struct stat stat;

    if (fd < 0)
        return NULL;
    if (fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode) && stat.st_uid == 0 &&
        stat.st_size == (off_t)sizeof *table && stat.st_blocks * 512 >= stat.st_size)
        table = map(fd);
    if (table != NULL && (table->magic != HB_GUARD_MAGIC || table->groups > HB_GUARD_GROUPS ||
                          atomic_load(&table->beat_ns) > hb_guard_now_ns())) {
        munmap(table, sizeof *table);
        table = NULL;
    }
    if (table == NULL)
        close(fd);
    else
        *kept_fd = fd;
    return table;
}

static int make_table(struct hb_guard *guard)
{
    struct hb_guard_table *table = NULL;
    int fd, err;

    (void)g_mkdir_with_parents(HA_RUNDIR "/heartbeat", 0755);
    fd = hb_power_away() ? hb_power_open(HB_POWER_GUARDED, HB_GUARD_PATH) : hb_guard_file(HB_GUARD_PATH);
    if (fd < 0)
        return fd;
    /* All of it now: on a disk that is full later, what is not there yet would end us when it is written. */
    err = -posix_fallocate(fd, 0, sizeof *table);
    if (err == 0 && (table = map(fd)) == NULL)
        err = -errno;
    if (table == NULL) {
        hb_power_clear(HB_POWER_GUARDED, HB_GUARD_PATH);
        close(fd);
        return err;
    }
    table->magic = HB_GUARD_MAGIC;
    atomic_store(&table->beat_ns, hb_guard_now_ns());
    /* Until the first beat says better: a guardian that looks before it shall look again soon. */
    atomic_store(&table->stall_ns, HA_NS_PER_S);
    atomic_store(&table->death_ns, HA_NS_PER_S);
    atomic_store(&table->state, HB_GUARD_WATCHING);
    guard->table = table;
    guard->table_fd = fd;
    return 0;
}

/* Its addresses are kept if they are still there and nobody can have counted us dead yet. */
static void take_over(struct hb_guard *guard)
{
    struct hb_guard_table *before = open_before(&guard->before_fd);
    uint32_t state = HB_GUARD_WATCHING;

    if (before == NULL)
        return;
    guard->before = before;
    guard->before_kept = !hb_guard_overdue(before, false, hb_guard_now_ns()) &&
                         atomic_compare_exchange_strong(&before->state, &state, HB_GUARD_ADOPTED);
    if (guard->before_kept || hb_guard_empty(before))
        return;
    if (hb_guard_win(before, true))
        ha_log(HA_LOG_WARNING, "took off %u addresses that the heartbeat before this one left",
               release(before, guard->before_fd, guard->netlink));
    else
        ha_log(HA_LOG_WARNING, "the heartbeat before this one died, and the guardian took off "
               "its addresses");
    atomic_store(&before->state, HB_GUARD_ADOPTED);
}

/* ---- the guardian ---- */

static void begin_guardian(void *ctx, uint64_t now_ns);

static void trouble(struct hb_guard *guard, const char *what)
{
    unsigned dropped = 0;

    if (ha_log_allowed(&guard->troubles, ha_clock_ns(), 2, &dropped))
        ha_log(HA_LOG_WARNING, "%s: %s; until there is one, addresses stay behind if heartbeat is killed",
               HB_GUARDIAN, what);
}

static void guardian_ended(void *ctx, uint32_t events)
{
    struct hb_guard *guard = ctx;
    char *what;
    int status = 0;

    (void)events;
    if (guard->by_helper) {
        struct hb_power_child child = {.pid = guard->pid, .end_fd = guard->pidfd};

        ha_watch_stop(guard->daemon->loop, &guard->watch);
        if (!hb_power_ended(&child, &status) &&
            ha_watch_start(guard->daemon->loop, &guard->watch, guard->pidfd, EPOLLIN, guardian_ended,
                           guard) == 0)
            return;
    } else {
        if (waitpid(guard->pid, &status, WNOHANG) == 0)
            return;
        ha_watch_stop(guard->daemon->loop, &guard->watch);
        close(guard->pidfd);
    }
    guard->pid = 0;
    what = WIFSIGNALED(status) ? g_strdup_printf("killed by signal %d", WTERMSIG(status))
                               : g_strdup_printf("exit status %d", WEXITSTATUS(status));
    trouble(guard, what);
    g_free(what);
    ha_timer_set(guard->daemon->loop, &guard->again, ha_clock_ns() + AGAIN_NS, begin_guardian,
                 guard);
}

/* 0 or negative errno. fd: what tells of its end. */
static int follow_guardian(struct hb_guard *guard, pid_t pid, int fd)
{
    int error = fd < 0 ? fd
                       : ha_watch_start(guard->daemon->loop, &guard->watch, fd, EPOLLIN,
                                        guardian_ended, guard);

    if (error == 0) {
        guard->pid = pid;
        guard->pidfd = fd;
        return 0;
    }
    if (fd >= 0)
        close(fd);
    if (guard->by_helper) {
        hb_power_signal(pid, SIGKILL);
    } else {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    return error;
}

static int start_guardian(struct hb_guard *guard)
{
    const struct hb_config *config = guard->daemon->setup.config;
    bool realtime = config->realtime && !guard->daemon->options.no_realtime;
    const char *logfile = config->logfile != NULL ? config->logfile : "-";
    const int fds[HB_GUARD_FDS] = {[HB_GUARD_TABLE] = guard->table_fd, [HB_GUARD_PIDFD] = guard->self_fd,
                                   [HB_GUARD_TIMER] = guard->timer};
    struct hb_power_child child = {.end_fd = -1};
    int error;

    guard->by_helper = hb_power_away();
    if (guard->by_helper) {
        error = hb_power_guardian(fds, logfile, realtime ? config->rtprio : 0, &child);
        return error != 0 ? error : follow_guardian(guard, child.pid, child.end_fd);
    }
    child.pid = hb_guardian_start(fds, logfile, realtime ? config->rtprio : 0);
    if (child.pid < 0)
        return -errno;
    child.end_fd = pidfd_open(child.pid, 0);
    return follow_guardian(guard, child.pid, child.end_fd < 0 ? -errno : child.end_fd);
}

static void begin_guardian(void *ctx, uint64_t now_ns)
{
    struct hb_guard *guard = ctx;
    int error = start_guardian(guard);

    (void)now_ns;
    if (error == 0)
        return;
    trouble(guard, g_strerror(-error));
    ha_timer_set(guard->daemon->loop, &guard->again, ha_clock_ns() + AGAIN_NS, begin_guardian,
                 guard);
}

/* ---- away for too long ---- */

/* First thing in every round of the loop: were we, or our addresses, gone meanwhile? */
static void look_back(void *ctx)
{
    struct hb_daemon *daemon = ctx;
    struct hb_guard_table *table = daemon->guard->table;
    uint32_t state = atomic_load(&table->state);

    if (state == HB_GUARD_WATCHING) {
        if (hb_guard_empty(table) || !hb_guard_overdue(table, false, hb_guard_now_ns()))
            return;
        /* If the guardian, which woke with us, wins: no beat that claims them may go out before. */
        (void)hb_guard_win(table, false);
        state = HB_GUARD_RELEASING;
    }
    if (state == HB_GUARD_RELEASING)
        (void)release(table, daemon->guard->table_fd, daemon->guard->netlink);
    ha_log(HA_LOG_WARNING, "this process did not move for most of the dead time: %u addresses were "
           "taken off, until it is known that they may come back", atomic_load(&table->released));
    if (daemon->act != NULL)
        hb_act_taken_off(daemon->act);
    for (uint32_t i = 0; i < HB_GUARD_SLOTS && i < atomic_load(&table->used); i++)
        atomic_store(&table->slots[i].kind, HB_GUARD_FREE);
    atomic_store(&table->used, 0);
    atomic_store(&table->beat_ns, hb_guard_now_ns());
    atomic_store(&table->state, HB_GUARD_WATCHING);
    if (daemon->core != NULL)
        hb_daemon_step(daemon, &(struct hb_event){.kind = HB_EV_TAKEN_OFF});
}

/* ---- having one ---- */

/* Table and guardian. 0 or negative errno: then there is neither. */
static int begin_guarding(struct hb_guard *guard)
{
    int err = 0;

    if (guard->self_fd < 0)
        guard->self_fd = pidfd_open(getpid(), 0);
    if (guard->self_fd < 0)
        err = -errno;
    if (err == 0 && guard->timer < 0)
        guard->timer = hb_guard_timer();
    if (err == 0 && guard->timer < 0)
        err = guard->timer;
    if (err == 0)
        err = make_table(guard);
    if (err != 0)
        return err;
    ha_loop_on_round(guard->daemon->loop, look_back, guard->daemon);
    begin_guardian(guard, 0);
    return 0;
}

/* Later than it should have been: what is held already is noted now. */
static void guard_again(void *ctx, uint64_t now_ns)
{
    struct hb_guard *guard = ctx;
    int err = begin_guarding(guard);

    if (err != 0) {
        trouble(guard, g_strerror(-err));
        ha_timer_set(guard->daemon->loop, &guard->again, now_ns + AGAIN_NS, guard_again, guard);
        return;
    }
    ha_log(HA_LOG_NOTICE, "%s is there now", HB_GUARDIAN);
    if (guard->daemon->core != NULL)
        hb_guard_attach(guard->daemon);
}

/* ---- what the daemon calls ---- */

void hb_guard_start(struct hb_daemon *daemon)
{
    struct hb_guard *guard = g_new0(struct hb_guard, 1);
    int err;

    if (daemon->options.unmanaged) {
        g_free(guard);
        return;
    }
    guard->daemon = daemon;
    guard->watch.fd = guard->pidfd = guard->table_fd = -1;
    guard->self_fd = guard->timer = guard->before_fd = -1;
    daemon->guard = guard;
    /* What the life before left is for now or never: this is not given up at the first refusal. */
    for (unsigned i = 0; i < SOCKET_TRIES; i++) {
        guard->netlink = hb_guard_socket();
        if (guard->netlink >= 0)
            break;
        poll(NULL, 0, SOCKET_PAUSE_MS);
    }
    if (guard->netlink >= 0)
        take_over(guard);
    err = guard->netlink < 0 ? guard->netlink : begin_guarding(guard);
    if (err != 0)
        trouble(guard, g_strerror(-err));
    if (err != 0 && guard->netlink >= 0)
        ha_timer_set(daemon->loop, &guard->again, ha_clock_ns() + AGAIN_NS, guard_again, guard);
}

/* Slots of addresses that no file names any more are nobody's: they go. */
static void keep_slots(struct hb_guard *guard)
{
    struct hb_guard_table *before = guard->before;

    for (uint32_t i = 0; i < HB_GUARD_SLOTS && i < atomic_load(&before->used); i++) {
        const struct hb_guard_slot *slot = &before->slots[i];
        enum hb_guard_kind kind = (enum hb_guard_kind)atomic_load(&slot->kind);
        struct ha_addr addr = {.family = slot->family};

        if (kind == HB_GUARD_FREE)
            continue;
        memcpy(addr.bytes, slot->addr, sizeof slot->addr);
        if (!hb_act_knows(guard->daemon->act, &addr) || guard->table == NULL)
            continue;
        (void)hb_guard_put(guard->table, kind, slot);
        atomic_store(&before->slots[i].kind, HB_GUARD_FREE);
    }
    (void)release(before, guard->before_fd, guard->netlink);
    atomic_store(&before->state, HB_GUARD_ADOPTED);
}

static void find_groups(struct hb_guard *guard)
{
    const struct hb_haresources *resources = guard->daemon->setup.resources;
    const struct hb_guard_table *before = guard->before;

    for (uint32_t i = 0; i < before->groups; i++) {
        const struct hb_guard_group *left = &before->group[i];
        bool found = false;

        for (guint j = 0; atomic_load(&left->claimed) && !found && j < resources->groups->len; j++) {
            found = hash_group(g_ptr_array_index(resources->groups, j)) == left->hash;
            if (found)
                hb_core_left_over(guard->daemon->core, j, guard->before_kept);
        }
        if (atomic_load(&left->claimed) && !found)
            ha_log(HA_LOG_ERROR, "the heartbeat before this one held %.*s, which is not in "
                   "haresources as it was: see to its resources by hand", HB_GUARD_KEY - 1,
                   left->key);
    }
}

static void look_at_before(struct hb_guard *guard)
{
    if (guard->before == NULL)
        return;
    find_groups(guard);
    if (guard->before_kept && !hb_guard_empty(guard->before))
        keep_slots(guard);
    munmap(guard->before, sizeof *guard->before);
    close(guard->before_fd);
    guard->before = NULL;
    guard->before_fd = -1;
}

/* Others count from our last beat to our dead time; if all have left in good order, one that
 * comes back waits for initdead before it takes anything. */
void hb_guard_sent(struct hb_daemon *daemon, const struct hb_msg *msg)
{
    struct hb_guard_table *table = table_of(daemon);
    const char *type = hb_msg_text(msg, "t");
    const struct hb_config *config = daemon->setup.config;
    uint64_t dead_ns = ha_ms_to_ns(config->deadtime_ms), beat_ns = ha_ms_to_ns(config->keepalive_ms);
    uint64_t stall_ns, now_ns;

    if (table == NULL || type == NULL || strcmp(type, "status") != 0)
        return;
    if (hb_core_all_left(daemon->core))
        dead_ns = MAX(dead_ns, ha_ms_to_ns(config->initdead_ms));
    stall_ns = dead_ns / 4 * 3;
    if (stall_ns < beat_ns + beat_ns / 4 && beat_ns < dead_ns)
        stall_ns = beat_ns + (dead_ns - beat_ns) / 2;
    atomic_store(&table->stall_ns, stall_ns);
    atomic_store(&table->death_ns, dead_ns / 2);
    now_ns = hb_guard_now_ns();
    atomic_store(&table->beat_ns, now_ns);
    hb_guard_set_timer(daemon->guard->timer, now_ns + stall_ns);
}

static void note_claims(struct hb_daemon *daemon, struct hb_guard_table *table)
{
    for (uint32_t i = 0; i < table->groups; i++) {
        enum hb_group_state state = hb_core_group_state(daemon->core, i);

        atomic_store(&table->group[i].claimed,
                     state != HB_GROUP_STOPPED && state != HB_GROUP_FAILED);
    }
}

void hb_guard_attach(struct hb_daemon *daemon)
{
    const struct hb_haresources *resources = daemon->setup.resources;
    struct hb_guard_table *table = table_of(daemon);

    if (daemon->guard != NULL)
        look_at_before(daemon->guard);
    if (table == NULL)
        return;
    hb_act_guard(daemon->act, table);
    table->groups = 0;
    for (guint i = 0; i < resources->groups->len && i < HB_GUARD_GROUPS; i++) {
        const struct hb_group *group = g_ptr_array_index(resources->groups, i);

        table->group[i].hash = hash_group(group);
        g_strlcpy(table->group[i].key, hb_group_key(group), HB_GUARD_KEY);
        table->groups = i + 1;
    }
    note_claims(daemon, table);
}

void hb_guard_step(struct hb_daemon *daemon)
{
    struct hb_guard_table *table = table_of(daemon);

    for (guint i = 0; table != NULL && i < daemon->actions.list->len; i++) {
        enum hb_action_kind kind = g_array_index(daemon->actions.list, struct hb_action, i).kind;

        if (kind == HB_ACT_OP || kind == HB_ACT_STATUS) {
            note_claims(daemon, table);
            return;
        }
    }
}

void hb_guard_end(struct hb_daemon *daemon)
{
    struct hb_guard *guard = daemon->guard;

    if (guard == NULL)
        return;
    ha_loop_on_round(daemon->loop, NULL, NULL);
    ha_watch_stop(daemon->loop, &guard->watch);
    ha_timer_cancel(daemon->loop, &guard->again);
    /* With nothing held the guardian ends with us; else it does what is left to do. */
    if (guard->table != NULL && hb_guard_empty(guard->table))
        hb_power_clear(HB_POWER_GUARDED, HB_GUARD_PATH);
    if (guard->table != NULL)
        munmap(guard->table, sizeof *guard->table);
    if (guard->before != NULL) {
        /* We did not come to life: what the one before us left is nobody's. */
        if (guard->netlink >= 0)
            (void)release(guard->before, guard->before_fd, guard->netlink);
        munmap(guard->before, sizeof *guard->before);
        close(guard->before_fd);
    }
    if (guard->table_fd >= 0)
        close(guard->table_fd);
    if (guard->netlink >= 0)
        close(guard->netlink);
    if (guard->self_fd >= 0)
        close(guard->self_fd);
    if (guard->timer >= 0)
        close(guard->timer);
    if (guard->pidfd >= 0 && guard->pid > 0)
        close(guard->pidfd);
    g_free(guard);
    daemon->guard = NULL;
}
