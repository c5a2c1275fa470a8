/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One reading, held by two: the thread and the reader. The last to let go of it
 * frees it, so that neither waits for the other, not even at the end.
 */
#include "ldirectord/config_reader.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/run/clock.h"
#include "common/run/secret.h"

struct job {
    struct ld_reading reading;
    char *path;
    unsigned looks;
    struct ld_config *prior; /* NULL: none */
    int done_fd;
    int holders; /* atomic */
};

struct ld_config_reader {
    struct ha_loop *loop;
    const char *path;
    ld_reading_fn fn;
    void *ctx;
    struct job *job; /* NULL: none under way */
    struct ha_watch done;
    struct ha_timer soon; /* where there are no threads */
};

struct ld_config_reader *ld_config_reader_new(struct ha_loop *loop, const char *path,
                                              ld_reading_fn fn, void *ctx)
{
    struct ld_config_reader *reader = g_new0(struct ld_config_reader, 1);

    reader->loop = loop;
    reader->path = path;
    reader->fn = fn;
    reader->ctx = ctx;
    reader->done.fd = -1;
    return reader;
}

static void let_go(struct job *job)
{
    if (!g_atomic_int_dec_and_test(&job->holders))
        return;
    ld_config_free(job->reading.config);
    ld_config_free(job->prior);
    ha_diags_clear(&job->reading.diags);
    if (job->done_fd >= 0)
        close(job->done_fd);
    g_free(job->path);
    g_free(job);
}

static void read_it(struct job *job)
{
    struct ld_reading *reading = &job->reading;

    reading->config = ld_config_load_again(job->prior, job->path, &reading->content, job->looks,
                                           &reading->diags);
    ha_secret_stack();
}

static gpointer run(gpointer data)
{
    struct job *job = data;
    uint64_t one = 1;

    read_it(job);
    while (write(job->done_fd, &one, sizeof(one)) < 0 && errno == EINTR)
        ;
    let_go(job);
    return NULL;
}

static void hand_over(struct ld_config_reader *reader)
{
    struct job *job = reader->job;

    ha_watch_stop(reader->loop, &reader->done);
    reader->job = NULL;
    reader->fn(reader->ctx, &job->reading); /* may free the reader */
    let_go(job);
}

static void thread_is_through(void *ctx, uint32_t events)
{
    (void)events;
    hand_over(ctx);
}

static void read_here(void *ctx, uint64_t now_ns)
{
    struct ld_config_reader *reader = ctx;

    (void)now_ns;
    read_it(reader->job);
    hand_over(reader);
}

static bool start_thread(struct ld_config_reader *reader)
{
    struct job *job = reader->job;
    GThread *thread;

    job->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (job->done_fd < 0 || ha_watch_start(reader->loop, &reader->done, job->done_fd, EPOLLIN,
                                           thread_is_through, reader) != 0)
        return false;
    g_atomic_int_inc(&job->holders);
    thread = g_thread_try_new("ldirectord.cf", run, job, NULL);
    if (thread == NULL) {
        ha_watch_stop(reader->loop, &reader->done);
        g_atomic_int_add(&job->holders, -1);
        return false;
    }
    g_thread_unref(thread);
    return true;
}

void ld_config_reader_start(struct ld_config_reader *reader, const struct ld_content *content,
                            unsigned looks, struct ld_config *prior)
{
    struct job *job = g_new0(struct job, 1);

    job->path = g_strdup(reader->path);
    job->looks = looks;
    job->prior = prior;
    job->done_fd = -1;
    job->holders = 1;
    job->reading.content = *content;
    ha_diags_init(&job->reading.diags);
    reader->job = job;
    if (!start_thread(reader))
        ha_timer_set(reader->loop, &reader->soon, ha_clock_ns(), read_here, reader);
}

bool ld_config_reader_busy(const struct ld_config_reader *reader)
{
    return reader->job != NULL;
}

void ld_config_reader_free(struct ld_config_reader *reader)
{
    if (reader == NULL)
        return;
    ha_watch_stop(reader->loop, &reader->done);
    ha_timer_cancel(reader->loop, &reader->soon);
    if (reader->job != NULL)
        let_go(reader->job);
    g_free(reader);
}
