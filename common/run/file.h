/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole files, read with a bound, written whole or not at all. */
#ifndef HA_RUN_FILE_H
#define HA_RUN_FILE_H

#include <glib.h>
#include <stddef.h>
#include <sys/stat.h>

/* Reads a regular file of at most max bytes; *out is NUL-terminated (not
 * counted), g_free() it. stat may be NULL; it is of the opened file. -EFBIG
 * beyond max, -EISDIR or -EINVAL for what is not a regular file (a fifo does
 * not block). */
int ha_file_read(const char *path, size_t max, char **out, size_t *length, struct stat *stat);

/* The same of one that is open; the descriptor is closed in any case. */
int ha_file_read_fd(int fd, size_t max, char **out, size_t *length, struct stat *stat);

/* Temporary file beside it, fsync, rename, fsync of the directory: whenever the power fails, the file
 * is the old one or the new one, and the new one once this has returned 0. */
int ha_file_write(const char *path, const void *data, size_t length, mode_t mode);

/* Removes the temporary files that writers of path left who were killed. For the start of the one that
 * writes it: a writer that still lives would fail. */
void ha_file_sweep(const char *path);

#endif
