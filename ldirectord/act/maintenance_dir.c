/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the folder whole whenever something may have changed, and tells if
 * something has. A folder that is not there has no files; it may come. Of one
 * that cannot be read now what was told holds: nobody comes back to work for that.
 */
#include "ldirectord/act/maintenance_dir.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/child.h"
#include "common/run/clock.h"
#include "common/run/log.h"
#include "ldirectord/door/allowed.h"
#include "ldirectord/door/door.h"

#define LOOK_NS        (2 * HA_NS_PER_S)
#define ASK_AGAIN_NS   (300 * HA_NS_PER_S)
#define ASK_DEADLINE_MS 60000
/* Addresses per child, and in all. */
#define ASKED_AT_ONCE  64
#define ASKED_MAX      16384

struct ld_maintenance_dir {
    struct ha_loop *loop;
    ld_maintenance_fn fn;
    void *ctx;
    char *path;                     /* NULL: none configured */
    struct ld_maintenance *told;    /* what was told last; NULL: nothing */
    bool too_many, unreadable;      /* said so */

    int inotify_fd, wd;
    bool lent;                      /* inotify_fd came with its watch, whose number is not known */
    struct ha_watch inotify;
    struct ha_timer timer;

    GPtrArray *addresses;           /* of char *, of the real servers, each once */
    GHashTable *names;              /* what the resolver said, address -> name */
    struct ha_child *child;
    guint asked;                    /* addresses */
    uint64_t ask_at_ns;
};

/* ---- telling ---- */

static void add_name(gpointer address, gpointer name, gpointer maintenance)
{
    ld_maintenance_add_name(maintenance, address, name);
}

/* Takes it over. */
static void tell(struct ld_maintenance_dir *dir, struct ld_maintenance *maintenance)
{
    struct ld_maintenance *before = dir->told;

    g_hash_table_foreach(dir->names, add_name, maintenance);
    dir->told = maintenance;
    dir->fn(dir->ctx, maintenance);
    ld_maintenance_free(before);
}

/* ---- the folder ---- */

/* 0 or negative errno. Takes over fd, which may be one. */
static int read_entries(struct ld_maintenance_dir *dir, int fd, struct ld_maintenance *out)
{
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry;
    bool room = true;
    int error;

    if (folder == NULL) {
        error = fd >= 0 ? -errno : fd;
        if (fd >= 0)
            close(fd);
        return error;
    }
    for (errno = 0; room && (entry = readdir(folder)) != NULL; errno = 0)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            room = ld_maintenance_add_file(out, entry->d_name);
    error = room ? -errno : 0;
    closedir(folder);
    if (!room && !dir->too_many)
        ha_log(HA_LOG_WARNING, "%s: only %d files are looked at", dir->path, LD_MAINTENANCE_MAX);
    dir->too_many = !room;
    return error;
}

/* NULL: it cannot be read now. */
static struct ld_maintenance *read_folder(struct ld_maintenance_dir *dir)
{
    struct ld_maintenance *maintenance = ld_maintenance_new();
    int error = read_entries(dir, ld_door_open(LD_FILE_MAINTENANCE, dir->path), maintenance);
    bool unreadable = error != 0 && error != -ENOENT && error != -ENOTDIR;

    if (unreadable && !dir->unreadable)
        ha_log(HA_LOG_WARNING, "%s: %s: who is in maintenance stays there until it can be read",
               dir->path, g_strerror(-error));
    dir->unreadable = unreadable;
    if (unreadable)
        ld_maintenance_free(maintenance);
    return unreadable ? NULL : maintenance;
}

static void look_at_names(struct ld_maintenance_dir *dir);

static void read_again(struct ld_maintenance_dir *dir)
{
    struct ld_maintenance *maintenance = read_folder(dir);

    if (maintenance == NULL && dir->told == NULL)
        maintenance = ld_maintenance_new();
    if (maintenance != NULL && (dir->told == NULL || !ld_maintenance_same_files(dir->told, maintenance)))
        tell(dir, maintenance);
    else
        ld_maintenance_free(maintenance);
    look_at_names(dir);
}

static void inotify_ready(void *ctx, uint32_t events)
{
    struct ld_maintenance_dir *dir = ctx;
    _Alignas(struct inotify_event) char bytes[4096];
    ssize_t length;

    (void)events;
    while ((length = read(dir->inotify_fd, bytes, sizeof(bytes))) > 0) {
        const struct inotify_event *event;

        for (char *at = bytes; at < bytes + length; at += sizeof(*event) + event->len) {
            event = (const struct inotify_event *)at;
            if (event->mask & IN_IGNORED && (event->wd == dir->wd || dir->lent)) {
                dir->wd = -1;
                dir->lent = false;
            }
        }
    }
    read_again(dir);
}

/* Of a folder that this process may not look into. */
static void borrow_watch(struct ld_maintenance_dir *dir)
{
    int fd = ld_door_watch(LD_FOLDER_MAINTENANCE, dir->path);

    if (fd < 0)
        return;
    ha_watch_stop(dir->loop, &dir->inotify);
    if (dir->inotify_fd >= 0)
        close(dir->inotify_fd);
    dir->inotify_fd = fd;
    dir->wd = -1;
    dir->lent = true;
    ha_watch_start(dir->loop, &dir->inotify, fd, EPOLLIN, inotify_ready, dir);
}

/* The folder may be another one by now, or be there at last. */
static void watch_folder(struct ld_maintenance_dir *dir)
{
    int wd = dir->inotify_fd < 0 ? -1
                                 : inotify_add_watch(dir->inotify_fd, dir->path,
                                                     IN_CREATE | IN_DELETE | IN_MOVED_FROM |
                                                         IN_MOVED_TO | IN_ONLYDIR);

    if (wd < 0 && errno == EACCES && ld_door_divided()) {
        if (!dir->lent)
            borrow_watch(dir);
        return;
    }
    if (dir->wd >= 0 && wd != dir->wd)
        inotify_rm_watch(dir->inotify_fd, dir->wd);
    dir->wd = wd;
}

static void look(void *ctx, uint64_t now_ns)
{
    struct ld_maintenance_dir *dir = ctx;

    ha_timer_set(dir->loop, &dir->timer, now_ns + LOOK_NS, look, dir);
    watch_folder(dir);
    read_again(dir);
}

/* ---- names ---- */

static void ask_some(struct ld_maintenance_dir *dir);

/* "10.0.0.1  web1.example.com alias…" a line. */
static void take_names(struct ld_maintenance_dir *dir, const char *output)
{
    char **lines = g_strsplit(output, "\n", -1);

    for (char **line = lines; *line != NULL; line++) {
        char **words = g_strsplit_set(*line, " \t", -1), *name = NULL, text[HA_ADDR_TEXT];
        struct ha_addr addr;

        for (char **word = words; *word != NULL && name == NULL; word++)
            if (word != words && **word != '\0')
                name = *word;
        if (name != NULL && ha_addr_parse(&addr, words[0]))
            g_hash_table_replace(dir->names, g_strdup(ha_addr_text(&addr, text)), g_strdup(name));
        g_strfreev(words);
    }
    g_strfreev(lines);
}

static void names_told(void *ctx, const struct ha_child_result *result)
{
    struct ld_maintenance_dir *dir = ctx;
    struct ld_maintenance *maintenance;

    dir->child = NULL;
    if (result->end == HA_CHILD_FAILED)
        ha_log(HA_LOG_WARNING, "%s: %s: files named after hosts mean nobody", LD_RESOLVER,
               g_strerror(result->code));
    take_names(dir, result->output);
    if (dir->asked < dir->addresses->len && result->end != HA_CHILD_FAILED) {
        ask_some(dir);
        return;
    }
    maintenance = dir->path != NULL ? read_folder(dir) : NULL;
    dir->ask_at_ns = maintenance != NULL ? ha_after_ns(ha_clock_ns(), ASK_AGAIN_NS) : 0;
    if (maintenance != NULL)
        tell(dir, maintenance);
}

static void ask_some(struct ld_maintenance_dir *dir)
{
    char *argv[ASKED_AT_ONCE + 3] = {LD_RESOLVER, "hosts"};
    struct ha_child_spec spec = {.path = LD_RESOLVER, .argv = argv, .deadline_ms = ASK_DEADLINE_MS,
                                 .output_max = 65536};
    guint count = 0;

    while (count < ASKED_AT_ONCE && dir->asked < dir->addresses->len)
        argv[2 + count++] = g_ptr_array_index(dir->addresses, dir->asked++);
    dir->child = ha_child_start(dir->loop, &spec, names_told, dir);
    if (dir->child == NULL)
        dir->ask_at_ns = ha_after_ns(ha_clock_ns(), ASK_AGAIN_NS);
}

static void look_at_names(struct ld_maintenance_dir *dir)
{
    if (dir->told == NULL || !dir->told->host_names || dir->child != NULL ||
        dir->addresses->len == 0 || ha_clock_ns() < dir->ask_at_ns)
        return;
    dir->asked = 0;
    ask_some(dir);
}

/* ---- configuration ---- */

static void take_addresses(struct ld_maintenance_dir *dir, const struct ld_config *config)
{
    GHashTable *seen = g_hash_table_new(g_str_hash, g_str_equal);
    char text[HA_ADDR_TEXT];

    g_ptr_array_set_size(dir->addresses, 0);
    for (guint i = 0; i < config->services->len; i++) {
        const struct ld_service *service = g_ptr_array_index(config->services, i);

        for (guint j = 0; j < service->reals->len && dir->addresses->len < ASKED_MAX; j++) {
            const struct ld_real *real = g_ptr_array_index(service->reals, j);
            char *address;

            if (g_hash_table_contains(seen, ha_addr_text(&real->addr, text)))
                continue;
            address = g_strdup(text);
            g_ptr_array_add(dir->addresses, address);
            g_hash_table_add(seen, address);
        }
    }
    g_hash_table_destroy(seen);
    dir->ask_at_ns = 0;
}

static void stop_heeding(struct ld_maintenance_dir *dir)
{
    struct ld_maintenance *before = g_steal_pointer(&dir->told);

    ha_timer_cancel(dir->loop, &dir->timer);
    if (dir->child != NULL)
        ha_child_abandon(dir->child);
    dir->child = NULL;
    if (before != NULL)
        dir->fn(dir->ctx, NULL);
    ld_maintenance_free(before);
}

void ld_maintenance_dir_config(struct ld_maintenance_dir *dir, const struct ld_config *config)
{
    if (dir->child != NULL)
        ha_child_abandon(dir->child); /* it has been asked about others */
    dir->child = NULL;
    if (g_strcmp0(dir->path, config->maintenancedir) != 0)
        dir->lent = false;
    g_free(dir->path);
    dir->path = g_strdup(config->maintenancedir);
    if (dir->path == NULL) {
        stop_heeding(dir);
        return;
    }
    take_addresses(dir, config);
    if (dir->inotify_fd < 0) {
        dir->inotify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        if (dir->inotify_fd >= 0)
            ha_watch_start(dir->loop, &dir->inotify, dir->inotify_fd, EPOLLIN, inotify_ready, dir);
    }
    look(dir, ha_clock_ns());
}

struct ld_maintenance_dir *ld_maintenance_dir_new(struct ha_loop *loop, ld_maintenance_fn fn,
                                                  void *ctx)
{
    struct ld_maintenance_dir *dir = g_new0(struct ld_maintenance_dir, 1);

    dir->loop = loop;
    dir->fn = fn;
    dir->ctx = ctx;
    dir->inotify_fd = dir->wd = dir->inotify.fd = -1;
    dir->addresses = g_ptr_array_new_with_free_func(g_free);
    dir->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return dir;
}

void ld_maintenance_dir_free(struct ld_maintenance_dir *dir)
{
    if (dir == NULL)
        return;
    ha_timer_cancel(dir->loop, &dir->timer);
    ha_watch_stop(dir->loop, &dir->inotify);
    if (dir->inotify_fd >= 0)
        close(dir->inotify_fd);
    if (dir->child != NULL)
        ha_child_abandon(dir->child);
    ld_maintenance_free(dir->told);
    g_ptr_array_free(dir->addresses, TRUE);
    g_hash_table_destroy(dir->names);
    g_free(dir->path);
    g_free(dir);
}
