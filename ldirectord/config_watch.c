/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inotify and a look every two seconds. Looks at the file's dates only.
 */
#include "ldirectord/config_watch.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "ldirectord/door/door.h"

#define LOOK_NS (2 * HA_NS_PER_S)

struct ld_config_watch {
    struct ha_loop *loop;
    const char *path;
    char *name; /* in its folder */
    struct ld_content *content;
    ld_config_watch_fn fn;
    void *ctx;
    int inotify_fd;
    struct ha_watch inotify;
    struct ha_timer timer;
    struct stat seen; /* the dates of what was found by looking and not told yet; 0: nothing */
};

static void told_by_kernel(struct ld_config_watch *watch)
{
    struct stat now;

    if (!ld_content_touched(watch->path, watch->content, &now))
        return;
    memset(&watch->seen, 0, sizeof(watch->seen));
    watch->fn(watch->ctx);
}

/* Only complete files: closed after writing, or moved into place. */
static void inotify_ready(void *ctx, uint32_t events)
{
    struct ld_config_watch *watch = ctx;
    _Alignas(struct inotify_event) char bytes[4096];
    bool ours = false;
    ssize_t length;

    (void)events;
    while ((length = read(watch->inotify_fd, bytes, sizeof(bytes))) > 0) {
        const struct inotify_event *event;

        for (char *at = bytes; at < bytes + length; at += sizeof(*event) + event->len) {
            event = (const struct inotify_event *)at;
            ours |= event->mask & IN_Q_OVERFLOW ||
                    (event->len > 0 && strcmp(event->name, watch->name) == 0);
        }
    }
    if (ours)
        told_by_kernel(watch);
}

static void look(void *ctx, uint64_t now_ns)
{
    struct ld_config_watch *watch = ctx;
    struct stat now = {0};
    bool touched = ld_content_touched(watch->path, watch->content, &now);
    bool settled = touched && ld_same_dates(&now, &watch->seen);

    ha_timer_set(watch->loop, &watch->timer, now_ns + LOOK_NS, look, watch);
    watch->seen = settled || !touched ? (struct stat){0} : now;
    if (settled)
        watch->fn(watch->ctx);
}

static void watch_folder(struct ld_config_watch *watch)
{
    watch->inotify_fd = ld_door_watch(LD_FOLDER_CONFIG, watch->path);
    if (watch->inotify_fd >= 0)
        ha_watch_start(watch->loop, &watch->inotify, watch->inotify_fd, EPOLLIN, inotify_ready,
                       watch);
}

struct ld_config_watch *ld_config_watch_start(struct ha_loop *loop, const char *path,
                                              struct ld_content *content, ld_config_watch_fn fn,
                                              void *ctx)
{
    struct ld_config_watch *watch = g_new0(struct ld_config_watch, 1);

    watch->loop = loop;
    watch->path = path;
    watch->name = g_path_get_basename(path);
    watch->content = content;
    watch->fn = fn;
    watch->ctx = ctx;
    watch->inotify.fd = -1;
    watch_folder(watch);
    ha_timer_set(loop, &watch->timer, ha_clock_ns() + LOOK_NS, look, watch);
    return watch;
}

void ld_config_watch_stop(struct ld_config_watch *watch)
{
    if (watch == NULL)
        return;
    ha_watch_stop(watch->loop, &watch->inotify);
    ha_timer_cancel(watch->loop, &watch->timer);
    if (watch->inotify_fd >= 0)
        close(watch->inotify_fd);
    g_free(watch->name);
    g_free(watch);
}
