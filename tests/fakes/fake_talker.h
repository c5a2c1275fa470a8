/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A server on loopback, TCP or UDP, in a process of its own, for protocols of a
 * few words: it says a text, or what a function makes of what it was asked, in
 * the manner it is told. One client at a time.
 */
#ifndef FAKE_TALKER_H
#define FAKE_TALKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum fake_tone {
    TALKS,     /* says it, then closes */
    STAYS,     /* says it and does not close */
    MUTE,      /* accepts and says nothing */
    DRIPS,     /* a byte every 100 ms (UDP: a datagram of one byte) */
    HANGS_UP,  /* closes instead */
    FLOODS,    /* says it again and again for ever */
    FAKE_TONE_COUNT
};

/* What to say to what was asked so far; 0: nothing (yet). */
typedef size_t (*fake_answer_fn)(const uint8_t *asked, size_t length, uint8_t *out, size_t size);

struct fake_talk {
    int family;       /* AF_INET or AF_INET6; 0: AF_INET */
    int type;         /* SOCK_STREAM or SOCK_DGRAM; 0: SOCK_STREAM */
    uint16_t port;    /* 0: any */
    enum fake_tone tone;
    bool greets;      /* speaks before it is asked */
    bool at_end;      /* speaks when the client has said all it has to say */
    unsigned deaf_to; /* UDP: so many datagrams are lost first */
    const char *text;
    size_t length;    /* of text; 0: up to its NUL */
    fake_answer_fn answer; /* instead of text */
};

struct fake_talker {
    pid_t pid;
    uint16_t port;
    int log_fd; /* what clients sent, as it came; non-blocking */
};

/* Aborts the test on failure. */
void fake_talker_start(struct fake_talker *talker, const struct fake_talk *talk);
void fake_talker_stop(struct fake_talker *talker);
/* What has been sent to it so far, NUL-terminated; g_free() it. */
char *fake_talker_heard(struct fake_talker *talker);

#endif
