/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What heartbeat keeps on disk for its next life: hb_generation and hb_uuid
 * (never a generation that does not rise, whatever is in the file), and the file
 * that remembers an address hidden on a real server.
 */
#include <errno.h>
#include <netinet/in.h>

#include "heartbeatd/act/hidden.h"
#include "tests/fuzz/fuzz.h"

/* identity.c is the daemon's own, and in no library. Its directory is read and written below. */
#undef HB_VARLIB
#define HB_VARLIB "/nowhere/heartbeat"
#define g_mkdir_with_parents(path, mode) ((void)(path), (mode) ? 0 : -1)
#include "heartbeatd/daemon/identity.c"

/* The same from a descriptor belongs to the functions that are put in place of. */
int ha_file_read_fd(int fd, size_t max, char **out, size_t *length, struct stat *stat)
{
    (void)fd, (void)max, (void)stat;
    *out = NULL;
    *length = 0;
    return -EIO;
}

static struct fuzz_rest stored;
static char *written;

int ha_file_read(const char *path, size_t max, char **out, size_t *length, struct stat *stat)
{
    (void)path;
    (void)stat;
    *out = NULL;
    if (stored.left > max)
        return -EFBIG;
    *length = stored.left;
    *out = g_malloc(stored.left + 1);
    if (stored.left > 0)
        memcpy(*out, stored.at, stored.left);
    (*out)[stored.left] = '\0';
    return 0;
}

int ha_file_write(const char *path, const void *data, size_t length, mode_t mode)
{
    (void)path;
    (void)mode;
    g_free(written);
    written = g_strndup(data, length);
    return 0;
}

void ha_file_sweep(const char *path)
{
    (void)path;
}

static void recall(void)
{
    struct hb_kernel kernel = {.links = g_array_new(FALSE, FALSE, sizeof(struct hb_link))};
    struct hb_link link = {.index = 2, .name = "eth0"};
    struct hb_kernel_address address;
    struct ha_addr addr;

    g_array_append_val(kernel.links, link);
    for (unsigned six = 0; six < 2; six++) {
        fuzz_must(ha_addr_parse(&addr, six ? "2001:db8::1" : "10.0.0.1"));
        if (hb_hidden_recall("/nowhere", &kernel, &addr, &address)) {
            fuzz_must(address.index == 2 && address.bits <= ha_addr_bits(&addr));
            fuzz_must(memchr(address.label, '\0', sizeof(address.label)) != NULL);
        }
    }
    g_array_unref(kernel.links);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t generation = 0, next = 0;
    uint8_t uuid[16];
    bool healed = false;

    stored = (struct fuzz_rest){data, size};
    recall();
    fuzz_must(hb_uuid_get(false, "node1", uuid, &healed) == 0);
    fuzz_must(hb_uuid_get(true, "node1", uuid, &healed) == 0 && !healed);
    for (int by_time = 0; by_time < 2; by_time++) {
        stored = (struct fuzz_rest){data, size};
        fuzz_must(hb_generation_next(by_time, &generation, &healed) == 0);
        fuzz_must(generation > 0 && generation <= GENERATION_MAX);
        stored = (struct fuzz_rest){(const uint8_t *)written, strlen(written)};
        fuzz_must(hb_generation_next(by_time, &next, &healed) == 0);
        fuzz_must(next > generation || generation == GENERATION_MAX);
    }
    g_free(written);
    written = NULL;
    return 0;
}
