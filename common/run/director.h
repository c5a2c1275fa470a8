/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is said to a running ldirectord over its control socket (control.h):
 * the name of the socket, the words, and the answer to "status". Spoken by
 * ldirectord's own command line and by heartbeat, which keeps one in standby
 * where it does not own the group.
 *
 *     status      readers; answers a struct ha_director_state
 *     activate    root; answers when the kernel's table has been written: 0, also if it was
 *                 active before; 1 if the table cannot be read or written at all
 *     standby     root; answers when what is ours is gone from the kernel (cleanstop): the same
 *     get-ready   root; connections are about to be handed over: answers when the next director has been
 *                 told of those that are open now, and those that begin are watched for some seconds.
 *                 For who is about to let go of the addresses, before it does: hand-over is quick then
 *     hand-over   root; answers when the next director has been told of the connections that are open
 *                 now (syncdaemon): 0, also if nothing is to be told. For who is about to order
 *                 standby, in the last moment in which they still come here
 *     take-in     root; answers when the kernel has taken in what it was told of another director's connections
 *                 by hand-over, or cannot within 20 ms. For who takes addresses from another in good order
 *     show FORM   readers; FORM is text or json. Answers "NUMBER LENGTH\n" and the first bytes of
 *                 a report of LENGTH bytes; "show FORM NUMBER OFFSET" gives the rest of it, as long
 *                 as nobody else asks: then 1, and the question is to be asked anew
 *     enable, disable, drain, weight SERVER [N] [SERVICE]
 *                 operators; answers when the table has been written: 0; 1 and a sentence if it makes
 *                 no sense
 *
 * Readers and operators are whom the configuration names, beside root; where it names no readers,
 * everybody. Who may not is told so: HA_DIRECTOR_NOT_YOU and a sentence.
 */
#ifndef HA_RUN_DIRECTOR_H
#define HA_RUN_DIRECTOR_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

#define HA_DIRECTOR_STATUS   "status"
#define HA_DIRECTOR_ACTIVATE "activate"
#define HA_DIRECTOR_STANDBY  "standby"
#define HA_DIRECTOR_GET_READY "get-ready"
#define HA_DIRECTOR_HAND_OVER "hand-over"
#define HA_DIRECTOR_TAKE_IN  "take-in"
#define HA_DIRECTOR_SHOW     "show"
/* The answer's status where the caller may not; the answer says who may. */
#define HA_DIRECTOR_NOT_YOU  2

/* The socket of an instance; one that is longer than its bound shares it with its namesakes. */
#define HA_DIRECTOR_SOCKET_MAX 80
void ha_director_socket(const char *instance, char name[HA_DIRECTOR_SOCKET_MAX]);
/* The instance of a CONFIG as it was typed: its last part. Points into config. */
const char *ha_director_instance(const char *config);

struct ha_director_state {
    bool standby;
    pid_t pid;
    unsigned services, servers;
    unsigned up, unchecked; /* servers */
    unsigned hands_over;    /* 1: while active it has somebody to hand its connections over to */
};
/* Appends a line "word value" for each. */
void ha_director_state_print(const struct ha_director_state *state, GString *out);
/* Words it does not know are passed over; false without a mode or a pid. */
bool ha_director_state_read(const char *text, struct ha_director_state *out);

#endif
