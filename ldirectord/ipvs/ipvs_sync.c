/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's connection synchronisation: a master tells a multicast group of
 * its connections, a backup listens. Both may run at once. What runs is read
 * first, so that nothing is ended that is as wanted.
 */
#include <errno.h>
#include <linux/ip_vs.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <string.h>

#include "ldirectord/ipvs/ipvs_netlink_inside.h"

/* A backup hears datagrams of so many bytes at least, whatever it is told. */
#define BACKUP_MAXLEN 1024

enum { MASTER, BACKUP, ROLES };
static const uint32_t states[ROLES] = {IP_VS_STATE_MASTER, IP_VS_STATE_BACKUP};

struct running {
    bool runs[ROLES];
    struct ld_sync sync[ROLES]; /* none of what the kernel does not tell (before 4.3) */
};

struct ld_sync ld_sync_wanted(const struct ld_sync *configured, enum ld_sync_mode mode)
{
    static const enum ld_sync_role by_mode[] = {[LD_SYNC_ACTIVE] = LD_SYNC_MASTER,
                                                [LD_SYNC_TAKING] = LD_SYNC_BOTH,
                                                [LD_SYNC_STANDBY] = LD_SYNC_BACKUP};
    struct ld_sync wanted = *configured;

    if (mode == LD_SYNC_STOPPING)
        wanted.role = LD_SYNC_NONE;
    else if (wanted.role == LD_SYNC_BY_MODE)
        wanted.role = by_mode[mode];
    return wanted;
}

static const struct nla_policy policy[IPVS_DAEMON_ATTR_MAX + 1] = {
    [IPVS_DAEMON_ATTR_STATE] = {.type = NLA_U32},
    [IPVS_DAEMON_ATTR_MCAST_IFN] = {.type = NLA_STRING},
    [IPVS_DAEMON_ATTR_SYNC_ID] = {.type = NLA_U32},
    [IPVS_DAEMON_ATTR_MCAST_GROUP] = {.minlen = 4},
    [IPVS_DAEMON_ATTR_MCAST_GROUP6] = {.minlen = 16},
    [IPVS_DAEMON_ATTR_MCAST_PORT] = {.type = NLA_U16},
    [IPVS_DAEMON_ATTR_MCAST_TTL] = {.type = NLA_U8},
    [IPVS_DAEMON_ATTR_SYNC_MAXLEN] = {.type = NLA_U16},
};

static struct ha_addr group_of(struct nlattr *const *found)
{
    struct ha_addr group = {.family = AF_UNSPEC};

    if (found[IPVS_DAEMON_ATTR_MCAST_GROUP6] != NULL) {
        group.family = AF_INET6;
        memcpy(&group.v6, nla_data(found[IPVS_DAEMON_ATTR_MCAST_GROUP6]), sizeof(group.v6));
    } else if (found[IPVS_DAEMON_ATTR_MCAST_GROUP] != NULL) {
        group.family = AF_INET;
        memcpy(&group.v4, nla_data(found[IPVS_DAEMON_ATTR_MCAST_GROUP]), sizeof(group.v4));
    }
    return group;
}

/* Without one in the configuration the kernel takes this. */
static bool same_group(const struct ha_addr *running, const struct ha_addr *configured)
{
    struct ha_addr usual = {.family = AF_INET, .v4.s_addr = htonl(LD_SYNC_GROUP)};

    return running->family == AF_UNSPEC ||
           ha_addr_equal(running, configured->family != AF_UNSPEC ? configured : &usual);
}

static int put_group(struct nl_msg *message, const struct ha_addr *group)
{
    switch (group->family) {
    case AF_INET:
        return nla_put(message, IPVS_DAEMON_ATTR_MCAST_GROUP, sizeof(group->v4), &group->v4);
    case AF_INET6:
        return nla_put(message, IPVS_DAEMON_ATTR_MCAST_GROUP6, sizeof(group->v6), &group->v6);
    default:
        return 0;
    }
}

static void take_options(struct ld_sync *sync, struct nlattr *const *found)
{
    if (found[IPVS_DAEMON_ATTR_MCAST_PORT] != NULL)
        sync->port = nla_get_u16(found[IPVS_DAEMON_ATTR_MCAST_PORT]);
    if (found[IPVS_DAEMON_ATTR_MCAST_TTL] != NULL)
        sync->ttl = nla_get_u8(found[IPVS_DAEMON_ATTR_MCAST_TTL]);
    if (found[IPVS_DAEMON_ATTR_SYNC_MAXLEN] != NULL)
        sync->maxlen = nla_get_u16(found[IPVS_DAEMON_ATTR_SYNC_MAXLEN]);
}

static bool same_options(const struct ld_sync *running, const struct ld_sync *wanted, int role)
{
    unsigned maxlen = role == BACKUP ? MAX(wanted->maxlen, BACKUP_MAXLEN) : wanted->maxlen;

    return (running->port == 0 || running->port == (wanted->port ? wanted->port : LD_SYNC_PORT)) &&
           (running->ttl == 0 || running->ttl == (wanted->ttl ? wanted->ttl : LD_SYNC_TTL)) &&
           (running->maxlen == 0 || wanted->maxlen == 0 || running->maxlen == maxlen);
}

static int put_options(struct nl_msg *message, const struct ld_sync *sync)
{
    int error = 0;

    if (sync->port != 0)
        error = nla_put_u16(message, IPVS_DAEMON_ATTR_MCAST_PORT, (uint16_t)sync->port);
    if (error == 0 && sync->ttl != 0)
        error = nla_put_u8(message, IPVS_DAEMON_ATTR_MCAST_TTL, (uint8_t)sync->ttl);
    if (error == 0 && sync->maxlen != 0)
        error = nla_put_u16(message, IPVS_DAEMON_ATTR_SYNC_MAXLEN, (uint16_t)sync->maxlen);
    return error;
}

static int take_daemon(void *ctx, struct nlmsghdr *header)
{
    struct nlattr *outer[IPVS_CMD_ATTR_MAX + 1], *found[IPVS_DAEMON_ATTR_MAX + 1];
    struct running *running = ctx;

    if (!genlmsg_valid_hdr(header, 0) ||
        genlmsg_parse(header, 0, outer, IPVS_CMD_ATTR_MAX, NULL) < 0 ||
        outer[IPVS_CMD_ATTR_DAEMON] == NULL ||
        nla_parse_nested(found, IPVS_DAEMON_ATTR_MAX, outer[IPVS_CMD_ATTR_DAEMON], policy) < 0 ||
        found[IPVS_DAEMON_ATTR_STATE] == NULL || found[IPVS_DAEMON_ATTR_MCAST_IFN] == NULL ||
        found[IPVS_DAEMON_ATTR_SYNC_ID] == NULL)
        return -EBADMSG;
    for (int role = 0; role < ROLES; role++) {
        if (nla_get_u32(found[IPVS_DAEMON_ATTR_STATE]) != states[role])
            continue;
        running->runs[role] = true;
        running->sync[role].id = nla_get_u32(found[IPVS_DAEMON_ATTR_SYNC_ID]);
        running->sync[role].group = group_of(found);
        nla_strlcpy(running->sync[role].interface, found[IPVS_DAEMON_ATTR_MCAST_IFN],
                    LD_INTERFACE_MAX);
        take_options(&running->sync[role], found);
    }
    return 0;
}

static int nothing_told(void *ctx, struct nlmsghdr *header)
{
    (void)ctx;
    (void)header;
    return 0;
}

static int tell(struct netlink_ipvs *nl, uint8_t command, int role, const struct ld_sync *sync)
{
    int error = ld_nl_begin(nl, command, NLM_F_ACK);
    struct nlattr *nest = error == 0 ? nla_nest_start(nl->message, IPVS_CMD_ATTR_DAEMON) : NULL;

    if (nest == NULL)
        return error != 0 ? error : -EMSGSIZE;
    if (nla_put_u32(nl->message, IPVS_DAEMON_ATTR_STATE, states[role]) != 0 ||
        nla_put_string(nl->message, IPVS_DAEMON_ATTR_MCAST_IFN, sync->interface) != 0 ||
        nla_put_u32(nl->message, IPVS_DAEMON_ATTR_SYNC_ID, sync->id) != 0 ||
        put_group(nl->message, &sync->group) != 0 || put_options(nl->message, sync) != 0)
        return -EMSGSIZE;
    nla_nest_end(nl->message, nest);
    return ld_nl_ask(nl, nothing_told, NULL);
}

static int set_role(struct netlink_ipvs *nl, int role, const struct running *running, bool wanted,
                    const struct ld_sync *sync)
{
    const struct ld_sync *is = &running->sync[role];
    bool same = running->runs[role] && strcmp(is->interface, sync->interface) == 0 &&
                is->id == sync->id && same_group(&is->group, &sync->group) &&
                same_options(is, sync, role);
    int error = 0;

    if (wanted && same)
        return 0;
    if (running->runs[role])
        error = tell(nl, IPVS_CMD_DEL_DAEMON, role, sync);
    if (error == 0 && wanted)
        error = tell(nl, IPVS_CMD_NEW_DAEMON, role, sync);
    return error;
}

int ld_nl_sync(struct ld_ipvs *ipvs, const struct ld_sync *wanted)
{
    struct netlink_ipvs *nl = (struct netlink_ipvs *)ipvs;
    struct running running = {0};
    bool both = wanted->role == LD_SYNC_BOTH;
    int error = ld_nl_begin(nl, IPVS_CMD_GET_DAEMON, NLM_F_DUMP), second;

    if (error == 0)
        error = ld_nl_ask(nl, take_daemon, &running);
    if (error != 0)
        return error;
    error = set_role(nl, MASTER, &running, both || wanted->role == LD_SYNC_MASTER, wanted);
    second = set_role(nl, BACKUP, &running, both || wanted->role == LD_SYNC_BACKUP, wanted);
    return error != 0 ? error : second;
}
