/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes made smaller and large again, by the two methods that Heartbeat knows.
 * What is made large is bounded, however much it claims to be.
 */
#ifndef HB_CORE_COMPRESS_H
#define HB_CORE_COMPRESS_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

enum hb_compression { HB_COMPRESS_ZLIB, HB_COMPRESS_BZ2, HB_COMPRESSION_COUNT };
/* "zlib", "bz2": as in ha.cf and in messages. */
const char *hb_compression_name(enum hb_compression method);
bool hb_compression_find(const char *name, enum hb_compression *method);

/* Appends to out. 0 or -ENOMEM; on an error out is as it was. */
int hb_compress(enum hb_compression method, const void *bytes, size_t length, GByteArray *out);
/* Appends at most max bytes to out. 0, -EMSGSIZE if there are more, -EBADMSG if bytes are not
 * what the method makes, or do not end where it says; on an error out is as it was. */
int hb_uncompress(enum hb_compression method, const void *bytes, size_t length, size_t max,
                  GByteArray *out);

#endif
