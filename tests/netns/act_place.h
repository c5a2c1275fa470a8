/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the tests of act take place: eth0 in a network namespace of its own, and
 * a neighbour at the other end of its wire who writes down what he is told.
 */
#ifndef TEST_ACT_PLACE_H
#define TEST_ACT_PLACE_H

#include <glib.h>
#include <stdbool.h>

#include "heartbeatd/act/act_inside.h"

struct place {
    int home_fd, here_fd, neighbour_fd; /* network namespaces */
    int heard_fd;                       /* the neighbour's ear */
    struct ha_watch heard_watch;
    GPtrArray *heard; /* of GBytes */
    char *dir;
    struct ha_loop *loop;
    struct ha_timer bound;
    struct hb_config *config;
    struct hb_haresources *resources;
    struct hb_group *group;
    struct hb_act *act;
    struct hb_rtnl *rtnl;
    uint32_t next_op;
    unsigned answers;
    enum hb_op_result result;
    char *detail;
    bool (*until)(struct place *f);
};

/* cmocka fixture. */
int place_setup(void **state);
int place_teardown(void **state);

/* Fails the test if the command does. */
void place_sh(const char *format, ...) G_GNUC_PRINTF(1, 2);
/* Goes into one of the namespaces. */
void place_enter(int fd);

/* Before place_begin(): one more resource for the group. */
void place_resource(struct place *f, const char *name, const char *argument);
void place_begin(struct place *f);
/* The operation on the whole group; checks that its answer comes later, and once. */
enum hb_op_result place_run(struct place *f, enum hb_op op);
/* Runs the loop until then; false if bound_ms went by first. */
bool place_wait(struct place *f, bool (*until)(struct place *f), uint64_t bound_ms);
/* From a callback of the test's own: has that what is waited for come to be? */
void place_look(struct place *f);
bool place_answered(struct place *f);

/* Whether `ip -o addr show <options>` shows what. */
void assert_shows(const char *options, const char *what, bool expected);
/* ARPs heard of that operation (1 request, 2 reply), sender and target being text. */
unsigned place_arps(struct place *f, const char *text, unsigned operation);

/* System calls on netlink so far (needs --wrap=sendto and --wrap=recvfrom). */
extern unsigned place_sends, place_receives;
/* Of those that go to rtnetlink, the N-th from here on is refused once; 0: none. */
extern unsigned place_refuse_send, place_refuse_receive;
/* From here on, when nothing is under way any more. */
void place_count(struct place *f);

#endif
