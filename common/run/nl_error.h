/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel's answer of type NLMSG_ERROR says of a request, whoever asked (netlink(7)). */
#ifndef HA_NL_ERROR_H
#define HA_NL_ERROR_H

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>

/* The largest errno that a kernel has: what lies beyond is none, and not all of it could be negated. */
#define HA_ERRNO_MAX 4095

/* 0: done; else negative errno, -EBADMSG if there is none in it. */
static inline int ha_nl_error(const struct nlmsghdr *header)
{
    int error;

    if (header->nlmsg_len < NLMSG_LENGTH(sizeof(error)))
        return -EBADMSG;
    memcpy(&error, NLMSG_DATA(header), sizeof(error)); /* it comes first */
    return error <= 0 && error >= -HA_ERRNO_MAX ? error : -EBADMSG;
}

#endif
