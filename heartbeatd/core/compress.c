/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * zlib and bzip2, with their streams fed whole and read into a room of a fixed
 * size: the size that a message claims is never believed, nor asked for.
 */
#include "heartbeatd/core/compress.h"

#include <bzlib.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <zlib.h>

#include "common/base/name.h"

/* bzip2's blocks, in 100 kB: a message fits into the smallest. */
#define BZ2_BLOCKS 1
/* bzip2 may make bytes larger by a hundredth and this much. */
#define BZ2_EXTRA  600

static const struct ha_name names[] = {
    {HB_COMPRESS_ZLIB, "zlib"}, {HB_COMPRESS_BZ2, "bz2"}, HA_NAME_END};

const char *hb_compression_name(enum hb_compression method)
{
    return ha_name_of(names, (int)method);
}

bool hb_compression_find(const char *name, enum hb_compression *method)
{
    int value;

    if (name == NULL || !ha_name_find(names, name, &value))
        return false;
    *method = (enum hb_compression)value;
    return true;
}

int hb_compress(enum hb_compression method, const void *bytes, size_t length, GByteArray *out)
{
    guint from = out->len;
    bool done;

    if (method == HB_COMPRESS_ZLIB) {
        uLongf size = compressBound(length);

        g_byte_array_set_size(out, from + (guint)size);
        done = compress(out->data + from, &size, bytes, length) == Z_OK;
        g_byte_array_set_size(out, from + (done ? (guint)size : 0));
    } else {
        unsigned size = (unsigned)(length + length / 100 + BZ2_EXTRA);

        g_byte_array_set_size(out, from + size);
        done = BZ2_bzBuffToBuffCompress((char *)out->data + from, &size, (char *)bytes,
                                        (unsigned)length, BZ2_BLOCKS, 0, 0) == BZ_OK;
        g_byte_array_set_size(out, from + (done ? size : 0));
    }
    return done ? 0 : -ENOMEM;
}

/* Each fills room with at most *size bytes, of which it then has *size. */

static int inflate_all(const void *bytes, size_t length, uint8_t *room, size_t *size)
{
    z_stream stream = {.next_in = (Bytef *)bytes,
                       .avail_in = (uInt)length,
                       .next_out = room,
                       .avail_out = (uInt)*size};
    int status;

    if (inflateInit(&stream) != Z_OK)
        return -EBADMSG;
    status = inflate(&stream, Z_FINISH);
    *size -= stream.avail_out;
    inflateEnd(&stream);
    if (status == Z_STREAM_END)
        return stream.avail_in == 0 ? 0 : -EBADMSG;
    return status == Z_BUF_ERROR && stream.avail_out == 0 ? -EMSGSIZE : -EBADMSG;
}

static int unpack_all(const void *bytes, size_t length, uint8_t *room, size_t *size)
{
    bz_stream stream = {.next_in = (char *)bytes,
                        .avail_in = (unsigned)length,
                        .next_out = (char *)room,
                        .avail_out = (unsigned)*size};
    int status;

    if (BZ2_bzDecompressInit(&stream, 0, 1) != BZ_OK)
        return -EBADMSG;
    status = BZ2_bzDecompress(&stream);
    *size -= stream.avail_out;
    BZ2_bzDecompressEnd(&stream);
    if (status == BZ_STREAM_END)
        return stream.avail_in == 0 ? 0 : -EBADMSG;
    return status == BZ_OK && stream.avail_out == 0 ? -EMSGSIZE : -EBADMSG;
}

int hb_uncompress(enum hb_compression method, const void *bytes, size_t length, size_t max,
                  GByteArray *out)
{
    guint from = out->len;
    size_t size = max;
    int err;

    if (length > G_MAXUINT32 / 2 || max > G_MAXUINT32 / 2)
        return -EMSGSIZE;
    g_byte_array_set_size(out, from + (guint)max);
    err = method == HB_COMPRESS_ZLIB ? inflate_all(bytes, length, out->data + from, &size)
                                     : unpack_all(bytes, length, out->data + from, &size);
    g_byte_array_set_size(out, from + (err == 0 ? (guint)size : 0));
    return err;
}
