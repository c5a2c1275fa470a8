/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One mail to one SMTP server, over a channel: greeting, EHLO or HELO, MAIL,
 * RCPT for each address, DATA. Never waits for the server's goodbye. Knows of
 * no queue and no second try.
 */
#ifndef LD_ACT_SMTP_H
#define LD_ACT_SMTP_H

#include "ldirectord/act/letter.h"
#include "ldirectord/check/channel.h"

/* why: NULL if the server has taken the mail. for_good: it will not take it another time either. */
typedef void (*ld_smtp_fn)(void *ctx, const char *why, bool for_good);

struct ld_smtp {
    struct ld_channel channel;
    struct ha_loop *loop;
    struct ha_timer deadline;
    const struct ld_letter *letter;
    const char *our_name;
    ld_smtp_fn fn;
    void *ctx;
    GString *line;     /* the beginning of one */
    unsigned step, next_to, accepted;
    size_t heard;
};

/* Starts zeroed. letter and our_name must live until it has ended. 0, then fn is called once, from
 * the loop; or negative errno. */
int ld_smtp_start(struct ld_smtp *smtp, struct ld_http *http, struct ha_loop *loop,
                  const char *host_and_port, const struct ld_letter *letter, const char *our_name,
                  uint64_t deadline_ms, ld_smtp_fn fn, void *ctx);
void ld_smtp_stop(struct ld_smtp *smtp); /* any number of times, also from fn */

#endif
