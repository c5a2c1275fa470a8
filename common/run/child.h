/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Child processes with a deadline. A child gets its own process group, /dev/null
 * or a text (as a file in memory: nobody waits for it to be read) as input, and
 * no descriptor of ours; its output is either dropped or kept up to a bound (the
 * rest is read and thrown away, so that a chatterbox neither blocks nor fills
 * memory). Its end is learnt from a pidfd; a grandchild that
 * keeps the pipe open delays nothing. At the deadline the group gets SIGTERM,
 * five seconds later SIGKILL, and the outcome is "timed out" at once after the
 * child itself is gone. A service that a script left behind may go on printing
 * into the pipe: it is read and dropped, for at most 64 such services.
 */
#ifndef HA_RUN_CHILD_H
#define HA_RUN_CHILD_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/run/loop.h"

enum ha_child_end {
    HA_CHILD_EXITED,    /* code: exit status */
    HA_CHILD_SIGNALLED, /* code: signal number */
    HA_CHILD_TIMED_OUT, /* code: the deadline in ms */
    HA_CHILD_FAILED,    /* could not be started; code: errno */
    HA_CHILD_END_COUNT
};

struct ha_child_spec {
    const char *path;      /* executed directly, never through a shell */
    char *const *argv;     /* NULL-terminated, argv[0] included */
    char *const *envp;     /* NULL: ours */
    const char *cwd;       /* NULL: "/" */
    uint64_t deadline_ms;  /* 0 is not allowed: everything ends */
    size_t output_max;     /* bytes of stdout to keep; 0: to /dev/null */
    bool merge_stderr;     /* stderr goes where stdout goes; else to /dev/null */
    const char *input;     /* what it reads on its standard input; NULL: nothing. Not kept */
    int keep_fd;           /* one descriptor to hand down under the same number; 0: none */
    const struct ha_identity *as; /* who it is to be (common/confine/identity.h); NULL: who we are */
    const char *reads;     /* a file that it reads: if it may not, it is not started; NULL: none */
};

struct ha_child_result {
    enum ha_child_end end;
    int code;
    const char *output; /* NUL-terminated, valid during the call; "" if not kept */
    size_t output_len;
    bool truncated;
};

struct ha_identity;
struct ha_child;
typedef void (*ha_child_fn)(void *ctx, const struct ha_child_result *result);

/* The callback comes exactly once, later, from the loop, also when the child
 * could not be started (HA_CHILD_FAILED), unless ha_child_abandon() came
 * first. NULL only when memory or descriptors are out (errno says). */
struct ha_child *ha_child_start(struct ha_loop *loop, const struct ha_child_spec *spec,
                                ha_child_fn fn, void *ctx);
/* Kill the group now (SIGTERM, then SIGKILL as above), forget the caller: no
 * callback comes. The child is still reaped. */
void ha_child_abandon(struct ha_child *child);
pid_t ha_child_pid(const struct ha_child *child);
/* Children not yet reaped, abandoned ones included. */
unsigned ha_child_count(const struct ha_loop *loop);

/* ---- for who may not start any: another process does, and tells ---- */
struct ha_child_elsewhere {
    /* 0 or negative errno. as, keep_fd and envp are not for this way. */
    int (*start)(void *ctx, uint32_t number, const struct ha_child_spec *spec);
    void (*abandon)(void *ctx, uint32_t number);
    void *ctx;
};
/* From now on children of the loop are started there; must outlive it. */
void ha_child_elsewhere(struct ha_loop *loop, const struct ha_child_elsewhere *elsewhere);
/* What became of one. A number that nobody waits for (any more) is passed over. */
void ha_child_ended(struct ha_loop *loop, uint32_t number, const struct ha_child_result *result);

/* ---- for who may not start any, but look after them: another process starts, signals and reaps ---- */
struct ha_spawner {
    /* *end_fd gets the status as of waitpid(), an int, when it has ended, or nothing if nobody knows; ours
     * to close. 0 or a positive errno. */
    int (*spawn)(const struct ha_child_spec *spec, int output_fd, pid_t *pid, int *end_fd);
    void (*signal)(pid_t pid, int signo); /* to its group */
    void (*reap)(pid_t pid);              /* until then the number stays its own */
};
/* For all children from here on; NULL: ours. */
void ha_child_through(const struct ha_spawner *spawner);
/* That process's side: starts spec's program now and looks after nothing. output_fd (-1: none) is where it
 * writes, input_fd what it reads instead of spec->input. 0 or a positive errno. */
int ha_spawn(const struct ha_child_spec *spec, int output_fd, int input_fd, pid_t *pid);

/* "exit status 3", "killed by signal 9 (Killed)", "still running after 5 s", "No such file…".
 * Caller frees with g_free(). */
char *ha_child_result_text(const struct ha_child_result *result);

#endif
