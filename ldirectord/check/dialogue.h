/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A conversation in lines: the server greets, we say a line, it answers with
 * lines, and so on to a goodbye. What is common to smtp, pop, imap and the
 * control connection of ftp: lines and their bounds, verdicts with the server's
 * own words, and an end that is polite without waiting for a rude server.
 */
#ifndef LD_CHECK_DIALOGUE_H
#define LD_CHECK_DIALOGUE_H

#include "ldirectord/check/channel.h"

struct ld_dialogue;

struct ld_dialogue_rules {
    const char *protocol;                                    /* "SMTP", for the details */
    const char *goodbye;                                     /* "QUIT" */
    void (*heard)(struct ld_dialogue *dialogue, char *line); /* without its end */
};

/* The state of a check starts with one. */
struct ld_dialogue {
    struct ld_check *check;
    struct ld_channel channel;
    const struct ld_dialogue_rules *rules;
    GString *line;     /* the beginning of one */
    size_t heard;      /* since we last spoke */
    const char *topic; /* what the server is to answer: "greeting", "USER" */
    unsigned step;     /* the protocol's own */
    unsigned code;     /* of a numbered answer; 0: none is under way */
    bool replied;      /* that answer is complete */
    bool leaving;      /* the verdict is known */
    enum ld_verdict verdict;
    char *detail;
    struct ha_timer patience;
};

/* Connects to where the probe says. As ld_check_ops.start returns. */
int ld_dialogue_start(struct ld_check *check, const struct ld_dialogue_rules *rules,
                      enum ld_channel_tls tls);
void ld_dialogue_stop(struct ld_check *check);
enum ld_verdict ld_dialogue_deadline(struct ld_check *check);

/* Says one line; control characters in it are left out. topic must be static. */
void ld_dialogue_say(struct ld_dialogue *dialogue, const char *topic, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
/* The verdict is known: says goodbye and waits a moment for the answer. words may be NULL; they
 * are the server's, and become printable. */
void ld_dialogue_leave(struct ld_dialogue *dialogue, enum ld_verdict verdict, const char *words);
/* The answer is none in this protocol: L7RSP, at once. */
void ld_dialogue_improper(struct ld_dialogue *dialogue, const char *words);

/* Lines that begin with three digits, as in smtp and ftp: true when the answer is complete, with
 * its code in dialogue->code until the next line. Anything else is improper, or not yet complete.
 */
bool ld_dialogue_reply(struct ld_dialogue *dialogue, const char *line);

#endif
