/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A null modem cable: two terminal lines, what goes into one comes out of the
 * other. Prints the names of both and carries bytes until it is killed; stopped
 * (SIGSTOP) it is a cable that is cut.
 *
 * usage: nullmodem [PTMX PTMX]   the lines are made there, each in a /dev/pts of
 *                                its own (/proc/PID/root/dev/pts/ptmx)
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* A master, with its slave held open here so that it never hangs up. */
static int open_end(const char *ptmx, unsigned *number)
{
    int fd = open(ptmx, O_RDWR | O_NOCTTY), slave = -1;
    struct termios raw;

    if (fd < 0 || unlockpt(fd) < 0 || ioctl(fd, TIOCGPTN, number) < 0 ||
        (slave = ioctl(fd, TIOCGPTPEER, O_RDWR | O_NOCTTY)) < 0 || tcgetattr(slave, &raw) < 0) {
        perror("nullmodem");
        exit(1);
    }
    cfmakeraw(&raw);
    tcsetattr(slave, TCSANOW, &raw);
    return fd;
}

int main(int argc, char **argv)
{
    unsigned numbers[2];
    char bytes[4096];
    struct pollfd ends[2];

    for (int i = 0; i < 2; i++)
        ends[i] = (struct pollfd){
            .fd = open_end(argc == 3 ? argv[i + 1] : "/dev/pts/ptmx", &numbers[i]),
            .events = POLLIN};
    printf("/dev/pts/%u /dev/pts/%u\n", numbers[0], numbers[1]);
    fflush(stdout);
    while (poll(ends, 2, -1) > 0) {
        for (int i = 0; i < 2; i++) {
            ssize_t got = ends[i].revents ? read(ends[i].fd, bytes, sizeof bytes) : 0;

            for (ssize_t done = 0; done < got;) {
                ssize_t wrote = write(ends[1 - i].fd, bytes + done, (size_t)(got - done));

                if (wrote < 0)
                    return 1;
                done += wrote;
            }
        }
    }
    return 1;
}
