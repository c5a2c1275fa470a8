/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the tests of media take place: two network namespaces, A and B, joined
 * by a veth pair that is called eth0 on both sides (10.9.0.1 and .2), anew for
 * each case.
 */
#ifndef TEST_MEDIA_PLACE_H
#define TEST_MEDIA_PLACE_H

#include <glib.h>

#include "heartbeatd/media/media.h"

enum { A, B, SIDES };

struct media_side {
    struct media_world *world;
    struct hb_config *config;
    struct hb_media *media;
    GString *got; /* "link:text " per datagram */
    unsigned count;
};

struct media_world {
    struct ha_loop *loop;
    struct media_side sides[SIDES];
};

/* Makes the namespaces; false where that is not allowed. */
bool media_place(void);
void media_enter(int side);
/* Fails the test if the command does. */
void media_sh(const char *command);
/* Makes the pair from A's side; B keeps the other end. */
void media_plug_in(void);

/* cmocka fixture. */
int media_begin(void **state);
int media_finish(void **state);

/* A line of ha.cf, number 10 and up, port 694. */
struct hb_medium *media_line(struct media_side *side, enum hb_medium_kind kind,
                             const char *interface, const char *peer);
/* What comes is appended to side->got. */
void media_received(void *ctx, const char *link, const void *bytes, size_t length);
extern const struct hb_media_calls media_calls;
int media_open_side(struct media_world *world, int side, char **why);
void media_open_both(struct media_world *world);
void media_run_for(struct media_world *world, uint64_t ms);
/* Sends from one side again and again until the other has seen it; a bound, not a speed. */
void media_send_until_seen(struct media_world *world, int from, int to, const char *text);
/* The same, but sends once. */
void media_send_once(struct media_world *world, int from, int to, const char *text);
/* Sockets bound to port 694 in the current namespace. */
unsigned media_bound_sockets(void);
/* Of eth0. */
struct hb_media_counts media_counts_of(struct media_world *world, int side);

#endif
