/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The loop: descriptors in an epoll set of our own, timers in a binary heap
 * behind one timerfd, signals through one signalfd. libqb waits on the first
 * two. Nothing here knows what it is waiting for.
 *
 * Safety while a round is delivered: a callback may stop or free any watch or
 * timer. The descriptors of the round are in `batch`, the timers in `due`, and
 * whoever is stopped is crossed out there. A timer armed during a round waits
 * for the next one, so a timer that re-arms itself in the past starves nobody.
 */
#include "common/run/loop.h"

#include <errno.h>
#include <glib.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "common/run/loop_inside.h"

/* Descriptors delivered per round; the rest come with the next. */
#define BATCH_MAX 64
/* In ha_timer.slot: the timer has left the heap and waits in `due`. */
#define SLOT_DUE 0x80000000u

struct heap_entry {
    uint64_t at_ns;
    uint64_t order;
    struct ha_timer *timer;
};

struct ha_loop {
    qb_loop_t *qb;
    int epoll_fd;
    int timer_fd;
    int status;
    bool stopping;

    struct epoll_event batch[BATCH_MAX];
    int batch_used;

    GArray *heap; /* of struct heap_entry, earliest first */
    GPtrArray *due; /* of struct ha_timer *; NULL where one was cancelled */
    uint64_t order;
    uint64_t armed_ns; /* what timer_fd is set to; HA_NEVER: nothing */
    bool firing;

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

static int32_t epoll_ready(int32_t fd, int32_t revents, void *data)
{
    struct ha_loop *loop = data;
    int ready = epoll_wait(fd, loop->batch, BATCH_MAX, 0);

    (void)revents;
    if (ready <= 0) {
        return 0;
    }
    if (loop->round) {
        loop->round(loop->round_ctx);
    }
    loop->batch_used = ready;
    for (int i = 0; i < ready && !loop->stopping; i++) {
        struct ha_watch *watch = loop->batch[i].data.ptr;

        if (watch) {
            loop->batch[i].data.ptr = NULL;
            watch->fn(watch->ctx, loop->batch[i].events);
        }
    }
    loop->batch_used = 0;
    return 0;
}

int ha_watch_start(struct ha_loop *loop, struct ha_watch *watch, int fd, uint32_t events,
                   ha_watch_fn fn, void *ctx)
{
    struct epoll_event event = {.events = events, .data.ptr = watch};

    if (fd < 0 || !fn) {
        return -EINVAL;
    }
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) {
        return -errno;
    }
    *watch = (struct ha_watch){.fd = fd, .events = events, .fn = fn, .ctx = ctx};
    return 0;
}

int ha_watch_change(struct ha_loop *loop, struct ha_watch *watch, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = watch};

    if (watch->fd < 0) {
        return -EINVAL;
    }
    if (watch->events == events) {
        return 0;
    }
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, watch->fd, &event) < 0) {
        return -errno;
    }
    watch->events = events;
    return 0;
}

void ha_watch_stop(struct ha_loop *loop, struct ha_watch *watch)
{
    if (watch->fd < 0 || !watch->fn) {
        return;
    }
    epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
    for (int i = 0; i < loop->batch_used; i++) {
        if (loop->batch[i].data.ptr == watch) {
            loop->batch[i].data.ptr = NULL;
        }
    }
    *watch = (struct ha_watch)HA_WATCH_INIT;
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

/* Sets the timerfd where the earliest timer comes before what it is set to. A
 * timerfd that goes off too early only costs one look. */
static void arm(struct ha_loop *loop)
{
    struct itimerspec when = {0};
    uint64_t at_ns;

    if (loop->firing || loop->heap->len == 0 || entry_at(loop, 0)->at_ns >= loop->armed_ns) {
        return;
    }
    at_ns = entry_at(loop, 0)->at_ns;
    when.it_value.tv_sec = (time_t)(at_ns / HA_NS_PER_S);
    when.it_value.tv_nsec = (long)(at_ns % HA_NS_PER_S);
    if (timerfd_settime(loop->timer_fd, TFD_TIMER_ABSTIME, &when, NULL) == 0) {
        loop->armed_ns = at_ns;
    }
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
    arm(loop);
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

static int32_t timer_ready(int32_t fd, int32_t revents, void *data)
{
    struct ha_loop *loop = data;
    uint64_t ignored, now_ns;
    guint i;

    (void)revents;
    if (loop->round) {
        loop->round(loop->round_ctx);
    }
    now_ns = ha_clock_ns();
    if (read(fd, &ignored, sizeof(ignored)) < 0 && errno != EAGAIN) {
        return 0;
    }
    loop->armed_ns = HA_NEVER;
    loop->firing = true;
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
    loop->firing = false;
    arm(loop);
    return 0;
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
    int error = 0;

    loop->signal_watch.fd = -1;
    loop->armed_ns = HA_NEVER;
    loop->heap = g_array_new(FALSE, FALSE, sizeof(struct heap_entry));
    loop->due = g_ptr_array_new();
    g_queue_init(&loop->children.living);
    sigemptyset(&loop->signals);
    sigprocmask(SIG_BLOCK, NULL, &loop->signals_before);
    /* A peer that hangs up must not kill us, and our children must stay ours to reap. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);

    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    loop->qb = loop->epoll_fd >= 0 && loop->timer_fd >= 0 ? qb_loop_create() : NULL;
    if (!loop->qb) {
        error = errno ? errno : ENOMEM;
    } else {
        error = -qb_loop_poll_add(loop->qb, QB_LOOP_HIGH, loop->timer_fd, POLLIN, loop,
                                  timer_ready);
        if (!error) {
            error = -qb_loop_poll_add(loop->qb, QB_LOOP_MED, loop->epoll_fd, POLLIN, loop,
                                      epoll_ready);
        }
    }
    if (error) {
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
    if (loop->qb) {
        qb_loop_destroy(loop->qb);
    }
    if (loop->timer_fd >= 0) {
        close(loop->timer_fd);
    }
    if (loop->epoll_fd >= 0) {
        close(loop->epoll_fd);
    }
    g_array_free(loop->heap, TRUE);
    g_ptr_array_free(loop->due, TRUE);
    g_free(loop);
}

int ha_loop_run(struct ha_loop *loop)
{
    if (!loop->stopping) {
        qb_loop_run(loop->qb);
    }
    loop->stopping = false;
    return loop->status;
}

void ha_loop_stop(struct ha_loop *loop, int status)
{
    loop->status = status;
    loop->stopping = true;
    qb_loop_stop(loop->qb);
}

void ha_loop_on_round(struct ha_loop *loop, ha_round_fn fn, void *ctx)
{
    loop->round = fn;
    loop->round_ctx = ctx;
}

struct qb_loop *ha_loop_qb(struct ha_loop *loop)
{
    return loop->qb;
}

struct ha_loop_children *ha_loop_children(struct ha_loop *loop)
{
    return &loop->children;
}
