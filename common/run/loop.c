/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The loop: descriptors in an epoll set, timers in a binary heap, signals
 * through one signalfd. It wakes by one system call, whose timeout is the
 * earliest timer. Nothing here knows what it is waiting for.
 *
 * Safety while a round is delivered: a callback may stop or free any watch or
 * timer. The kernel's events name a descriptor and which of its watches it was,
 * so what is stale is nobody's: also that of a closed descriptor which a child
 * just forked still holds. The timers of a round are in `due`, and whoever is
 * cancelled is crossed out there. A timer armed while timers fire waits for the
 * next round, so a timer that re-arms itself in the past starves nobody.
 */
#include "common/run/loop.h"

#include <errno.h>
#include <glib.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "common/run/loop_inside.h"

/* Descriptors delivered per round; the rest come with the next. */
#define BATCH_MAX 256
/* In ha_timer.slot: the timer has left the heap and waits in `due`. */
#define SLOT_DUE 0x80000000u

struct heap_entry {
    uint64_t at_ns;
    uint64_t order;
    struct ha_timer *timer;
};

/* By descriptor. */
struct place {
    struct ha_watch *watch; /* NULL: none */
    uint32_t generation;    /* counts the watches there were */
};

struct ha_loop {
    int epoll_fd;
    int status;
    bool stopping;
    bool exact; /* the kernel waits to the nanosecond (epoll_pwait2, Linux 5.11) */

    struct epoll_event batch[BATCH_MAX];
    GArray *places; /* of struct place */

    GArray *heap; /* of struct heap_entry, earliest first */
    GPtrArray *due; /* of struct ha_timer *; NULL where one was cancelled */
    uint64_t order;
    uint64_t looked_ns; /* what the clock said when last asked here */

    struct ha_watch signal_watch;
    sigset_t signals, signals_before;
    struct {
        ha_signal_fn fn;
        void *ctx;
    } on_signal[NSIG];

    struct ha_loop_children children;
    ha_round_fn round;
    void *round_ctx;
};

/* ---- descriptors ---- */

static struct place *place_of(struct ha_loop *loop, uint32_t fd)
{
    if (fd >= loop->places->len)
        g_array_set_size(loop->places, MAX(64, 2 * fd));
    return &g_array_index(loop->places, struct place, fd);
}

static void deliver(struct ha_loop *loop, int ready)
{
    for (int i = 0; i < ready && !loop->stopping; i++) {
        uint64_t name = loop->batch[i].data.u64;
        const struct place *place = place_of(loop, (uint32_t)name);

        if (place->watch && place->generation == (uint32_t)(name >> 32))
            place->watch->fn(place->watch->ctx, loop->batch[i].events);
    }
}

static int control(struct ha_loop *loop, int what, int fd, uint32_t events, uint32_t generation)
{
    struct epoll_event event = {.events = events,
                                .data.u64 = (uint64_t)generation << 32 | (uint32_t)fd};

    return epoll_ctl(loop->epoll_fd, what, fd, &event) < 0 ? -errno : 0;
}

int ha_watch_start(struct ha_loop *loop, struct ha_watch *watch, int fd, uint32_t events,
                   ha_watch_fn fn, void *ctx)
{
    struct place *place;
    int status;

    if (fd < 0 || !fn) {
        return -EINVAL;
    }
    place = place_of(loop, (uint32_t)fd);
    status = control(loop, EPOLL_CTL_ADD, fd, events, place->generation + 1);
    if (status < 0) {
        return status;
    }
    place->generation++;
    place->watch = watch;
    *watch = (struct ha_watch){.fd = fd, .events = events, .fn = fn, .ctx = ctx};
    return 0;
}

int ha_watch_change(struct ha_loop *loop, struct ha_watch *watch, uint32_t events)
{
    int status;

    if (watch->fd < 0) {
        return -EINVAL;
    }
    if (watch->events == events) {
        return 0;
    }
    status = control(loop, EPOLL_CTL_MOD, watch->fd, events,
                     place_of(loop, (uint32_t)watch->fd)->generation);
    if (status == 0) {
        watch->events = events;
    }
    return status;
}

static void forget(struct ha_loop *loop, struct ha_watch *watch)
{
    place_of(loop, (uint32_t)watch->fd)->watch = NULL;
    *watch = (struct ha_watch)HA_WATCH_INIT;
}

void ha_watch_stop(struct ha_loop *loop, struct ha_watch *watch)
{
    if (watch->fd < 0 || !watch->fn) {
        return;
    }
    control(loop, EPOLL_CTL_DEL, watch->fd, 0, 0);
    forget(loop, watch);
}

void ha_watch_close(struct ha_loop *loop, struct ha_watch *watch)
{
    int fd = watch->fd;

    if (fd < 0 || !watch->fn) {
        return;
    }
    forget(loop, watch);
    close(fd);
}

/* ---- timers ---- */

static struct heap_entry *entry_at(struct ha_loop *loop, guint slot)
{
    return &g_array_index(loop->heap, struct heap_entry, slot);
}

static bool earlier(const struct heap_entry *a, const struct heap_entry *b)
{
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->order < b->order;
}

static void place(struct ha_loop *loop, guint slot, struct heap_entry entry)
{
    *entry_at(loop, slot) = entry;
    entry.timer->slot = slot;
}

static void sift_up(struct ha_loop *loop, guint slot)
{
    struct heap_entry moving = *entry_at(loop, slot);

    while (slot > 0) {
        guint parent = (slot - 1) / 2;

        if (!earlier(&moving, entry_at(loop, parent))) {
            break;
        }
        place(loop, slot, *entry_at(loop, parent));
        slot = parent;
    }
    place(loop, slot, moving);
}

static void sift_down(struct ha_loop *loop, guint slot)
{
    struct heap_entry moving = *entry_at(loop, slot);

    for (;;) {
        guint child = 2 * slot + 1;

        if (child >= loop->heap->len) {
            break;
        }
        if (child + 1 < loop->heap->len &&
            earlier(entry_at(loop, child + 1), entry_at(loop, child))) {
            child++;
        }
        if (!earlier(entry_at(loop, child), &moving)) {
            break;
        }
        place(loop, slot, *entry_at(loop, child));
        slot = child;
    }
    place(loop, slot, moving);
}

static void heap_remove(struct ha_loop *loop, guint slot)
{
    struct heap_entry last = *entry_at(loop, loop->heap->len - 1);

    g_array_set_size(loop->heap, loop->heap->len - 1);
    if (slot == loop->heap->len) {
        return;
    }
    place(loop, slot, last);
    sift_up(loop, slot);
    sift_down(loop, last.timer->slot);
}

int ha_timer_set(struct ha_loop *loop, struct ha_timer *timer, uint64_t at_ns, ha_timer_fn fn,
                 void *ctx)
{
    struct heap_entry entry;

    if (at_ns == HA_NEVER) {
        ha_timer_cancel(loop, timer);
        return 0;
    }
    if (!fn) {
        return -EINVAL;
    }
    ha_timer_cancel(loop, timer);
    timer->at_ns = at_ns ? at_ns : 1;
    timer->fn = fn;
    timer->ctx = ctx;
    entry = (struct heap_entry){.at_ns = timer->at_ns, .order = loop->order++, .timer = timer};
    g_array_append_val(loop->heap, entry);
    sift_up(loop, loop->heap->len - 1);
    return 0;
}

void ha_timer_cancel(struct ha_loop *loop, struct ha_timer *timer)
{
    if (!timer->at_ns) {
        return;
    }
    if (timer->slot & SLOT_DUE) {
        loop->due->pdata[timer->slot & ~SLOT_DUE] = NULL;
    } else {
        heap_remove(loop, timer->slot);
    }
    timer->at_ns = 0;
}

static void put_back_due(struct ha_loop *loop, guint from)
{
    for (guint i = from; i < loop->due->len; i++) {
        struct ha_timer *timer = loop->due->pdata[i];

        if (timer) {
            ha_timer_set(loop, timer, timer->at_ns, timer->fn, timer->ctx);
        }
    }
}

/* So late that somebody's time ran out while we were away: what it sent meanwhile is to count. A timer
 * "at once" is not late. */
static bool held_up(struct ha_loop *loop)
{
    uint64_t at_ns = loop->heap->len > 0 ? entry_at(loop, 0)->at_ns : HA_NEVER;

    return at_ns > 1 && at_ns < loop->looked_ns && loop->looked_ns - at_ns >= HA_HELD_UP_NS;
}

/* Whether there was nothing to do: then it is still looked_ns. */
static bool fire(struct ha_loop *loop)
{
    uint64_t now_ns = loop->looked_ns;
    guint i;

    while (loop->heap->len > 0 && entry_at(loop, 0)->at_ns <= now_ns) {
        struct ha_timer *timer = entry_at(loop, 0)->timer;

        heap_remove(loop, 0);
        timer->slot = SLOT_DUE | loop->due->len;
        g_ptr_array_add(loop->due, timer);
    }
    for (i = 0; i < loop->due->len && !loop->stopping; i++) {
        struct ha_timer *timer = loop->due->pdata[i];

        if (timer) {
            loop->due->pdata[i] = NULL;
            timer->at_ns = 0;
            timer->fn(timer->ctx, now_ns);
        }
    }
    put_back_due(loop, i);
    g_ptr_array_set_size(loop->due, 0);
    return i == 0;
}

/* ---- signals ---- */

static void signal_ready(void *ctx, uint32_t events)
{
    struct ha_loop *loop = ctx;
    struct signalfd_siginfo info;

    (void)events;
    while (!loop->stopping && loop->signal_watch.fd >= 0 &&
           read(loop->signal_watch.fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo < NSIG && loop->on_signal[info.ssi_signo].fn) {
            loop->on_signal[info.ssi_signo].fn(loop->on_signal[info.ssi_signo].ctx,
                                               (int)info.ssi_signo);
        }
    }
}

int ha_signal_watch(struct ha_loop *loop, int signo, ha_signal_fn fn, void *ctx)
{
    int fd, status;

    if (signo <= 0 || signo >= NSIG) {
        return -EINVAL;
    }
    if (fn) {
        sigaddset(&loop->signals, signo);
    } else {
        sigdelset(&loop->signals, signo);
    }
    loop->on_signal[signo].fn = fn;
    loop->on_signal[signo].ctx = ctx;
    fd = signalfd(loop->signal_watch.fd, &loop->signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0) {
        return -errno;
    }
    if (loop->signal_watch.fd < 0) {
        status = ha_watch_start(loop, &loop->signal_watch, fd, EPOLLIN, signal_ready, loop);
        if (status < 0) {
            close(fd);
            return status;
        }
    }
    if (!fn && !sigismember(&loop->signals_before, signo)) {
        sigset_t one;

        sigemptyset(&one);
        sigaddset(&one, signo);
        return sigprocmask(SIG_UNBLOCK, &one, NULL) < 0 ? -errno : 0;
    }
    return sigprocmask(SIG_BLOCK, &loop->signals, NULL) < 0 ? -errno : 0;
}

/* ---- the loop ---- */

struct ha_loop *ha_loop_new(void)
{
    struct ha_loop *loop = g_new0(struct ha_loop, 1);

    loop->signal_watch.fd = -1;
    loop->places = g_array_new(FALSE, TRUE, sizeof(struct place));
    loop->heap = g_array_new(FALSE, FALSE, sizeof(struct heap_entry));
    loop->due = g_ptr_array_new();
    g_queue_init(&loop->children.living);
    sigemptyset(&loop->signals);
    sigprocmask(SIG_BLOCK, NULL, &loop->signals_before);
    /* A peer that hangs up must not kill us, and our children must stay ours to reap. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);

    loop->exact = true;
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll_fd < 0) {
        int error = errno;

        ha_loop_free(loop);
        errno = error;
        return NULL;
    }
    return loop;
}

void ha_loop_free(struct ha_loop *loop)
{
    if (!loop) {
        return;
    }
    if (loop->children.end_all) {
        loop->children.end_all(loop);
    }
    if (loop->signal_watch.fd >= 0) {
        int fd = loop->signal_watch.fd;

        ha_watch_stop(loop, &loop->signal_watch);
        close(fd);
        sigprocmask(SIG_SETMASK, &loop->signals_before, NULL);
    }
    for (guint i = 0; i < loop->heap->len; i++) {
        entry_at(loop, i)->timer->at_ns = 0;
    }
    if (loop->epoll_fd >= 0) {
        close(loop->epoll_fd);
    }
    g_array_free(loop->places, TRUE);
    g_array_free(loop->heap, TRUE);
    g_ptr_array_free(loop->due, TRUE);
    g_free(loop);
}

static int wait_exactly(struct ha_loop *loop, const struct timespec *left)
{
#ifdef SYS_epoll_pwait2
    if (loop->exact)
        return (int)syscall(SYS_epoll_pwait2, loop->epoll_fd, loop->batch, BATCH_MAX, left, NULL, 0);
#else
    (void)left;
#endif
    errno = ENOSYS;
    return -1;
}

/* How many descriptors are ready by the time of the earliest timer; -1: interrupted. An older
 * kernel wakes up to a millisecond late. */
static int wait_for_events(struct ha_loop *loop, bool looked)
{
    uint64_t at_ns = loop->heap->len > 0 ? entry_at(loop, 0)->at_ns : HA_NEVER;
    uint64_t now_ns = at_ns == HA_NEVER || looked ? loop->looked_ns : ha_clock_ns();
    uint64_t left_ns = at_ns > now_ns ? at_ns - now_ns : 0;
    struct timespec left = {.tv_sec = (time_t)(left_ns / HA_NS_PER_S),
                            .tv_nsec = (long)(left_ns % HA_NS_PER_S)};
    int ready = wait_exactly(loop, at_ns == HA_NEVER ? NULL : &left), left_ms = -1;

    if (ready >= 0 || errno != ENOSYS) {
        return ready;
    }
    loop->exact = false;
    if (at_ns != HA_NEVER) {
        left_ms = (int)MIN((left_ns + HA_NS_PER_MS - 1) / HA_NS_PER_MS, (uint64_t)G_MAXINT);
    }
    return epoll_wait(loop->epoll_fd, loop->batch, BATCH_MAX, left_ms);
}

/* Timers go before descriptors that became ready with them, but after them if we come too late to both;
 * what callbacks have armed for "at once" comes before the next wait. */
int ha_loop_run(struct ha_loop *loop)
{
    bool looked = false;

    while (!loop->stopping) {
        int ready = wait_for_events(loop, looked);

        if (loop->round) {
            loop->round(loop->round_ctx);
        }
        loop->looked_ns = ha_clock_ns();
        if (!held_up(loop)) {
            fire(loop);
        }
        deliver(loop, ready);
        if (!loop->stopping) {
            loop->looked_ns = ha_clock_ns();
            looked = fire(loop);
        }
    }
    loop->stopping = false;
    return loop->status;
}

void ha_loop_stop(struct ha_loop *loop, int status)
{
    loop->status = status;
    loop->stopping = true;
}

uint64_t ha_loop_woke_ns(const struct ha_loop *loop)
{
    return loop->looked_ns;
}

void ha_loop_on_round(struct ha_loop *loop, ha_round_fn fn, void *ctx)
{
    loop->round = fn;
    loop->round_ctx = ctx;
}

struct ha_loop_children *ha_loop_children(struct ha_loop *loop)
{
    return &loop->children;
}
