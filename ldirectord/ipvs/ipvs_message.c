/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The attributes of IPVS messages, both ways. Allocates nothing, sends nothing.
 *
 * A request always carries every attribute of a service or destination: the
 * kernel's "edit" replaces the entry, so what is left out would be lost.
 */
#include "ldirectord/ipvs/ipvs_message.h"

#include <errno.h>
#include <linux/ip_vs.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <string.h>

/* From the kernel's connection flags: how packets reach the real server. */
enum {
    FORWARD_MASK = 0x7,
    FORWARD_MASQ = 0,
    FORWARD_LOCAL = 1,
    FORWARD_TUNNEL = 2,
    FORWARD_ROUTE = 3,
};

/* An address on this wire is always as wide as the kernel's union. */
#define WIRE_ADDRESS 16

static const struct nla_policy service_policy[IPVS_SVC_ATTR_MAX + 1] = {
    [IPVS_SVC_ATTR_AF] = {.type = NLA_U16},
    [IPVS_SVC_ATTR_PROTOCOL] = {.type = NLA_U16},
    [IPVS_SVC_ATTR_ADDR] = {.minlen = 4, .maxlen = WIRE_ADDRESS},
    [IPVS_SVC_ATTR_PORT] = {.type = NLA_U16},
    [IPVS_SVC_ATTR_FWMARK] = {.type = NLA_U32},
    [IPVS_SVC_ATTR_SCHED_NAME] = {.type = NLA_STRING},
    [IPVS_SVC_ATTR_FLAGS] = {.minlen = sizeof(struct ip_vs_flags)},
    [IPVS_SVC_ATTR_TIMEOUT] = {.type = NLA_U32},
    [IPVS_SVC_ATTR_NETMASK] = {.type = NLA_U32},
};

static const struct nla_policy dest_policy[IPVS_DEST_ATTR_MAX + 1] = {
    [IPVS_DEST_ATTR_ADDR] = {.minlen = 4, .maxlen = WIRE_ADDRESS},
    [IPVS_DEST_ATTR_PORT] = {.type = NLA_U16},
    [IPVS_DEST_ATTR_FWD_METHOD] = {.type = NLA_U32},
    [IPVS_DEST_ATTR_WEIGHT] = {.type = NLA_U32},
    [IPVS_DEST_ATTR_U_THRESH] = {.type = NLA_U32},
    [IPVS_DEST_ATTR_L_THRESH] = {.type = NLA_U32},
    [IPVS_DEST_ATTR_ADDR_FAMILY] = {.type = NLA_U16},
    [IPVS_DEST_ATTR_ACTIVE_CONNS] = {.type = NLA_U32},
    [IPVS_DEST_ATTR_INACT_CONNS] = {.type = NLA_U32},
};

static int put_address(struct nl_msg *message, int attribute, const struct ha_addr *addr)
{
    uint8_t wide[WIRE_ADDRESS] = {0};

    memcpy(wide, addr->bytes, ha_addr_bits(addr) / 8);
    return nla_put(message, attribute, sizeof(wide), wide);
}

static int put_key(struct nl_msg *message, const struct ld_service_id *id)
{
    int failed = nla_put_u16(message, IPVS_SVC_ATTR_AF, id->addr.family);

    if (id->protocol == LD_FWM)
        return failed | nla_put_u32(message, IPVS_SVC_ATTR_FWMARK, id->fwmark);
    failed |= nla_put_u16(message, IPVS_SVC_ATTR_PROTOCOL,
                          id->protocol == LD_UDP ? IPPROTO_UDP : IPPROTO_TCP);
    failed |= put_address(message, IPVS_SVC_ATTR_ADDR, &id->addr);
    return failed | nla_put_u16(message, IPVS_SVC_ATTR_PORT, htons(id->port));
}

int ld_ipvs_put_service_key(struct nl_msg *message, const struct ld_service_id *id)
{
    struct nlattr *nest = nla_nest_start(message, IPVS_CMD_ATTR_SERVICE);

    if (nest == NULL || put_key(message, id) != 0)
        return -EMSGSIZE;
    nla_nest_end(message, nest);
    return 0;
}

/* The kernel wants a netmask even where it will not look at it. For IPv6 it is a prefix length. */
static uint32_t wire_netmask(const struct ld_vs *vs)
{
    bool persistent = vs->flags & IP_VS_SVC_F_PERSISTENT;

    if (vs->id.addr.family == AF_INET6)
        return persistent && vs->netmask != 0 ? vs->netmask : 128;
    return persistent ? htonl(vs->netmask) : UINT32_MAX;
}

static int put_service(struct nl_msg *message, const struct ld_vs *vs)
{
    struct ip_vs_flags flags = {.flags = vs->flags, .mask = UINT32_MAX};
    struct nlattr *nest = nla_nest_start(message, IPVS_CMD_ATTR_SERVICE);
    int failed;

    if (nest == NULL)
        return -EMSGSIZE;
    failed = put_key(message, &vs->id);
    failed |= nla_put_string(message, IPVS_SVC_ATTR_SCHED_NAME, vs->scheduler);
    failed |= nla_put(message, IPVS_SVC_ATTR_FLAGS, sizeof(flags), &flags);
    failed |= nla_put_u32(message, IPVS_SVC_ATTR_TIMEOUT, vs->timeout_s);
    failed |= nla_put_u32(message, IPVS_SVC_ATTR_NETMASK, wire_netmask(vs));
    if (failed != 0)
        return -EMSGSIZE;
    nla_nest_end(message, nest);
    return 0;
}

static uint32_t wire_method(enum ld_method method)
{
    switch (method) {
    case LD_MASQ:
        return FORWARD_MASQ;
    case LD_IPIP:
        return FORWARD_TUNNEL;
    default:
        return FORWARD_ROUTE;
    }
}

static int put_dest(struct nl_msg *message, const struct ld_dest *dest)
{
    struct nlattr *nest = nla_nest_start(message, IPVS_CMD_ATTR_DEST);
    int failed;

    if (nest == NULL)
        return -EMSGSIZE;
    failed = put_address(message, IPVS_DEST_ATTR_ADDR, &dest->addr);
    failed |= nla_put_u16(message, IPVS_DEST_ATTR_PORT, htons(dest->port));
    failed |= nla_put_u16(message, IPVS_DEST_ATTR_ADDR_FAMILY, dest->addr.family);
    failed |= nla_put_u32(message, IPVS_DEST_ATTR_FWD_METHOD, wire_method(dest->method));
    failed |= nla_put_u32(message, IPVS_DEST_ATTR_WEIGHT, dest->weight);
    failed |= nla_put_u32(message, IPVS_DEST_ATTR_U_THRESH, dest->upper);
    failed |= nla_put_u32(message, IPVS_DEST_ATTR_L_THRESH, dest->lower);
    if (failed != 0)
        return -EMSGSIZE;
    nla_nest_end(message, nest);
    return 0;
}

uint8_t ld_ipvs_command(enum ld_op_kind kind)
{
    static const uint8_t commands[LD_OP_KIND_COUNT] = {
        [LD_OP_ADD_SERVICE] = IPVS_CMD_NEW_SERVICE, [LD_OP_EDIT_SERVICE] = IPVS_CMD_SET_SERVICE,
        [LD_OP_DEL_SERVICE] = IPVS_CMD_DEL_SERVICE, [LD_OP_ADD_DEST] = IPVS_CMD_NEW_DEST,
        [LD_OP_EDIT_DEST] = IPVS_CMD_SET_DEST,      [LD_OP_DEL_DEST] = IPVS_CMD_DEL_DEST,
    };

    return kind < LD_OP_KIND_COUNT ? commands[kind] : (uint8_t)IPVS_CMD_UNSPEC;
}

int ld_ipvs_put_op(struct nl_msg *message, const struct ld_op *op)
{
    int error;

    switch (op->kind) {
    case LD_OP_ADD_SERVICE:
    case LD_OP_EDIT_SERVICE:
        return put_service(message, op->vs);
    case LD_OP_DEL_SERVICE:
        return ld_ipvs_put_service_key(message, &op->vs->id);
    case LD_OP_ADD_DEST:
    case LD_OP_EDIT_DEST:
    case LD_OP_DEL_DEST:
        error = ld_ipvs_put_service_key(message, &op->vs->id);
        return error != 0 ? error : put_dest(message, op->dest);
    default:
        return -EINVAL;
    }
}

/* ---- answers ---- */

static int parse_nest(struct nlmsghdr *header, int which, struct nlattr **out, int max,
                      const struct nla_policy *policy)
{
    struct nlattr *outer[IPVS_CMD_ATTR_MAX + 1];

    if (!genlmsg_valid_hdr(header, 0))
        return -EBADMSG;
    if (genlmsg_parse(header, 0, outer, IPVS_CMD_ATTR_MAX, NULL) < 0 || outer[which] == NULL)
        return -EBADMSG;
    return nla_parse_nested(out, max, outer[which], policy) < 0 ? -EBADMSG : 0;
}

static bool get_address(const struct nlattr *attribute, uint16_t family, struct ha_addr *out)
{
    size_t need = family == AF_INET6 ? 16 : 4;

    if (attribute == NULL || nla_len(attribute) < (int)need)
        return false;
    memset(out, 0, sizeof(*out));
    out->family = family;
    memcpy(out->bytes, nla_data(attribute), need);
    return true;
}

static int get_key(struct nlattr **found, struct ld_service_id *id)
{
    uint16_t family;

    memset(id, 0, sizeof(*id));
    if (found[IPVS_SVC_ATTR_AF] == NULL)
        return -EBADMSG;
    family = nla_get_u16(found[IPVS_SVC_ATTR_AF]);
    if (family != AF_INET && family != AF_INET6)
        return -EBADMSG;
    if (found[IPVS_SVC_ATTR_FWMARK] != NULL) {
        id->protocol = LD_FWM;
        id->addr.family = family;
        id->fwmark = nla_get_u32(found[IPVS_SVC_ATTR_FWMARK]);
        return 0;
    }
    if (found[IPVS_SVC_ATTR_PROTOCOL] == NULL || found[IPVS_SVC_ATTR_PORT] == NULL ||
        !get_address(found[IPVS_SVC_ATTR_ADDR], family, &id->addr))
        return -EBADMSG;
    id->port = ntohs(nla_get_u16(found[IPVS_SVC_ATTR_PORT]));
    switch (nla_get_u16(found[IPVS_SVC_ATTR_PROTOCOL])) {
    case IPPROTO_TCP:
        id->protocol = LD_TCP;
        return 0;
    case IPPROTO_UDP:
        id->protocol = LD_UDP;
        return 0;
    default:
        return -EPROTONOSUPPORT;
    }
}

int ld_ipvs_get_service(struct nlmsghdr *header, struct ld_vs *out)
{
    struct nlattr *found[IPVS_SVC_ATTR_MAX + 1];
    struct ip_vs_flags flags;
    uint32_t netmask;
    int error;

    error = parse_nest(header, IPVS_CMD_ATTR_SERVICE, found, IPVS_SVC_ATTR_MAX, service_policy);
    if (error == 0)
        error = get_key(found, &out->id);
    if (error != 0)
        return error;
    if (found[IPVS_SVC_ATTR_SCHED_NAME] == NULL || found[IPVS_SVC_ATTR_FLAGS] == NULL ||
        found[IPVS_SVC_ATTR_TIMEOUT] == NULL || found[IPVS_SVC_ATTR_NETMASK] == NULL)
        return -EBADMSG;
    if (nla_strlcpy(out->scheduler, found[IPVS_SVC_ATTR_SCHED_NAME], sizeof(out->scheduler)) >=
        sizeof(out->scheduler))
        return -EBADMSG;
    memcpy(&flags, nla_data(found[IPVS_SVC_ATTR_FLAGS]), sizeof(flags));
    out->flags = flags.flags & (IP_VS_SVC_F_PERSISTENT | IP_VS_SVC_F_ONEPACKET |
                                IP_VS_SVC_F_SCHED1 | IP_VS_SVC_F_SCHED2 | IP_VS_SVC_F_SCHED3);
    out->timeout_s = 0;
    out->netmask = 0;
    if (out->flags & IP_VS_SVC_F_PERSISTENT) {
        netmask = nla_get_u32(found[IPVS_SVC_ATTR_NETMASK]);
        out->timeout_s = nla_get_u32(found[IPVS_SVC_ATTR_TIMEOUT]);
        out->netmask = out->id.addr.family == AF_INET6 ? netmask : ntohl(netmask);
    }
    return 0;
}

/* "Local" is how older kernels show a gate whose server is the director itself; ldirectord can
 * make nothing else that is not one of the three. */
static enum ld_method get_method(uint32_t flags)
{
    switch (flags & FORWARD_MASK) {
    case FORWARD_MASQ:
        return LD_MASQ;
    case FORWARD_TUNNEL:
        return LD_IPIP;
    case FORWARD_LOCAL:
    case FORWARD_ROUTE:
    default:
        return LD_GATE;
    }
}

/* Inactive ones count: over TCP they are about to end, over UDP they are all there is. */
static void get_connections(struct nlattr **found, struct ld_dest *out)
{
    struct nlattr *active = found[IPVS_DEST_ATTR_ACTIVE_CONNS];
    struct nlattr *inactive = found[IPVS_DEST_ATTR_INACT_CONNS];

    out->counted = active != NULL && inactive != NULL;
    if (out->counted)
        out->connections = nla_get_u32(active) + nla_get_u32(inactive);
}

int ld_ipvs_get_dest(struct nlmsghdr *header, const struct ld_vs *vs, struct ld_dest *out)
{
    struct nlattr *found[IPVS_DEST_ATTR_MAX + 1];
    uint16_t family = vs->id.addr.family;
    int error;

    error = parse_nest(header, IPVS_CMD_ATTR_DEST, found, IPVS_DEST_ATTR_MAX, dest_policy);
    if (error != 0)
        return error;
    if (found[IPVS_DEST_ATTR_ADDR_FAMILY] != NULL)
        family = nla_get_u16(found[IPVS_DEST_ATTR_ADDR_FAMILY]);
    memset(out, 0, sizeof(*out));
    if ((family != AF_INET && family != AF_INET6) ||
        !get_address(found[IPVS_DEST_ATTR_ADDR], family, &out->addr) ||
        found[IPVS_DEST_ATTR_FWD_METHOD] == NULL || found[IPVS_DEST_ATTR_PORT] == NULL ||
        found[IPVS_DEST_ATTR_WEIGHT] == NULL)
        return -EBADMSG;
    out->method = get_method(nla_get_u32(found[IPVS_DEST_ATTR_FWD_METHOD]));
    out->port = ntohs(nla_get_u16(found[IPVS_DEST_ATTR_PORT]));
    out->weight = nla_get_u32(found[IPVS_DEST_ATTR_WEIGHT]);
    if (found[IPVS_DEST_ATTR_U_THRESH] != NULL)
        out->upper = nla_get_u32(found[IPVS_DEST_ATTR_U_THRESH]);
    if (found[IPVS_DEST_ATTR_L_THRESH] != NULL)
        out->lower = nla_get_u32(found[IPVS_DEST_ATTR_L_THRESH]);
    get_connections(found, out);
    return 0;
}
