/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A TCP server on 127.0.0.1 in a process of its own that follows a script: it
 * greets, then answers what it hears, line by line, well or badly.
 */
#ifndef FAKE_SCRIPT_H
#define FAKE_SCRIPT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum fake_way {
    FAKE_SAYS,      /* all of it at once */
    FAKE_SPELLS,    /* a byte every 100 ms */
    FAKE_RAVES,     /* all of it, and then the last line of it again and again */
    FAKE_LEAVES,    /* all of it, then closes */
};

/* The first line of the script is the greeting (hears is NULL). A line that is heard and begins
 * with hears is answered with says; one that nothing begins is not answered. */
struct fake_turn {
    const char *hears, *says;
    size_t length; /* of says; 0: it is a string */
    enum fake_way way;
};

struct fake_script {
    pid_t pid;
    uint16_t port;
    int log_fd;
};

/* The script ends with a turn whose says is NULL. One connection after the other. */
void fake_script_start(struct fake_script *server, const struct fake_turn *script);
/* AF_INET, which the other means, or AF_INET6. */
void fake_script_start_at(struct fake_script *server, int family, const struct fake_turn *script);
void fake_script_stop(struct fake_script *server);
/* What has been said to it until the connection ended, or its first NUL; g_free() it. */
char *fake_script_heard(struct fake_script *server);

#endif
