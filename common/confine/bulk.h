/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A text too long for a frame travels as a descriptor: a file in memory that
 * nobody can change any more. Any other descriptor is refused, so that whoever
 * reads it neither waits for a pipe nor reads a file it was not meant to.
 */
#ifndef HA_CONFINE_BULK_H
#define HA_CONFINE_BULK_H

#include <stddef.h>

/* A descriptor, or negative errno. */
int ha_bulk_make(const void *bytes, size_t length);
/* A NUL-terminated copy in *out, g_free() it. 0; -EBADMSG: no such file; -EFBIG; other negative errno.
 * The descriptor stays the caller's. */
int ha_bulk_read(int fd, size_t max, char **out, size_t *length);

#endif
