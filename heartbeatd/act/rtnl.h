/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's table of links and addresses: read whole, and changed in batches
 * of one system call. rtnetlink answers within the call, so nothing here waits
 * for the world; a bound on the receiving side guards against a kernel that
 * does not answer.
 */
#ifndef HB_ACT_RTNL_H
#define HB_ACT_RTNL_H

#include <glib.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/addr.h"

struct hb_link {
    int index;
    char name[IFNAMSIZ];
    bool up, loopback;
    bool carrier; /* somebody is at the other end of the wire */
    bool noarp;    /* tunnels and dummies: nobody asks there who has an address */
    bool ethernet; /* mac is valid, and neighbours are asked for by ARP or ND */
    uint8_t mac[6];
    uint32_t mtu;
};

/* An address as the kernel has it. */
struct hb_kernel_address {
    int index;
    struct ha_addr addr;
    uint8_t bits;
    uint8_t scope;
    uint32_t flags; /* IFA_F_… */
    struct ha_addr broadcast;
    char label[IFNAMSIZ]; /* "" or the interface's name: none of its own */
    uint32_t preferred_s, valid_s;
};

struct hb_kernel {
    GArray *links;     /* of struct hb_link */
    GArray *addresses; /* of struct hb_kernel_address, both families, in the kernel's order */
};

struct nlattr;
struct nlmsghdr;
struct hb_rtnl;
/* Of the network namespace of the caller. 0 or negative errno. */
int hb_rtnl_open(struct hb_rtnl **out);
void hb_rtnl_close(struct hb_rtnl *rtnl);

/* A new snapshot; hb_kernel_free() it. */
int hb_rtnl_read(struct hb_rtnl *rtnl, struct hb_kernel **out);
void hb_kernel_free(struct hb_kernel *kernel);
const struct hb_link *hb_kernel_link(const struct hb_kernel *kernel, int index);
const struct hb_link *hb_kernel_link_named(const struct hb_kernel *kernel, const char *name);

/* The route that the kernel would take to addr: *index and the length of the
 * matching network. -ENETUNREACH if none, or if a gateway is in between. */
int hb_rtnl_route(struct hb_rtnl *rtnl, const struct ha_addr *addr, int *index, int *bits);

/* Adds the route that an RTM_DELROUTE notice told of. 0 or negative errno; -EEXIST: it is there. */
int hb_rtnl_add_route_again(struct hb_rtnl *rtnl, const struct nlmsghdr *gone);

/* The address in an attribute of a message of that family (AF_INET or AF_INET6). *out stays as it is
 * where there is none: attr NULL, or of another length. */
void hb_rtnl_addr(struct ha_addr *out, uint8_t family, const struct nlattr *attr);

enum hb_change_kind { HB_CHANGE_ADD, HB_CHANGE_REMOVE };
struct hb_change {
    enum hb_change_kind kind;
    struct hb_kernel_address address;
    int error; /* out: 0, or negative errno. An address to add that is there, or one to
                  remove that is not, is 0 */
};
/* All of them in order, in as few system calls as the kernel's buffers allow
 * (100 at a time). One that fails does not stop the others. 0 if all went well,
 * else the first error. */
int hb_rtnl_apply(struct hb_rtnl *rtnl, struct hb_change *changes, size_t count);

#endif
