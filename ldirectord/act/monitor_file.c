/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Appends lines; remembers which files it could not write, to say so once. */
#include "ldirectord/act/monitor_file.h"

#include <errno.h>
#include <glib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/run/clock.h"
#include "common/run/log.h"
#include "ldirectord/door/door.h"

/* A regular expression as long as a line of the configuration, and more. */
#define LINE_MAX_BYTES ((gsize)128 << 10)

struct ld_monitor_files {
    GHashTable *broken; /* set of paths */
};

struct ld_monitor_files *ld_monitor_files_new(void)
{
    struct ld_monitor_files *files = g_new0(struct ld_monitor_files, 1);

    files->broken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return files;
}

void ld_monitor_files_free(struct ld_monitor_files *files)
{
    if (files == NULL)
        return;
    g_hash_table_destroy(files->broken);
    g_free(files);
}

static int append(const char *path, const GString *line)
{
    int fd = ld_door_open(LD_FILE_MONITOR, path), error = 0;

    if (fd < 0)
        return fd;
    if (write(fd, line->str, line->len) < 0)
        error = -errno;
    close(fd);
    return error;
}

void ld_monitor_files_add(struct ld_monitor_files *files, const char *path, const char *line)
{
    time_t now = (time_t)ha_clock_wall_s();
    GString *text = g_string_new(NULL);
    char date[64], *clean;
    struct tm local;
    int error;

    localtime_r(&now, &local);
    strftime(date, sizeof(date), "%a %b %e %H:%M:%S %Y", &local);
    clean = g_strndup(line, LINE_MAX_BYTES);
    for (char *at = clean; *at; at++)
        if (g_ascii_iscntrl(*at))
            *at = ' ';
    g_string_printf(text, "[%s] [%d] %s\n", date, (int)getpid(), clean);
    g_free(clean);
    error = append(path, text);
    g_string_free(text, TRUE);
    if (error == 0) {
        g_hash_table_remove(files->broken, path);
    } else if (!g_hash_table_contains(files->broken, path)) {
        g_hash_table_add(files->broken, g_strdup(path));
        ha_log(HA_LOG_ERROR, "Error writing to monitorfile '%s': %s", path, g_strerror(-error));
    }
}
