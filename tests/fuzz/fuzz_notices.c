/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What rtnetlink tells unasked: addresses and routes that are gone, links that
 * changed. A route that is gone is asked for again, with the notice's own bytes.
 */
#include <netinet/in.h>

#include "common/run/loop.h"
#include "heartbeatd/act/notices.h"
#include "heartbeatd/act/rtnl.h"
#include "tests/fuzz/fuzz_netlink.h"

int __wrap_ha_watch_start(struct ha_loop *loop, struct ha_watch *watch, int fd, uint32_t events,
                          ha_watch_fn fn, void *ctx);

static ha_watch_fn readable;
static void *reader;

/* There is nothing to wait for: the kernel has said all before. */
int __wrap_ha_watch_start(struct ha_loop *loop, struct ha_watch *watch, int fd, uint32_t events,
                          ha_watch_fn fn, void *ctx)
{
    (void)loop, (void)watch, (void)fd, (void)events;
    readable = fn;
    reader = ctx;
    return 0;
}

static void noticed(void *ctx, const struct hb_notice *notice)
{
    struct hb_rtnl *rtnl = ctx;

    fuzz_must(notice->kind < HB_NOTICE_KIND_COUNT);
    if (notice->kind == HB_NOTICE_ADDRESS_GONE || notice->kind == HB_NOTICE_ROUTE_GONE)
        fuzz_must(notice->addr.family == AF_INET || notice->addr.family == AF_INET6);
    if (notice->kind == HB_NOTICE_ROUTE_GONE)
        (void)hb_rtnl_add_route_again(rtnl, notice->message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hb_notices *notices = NULL;
    struct hb_rtnl *rtnl = NULL;

    kernel_says = (struct fuzz_rest){data, size};
    fuzz_must(hb_rtnl_open(&rtnl) == 0);
    fuzz_must(hb_notices_open(&notices, NULL, noticed, rtnl) == 0);
    readable(reader, 1);
    hb_notices_close(notices);
    hb_rtnl_close(rtnl);
    return 0;
}
