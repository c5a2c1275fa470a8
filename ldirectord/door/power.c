/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files and sockets of power (power.h). Asks nobody whether it may: its callers have. */
#include "ldirectord/door/power.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <linux/filter.h>
#include <linux/icmp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- files ---- */

#define READING   (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
#define APPENDING (O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)

int ld_power_open(enum ld_file file, const char *path)
{
    static const struct {
        int flags;
        mode_t mode;
    } ways[LD_FILE_COUNT] = {
        [LD_FILE_CONFIG] = {READING, 0},
        [LD_FILE_ORDERS] = {READING, 0},
        [LD_FILE_LOG] = {APPENDING, 0644},
        [LD_FILE_MONITOR] = {APPENDING, 0666},
        [LD_FILE_MAINTENANCE] = {O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0},
    };
    int fd = open(path, ways[file].flags, ways[file].mode);

    return fd < 0 ? -errno : fd;
}

int ld_power_watch(enum ld_folder folder, const char *path)
{
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC), wd, error;
    char *parent = folder == LD_FOLDER_CONFIG ? g_path_get_dirname(path) : NULL;

    if (fd < 0) {
        error = -errno;
    } else {
        if (parent != NULL)
            wd = inotify_add_watch(fd, parent, IN_CLOSE_WRITE | IN_MOVED_TO);
        else
            wd = inotify_add_watch(fd, path, IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR);
        error = wd < 0 ? -errno : 0;
    }
    g_free(parent);
    if (error == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return error;
}

/* ---- sockets ---- */

/* A thousand servers answer at once. */
#define PING_BUFFER (4 << 20)

static int only_replies(int fd, int family)
{
    if (family == AF_INET) {
        struct icmp_filter filter = {~(1u << ICMP_ECHOREPLY)};

        return setsockopt(fd, SOL_RAW, ICMP_FILTER, &filter, sizeof(filter));
    }
    struct icmp6_filter filter;

    ICMP6_FILTER_SETBLOCKALL(&filter);
    ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter);
    return setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof(filter));
}

static int set_ping(int fd, int family)
{
    int size = PING_BUFFER;

    if (only_replies(fd, family) != 0)
        return -errno;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
        (void)!setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    return 0;
}

static int set_whole(int fd, int family)
{
    int yes = 1;

    return family == AF_INET && setsockopt(fd, IPPROTO_IP, IP_NODEFRAG, &yes, sizeof(yes)) != 0 ? -errno
                                                                                                : 0;
}

/* Only TCP to that port, and of that only the beginning; and nobody can take the filter off again. */
static int see_port(int fd, int family, uint16_t port)
{
    struct sock_filter v4[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 9),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 0, 6),
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 6),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x1fff, 4, 0),
        BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
        BPF_STMT(BPF_LD | BPF_H | BPF_IND, 2),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, port, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, LD_SEEN_BYTES),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    struct sock_filter v6[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 6),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 0, 3),
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 42),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, port, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, LD_SEEN_BYTES),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    bool six = family == AF_INET6;
    struct sock_fprog program = {.len = six ? G_N_ELEMENTS(v6) : G_N_ELEMENTS(v4),
                                 .filter = six ? v6 : v4};
    struct sockaddr_ll at = {.sll_family = AF_PACKET,
                             .sll_protocol = htons(six ? ETH_P_IPV6 : ETH_P_IP)};
    int yes = 1;

    if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &yes, sizeof(yes)) != 0 ||
        bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0)
        return -errno;
    return 0;
}

static int open_socket(enum ld_socket kind, int family)
{
    const int how = SOCK_NONBLOCK | SOCK_CLOEXEC;
    bool six = family == AF_INET6;

    switch (kind) {
    case LD_SOCKET_PING:
        return socket(family, SOCK_RAW | how, six ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
    case LD_SOCKET_GATE:
        return socket(family, SOCK_RAW | how, IPPROTO_RAW);
    case LD_SOCKET_TUNNEL:
        return socket(family, SOCK_RAW | how, six ? IPPROTO_IPV6 : IPPROTO_IPIP);
    case LD_SOCKET_SEEN: /* without a protocol nothing comes until the filter is there */
        return socket(AF_PACKET, SOCK_DGRAM | how, 0);
    default:
        errno = EINVAL;
        return -1;
    }
}

int ld_power_socket(enum ld_socket kind, int family, uint16_t port)
{
    int fd = family == AF_INET || family == AF_INET6 ? open_socket(kind, family) : -1, error;

    if (fd < 0)
        return family == AF_INET || family == AF_INET6 ? -errno : -EAFNOSUPPORT;
    if (kind == LD_SOCKET_PING)
        error = set_ping(fd, family);
    else if (kind == LD_SOCKET_SEEN)
        error = see_port(fd, family, port);
    else
        error = set_whole(fd, family);
    if (error == 0)
        return fd;
    close(fd);
    return error;
}
