/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What haresources says about an address, as a value:
 *
 *     IPaddr, IPaddr2   ip[/bits[/nic[:label]][/broadcast]]   bits may be a dotted mask
 *     IPv6addr          ip[/bits[/nic]]
 *
 * Text in, struct out; whether the interface exists is asked later.
 */
#ifndef HB_ACT_ADDRESS_SPEC_H
#define HB_ACT_ADDRESS_SPEC_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/base/addr.h"

enum hb_address_kind {
    HB_ADDRESS_IPADDR,   /* gets the classic label eth0:0 */
    HB_ADDRESS_IPADDR2,  /* no label unless given */
    HB_ADDRESS_IPV6ADDR,
    HB_ADDRESS_KIND_COUNT
};
/* The agent's name. False: not one of the three. */
bool hb_address_kind_find(const char *name, enum hb_address_kind *kind);

struct hb_address_spec {
    enum hb_address_kind kind;
    struct ha_addr addr;
    int bits;                 /* -1: not given */
    struct ha_addr broadcast; /* AF_UNSPEC: not given */
    char nic[IFNAMSIZ];       /* "": not given */
    char label[IFNAMSIZ];     /* "nic:label" whole; "": not given */
};

/* On false why says what was expected, a static text; *out is all zero. */
bool hb_address_spec_parse(enum hb_address_kind kind, const char *text,
                           struct hb_address_spec *out, const char **why);

#endif
