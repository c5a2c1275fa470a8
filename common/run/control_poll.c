/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What libqb's IPC server wants of a loop (control_poll.h): descriptors watched,
 * and jobs done as soon as its callback has returned. Knows nothing of what is
 * said over them.
 */
#include "common/run/control_poll.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "common/run/log.h"

/* Before a client is accepted, when there was no descriptor for it. */
#define NO_ROOM_NS (100 * HA_NS_PER_MS)

struct served {
    struct ha_watch watch;
    struct ha_timer again; /* its listening socket rests until then */
    bool listens, no_room;
    void *data;
    qb_ipcs_dispatch_fn_t fn;
};

struct job {
    struct ha_timer timer;
    void *data;
    qb_loop_job_dispatch_fn fn;
    GList link;
};

static struct ha_loop *serving_loop;
static GHashTable *served; /* descriptor -> struct served *, owned */
static GQueue jobs;        /* of struct job * */

/* ---- jobs ---- */

static void end_job(struct job *job)
{
    ha_timer_cancel(serving_loop, &job->timer);
    g_queue_unlink(&jobs, &job->link);
    g_free(job);
}

static void do_job(void *ctx, uint64_t now_ns)
{
    struct job *job = ctx;
    qb_loop_job_dispatch_fn fn = job->fn;
    void *data = job->data;

    (void)now_ns;
    end_job(job);
    fn(data);
}

static int32_t add_job(enum qb_loop_priority priority, void *data, qb_loop_job_dispatch_fn fn)
{
    struct job *job = g_new0(struct job, 1);

    (void)priority;
    job->data = data;
    job->fn = fn;
    job->link.data = job;
    g_queue_push_tail_link(&jobs, &job->link);
    return ha_timer_set(serving_loop, &job->timer, ha_clock_ns(), do_job, job);
}

/* ---- descriptors ---- */

/* poll(2)'s and epoll's flags are the same but for one that is only ever reported. */
static uint32_t epoll_events(int32_t events)
{
    return (uint32_t)events & (EPOLLIN | EPOLLPRI | EPOLLOUT);
}

static void drop(void *value)
{
    struct served *one = value;

    ha_timer_cancel(serving_loop, &one->again);
    ha_watch_stop(serving_loop, &one->watch);
    g_free(one);
}

static bool listens(int fd)
{
    int yes = 0;
    socklen_t size = sizeof(yes);

    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &yes, &size) == 0 && yes;
}

static bool there_is_room(int fd)
{
    int spare = fcntl(fd, F_DUPFD_CLOEXEC, 0);

    if (spare >= 0)
        close(spare);
    return spare >= 0 || (errno != EMFILE && errno != ENFILE);
}

static void listen_again(void *ctx, uint64_t now_ns)
{
    struct served *one = ctx;

    (void)now_ns;
    ha_watch_change(serving_loop, &one->watch, EPOLLIN);
}

/* A client that cannot be accepted stays at the door, and the loop would be told of it for ever. */
static bool must_rest(struct served *one)
{
    bool had_room = !one->no_room;

    one->no_room = one->listens && !there_is_room(one->watch.fd);
    if (!one->no_room)
        return false;
    if (had_room)
        ha_log(HA_LOG_WARNING, "no descriptor is left (ulimit -n, LimitNOFILE): clients of the control "
               "socket have to wait");
    ha_watch_change(serving_loop, &one->watch, 0);
    ha_timer_set(serving_loop, &one->again, ha_clock_ns() + NO_ROOM_NS, listen_again, one);
    return true;
}

/* libqb is done with a descriptor whose function fails. */
static void ready(void *ctx, uint32_t events)
{
    struct served *one = ctx;
    int fd = one->watch.fd;

    if (must_rest(one))
        return;
    if (one->fn(fd, (int32_t)events, one->data) < 0 &&
        g_hash_table_lookup(served, GINT_TO_POINTER(fd)) == one)
        g_hash_table_remove(served, GINT_TO_POINTER(fd));
}

static int32_t add_descriptor(enum qb_loop_priority priority, int32_t fd, int32_t events,
                              void *data, qb_ipcs_dispatch_fn_t fn)
{
    struct served *one = g_new0(struct served, 1);
    int status;

    (void)priority;
    one->data = data;
    one->fn = fn;
    one->watch.fd = -1;
    one->listens = listens(fd);
    status = ha_watch_start(serving_loop, &one->watch, fd, epoll_events(events), ready, one);
    if (status < 0)
        g_free(one);
    else
        g_hash_table_insert(served, GINT_TO_POINTER(fd), one);
    return status;
}

static int32_t change_descriptor(enum qb_loop_priority priority, int32_t fd, int32_t events,
                                 void *data, qb_ipcs_dispatch_fn_t fn)
{
    struct served *one = g_hash_table_lookup(served, GINT_TO_POINTER(fd));

    (void)priority;
    if (one == NULL)
        return -EBADF;
    one->data = data;
    one->fn = fn;
    return ha_watch_change(serving_loop, &one->watch, epoll_events(events));
}

static int32_t remove_descriptor(int32_t fd)
{
    return g_hash_table_remove(served, GINT_TO_POINTER(fd)) ? 0 : -EBADF;
}

struct qb_ipcs_poll_handlers ha_control_poll = {
    .job_add = add_job,
    .dispatch_add = add_descriptor,
    .dispatch_mod = change_descriptor,
    .dispatch_del = remove_descriptor,
};

/* ---- life ---- */

bool ha_control_poll_begin(struct ha_loop *loop)
{
    if (serving_loop != NULL)
        return false;
    serving_loop = loop;
    served = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, drop);
    g_queue_init(&jobs);
    return true;
}

void ha_control_poll_end(void)
{
    while (!g_queue_is_empty(&jobs))
        end_job(g_queue_peek_head(&jobs));
    g_hash_table_destroy(served);
    served = NULL;
    serving_loop = NULL;
}
