/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the daemon may ask of the helper that has root's power (power.h), as
 * messages: each is one packet, a head and what belongs to the act. The reading
 * side believes nothing: whoever has taken the daemon over can send anything.
 * Bytes in and out; opens and does nothing.
 */
#ifndef HB_ACT_POWER_MSG_H
#define HB_ACT_POWER_MSG_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heartbeatd/act/rtnl.h"

struct ha_child_spec;

#define HB_POWER_MAGIC     UINT32_C(0x48625077)
#define HB_POWER_BYTES_MAX (256 * 1024)
#define HB_POWER_CHANGES_MAX 100  /* of one message */
#define HB_POWER_WORDS_MAX   8192 /* arguments and variables of one program */
#define HB_POWER_FDS_MAX     3    /* that travel with one message */
#define HB_POWER_ROUTE_MAX   512

enum hb_power_act {
    HB_POWER_CHANGES = 1, /* struct hb_change…: answered by an int32_t each */
    HB_POWER_ROUTE,       /* the kernel's message about a route that is gone: it is set again */
    HB_POWER_NEIGHBOURS,  /* struct hb_kernel_address…: what is known of these is forgotten */
    HB_POWER_START,       /* a program (hb_power_put_start) and where its output goes */
    HB_POWER_PROGRAM,     /* user and command of a respawn or failfast line */
    HB_POWER_GUARDIAN,    /* priority and log file; enum hb_guard_fd */
    HB_POWER_SIGNAL,      /* struct hb_power_signal: to the group of what was started */
    HB_POWER_REAP,        /* struct hb_power_signal: its end has been heard */
    HB_POWER_DIRECTOR,    /* struct hb_power_signal: to an ldirectord */
    HB_POWER_OPEN,        /* struct hb_power_kind and a path */
    HB_POWER_LISTEN,      /* for the clients of the interface for programs */
    HB_POWER_CLEAR,       /* struct hb_power_kind: a file of ours goes */
    HB_POWER_RELEASE,     /* a guardian's table: what it names is taken off */
    HB_POWER_REBOOT,
    HB_POWER_ACT_END
};

enum hb_power_file {
    HB_POWER_CONF = 1, /* of the configuration's directory; to be read */
    HB_POWER_LOG,      /* to be appended to */
    HB_POWER_WATCHDOG,
    HB_POWER_SERIAL,
    HB_POWER_FIFO,     /* of scripts; made if there is none */
    HB_POWER_GUARDED,  /* the guardian's table: a new one, or to be cleared */
    HB_POWER_PIDFILE,  /* to be cleared only */
    HB_POWER_REGISTER, /* the same */
    HB_POWER_FILE_END
};

/* How such a file is opened. */
int hb_power_flags(enum hb_power_file kind);

/* error is an answer's: 0 or negative errno. */
struct hb_power_head {
    uint32_t magic, act, number, length; /* length: of what follows */
    int32_t error;
};
struct hb_power_signal {
    int32_t pid, signo;
};
struct hb_power_kind {
    uint32_t kind;
};

/* What HB_POWER_START says. Texts lie in the message. */
struct hb_power_start {
    const char *path, *cwd, *input; /* cwd, input: NULL if not given */
    bool merge_stderr;
    GPtrArray *argv, *envp; /* of const char *, NULL-terminated */
};

/* ---- writing ---- */
/* A head of act; the length is set by hb_power_finish(). */
void hb_power_begin_message(GByteArray *out, enum hb_power_act act, uint32_t number);
void hb_power_put(GByteArray *out, const void *bytes, size_t length);
void hb_power_put_text(GByteArray *out, const char *text);
/* envp NULL: none. */
void hb_power_put_start(GByteArray *out, const struct ha_child_spec *spec);
/* False: too long to be sent. */
bool hb_power_finish(GByteArray *out);

/* ---- reading: false for anything that is not just what it should be ---- */
struct hb_power_body {
    const uint8_t *at;
    size_t left;
};
/* The head of a request or an answer; *body is what follows. */
bool hb_power_read_head(const void *bytes, size_t length, struct hb_power_head *head,
                        struct hb_power_body *body);
/* Exactly that many bytes are taken. */
bool hb_power_take(struct hb_power_body *body, void *out, size_t length);
/* A text with its NUL; *out points into the message. */
bool hb_power_take_text(struct hb_power_body *body, const char **out);
bool hb_power_done(const struct hb_power_body *body);
/* The whole body. hb_power_start_clear() in any case. */
bool hb_power_read_start(struct hb_power_body *body, struct hb_power_start *out);
void hb_power_start_clear(struct hb_power_start *start);
/* The whole body is *count of them, 1 to HB_POWER_CHANGES_MAX, copied to out. */
bool hb_power_read_changes(struct hb_power_body *body, struct hb_change out[HB_POWER_CHANGES_MAX],
                           size_t *count);
bool hb_power_read_addresses(struct hb_power_body *body,
                             struct hb_kernel_address out[HB_POWER_CHANGES_MAX], size_t *count);
/* The whole body is the kernel's notice of a route that it had made itself and that is gone. out: that
 * much room, aligned as a struct nlmsghdr. */
bool hb_power_read_route(struct hb_power_body *body, uint8_t out[HB_POWER_ROUTE_MAX]);

#endif
