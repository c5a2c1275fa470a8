/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client's side of RFC 5321 and nothing of its extensions: one command, one
 * answer. What is said of a failure are the server's words, made printable.
 */
#include "ldirectord/act/smtp.h"

#include <stdarg.h>
#include <string.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "common/run/log.h"

#define LINE_MAX_BYTES  4096
#define HEARD_MAX_BYTES 65536

enum { GREETING, EHLO, HELO, MAIL, RCPT, DATA, BODY, OVER };

static const char *const topics[] = {"greeting", "EHLO", "HELO", "MAIL FROM", "RCPT TO", "DATA",
                                     "the mail", ""};

static void end(struct ld_smtp *smtp, const char *why, bool for_good)
{
    ld_smtp_fn fn = smtp->fn;

    if (smtp->step == OVER)
        return;
    smtp->step = OVER;
    ld_channel_send(&smtp->channel, "QUIT\r\n", 6);
    fn(smtp->ctx, why, for_good);
}

static void G_GNUC_PRINTF(3, 4) say(struct ld_smtp *smtp, unsigned step, const char *format, ...)
{
    va_list args;
    char *line;

    smtp->step = step;
    va_start(args, format);
    line = g_strdup_vprintf(format, args);
    va_end(args);
    ld_channel_send(&smtp->channel, line, strlen(line));
    ld_channel_send(&smtp->channel, "\r\n", 2);
    g_free(line);
}

static void next_recipient(struct ld_smtp *smtp)
{
    const char *to = smtp->letter->to[smtp->next_to];

    if (to != NULL) {
        smtp->next_to++;
        say(smtp, RCPT, "RCPT TO:<%s>", to);
    } else {
        say(smtp, DATA, "DATA");
    }
}

/* Lines end in CR LF, and one that begins with a dot gets another. */
static void send_text(struct ld_smtp *smtp)
{
    GString *text = g_string_new(NULL);
    bool begins = true;

    for (const char *at = smtp->letter->text; *at != '\0'; at++) {
        if (begins && *at == '.')
            g_string_append_c(text, '.');
        if (*at == '\n')
            g_string_append_c(text, '\r');
        g_string_append_c(text, *at);
        begins = *at == '\n';
    }
    g_string_append(text, begins ? "." : "\r\n.");
    say(smtp, BODY, "%s", text->str);
    g_string_free(text, TRUE);
}

static void refused(struct ld_smtp *smtp, unsigned code, const char *line)
{
    char *words = ha_log_clean(line, strlen(line), 200);
    char *why = g_strdup_printf("%s: %s", topics[smtp->step], words);

    if (smtp->step == RCPT && smtp->letter->to[smtp->next_to] != NULL) {
        ha_log(HA_LOG_WARNING, "emailalert: %s is not accepted: %s",
               smtp->letter->to[smtp->next_to - 1], words);
        next_recipient(smtp);
    } else if (smtp->step == RCPT && smtp->accepted > 0) {
        ha_log(HA_LOG_WARNING, "emailalert: %s is not accepted: %s",
               smtp->letter->to[smtp->next_to - 1], words);
        say(smtp, DATA, "DATA");
    } else {
        end(smtp, why, code / 100 == 5);
    }
    g_free(why);
    g_free(words);
}

static void answered(struct ld_smtp *smtp, unsigned code, const char *line)
{
    bool good = code / 100 == (smtp->step == DATA ? 3 : 2);

    if (smtp->step == EHLO && code / 100 == 5)
        say(smtp, HELO, "HELO %s", smtp->our_name);
    else if (!good)
        refused(smtp, code, line);
    else if (smtp->step == GREETING)
        say(smtp, EHLO, "EHLO %s", smtp->our_name);
    else if (smtp->step == EHLO || smtp->step == HELO)
        say(smtp, MAIL, "MAIL FROM:<%s>", smtp->letter->from);
    else if (smtp->step == MAIL)
        next_recipient(smtp);
    else if (smtp->step == RCPT) {
        smtp->accepted++;
        next_recipient(smtp);
    } else if (smtp->step == DATA)
        send_text(smtp);
    else
        end(smtp, NULL, false);
}

static void take_line(struct ld_smtp *smtp, const char *line)
{
    if (!g_ascii_isdigit(line[0]) || !g_ascii_isdigit(line[1]) || !g_ascii_isdigit(line[2])) {
        end(smtp, "the server does not speak SMTP", false);
        return;
    }
    if (line[3] != '-')
        answered(smtp, (unsigned)(line[0] - '0') * 100 + (unsigned)(line[1] - '0') * 10 +
                           (unsigned)(line[2] - '0'), line);
}

/* ---- the channel ---- */

static void opened(void *ctx)
{
    (void)ctx; /* the server speaks first */
}

static void heard(void *ctx, const char *bytes, size_t length)
{
    struct ld_smtp *smtp = ctx;

    smtp->heard += length;
    for (; length > 0 && smtp->step != OVER; bytes++, length--) {
        if (*bytes == '\n') {
            char *line = g_strndup(smtp->line->str, smtp->line->len);

            g_string_truncate(smtp->line, 0);
            take_line(smtp, line);
            g_free(line);
        } else if (*bytes != '\r' && smtp->line->len < LINE_MAX_BYTES) {
            g_string_append_c(smtp->line, *bytes);
        }
    }
    if (smtp->step != OVER && smtp->heard > HEARD_MAX_BYTES)
        end(smtp, "the server talks too much", false);
}

static void hung_up(void *ctx)
{
    struct ld_smtp *smtp = ctx;

    if (smtp->step != OVER) {
        char *why = g_strdup_printf("the server hung up before its answer to %s",
                                    topics[smtp->step]);

        end(smtp, why, false);
        g_free(why);
    }
}

static void failed(void *ctx, enum ld_verdict verdict, const char *why)
{
    (void)verdict;
    end(ctx, why, false);
}

static void too_late(void *ctx, uint64_t now_ns)
{
    struct ld_smtp *smtp = ctx;
    char *why = g_strdup_printf("no answer in time: %s",
                                smtp->channel.open ? topics[smtp->step] : "no connection");

    (void)now_ns;
    end(smtp, why, false);
    g_free(why);
}

static const struct ld_channel_ops channel_ops = {
    .opened = opened,
    .heard = heard,
    .closed = hung_up,
    .failed = failed,
};

int ld_smtp_start(struct ld_smtp *smtp, struct ld_http *http, struct ha_loop *loop,
                  const char *host_and_port, const struct ld_letter *letter, const char *our_name,
                  uint64_t deadline_ms, ld_smtp_fn fn, void *ctx)
{
    smtp->step = GREETING;
    smtp->loop = loop;
    smtp->letter = letter;
    smtp->our_name = our_name;
    smtp->fn = fn;
    smtp->ctx = ctx;
    smtp->line = g_string_new(NULL);
    ha_timer_set(loop, &smtp->deadline, ha_after_ns(ha_clock_ns(), ha_ms_to_ns(deadline_ms)),
                 too_late, smtp);
    return ld_channel_open_to(&smtp->channel, http, loop, host_and_port, deadline_ms + 1000,
                              &channel_ops, smtp);
}

void ld_smtp_stop(struct ld_smtp *smtp)
{
    if (smtp->loop == NULL)
        return;
    smtp->step = OVER;
    ha_timer_cancel(smtp->loop, &smtp->deadline);
    ld_channel_close(&smtp->channel);
    g_string_free(smtp->line, TRUE);
    memset(smtp, 0, sizeof(*smtp));
    smtp->step = OVER; /* for who is in the middle of a line */
}
