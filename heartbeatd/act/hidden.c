/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file per address: interface, prefix length, scope, label. What does not read so is ignored. */
#include "heartbeatd/act/hidden.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/run/file.h"

#define FILE_MAX 256

static char *path_of(const char *dir, const struct ha_addr *addr)
{
    char text[HA_ADDR_TEXT];

    return g_strdup_printf("%s/hidden-%s", dir, ha_addr_text(addr, text));
}

int hb_hidden_remember(const char *dir, const struct hb_kernel *kernel,
                       const struct hb_kernel_address *address)
{
    const struct hb_link *link = hb_kernel_link(kernel, address->index);
    char text[FILE_MAX];
    char *path;
    int length, err;

    if (link == NULL)
        return -ENODEV;
    if (mkdir(dir, 0755) < 0 && errno != EEXIST)
        return -errno;
    length = snprintf(text, sizeof text, "%s %u %u %s\n", link->name, address->bits, address->scope,
                      address->label[0] != '\0' ? address->label : link->name);
    path = path_of(dir, &address->addr);
    err = ha_file_write(path, text, (size_t)length, 0644);
    g_free(path);
    return err;
}

bool hb_hidden_recall(const char *dir, const struct hb_kernel *kernel, const struct ha_addr *addr,
                      struct hb_kernel_address *out)
{
    char *path = path_of(dir, addr), *text = NULL;
    char name[IFNAMSIZ] = "", label[IFNAMSIZ] = "";
    unsigned bits = 0, scope = 0;
    size_t length = 0;
    const struct hb_link *link = NULL;

    if (ha_file_read(path, FILE_MAX, &text, &length, NULL) == 0 &&
        sscanf(text, "%15s %3u %3u %15s", name, &bits, &scope, label) == 4 &&
        bits <= ha_addr_bits(addr) && scope <= 255)
        link = hb_kernel_link_named(kernel, name);
    g_free(text);
    g_free(path);
    if (link == NULL)
        return false;
    memset(out, 0, sizeof *out);
    out->index = link->index;
    out->addr = *addr;
    out->bits = (uint8_t)bits;
    out->scope = (uint8_t)scope;
    out->preferred_s = out->valid_s = UINT32_MAX;
    if (addr->family == AF_INET)
        memcpy(out->label, label, sizeof label);
    return true;
}

void hb_hidden_forget(const char *dir, const struct ha_addr *addr)
{
    char *path = path_of(dir, addr);

    (void)unlink(path);
    g_free(path);
}
