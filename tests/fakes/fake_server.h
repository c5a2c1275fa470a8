/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A TCP server on loopback in a process of its own, that behaves as told: well,
 * badly or not at all. Everything a client sends it can be read back.
 */
#ifndef FAKE_SERVER_H
#define FAKE_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum fake_manner {
    FAKE_ANSWERS,   /* sends text after the request's empty line, then closes */
    FAKE_SILENT,    /* accepts and says nothing */
    FAKE_DRIPS,     /* sends text a byte every 200 ms */
    FAKE_HANGS_UP,  /* closes as soon as a request has come */
    FAKE_STALLS,    /* sends text, then nothing more, and does not close */
    FAKE_FLOODS,    /* sends text, then x for ever */
    FAKE_DEAF,      /* never accepts, its queue is full: a SYN gets no answer */
};

struct fake_server {
    pid_t pid;
    uint16_t port;
    int log_fd;    /* what clients sent, as it came; non-blocking */
    int fillers[8];
};

/* family: AF_INET (127.0.0.1) or AF_INET6 (::1). text need not outlive the call. Aborts the test
 * on failure. */
void fake_server_start(struct fake_server *server, int family, enum fake_manner manner,
                       const char *text);
void fake_server_stop(struct fake_server *server);
/* What has been sent to it so far, NUL-terminated; g_free() it. */
char *fake_server_heard(struct fake_server *server);
/* A port of 127.0.0.1 or ::1 at which nobody listens. */
uint16_t fake_server_closed_port(int family);

#endif
