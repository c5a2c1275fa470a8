/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sockets in other network namespaces, named by a process that lives there, and
 * the times at which the kernel had packets. For the helpers of benches: what
 * goes wrong ends the program.
 */
#ifndef BENCH_NETSPACE_H
#define BENCH_NETSPACE_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Says it and exits. */
void bench_die(const char *what) __attribute__((noreturn));

/* Wall time, which is what packets are stamped with. */
uint64_t bench_now_ns(void);

/* A packet socket (type SOCK_RAW or SOCK_DGRAM) of that protocol on an interface in the namespace
 * of a process (0: ours), not blocking, with room for a burst and time stamps. *mac, if wanted: the
 * interface's own address. */
int bench_packet_socket(pid_t pid, const char *iface, int type, uint16_t protocol, int *index,
                        uint8_t mac[6]);

/* One packet: its length, or 0 when there is none now. *at_ns: when the kernel had it. */
size_t bench_receive(int fd, void *into, size_t size, uint64_t *at_ns);

/* The internet checksum. */
uint16_t bench_checksum(const void *bytes, size_t length);

#endif
