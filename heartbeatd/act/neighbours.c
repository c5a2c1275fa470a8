/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A socket of its own, closed without a look: the kernel has done what was asked
 * when the send returns, and answers only for what it did not know.
 */
#include "heartbeatd/act/neighbours.h"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sys/socket.h>
#include <unistd.h>

#include "heartbeatd/act/power.h"

/* Addresses a send: some 4 KiB. */
#define BATCH_MAX 100

static void append(GByteArray *batch, const struct hb_kernel_address *address)
{
    struct ndmsg entry = {.ndm_family = (uint8_t)address->addr.family, .ndm_ifindex = address->index};
    struct nl_msg *msg = nlmsg_alloc_simple(RTM_DELNEIGH, NLM_F_REQUEST);

    if (msg != NULL && nlmsg_append(msg, &entry, sizeof entry, NLMSG_ALIGNTO) >= 0 &&
        nla_put(msg, NDA_DST, (int)ha_addr_bits(&address->addr) / 8, address->addr.bytes) >= 0) {
        g_byte_array_append(batch, (const guint8 *)nlmsg_hdr(msg), nlmsg_hdr(msg)->nlmsg_len);
        g_byte_array_set_size(batch, NLMSG_ALIGN(batch->len));
    }
    nlmsg_free(msg);
}

void hb_neighbours_forget(const struct hb_kernel_address *addresses, size_t count)
{
    int fd = count > 0 && !hb_power_away() ? socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE) : -1;
    GByteArray *batch;

    if (hb_power_away())
        hb_power_neighbours(addresses, count);
    if (fd < 0)
        return;
    batch = g_byte_array_new();
    for (size_t i = 0; i < count; i++) {
        append(batch, &addresses[i]);
        if (batch->len > 0 && (i + 1 == count || i % BATCH_MAX == BATCH_MAX - 1)) {
            (void)send(fd, batch->data, batch->len, MSG_DONTWAIT);
            g_byte_array_set_size(batch, 0);
        }
    }
    g_byte_array_unref(batch);
    close(fd);
}
