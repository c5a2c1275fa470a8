/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Generation and uuid on disk. A generation is on the disk before the first
 * message carries it; a damaged file is replaced by the time, which is above
 * any number that counting restarts from an earlier time can have reached.
 */
#include "heartbeatd/daemon/identity.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/run/clock.h"
#include "common/run/file.h"

#define GENERATION_FILE HB_VARLIB "/hb_generation"
#define UUID_FILE       HB_VARLIB "/hb_uuid"
#define UUID_BYTES      16
#define SMALL_FILE      4096
/* hg is a hexadecimal field of 32 bits to Heartbeat 3.0.6. */
#define GENERATION_MAX UINT32_MAX

/* The stored number; 0: none, and *damaged says whether that is a fault. Without the end of its line
 * it may be the first half of a number. */
static int generation_read(uint64_t *stored, bool *damaged)
{
    char *text, *end;
    size_t length;
    int status = ha_file_read(GENERATION_FILE, SMALL_FILE, &text, &length, NULL);

    *stored = 0;
    *damaged = false;
    if (status == -ENOENT) {
        return 0;
    }
    if (status == -EFBIG) {
        *damaged = true;
        return 0;
    }
    if (status < 0) {
        return status;
    }
    *stored = strtoull(text, &end, 10);
    if (end == text || *end == '\0' || end[strspn(end, " \t\n")] || strlen(text) != length ||
        *stored >= GENERATION_MAX || strchr(text, '-')) {
        *damaged = true;
        *stored = 0;
    }
    g_free(text);
    return 0;
}

int hb_generation_next(bool by_time, uint64_t *generation, bool *healed)
{
    char text[32];
    uint64_t stored, now_s = ha_clock_wall_s();
    int status, length;

    if (g_mkdir_with_parents(HB_VARLIB, 0755) < 0) {
        return -errno;
    }
    ha_file_sweep(GENERATION_FILE);
    status = generation_read(&stored, healed);
    if (status < 0) {
        return status;
    }
    *generation = stored ? stored + 1 : now_s + 1;
    if (by_time && now_s > *generation) {
        *generation = now_s;
    }
    length = snprintf(text, sizeof(text), "%15llu\n", (unsigned long long)*generation);
    return ha_file_write(GENERATION_FILE, text, (size_t)length, 0644);
}

static void uuid_of_name(const char *node, uint8_t uuid[UUID_BYTES])
{
    GChecksum *sum = g_checksum_new(G_CHECKSUM_MD5);
    gsize length = UUID_BYTES;

    g_checksum_update(sum, (const guchar *)node, (gssize)strlen(node));
    g_checksum_get_digest(sum, uuid, &length);
    g_checksum_free(sum);
}

/* Zeros are what a disk shows of a file whose end it has lost. */
static bool is_uuid(const char *bytes, size_t length)
{
    static const char none[UUID_BYTES];

    return length == UUID_BYTES && memcmp(bytes, none, UUID_BYTES) != 0;
}

int hb_uuid_get(bool from_name, const char *node, uint8_t uuid[UUID_BYTES], bool *healed)
{
    char *stored;
    size_t length;
    int status;

    *healed = false;
    if (from_name) {
        uuid_of_name(node, uuid);
        return 0;
    }
    ha_file_sweep(UUID_FILE);
    status = ha_file_read(UUID_FILE, SMALL_FILE, &stored, &length, NULL);
    if (status == 0 && is_uuid(stored, length)) {
        memcpy(uuid, stored, UUID_BYTES);
        g_free(stored);
        return 0;
    }
    g_free(stored);
    if (status < 0 && status != -ENOENT && status != -EFBIG) {
        return status;
    }
    *healed = status != -ENOENT;
    if (getrandom(uuid, UUID_BYTES, 0) != UUID_BYTES) {
        return -EIO;
    }
    return ha_file_write(UUID_FILE, uuid, UUID_BYTES, 0600);
}
