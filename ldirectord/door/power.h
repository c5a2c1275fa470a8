/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Acts that want root's power and give back a descriptor. Done by the keeper
 * when it was asked and the answer is yes (allowed.h), or by the daemon itself
 * where it is not divided (door.h).
 */
#ifndef LD_DOOR_POWER_H
#define LD_DOOR_POWER_H

#include <stdint.h>

/* A file or folder of the configuration's, each opened in one way. */
enum ld_file {
    LD_FILE_CONFIG,      /* to be read */
    LD_FILE_ORDERS,      /* the same */
    LD_FILE_LOG,         /* to be appended to; made if it is not there */
    LD_FILE_MONITOR,     /* the same */
    LD_FILE_MAINTENANCE, /* a folder */
    LD_FILE_COUNT
};
/* A descriptor or negative errno. Never waits for who reads a pipe. */
int ld_power_open(enum ld_file file, const char *path);

/* A folder that the kernel tells changes of. */
enum ld_folder { LD_FOLDER_CONFIG, LD_FOLDER_MAINTENANCE, LD_FOLDER_COUNT };
/* An inotify descriptor that watches path (LD_FOLDER_CONFIG: the folder it is in), or negative errno. */
int ld_power_watch(enum ld_folder folder, const char *path);

enum ld_socket {
    LD_SOCKET_PING,   /* raw ICMP, of echo replies */
    LD_SOCKET_GATE,   /* raw IPv4 packets, sent as they are */
    LD_SOCKET_TUNNEL, /* raw, of the tunnel's protocol */
    LD_SOCKET_SEEN,   /* what comes in for one TCP port, from the network header on */
    LD_SOCKET_COUNT
};
/* Bytes of a packet that LD_SOCKET_SEEN shows. */
#define LD_SEEN_BYTES 128
/* family AF_INET or AF_INET6; port (host order) for LD_SOCKET_SEEN. A descriptor that does not block, or
 * negative errno. */
int ld_power_socket(enum ld_socket kind, int family, uint16_t port);

#endif
