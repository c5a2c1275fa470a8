/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines in, lines out, and the end of it. Which answer is a good one is for the
 * protocols.
 */
#include "ldirectord/check/dialogue.h"

#include <string.h>

#include "common/base/time.h"
#include "common/run/clock.h"

#define LINE_MAX_BYTES 8192
#define ANSWER_MAX_BYTES (64 << 10)
/* Long enough for an answer to a goodbye, and too short to matter for the next check. */
#define PATIENCE_MS 1000
#define WORDS_MAX 120

/* ---- the end ---- */

static void end(struct ld_dialogue *dialogue)
{
    ha_timer_cancel(ld_check_loop(dialogue->check), &dialogue->patience);
    ld_channel_close(&dialogue->channel);
    ld_check_done(dialogue->check, dialogue->verdict, dialogue->detail);
}

/* The first word counts. */
static void settle(struct ld_dialogue *dialogue, enum ld_verdict verdict, char *detail)
{
    if (dialogue->leaving) {
        g_free(detail);
        return;
    }
    dialogue->leaving = true;
    dialogue->verdict = verdict;
    dialogue->detail = detail;
}

/* "PASS: -ERR not here", with the server's words made fit to be shown. */
static char *detail_of(const struct ld_dialogue *dialogue, const char *words)
{
    char *detail;

    if (words == NULL)
        return NULL;
    detail = g_strdup_printf("%s: %.*s", dialogue->topic, WORDS_MAX, words);
    for (char *c = detail; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || (unsigned char)*c > 0x7e)
            *c = '?';
    return detail;
}

static void patience_lost(void *ctx, uint64_t now_ns)
{
    (void)now_ns;
    end(ctx);
}

void ld_dialogue_leave(struct ld_dialogue *dialogue, enum ld_verdict verdict, const char *words)
{
    if (dialogue->leaving)
        return;
    settle(dialogue, verdict, detail_of(dialogue, words));
    ha_timer_set(ld_check_loop(dialogue->check), &dialogue->patience,
                 ha_after_ns(ha_clock_ns(), ha_ms_to_ns(PATIENCE_MS)), patience_lost, dialogue);
    ld_dialogue_say(dialogue, "goodbye", "%s", dialogue->rules->goodbye);
}

void ld_dialogue_improper(struct ld_dialogue *dialogue, const char *words)
{
    char *said = g_strdup_printf("not %s: %s", dialogue->rules->protocol, words);

    settle(dialogue, LD_L7RSP, detail_of(dialogue, said));
    g_free(said);
    end(dialogue);
}

/* ---- what is said ---- */

void ld_dialogue_say(struct ld_dialogue *dialogue, const char *topic, const char *format, ...)
{
    va_list args;
    char *text, *line, *to;
    size_t length;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    length = strlen(text);
    line = to = g_malloc(length + 2);
    for (const char *from = text; *from != '\0'; from++)
        if (!g_ascii_iscntrl(*from))
            *to++ = *from;
    *to++ = '\r';
    *to++ = '\n';
    dialogue->topic = topic;
    dialogue->heard = 0;
    ld_channel_send(&dialogue->channel, line, (size_t)(to - line));
    memset(text, 0, length); /* it may have been a password */
    memset(line, 0, length);
    g_free(text);
    g_free(line);
}

/* ---- what is heard ---- */

static void line_over(struct ld_dialogue *dialogue)
{
    g_autofree char *line = g_strndup(dialogue->line->str, dialogue->line->len);

    g_string_truncate(dialogue->line, 0);
    g_strchomp(line);
    dialogue->rules->heard(dialogue, line);
}

static void channel_heard(void *ctx, const char *bytes, size_t length)
{
    struct ld_dialogue *dialogue = ctx;

    if (dialogue->leaving) { /* an answer to our goodbye, or more of what we need no more */
        if (memchr(bytes, '\n', length) != NULL)
            end(dialogue);
        return;
    }
    while (length > 0 && !dialogue->leaving) {
        const char *newline = memchr(bytes, '\n', length);
        size_t part = newline != NULL ? (size_t)(newline - bytes) + 1 : length;

        dialogue->heard += part;
        if (dialogue->line->len + part > LINE_MAX_BYTES || dialogue->heard > ANSWER_MAX_BYTES) {
            ld_dialogue_improper(dialogue, "an answer without end");
            return;
        }
        g_string_append_len(dialogue->line, bytes, (gssize)part);
        bytes += part;
        length -= part;
        if (newline != NULL)
            line_over(dialogue);
    }
}

static void channel_opened(void *ctx)
{
    (void)ctx; /* the server speaks first */
}

static void channel_closed(void *ctx)
{
    struct ld_dialogue *dialogue = ctx;

    settle(dialogue, LD_L7RSP, detail_of(dialogue, "the server hung up"));
    end(dialogue);
}

static void channel_failed(void *ctx, enum ld_verdict verdict, const char *why)
{
    struct ld_dialogue *dialogue = ctx;

    settle(dialogue, verdict, g_strdup(why));
    end(dialogue);
}

static const struct ld_channel_ops channel_ops = {
    .opened = channel_opened,
    .heard = channel_heard,
    .closed = channel_closed,
    .failed = channel_failed,
};

static bool has_code(const char *line)
{
    return g_ascii_isdigit(line[0]) && g_ascii_isdigit(line[1]) && g_ascii_isdigit(line[2]) &&
           (line[3] == ' ' || line[3] == '-' || line[3] == '\0');
}

/* "220-one", "two", "220 three" is one answer; that the lines between must have the code as well
 * only smtp says. */
bool ld_dialogue_reply(struct ld_dialogue *dialogue, const char *line)
{
    unsigned code = has_code(line) ? (unsigned)g_ascii_strtoull(line, NULL, 10) : 0;
    bool last = code != 0 && line[3] != '-';

    if (dialogue->replied)
        dialogue->code = 0;
    dialogue->replied = false;
    if (dialogue->code == 0 && code < 100) {
        ld_dialogue_improper(dialogue, line);
        return false;
    }
    if (last && (dialogue->code == 0 || dialogue->code == code)) {
        dialogue->code = code;
        return dialogue->replied = true;
    }
    if (dialogue->code == 0)
        dialogue->code = code;
    return false;
}

/* ---- start and stop ---- */

int ld_dialogue_start(struct ld_check *check, const struct ld_dialogue_rules *rules,
                      enum ld_channel_tls tls)
{
    const struct ld_probe *probe = ld_check_probe(check);
    struct ld_dialogue *dialogue = ld_check_state(check);

    dialogue->check = check;
    dialogue->rules = rules;
    dialogue->topic = "greeting";
    dialogue->line = g_string_new(NULL);
    if (probe->port == 0) {
        ld_check_done(check, LD_L4CON, "no port is configured for this check");
        return 0;
    }
    return ld_channel_open(&dialogue->channel, check, &probe->addr, probe->port, tls, &channel_ops,
                           dialogue);
}

void ld_dialogue_stop(struct ld_check *check)
{
    struct ld_dialogue *dialogue = ld_check_state(check);

    ha_timer_cancel(ld_check_loop(check), &dialogue->patience);
    ld_channel_close(&dialogue->channel);
    if (dialogue->line != NULL)
        g_string_free(dialogue->line, TRUE);
    g_free(dialogue->detail);
}

enum ld_verdict ld_dialogue_deadline(struct ld_check *check)
{
    struct ld_dialogue *dialogue = ld_check_state(check);

    return dialogue->leaving ? dialogue->verdict : ld_channel_overdue(&dialogue->channel);
}
