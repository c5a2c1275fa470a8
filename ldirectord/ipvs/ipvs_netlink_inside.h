/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The netlink socket to IPVS, as the files of this room share it; nobody else includes it. */
#ifndef LD_IPVS_NETLINK_INSIDE_H
#define LD_IPVS_NETLINK_INSIDE_H

#include <netlink/msg.h>
#include <netlink/netlink.h>

#include "ldirectord/ipvs/ipvs.h"

#define RECEIVE_MAX 65536

struct netlink_ipvs {
    struct ld_ipvs base;
    struct nl_sock *sock;
    int family; /* 0 or less: not there */
    uint32_t sequence;
    GByteArray *batch;
    struct nl_msg *message; /* the one being built */
    uint8_t answer[RECEIVE_MAX];
};

/* What to do with each answer. 0, or negative errno to remember; reading goes on to the end. */
typedef int (*ld_nl_answer_fn)(void *ctx, struct nlmsghdr *header);

/* ---- ipvs_netlink.c ---- */
/* Starts a request in nl->message. 0 or negative errno; -ENODEV: the kernel has no IPVS. */
int ld_nl_begin(struct netlink_ipvs *nl, uint8_t command, int flags);
/* Sends it, and hands each answer to fn. 0 or negative errno. */
int ld_nl_ask(struct netlink_ipvs *nl, ld_nl_answer_fn fn, void *ctx);

/* ---- ipvs_sync.c ---- */
int ld_nl_sync(struct ld_ipvs *ipvs, const struct ld_sync *wanted);

/* ---- ipvs_switch.c ---- */
int ld_nl_set_switch(struct ld_ipvs *ipvs, const char *name, bool on);

#endif
