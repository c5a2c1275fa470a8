/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one place that waits: a loop with descriptors, timers and signals. One
 * loop, one thread. Watches and timers are structs inside their owners, so
 * arming one allocates nothing of ours and forgetting one is a bug that the
 * owner's free function shows.
 *
 * Not libqb's: that finds a watched descriptor by a linear search, and waking up
 * took four system calls on top of it, which a checker of ten thousand servers
 * pays ten thousand times. This one takes one.
 */
#ifndef HA_RUN_LOOP_H
#define HA_RUN_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/time.h"

struct ha_loop;

/* NULL and errno when the kernel refuses. From here on the process ignores SIGPIPE and
 * has SIGCHLD at its default (children must stay ours to reap). */
struct ha_loop *ha_loop_new(void);
/* Kills what is left of its children and puts the signal mask back. */
void ha_loop_free(struct ha_loop *loop);
/* Runs until ha_loop_stop(); returns the status given there (at once if that came first). */
int ha_loop_run(struct ha_loop *loop);
void ha_loop_stop(struct ha_loop *loop, int status);
/* In a watch's callback: the time at which it was known to be ready, without asking the clock, which on some
 * machines is a system call. 0: it has not run. */
uint64_t ha_loop_woke_ns(const struct ha_loop *loop);
/* Called before anything else whenever the loop has woken; NULL ends that. One only. */
typedef void (*ha_round_fn)(void *ctx);
void ha_loop_on_round(struct ha_loop *loop, ha_round_fn fn, void *ctx);

/* ---- descriptors ---- */
struct ha_watch;
/* events: EPOLLIN, EPOLLOUT…, as epoll reports them (EPOLLERR and EPOLLHUP always). The
 * callback may unwatch and free any watch, its own included. */
typedef void (*ha_watch_fn)(void *ctx, uint32_t events);
struct ha_watch {
    int fd; /* -1: not watched */
    uint32_t events;
    ha_watch_fn fn;
    void *ctx;
};
/* A zeroed struct with fd = -1 is an unused watch. The descriptor stays the caller's. One watch
 * for a descriptor: -EEXIST otherwise. */
#define HA_WATCH_INIT {.fd = -1}
int ha_watch_start(struct ha_loop *loop, struct ha_watch *watch, int fd, uint32_t events,
                   ha_watch_fn fn, void *ctx);
int ha_watch_change(struct ha_loop *loop, struct ha_watch *watch, uint32_t events);
/* Must come before close(fd). Harmless on an unused watch. */
void ha_watch_stop(struct ha_loop *loop, struct ha_watch *watch);
/* Both in one, a system call cheaper. */
void ha_watch_close(struct ha_loop *loop, struct ha_watch *watch);

/* ---- timers: one-shot, at a time of ha_clock_ns() ---- */
typedef void (*ha_timer_fn)(void *ctx, uint64_t now_ns);
struct ha_timer {
    uint64_t at_ns; /* 0: not armed */
    uint32_t slot;  /* the loop's */
    ha_timer_fn fn;
    void *ctx;
};
/* Arms or re-arms. at_ns in the past fires on the next round; HA_NEVER disarms.
 * Timers due at the same time fire in the order armed, and before the descriptors that are ready then;
 * but who was held up hears the descriptors first: an answer that came while we were away is not taken
 * for none. */
#define HA_HELD_UP_NS (20 * HA_NS_PER_MS) /* a timer that fires so late */
int ha_timer_set(struct ha_loop *loop, struct ha_timer *timer, uint64_t at_ns, ha_timer_fn fn,
                 void *ctx);
void ha_timer_cancel(struct ha_loop *loop, struct ha_timer *timer);

/* ---- signals: delivered in the loop, never in a handler ---- */
typedef void (*ha_signal_fn)(void *ctx, int signo);
/* One function per signal; NULL ends the watch. Children of ha_child_start() get a clean mask. */
int ha_signal_watch(struct ha_loop *loop, int signo, ha_signal_fn fn, void *ctx);

#endif
