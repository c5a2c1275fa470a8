/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A relay per host that mails go to, sendmail being one of them; each with its
 * queue, whose head is what is being tried.
 *
 *   waiting --relay free--> trying --done--> gone
 *                           trying --failed--> pause --> trying
 *                           trying --refused for good, or tried often enough--> logged, gone
 */
#include "ldirectord/act/mailer.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/child.h"
#include "common/run/clock.h"
#include "common/run/log.h"
#include "ldirectord/act/letter.h"
#include "ldirectord/act/smtp.h"
#include "ldirectord/door/door.h"

#define DEADLINE_MS 30000
#define PAUSE_MS    10000

struct mail {
    struct ld_letter letter;
    unsigned tries;
};

struct relay {
    struct ld_mailer *mailer;
    char *host;      /* "": sendmail */
    GQueue waiting;  /* of struct mail *; the head is tried by smtp or child */
    struct ha_timer pause;
    struct ld_smtp smtp;
    struct ha_child *child;
    unsigned dropped;
};

struct ld_mailer {
    struct ha_loop *loop;
    struct ld_mailer_settings settings;
    struct ld_sender sender;
    struct ld_http *curl; /* NULL until needed */
    GHashTable *relays;   /* host -> struct relay *, owned */
    unsigned waiting, numbered;
};

/* ---- mails ---- */

static void mail_free(struct mail *mail)
{
    ld_letter_clear(&mail->letter);
    g_free(mail);
}

static struct mail *mail_new(struct ld_mailer *mailer, const struct ld_mail *what)
{
    struct mail *mail = g_new0(struct mail, 1);
    time_t now = (time_t)ha_clock_wall_s();
    char date[64], id[96];
    struct tm local;

    localtime_r(&now, &local);
    strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S %z", &local);
    g_snprintf(id, sizeof(id), "ldirectord.%" G_GUINT64_FORMAT ".%d.%u", (guint64)now,
               (int)getpid(), ++mailer->numbered);
    ld_letter_write(&mail->letter, what, &mailer->sender, date, id);
    return mail;
}

/* ---- one try ---- */

static void advance(struct relay *relay);

static void leave_queue(struct relay *relay)
{
    mail_free(g_queue_pop_head(&relay->waiting));
    relay->mailer->waiting--;
}

static void pause_over(void *ctx, uint64_t now_ns)
{
    (void)now_ns;
    advance(ctx);
}

static void tried(struct relay *relay, const char *why, bool for_good)
{
    const char *what = relay->host[0] != '\0' ? "SMTP email message" : "email message";
    struct mail *mail = g_queue_peek_head(&relay->waiting);
    uint64_t pause_ms = relay->mailer->settings.pause_ms;

    ld_smtp_stop(&relay->smtp);
    if (why == NULL) {
        leave_queue(relay);
    } else if (for_good || ++mail->tries >= LD_MAIL_TRIES) {
        ha_log(HA_LOG_ERROR, "failed to send %s: %s", what, why);
        leave_queue(relay);
    } else {
        pause_ms *= mail->tries == 1 ? 1 : 3;
        ha_log(HA_LOG_WARNING, "failed to send %s: %s (will be tried again in %.0f s)", what, why,
               (double)pause_ms / 1000);
        ha_timer_set(relay->mailer->loop, &relay->pause,
                     ha_after_ns(ha_clock_ns(), ha_ms_to_ns(pause_ms)), pause_over, relay);
        return;
    }
    ha_timer_set(relay->mailer->loop, &relay->pause, ha_clock_ns(), pause_over, relay);
}

/* ---- the two ways ---- */

static void smtp_ended(void *ctx, const char *why, bool for_good)
{
    struct relay *relay = ctx;
    char *text = why != NULL ? g_strdup_printf("%s: %s", relay->host, why) : NULL;

    tried(relay, text, for_good);
    g_free(text);
}

static void try_smtp(struct relay *relay, struct mail *mail)
{
    struct ld_mailer *mailer = relay->mailer;
    char *where = g_strdup_printf("%s:%u", relay->host, mailer->settings.smtp_port);
    int error = mailer->curl != NULL ? 0 : ld_http_new(&mailer->curl, mailer->loop);

    if (error == 0)
        error = ld_smtp_start(&relay->smtp, mailer->curl, mailer->loop, where, &mail->letter,
                              mailer->sender.host, mailer->settings.deadline_ms, smtp_ended, relay);
    if (error != 0)
        tried(relay, g_strerror(-error), false);
    g_free(where);
}

static void sendmail_ended(void *ctx, const struct ha_child_result *result)
{
    bool good = result->end == HA_CHILD_EXITED && result->code == 0;
    char *why = good ? NULL : ha_child_result_text(result);
    struct relay *relay = ctx;

    relay->child = NULL;
    tried(relay, why, result->end == HA_CHILD_FAILED);
    g_free(why);
}

static const char *find_sendmail(const struct ld_mailer *mailer)
{
    if (mailer->settings.sendmail != NULL)
        return mailer->settings.sendmail;
    return access("/usr/sbin/sendmail", X_OK) == 0 ? "/usr/sbin/sendmail" : "/usr/lib/sendmail";
}

static void try_sendmail(struct relay *relay, struct mail *mail)
{
    const char *path = find_sendmail(relay->mailer);
    char *argv[] = {(char *)path, "-t", "-i", "-f", mail->letter.from, NULL};
    struct ha_child_spec spec = {.path = path, .argv = argv, .input = mail->letter.text,
                                 .deadline_ms = relay->mailer->settings.deadline_ms};

    if (access(path, X_OK) != 0) {
        tried(relay, "there is no sendmail, and no smtp in the configuration", true);
        return;
    }
    relay->child = ha_child_start(relay->mailer->loop, &spec, sendmail_ended, relay);
    if (relay->child == NULL)
        tried(relay, g_strerror(errno), false);
}

static void advance(struct relay *relay)
{
    struct mail *mail = g_queue_peek_head(&relay->waiting);

    if (mail == NULL) {
        if (relay->dropped > 0)
            ha_log(HA_LOG_WARNING, "%u mails were dropped: too many were waiting", relay->dropped);
        g_hash_table_remove(relay->mailer->relays, relay->host);
        return;
    }
    if (mail->letter.to[0] == NULL)
        tried(relay, "emailalert has no address", true);
    else if (relay->host[0] != '\0')
        try_smtp(relay, mail);
    else
        try_sendmail(relay, mail);
}

/* ---- relays ---- */

static void relay_free(void *item)
{
    struct relay *relay = item;

    if (relay->child != NULL)
        ha_child_abandon(relay->child);
    ld_smtp_stop(&relay->smtp);
    while (!g_queue_is_empty(&relay->waiting))
        leave_queue(relay);
    ha_timer_cancel(relay->mailer->loop, &relay->pause);
    g_free(relay->host);
    g_free(relay);
}

static struct relay *relay_of(struct ld_mailer *mailer, const char *host)
{
    struct relay *relay = g_hash_table_lookup(mailer->relays, host);

    if (relay != NULL || g_hash_table_size(mailer->relays) >= LD_MAIL_HOSTS_MAX)
        return relay;
    relay = g_new0(struct relay, 1);
    relay->mailer = mailer;
    relay->host = g_strdup(host);
    g_queue_init(&relay->waiting);
    g_hash_table_insert(mailer->relays, relay->host, relay);
    return relay;
}

/* ---- the mailer ---- */

static void find_out_who_we_are(struct ld_sender *sender)
{
    struct passwd entry, *found = NULL;
    char name[256] = "localhost", texts[4096];

    gethostname(name, sizeof(name) - 1);
    sender->host = g_strdup(name);
    getpwuid_r(ld_door_uid(), &entry, texts, sizeof(texts), &found);
    sender->user = g_strdup(found != NULL ? found->pw_name : "root");
}

struct ld_mailer *ld_mailer_new(struct ha_loop *loop, const struct ld_mailer_settings *settings)
{
    struct ld_mailer *mailer = g_new0(struct ld_mailer, 1);

    mailer->loop = loop;
    mailer->settings = *settings;
    if (mailer->settings.smtp_port == 0)
        mailer->settings.smtp_port = 25;
    if (mailer->settings.deadline_ms == 0)
        mailer->settings.deadline_ms = DEADLINE_MS;
    if (mailer->settings.pause_ms == 0)
        mailer->settings.pause_ms = PAUSE_MS;
    mailer->relays = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, relay_free);
    find_out_who_we_are(&mailer->sender);
    return mailer;
}

void ld_mailer_free(struct ld_mailer *mailer)
{
    if (mailer == NULL)
        return;
    if (mailer->waiting > 0)
        ha_log(HA_LOG_WARNING, "%u mails were not sent", mailer->waiting);
    g_hash_table_destroy(mailer->relays);
    ld_http_free(mailer->curl);
    g_free(mailer->sender.user);
    g_free(mailer->sender.host);
    g_free(mailer);
}

void ld_mailer_send(struct ld_mailer *mailer, const struct ld_mail *mail)
{
    struct relay *relay = relay_of(mailer, mail->smtp != NULL ? mail->smtp : "");

    if (relay == NULL || relay->waiting.length >= LD_MAIL_WAITING_MAX) {
        if (relay == NULL || relay->dropped++ == 0)
            ha_log(HA_LOG_WARNING, "too many mails are waiting: dropped \"%s\"", mail->subject);
        return;
    }
    g_queue_push_tail(&relay->waiting, mail_new(mailer, mail));
    mailer->waiting++;
    if (relay->waiting.length == 1)
        ha_timer_set(mailer->loop, &relay->pause, ha_clock_ns(), pause_over, relay);
}

unsigned ld_mailer_count(const struct ld_mailer *mailer)
{
    return mailer->waiting;
}
