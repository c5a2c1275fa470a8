/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whole files in and out. Never waits for a writer of a fifo, never reads past
 * its bound, and a crash between two bytes leaves either the old or the new
 * file. Knows nothing of what is in them.
 */
#include "common/run/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST_READ 4096
/* Behind the name of a file: of no backup that somebody made by hand. */
#define TEMPORARY ".new-"
#define RANDOM    "XXXXXX"

/* Reads until the end into *out. Sizes are not believed: /proc says 0, and files grow. */
static int read_all(int fd, size_t max, GByteArray *out)
{
    for (;;) {
        guint used = out->len;
        size_t room = used ? used : FIRST_READ;
        ssize_t got;

        if (room > max + 1 - used) {
            room = max + 1 - used;
        }
        g_byte_array_set_size(out, used + (guint)room);
        got = read(fd, out->data + used, room);
        g_byte_array_set_size(out, used + (got > 0 ? (guint)got : 0));
        if (got == 0) {
            return 0;
        }
        if (got < 0 && errno != EINTR) {
            return -errno;
        }
        if (out->len > max) {
            return -EFBIG;
        }
    }
}

int ha_file_read(const char *path, size_t max, char **out, size_t *length, struct stat *stat)
{
    int fd;

    *out = NULL;
    *length = 0;
    fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    return fd < 0 ? -errno : ha_file_read_fd(fd, max, out, length, stat);
}

int ha_file_read_fd(int fd, size_t max, char **out, size_t *length, struct stat *stat)
{
    GByteArray *bytes;
    struct stat opened;
    int status = 0;

    *out = NULL;
    *length = 0;
    if (max >= G_MAXUINT / 2) {
        close(fd);
        return -EINVAL;
    }
    if (fstat(fd, &opened) < 0) {
        status = -errno;
    } else if (S_ISDIR(opened.st_mode)) {
        status = -EISDIR;
    } else if (!S_ISREG(opened.st_mode)) {
        status = -EINVAL;
    }
    if (status < 0) {
        close(fd);
        return status;
    }

    /* Room for all of it from the start: growing would leave copies of keys behind. */
    bytes = g_byte_array_sized_new((guint)MIN(2 * (size_t)opened.st_size, max) + FIRST_READ + 1);
    status = read_all(fd, max, bytes);
    close(fd);
    if (status < 0) {
        /* What was read may have been a key. */
        if (bytes->len) {
            explicit_bzero(bytes->data, bytes->len);
        }
        g_byte_array_free(bytes, TRUE);
        return status;
    }
    *length = bytes->len;
    g_byte_array_append(bytes, (const guint8 *)"", 1);
    *out = (char *)g_byte_array_free(bytes, FALSE);
    if (stat) {
        *stat = opened;
    }
    return 0;
}

static int write_all(int fd, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t done = write(fd, data, length);

        if (done < 0) {
            if (errno == EINTR) {
                continue;
            }
            return -errno;
        }
        data += done;
        length -= (size_t)done;
    }
    return 0;
}

static int sync_directory(const char *path)
{
    char *directory = g_path_get_dirname(path);
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int status = fd < 0 ? -errno : 0;

    /* Some file systems cannot sync a directory and say EINVAL; they have nothing to lose. */
    if (fd >= 0 && fsync(fd) < 0 && errno != EINVAL) {
        status = -errno;
    }
    if (fd >= 0) {
        close(fd);
    }
    g_free(directory);
    return status;
}

int ha_file_write(const char *path, const void *data, size_t length, mode_t mode)
{
    char *temporary = g_strconcat(path, TEMPORARY RANDOM, NULL);
    int fd = mkostemp(temporary, O_CLOEXEC);
    int status;

    if (fd < 0) {
        status = -errno;
        g_free(temporary);
        return status;
    }
    status = write_all(fd, data, length);
    if (status == 0 && (fchmod(fd, mode) < 0 || fsync(fd) < 0)) {
        status = -errno;
    }
    if (close(fd) < 0 && status == 0) {
        status = -errno;
    }
    if (status == 0 && rename(temporary, path) < 0) {
        status = -errno;
    }
    if (status < 0) {
        unlink(temporary);
    } else {
        status = sync_directory(path);
    }
    g_free(temporary);
    return status;
}

void ha_file_sweep(const char *path)
{
    char *directory = g_path_get_dirname(path), *name = g_path_get_basename(path);
    char *start = g_strconcat(name, TEMPORARY, NULL);
    GDir *dir = g_dir_open(directory, 0, NULL);
    const char *entry;

    while (dir && (entry = g_dir_read_name(dir)) != NULL) {
        if (g_str_has_prefix(entry, start) && strlen(entry) == strlen(start) + strlen(RANDOM)) {
            char *left = g_build_filename(directory, entry, NULL);

            unlink(left);
            g_free(left);
        }
    }
    if (dir) {
        g_dir_close(dir);
    }
    g_free(start);
    g_free(name);
    g_free(directory);
}
