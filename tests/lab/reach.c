/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An external check, small enough to be started many times a second in
 * User-Mode Linux: whether the real server takes connections on port 80.
 *
 * usage: reach VIRTUAL PORT REAL PORT
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define SERVER_PORT 80

static int reach(const void *address, socklen_t size, int family)
{
    struct timeval patience = {.tv_usec = 800000};
    int fd = socket(family, SOCK_STREAM, 0);

    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    return connect(fd, address, size) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(SERVER_PORT)};
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(SERVER_PORT)};
    char address[INET6_ADDRSTRLEN + 2] = "";

    if (argc != 5)
        return 2;
    strncpy(address, argv[3] + (argv[3][0] == '['), sizeof address - 1);
    address[strcspn(address, "]")] = '\0';
    if (inet_pton(AF_INET, address, &four.sin_addr) == 1)
        return reach(&four, sizeof four, AF_INET);
    if (inet_pton(AF_INET6, address, &six.sin6_addr) == 1)
        return reach(&six, sizeof six, AF_INET6);
    return 2;
}
