/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mails on their way: by SMTP to the host that the mail names, else by
 * sendmail. Per host they go one at a time and in order; a host that hangs
 * delays nobody else's mails. Each
 * try has a deadline, a mail has LD_MAIL_TRIES of them, and a host's queue
 * LD_MAIL_WAITING_MAX mails: what is too much is counted, logged and dropped.
 */
#ifndef LD_ACT_MAILER_H
#define LD_ACT_MAILER_H

#include "common/run/loop.h"
#include "ldirectord/core/core.h"

#define LD_MAIL_TRIES       3
#define LD_MAIL_WAITING_MAX 200 /* per host */
#define LD_MAIL_HOSTS_MAX   64

struct ld_mailer_settings {
    uint16_t smtp_port;     /* 0: 25 */
    const char *sendmail;   /* NULL: /usr/sbin/sendmail or /usr/lib/sendmail */
    uint64_t deadline_ms;   /* of a try; 0: 30 s */
    uint64_t pause_ms;      /* before the second try, three times as long before the third; 0: 10 s */
};

struct ld_mailer;

struct ld_mailer *ld_mailer_new(struct ha_loop *loop, const struct ld_mailer_settings *settings);
/* Drops what has not been sent, and says how many that are. */
void ld_mailer_free(struct ld_mailer *mailer);
/* mail is copied. */
void ld_mailer_send(struct ld_mailer *mailer, const struct ld_mail *mail);
/* Not sent yet. */
unsigned ld_mailer_count(const struct ld_mailer *mailer);

#endif
