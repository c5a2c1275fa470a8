/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reader of http_answer.h. Lenient where everybody is (a line may end with
 * a mere line feed), and nowhere else. Nothing is kept of a head that comes in
 * one piece but what is asked about it.
 */
#include "ldirectord/check/http_answer.h"

#include <string.h>

#define LINE_MAX_BYTES    256 /* of a chunk's size, and of a trailer */
#define TRAILER_MAX_BYTES 8192

/* ---- the head ---- */

static bool is_named(const char *line, size_t length, const char *name, const char **value,
                     size_t *value_length)
{
    size_t name_length = strlen(name);

    if (length <= name_length || line[name_length] != ':' ||
        g_ascii_strncasecmp(line, name, name_length) != 0)
        return false;
    *value = line + name_length + 1;
    *value_length = length - name_length - 1;
    while (*value_length > 0 && (**value == ' ' || **value == '\t'))
        (*value)++, (*value_length)--;
    while (*value_length > 0 &&
           ((*value)[*value_length - 1] == ' ' || (*value)[*value_length - 1] == '\t'))
        (*value_length)--;
    return true;
}

static bool read_length(struct ld_http_answer *answer, const char *value, size_t length)
{
    uint64_t number = 0;

    if (length == 0 || length > 18 || answer->sized)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (!g_ascii_isdigit(value[i]))
            return false;
        number = number * 10 + (uint64_t)(value[i] - '0');
    }
    answer->sized = true;
    answer->left = number;
    return true;
}

/* The line without its end. */
static bool read_header(struct ld_http_answer *answer, const char *line, size_t length)
{
    const char *value;
    size_t value_length;

    if (line[0] == ' ' || line[0] == '\t' || line[0] == ':' || memchr(line, ':', length) == NULL)
        return false;
    if (is_named(line, length, "Content-Length", &value, &value_length))
        return read_length(answer, value, value_length);
    if (is_named(line, length, "Transfer-Encoding", &value, &value_length)) {
        if (answer->chunked || value_length != 7 || g_ascii_strncasecmp(value, "chunked", 7) != 0)
            return false;
        answer->chunked = true;
    } else if (is_named(line, length, "Location", &value, &value_length)) {
        g_free(answer->location);
        answer->location = g_strndup(value, value_length);
    }
    return true;
}

/* HTTP/1.0 or 1.1, a status from 200 on, and whatever words. 0: something else. */
static int read_status(const char *line, size_t length)
{
    if (length < 12 || memcmp(line, "HTTP/1.", 7) != 0 || (line[7] != '0' && line[7] != '1') ||
        line[8] != ' ' || line[9] < '2' || line[9] > '9' || !g_ascii_isdigit(line[10]) ||
        !g_ascii_isdigit(line[11]) || (length > 12 && line[12] != ' '))
        return 0;
    return (line[9] - '0') * 100 + (line[10] - '0') * 10 + line[11] - '0';
}

static bool read_head(struct ld_http_answer *answer, const char *head, size_t length)
{
    const char *line = head, *end = head + length;
    int status = 0;

    if (memchr(head, '\0', length) != NULL)
        return false;
    while (line < end) {
        const char *feed = memchr(line, '\n', (size_t)(end - line));
        size_t bytes = (size_t)(feed - line);

        if (bytes > 0 && line[bytes - 1] == '\r')
            bytes--;
        if (line == head)
            status = read_status(line, bytes);
        else if (bytes > 0 && !read_header(answer, line, bytes))
            return false;
        if (status == 0)
            return false;
        line = feed + 1;
    }
    answer->status = status;
    return true;
}

static void after_head(struct ld_http_answer *answer)
{
    if (answer->bodiless || answer->status == 204 || answer->status == 304) {
        answer->part = LD_IN_LENGTH;
        answer->left = 0;
    } else if (answer->chunked) {
        answer->part = LD_IN_SIZE;
    } else {
        answer->part = answer->sized ? LD_IN_LENGTH : LD_IN_REST;
    }
}

/* Just behind the empty line; NULL: it is not there yet. */
static const char *head_end(const char *bytes, size_t length)
{
    const char *end = bytes + length;

    for (const char *feed = bytes; (feed = memchr(feed, '\n', (size_t)(end - feed))) != NULL; feed++) {
        if (feed + 1 < end && feed[1] == '\n')
            return feed + 2;
        if (feed + 2 < end && feed[1] == '\r' && feed[2] == '\n')
            return feed + 3;
    }
    return NULL;
}

/* What cannot become a head any more need not be waited for. */
static bool may_be_head(const char *bytes, size_t length)
{
    return length <= LD_ANSWER_HEAD_MAX && memcmp(bytes, "HTTP/1.", MIN(length, 7)) == 0;
}

/* How many of the bytes were taken; -1: strange. */
static ssize_t take_head(struct ld_http_answer *answer, const char *bytes, size_t length)
{
    size_t before = answer->line != NULL ? answer->line->len : 0;
    const char *head = bytes, *end;

    if (before > 0) {
        g_string_append_len(answer->line, bytes, (gssize)length);
        head = answer->line->str;
    }
    end = head_end(head, before + length);
    if (end == NULL && !may_be_head(head, before + length))
        return -1;
    if (end == NULL) {
        if (before == 0)
            answer->line = g_string_new_len(bytes, (gssize)length);
        return (ssize_t)length;
    }
    if ((size_t)(end - head) > LD_ANSWER_HEAD_MAX ||
        !read_head(answer, head, (size_t)(end - head)))
        return -1;
    after_head(answer);
    length = (size_t)(end - head) - before;
    if (answer->line != NULL)
        g_string_truncate(answer->line, 0);
    return (ssize_t)length;
}

/* ---- the body ---- */

static size_t take_bytes(struct ld_http_answer *answer, const char *bytes, size_t length)
{
    size_t room = LD_ANSWER_BODY_MAX - MIN(answer->body_seen, (size_t)LD_ANSWER_BODY_MAX);

    if (answer->part != LD_IN_REST)
        length = (size_t)MIN((uint64_t)length, answer->left);
    answer->left -= answer->part != LD_IN_REST ? length : 0;
    answer->body_seen += length;
    if (answer->kept && answer->body == NULL)
        answer->body = g_string_new_len(bytes, (gssize)MIN(length, room));
    else if (answer->kept)
        g_string_append_len(answer->body, bytes, (gssize)MIN(length, room));
    return length;
}

static bool read_size(struct ld_http_answer *answer, const char *line)
{
    unsigned digits = 0;

    answer->left = 0;
    for (; g_ascii_isxdigit(*line) && digits < 15; line++, digits++)
        answer->left = answer->left * 16 + (uint64_t)g_ascii_xdigit_value(*line);
    return digits > 0 && (*line == '\0' || *line == ';');
}

/* A line of the chunks is whole, and without its end. */
static bool read_line(struct ld_http_answer *answer, const char *line)
{
    switch (answer->part) {
    case LD_IN_SIZE:
        if (!read_size(answer, line))
            return false;
        answer->part = answer->left > 0 ? LD_IN_CHUNK : LD_IN_TRAILER;
        return true;
    case LD_IN_GAP:
        answer->part = LD_IN_SIZE;
        return line[0] == '\0';
    default: /* a trailer; the empty one is the end */
        if (line[0] == '\0') {
            answer->part = LD_IN_LENGTH;
            answer->left = 0;
        }
        return true;
    }
}

static ssize_t take_line(struct ld_http_answer *answer, const char *bytes, size_t length)
{
    const char *feed = memchr(bytes, '\n', length);
    size_t taken = feed != NULL ? (size_t)(feed - bytes) + 1 : length;

    if (answer->line == NULL)
        answer->line = g_string_new(NULL);
    if (answer->part == LD_IN_TRAILER)
        answer->trailer_seen += taken;
    if (answer->line->len + taken > LINE_MAX_BYTES || answer->trailer_seen > TRAILER_MAX_BYTES ||
        memchr(bytes, '\0', taken) != NULL)
        return -1;
    g_string_append_len(answer->line, bytes, (gssize)taken);
    if (feed == NULL)
        return (ssize_t)taken;
    g_string_truncate(answer->line, answer->line->len - 1);
    if (answer->line->len > 0 && answer->line->str[answer->line->len - 1] == '\r')
        g_string_truncate(answer->line, answer->line->len - 1);
    if (!read_line(answer, answer->line->str))
        return -1;
    g_string_truncate(answer->line, 0);
    return (ssize_t)taken;
}

static ssize_t take_some(struct ld_http_answer *answer, const char *bytes, size_t length)
{
    switch (answer->part) {
    case LD_IN_HEAD:
        return take_head(answer, bytes, length);
    case LD_IN_LENGTH:
    case LD_IN_REST:
        return (ssize_t)take_bytes(answer, bytes, length);
    case LD_IN_CHUNK: {
        size_t taken = take_bytes(answer, bytes, length);

        if (answer->left == 0)
            answer->part = LD_IN_GAP;
        return (ssize_t)taken;
    }
    default:
        return take_line(answer, bytes, length);
    }
}

static bool is_over(const struct ld_http_answer *answer)
{
    return (answer->part == LD_IN_LENGTH && answer->left == 0) ||
           answer->body_seen >= LD_ANSWER_BODY_MAX;
}

enum ld_answer_is ld_http_answer_take(struct ld_http_answer *answer, const char *bytes,
                                      size_t length)
{
    answer->anything |= length > 0;
    while (length > 0 && !is_over(answer)) {
        ssize_t taken = take_some(answer, bytes, length);

        if (taken < 0)
            return LD_ANSWER_STRANGE;
        bytes += taken;
        length -= (size_t)taken;
    }
    return is_over(answer) ? LD_ANSWER_OVER : LD_ANSWER_OPEN;
}

enum ld_answer_is ld_http_answer_end(struct ld_http_answer *answer)
{
    /* A body shorter than announced is taken as it is; chunks say themselves where they end. */
    if (answer->part == LD_IN_REST || answer->part == LD_IN_LENGTH)
        return LD_ANSWER_OVER;
    return LD_ANSWER_STRANGE;
}

void ld_http_answer_clear(struct ld_http_answer *answer)
{
    g_free(answer->location);
    if (answer->body != NULL)
        g_string_free(answer->body, TRUE);
    if (answer->line != NULL)
        g_string_free(answer->line, TRUE);
    memset(answer, 0, sizeof(*answer));
}
