/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inputs for fuzz_wire, fuzz_packed and fuzz_core out of captures: of each
 * capture and type of message the first datagram, once as it is and, of what is
 * compressed, the stream inside.
 *
 *   seeds CORPUS CAPTURE...     corpus: tests/fuzz/corpus
 */
#include <glib.h>
#include <glib/gstdio.h>

#include "tests/fuzz/fuzz_keys.h"
#include "heartbeatd/core/wire.h"
#include "tests/unit/pcap.h"

struct run {
    const char *corpus;
    char *capture;    /* name without directory and suffix */
    GHashTable *seen; /* of "capture-type" */
};

static void store(const struct run *run, const char *target, const char *type, const void *bytes,
                  size_t length)
{
    char *name = g_strdup_printf("%s/%s/%s-%s", run->corpus, target, run->capture, type);

    if (!g_file_set_contents(name, bytes, (gssize)length, NULL))
        g_printerr("cannot write %s\n", name);
    g_free(name);
}

/* What lies behind "t=" up to what cannot be in a type. */
static char *type_of(const uint8_t *bytes, size_t length)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-";
    GString *type = g_string_new(NULL);

    for (size_t i = 1; i + 2 < length; i++)
        if (bytes[i] == 't' && bytes[i + 1] == '=' && (bytes[i - 1] == ')' || bytes[i - 1] == '\n')) {
            for (i += 2; i < length && bytes[i] != 0 && strchr(letters, bytes[i]) != NULL; i++)
                g_string_append_c(type, (char)bytes[i]);
            break;
        }
    if (type->len == 0)
        g_string_append(type, memmem(bytes, length, "=bz2", 4) ? "bz2" : "zlib");
    return g_string_free(type, FALSE);
}

static void keep(void *ctx, const uint8_t *bytes, size_t length)
{
    static const char packed[] = "_compressed_payload=", method[] = ",30:(0)_compression_algorithm";
    struct run *run = ctx;
    char *type = type_of(bytes, length);
    const uint8_t *from = memmem(bytes, length, packed, sizeof(packed) - 1);
    const uint8_t *to = NULL;

    if (g_hash_table_add(run->seen, g_strconcat(run->capture, "-", type, NULL))) {
        store(run, "wire", type, bytes, length);
        for (size_t i = 0; from != NULL && to == NULL && i + sizeof(method) < length; i++)
            if (memcmp(bytes + i, method, 1) == 0 && memmem(bytes + i, 32, "_compression", 12) != NULL)
                to = bytes + i;
        if (from != NULL && to > from)
            store(run, "packed", type, from + sizeof(packed) - 1,
                  (size_t)(to - from) - sizeof(packed) + 1);
    }
    g_free(type);
}

int main(int argc, char **argv)
{
    struct run run = {.seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};

    for (int i = 2; i < argc; i++) {
        run.corpus = argv[1];
        run.capture = g_path_get_basename(argv[i]);
        *strrchr(run.capture, '.') = '\0';
        if (!pcap_each_udp(argv[i], 694, keep, &run, NULL))
            g_printerr("%s: no whole capture\n", argv[i]);
        g_free(run.capture);
    }
    g_hash_table_unref(run.seen);
    return argc < 3;
}
