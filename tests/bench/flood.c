/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Datagrams of a stranger at a steady rate, in batches of a millisecond: of four
 * lengths, and such that each goes as far as a stranger's can get: the framing
 * is right, the digest is of right length, and wrong. Prints how many were sent.
 *
 *     flood ADDRESS PORT PER_SECOND SECONDS
 */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "tests/bench/netspace.h"

#define BATCH_MAX 1000
#define NS_PER_MS 1000000ull

static char datagrams[4][1400];
static struct iovec parts[BATCH_MAX];
static struct mmsghdr messages[BATCH_MAX];

/* A field of so many bytes before the trailer. */
static size_t make(char *into, size_t filling)
{
    int at = sprintf(into, "###\n11:(0)t=status,12:(0)src=node1,%zu:(0)x=", filling + 5);

    memset(into + at, 'x', filling);
    return (size_t)at + filling +
           (size_t)sprintf(into + at + filling,
                           ",%%%%%%\n42:1 0000000000000000000000000000000000000000,");
}

int main(int argc, char **argv)
{
    static const size_t fillings[4] = {1, 100, 400, 1200};
    struct sockaddr_in to = {.sin_family = AF_INET};
    uint64_t from_ns = bench_now_ns(), sent = 0;
    unsigned per_ms, seconds;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    if (argc != 5 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1)
        return 2;
    to.sin_port = htons((uint16_t)atoi(argv[2]));
    per_ms = (unsigned)atoi(argv[3]) / 1000;
    seconds = (unsigned)atoi(argv[4]);
    if (per_ms == 0 || per_ms > BATCH_MAX)
        return 2;
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
        bench_die(argv[1]);
    for (unsigned i = 0; i < per_ms; i++) {
        parts[i].iov_base = datagrams[i % 4];
        parts[i].iov_len = make(datagrams[i % 4], fillings[i % 4]);
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    for (uint64_t ms = 0; ms < seconds * 1000; ms++) {
        uint64_t due_ns = from_ns + ms * NS_PER_MS, now_ns = bench_now_ns();
        int done = 0;

        if (now_ns < due_ns)
            nanosleep(&(struct timespec){0, (long)(due_ns - now_ns)}, NULL);
        else if (now_ns > from_ns + seconds * 1000 * NS_PER_MS)
            break; /* it could not keep up */
        for (unsigned at = 0; at < per_ms; at += (unsigned)done) {
            done = sendmmsg(fd, messages + at, per_ms - at, 0);
            if (done <= 0)
                break;
            sent += (uint64_t)done;
        }
    }
    printf("%lu\n", sent);
    return 0;
}
