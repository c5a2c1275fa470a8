/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel that answers whatever the input says, for readers of netlink: each
 * receive is told the next datagram of the input, which has its length in front
 * (two bytes, the low one first); behind the last one the kernel is silent. What
 * has the number 0 is answered to the question that was asked last, as it takes a
 * number to be heard at all. To be included once; needs --wrap (fuzz.am).
 */
#ifndef TESTS_FUZZ_NETLINK_H
#define TESTS_FUZZ_NETLINK_H

#include <errno.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

static struct fuzz_rest kernel_says;
static uint32_t kernel_asked;

int __wrap_socket(int family, int type, int protocol);
int __wrap_bind(int fd, const struct sockaddr *addr, socklen_t size);
int __wrap_setsockopt(int fd, int level, int option, const void *value, socklen_t size);
ssize_t __wrap_sendto(int fd, const void *bytes, size_t length, int flags, const struct sockaddr *to,
                      socklen_t size);
ssize_t __wrap_send(int fd, const void *bytes, size_t length, int flags);
ssize_t __wrap_recvfrom(int fd, void *bytes, size_t length, int flags, struct sockaddr *from,
                        socklen_t *size);
ssize_t __wrap_recvmsg(int fd, struct msghdr *message, int flags);
ssize_t __wrap_recv(int fd, void *bytes, size_t length, int flags);
uint8_t __wrap_nla_get_u8(const struct nlattr *attr);
uint16_t __wrap_nla_get_u16(const struct nlattr *attr);
uint32_t __wrap_nla_get_u32(const struct nlattr *attr);

int __wrap_socket(int family, int type, int protocol)
{
    (void)family, (void)type, (void)protocol;
    return dup(STDIN_FILENO);
}

int __wrap_bind(int fd, const struct sockaddr *addr, socklen_t size)
{
    (void)fd, (void)addr, (void)size;
    return 0;
}

int __wrap_setsockopt(int fd, int level, int option, const void *value, socklen_t size)
{
    (void)fd, (void)level, (void)option, (void)value, (void)size;
    return 0;
}

static ssize_t asked(const void *bytes, size_t length)
{
    struct nlmsghdr header;

    for (size_t at = 0; at + sizeof(header) <= length; at += NLMSG_ALIGN(header.nlmsg_len)) {
        memcpy(&header, (const uint8_t *)bytes + at, sizeof(header));
        fuzz_must(header.nlmsg_len >= sizeof(header) && header.nlmsg_len <= length - at);
        kernel_asked = header.nlmsg_seq;
    }
    return (ssize_t)length;
}

ssize_t __wrap_sendto(int fd, const void *bytes, size_t length, int flags, const struct sockaddr *to,
                      socklen_t size)
{
    (void)fd, (void)flags, (void)to, (void)size;
    return asked(bytes, length);
}

ssize_t __wrap_send(int fd, const void *bytes, size_t length, int flags)
{
    (void)fd, (void)flags;
    return asked(bytes, length);
}

static void number(uint8_t *bytes, size_t length)
{
    struct nlmsghdr header;

    for (size_t at = 0; at + sizeof(header) <= length; at += NLMSG_ALIGN(header.nlmsg_len)) {
        memcpy(&header, bytes + at, sizeof(header));
        if (header.nlmsg_seq == 0)
            header.nlmsg_seq = kernel_asked;
        memcpy(bytes + at, &header, sizeof(header));
        if (header.nlmsg_len < sizeof(header) || header.nlmsg_len > length - at)
            return;
    }
}

static ssize_t answer(void *bytes, size_t room)
{
    size_t length = fuzz_byte(&kernel_says);

    if (kernel_says.left == 0) {
        errno = EAGAIN;
        return -1;
    }
    length |= (size_t)fuzz_byte(&kernel_says) << 8;
    length = length < kernel_says.left ? length : kernel_says.left;
    length = length < room ? length : room;
    memcpy(bytes, kernel_says.at, length);
    kernel_says.at += length;
    kernel_says.left -= length;
    number(bytes, length);
    return (ssize_t)length;
}

ssize_t __wrap_recvfrom(int fd, void *bytes, size_t length, int flags, struct sockaddr *from,
                        socklen_t *size)
{
    (void)fd, (void)flags;
    if (from != NULL && *size >= sizeof(struct sockaddr_nl))
        memset(from, 0, sizeof(struct sockaddr_nl));
    return answer(bytes, length);
}

ssize_t __wrap_recv(int fd, void *bytes, size_t length, int flags)
{
    (void)fd, (void)flags;
    return answer(bytes, length);
}

ssize_t __wrap_recvmsg(int fd, struct msghdr *message, int flags)
{
    (void)fd, (void)flags;
    message->msg_flags = 0;
    memset(message->msg_name, 0, message->msg_namelen);
    return answer(message->msg_iov[0].iov_base, message->msg_iov[0].iov_len);
}

/* libnl does not look how long an attribute is: its readers have to. */
uint8_t __wrap_nla_get_u8(const struct nlattr *attr)
{
    fuzz_must(nla_len(attr) >= 1);
    return *(const uint8_t *)nla_data(attr);
}

uint16_t __wrap_nla_get_u16(const struct nlattr *attr)
{
    uint16_t value;

    fuzz_must(nla_len(attr) >= (int)sizeof(value));
    memcpy(&value, nla_data(attr), sizeof(value));
    return value;
}

uint32_t __wrap_nla_get_u32(const struct nlattr *attr)
{
    uint32_t value;

    fuzz_must(nla_len(attr) >= (int)sizeof(value));
    memcpy(&value, nla_data(attr), sizeof(value));
    return value;
}

#endif
