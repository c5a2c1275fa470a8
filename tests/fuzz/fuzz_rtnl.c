/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rtnetlink's answers, to those who ask it: the table of links and addresses, the
 * route to an address, changes, the next hop of a check. The first byte says which.
 */
#include <net/if.h>
#include <netinet/in.h>
#include <linux/if_packet.h>

#include "heartbeatd/act/rtnl.h"
#include "ldirectord/check/next_hop.h"
#include "tests/fuzz/fuzz_netlink.h"

static void read_table(struct hb_rtnl *rtnl)
{
    struct hb_kernel *kernel = NULL;

    if (hb_rtnl_read(rtnl, &kernel) == 0) {
        for (guint i = 0; i < kernel->links->len; i++) {
            const struct hb_link *link = &g_array_index(kernel->links, struct hb_link, i);

            fuzz_must(memchr(link->name, '\0', sizeof(link->name)) != NULL);
            fuzz_must(hb_kernel_link(kernel, link->index) != NULL);
        }
        for (guint i = 0; i < kernel->addresses->len; i++) {
            const struct hb_kernel_address *address =
                &g_array_index(kernel->addresses, struct hb_kernel_address, i);

            fuzz_must(memchr(address->label, '\0', sizeof(address->label)) != NULL);
        }
    }
    hb_kernel_free(kernel);
}

static void change(struct hb_rtnl *rtnl)
{
    struct hb_change changes[3] = {
        {.kind = HB_CHANGE_ADD}, {.kind = HB_CHANGE_REMOVE}, {.kind = HB_CHANGE_ADD}};

    for (size_t i = 0; i < 3; i++) {
        fuzz_must(ha_addr_parse(&changes[i].address.addr, i == 2 ? "2001:db8::1" : "10.0.0.1"));
        changes[i].address.bits = 24;
        changes[i].address.index = 2;
    }
    (void)hb_rtnl_apply(rtnl, changes, 3);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hb_rtnl *rtnl = NULL;
    struct sockaddr_ll hop;
    struct ha_addr addr;
    uint8_t what;
    int index = 0, bits = 0;

    kernel_says = (struct fuzz_rest){data, size};
    what = fuzz_byte(&kernel_says);
    fuzz_must(ha_addr_parse(&addr, what & 8 ? "2001:db8::1" : "10.0.0.1"));
    fuzz_must(hb_rtnl_open(&rtnl) == 0);
    switch (what % 4) {
    case 0:
        read_table(rtnl);
        break;
    case 1:
        if (hb_rtnl_route(rtnl, &addr, &index, &bits) == 0)
            fuzz_must(bits > 0);
        break;
    case 2:
        change(rtnl);
        break;
    default:
        if (ld_next_hop(-1, &addr, &hop) == 0)
            fuzz_must(hop.sll_halen <= sizeof(hop.sll_addr));
    }
    hb_rtnl_close(rtnl);
    return 0;
}
