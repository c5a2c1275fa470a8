/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One IPVS netlink message at a time: operations to attributes, attributes to
 * table entries. Inside this room only; the kernel's side of it is
 * <linux/ip_vs.h>. Answers are checked as if a stranger had sent them.
 */
#ifndef LD_IPVS_MESSAGE_H
#define LD_IPVS_MESSAGE_H

#include <netlink/msg.h>

#include "ldirectord/core/table.h"

/* Largest message an operation becomes. */
#define LD_IPVS_MESSAGE_MAX 512

/* Appends the attributes of op to message (its headers are there already). 0, -EMSGSIZE or
 * -EINVAL. */
int ld_ipvs_put_op(struct nl_msg *message, const struct ld_op *op);
/* The IPVS_CMD_* of an operation. */
uint8_t ld_ipvs_command(enum ld_op_kind kind);
/* Names a service in a request for its destinations. */
int ld_ipvs_put_service_key(struct nl_msg *message, const struct ld_service_id *id);

/* What a genl message of family IPVS says. 0; -EBADMSG when an attribute is
 * missing, too short or out of range; -EPROTONOSUPPORT for a service that
 * ldirectord has no word for (SCTP): it is nobody's but its owner's. */
int ld_ipvs_get_service(struct nlmsghdr *header, struct ld_vs *out);
/* vs gives the family where an old kernel leaves it out. Normal form of table.h. */
int ld_ipvs_get_dest(struct nlmsghdr *header, const struct ld_vs *vs, struct ld_dest *out);

#endif
