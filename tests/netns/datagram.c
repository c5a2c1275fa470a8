/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For the tests of the daemon: "datagram hold PORT" keeps a UDP port until it is
 * killed, "datagram share PORT" one that others may have too (SO_REUSEPORT),
 * "datagram squat NAME" an abstract socket; "datagram junk ADDRESS PORT"
 * sends datagrams that no heartbeat should send, in many shapes and sizes, the
 * same ones every time.
 */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* What a parser might trip over; each is followed by noise of some length. */
static const char *const beginnings[] = {
    "",
    "#",
    "###\n",
    ">>>\n",
    ">>>\n<<<\n",
    "###\n%%%\n",
    "###\n%%%\n44:1 0000000000000000000000000000000000000000,",
    "###\n13:(0)t=status,%%%\n44:1 0000000000000000000000000000000000000000,",
    "###\n13:(0)t=status,%%%\n9999999999999999999:1 ",
    "###\n99999999:(0)t=status,%%%\n4:1 0,",
    "###\n-1:(0)t=status,%%%\n4:1 0,",
    "###\n13:(9)t=status,%%%\n4:99 0,",
    "###\n13:t=status(0),%%%\n4:x 0,",
    "###\n0:,%%%\n0:,",
    ">>>\nt=status\nauth=1 0\n<<<\n",
    ">>>\n(1)t=!!!!\n(2)x=\x14\x14\x14\nauth=1 0\n<<<\n",
};
static const size_t lengths[] = {0, 1, 3, 16, 100, 1000, 5121, 9000, 65000};

static int hold(uint16_t port, int shared)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &shared, sizeof(shared)) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &shared, sizeof(shared)) < 0 ||
        bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0) {
        perror("datagram");
        return 1;
    }
    printf("held\n");
    fflush(stdout);
    pause();
    return 0;
}

/* Takes the abstract name under which libqb would listen. */
static int squat(const char *name)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    int length = snprintf(at.sun_path + 1, sizeof(at.sun_path) - 1, "%s", name);

    /* libqb pads the name with zeros. */
    if (fd < 0 || length <= 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
        listen(fd, 1) < 0) {
        perror("datagram");
        return 1;
    }
    printf("held\n");
    fflush(stdout);
    pause();
    return 0;
}

static int junk(const char *address, uint16_t port)
{
    static unsigned char bytes[66000];
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    uint32_t noise = 1;
    int fd = socket(AF_INET, SOCK_DGRAM, 0), sent = 0;

    if (fd < 0 || inet_pton(AF_INET, address, &to.sin_addr) != 1) {
        return 1;
    }
    for (size_t i = 0; i < sizeof(beginnings) / sizeof(*beginnings); i++) {
        size_t start = strlen(beginnings[i]);

        memcpy(bytes, beginnings[i], start);
        for (size_t j = 0; j < sizeof(lengths) / sizeof(*lengths); j++) {
            for (size_t k = start; k < start + lengths[j]; k++) {
                noise = noise * 1664525 + 1013904223;
                bytes[k] = (unsigned char)(noise >> 24);
            }
            sent += sendto(fd, bytes, start + lengths[j], 0, (struct sockaddr *)&to,
                           sizeof(to)) >= 0;
            usleep(1000); /* for the receiver's buffer */
        }
    }
    printf("%d\n", sent);
    return sent < 100;
}

int main(int argc, char **argv)
{
    if (argc == 3 && (!strcmp(argv[1], "hold") || !strcmp(argv[1], "share"))) {
        return hold((uint16_t)atoi(argv[2]), !strcmp(argv[1], "share"));
    }
    if (argc == 3 && !strcmp(argv[1], "squat")) {
        return squat(argv[2]);
    }
    if (argc == 4 && !strcmp(argv[1], "junk")) {
        return junk(argv[2], (uint16_t)atoi(argv[3]));
    }
    fprintf(stderr, "usage: datagram hold PORT | share PORT | squat NAME | junk ADDRESS PORT\n");
    return 2;
}
