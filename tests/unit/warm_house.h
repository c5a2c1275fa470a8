/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A house in which ldirectord is kept warm: the real loop and the manager of
 * standbys, real processes of the real program, only without a kernel's table
 * (fakes/fake_ldirectord.c). One group with one file to begin with.
 */
#ifndef WARM_HOUSE_H
#define WARM_HOUSE_H

#include "common/run/director.h"
#include "heartbeatd/act/warm_inside.h"

extern struct house {
    char *dir, *file, *log;
    char *program;
    struct ha_loop *loop;
    struct hb_act_paths paths;
    struct hb_haresources *resources;
    struct hb_warm *warm;
    unsigned descriptors;
    /* the last operation's */
    unsigned answers;
    bool reached;
    enum hb_op_result result;
} house;

/* cmocka fixture. */
int house_begin(void **state);
int house_end(void **state);

/* Before house_furnish(), or hb_warm_renew(): one more group, a resource of that name and argument. */
void house_add_group(const char *name, const char *argument);
void house_write(const char *path, const char *text, int mode);
/* The manager, which is to do nothing yet. */
void house_furnish(void);
/* Furnished; kept warm, and known. */
void house_ready(void);

/* Runs the loop until it holds; fails the test if that takes 20 s. */
void house_wait(bool (*holds)(void), const char *sentence);
#define WAIT(holds) house_wait(holds, #holds)

/* What the process of the first file says; false: nobody answers. */
bool house_state(struct ha_director_state *state);
bool house_stands_by(void);
/* Of the process that answers; one has to. */
pid_t house_pid(void);
/* The first file, as the manager knows it. */
struct hb_warm_member *house_member(void);
/* It has found it, and its process is the one that answers. */
bool house_known(void);
bool house_logged(const char *text);
/* What status shows of the first file. */
void assert_shown(const char *expected);

struct hb_warm_op *house_begin_op(unsigned group, enum hb_op op);
/* To its end; what came is in house. */
void house_run(unsigned group, enum hb_op op);
#define assert_op(group, op, expected)            \
    do {                                          \
        house_run(group, op);                     \
        assert_true(house.reached);               \
        assert_int_equal(house.result, expected); \
    } while (0)
void house_take(unsigned group);
/* As a command of an administrator. */
void house_call(const char *word);

#endif
