/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file that was read before: which of its blocks stand as they stood. What a
 * block means depends on its own lines and on the global ones, so blocks are
 * taken over only if between the first and the last byte that is other, with
 * whole blocks around them, no line can be a global one, in either text.
 */
#include <string.h>

#include "ldirectord/conf/ld_cf_inside.h"

#define HEAD "\nvirtual"
#define HEAD_LENGTH (sizeof(HEAD) - 1)

struct piece {
    const char *start, *end;
};

static size_t length_of(struct piece piece)
{
    return (size_t)(piece.end - piece.start);
}

/* How many bytes both begin with. */
static size_t common_start(struct piece a, struct piece b)
{
    size_t most = MIN(length_of(a), length_of(b)), same = 0, step = 4096;

    for (; step > 0; step /= 16)
        while (most - same >= step && memcmp(a.start + same, b.start + same, step) == 0)
            same += step;
    return same;
}

static size_t common_end(struct piece a, struct piece b)
{
    size_t most = MIN(length_of(a), length_of(b)), same = 0, step = 4096;

    for (; step > 0; step /= 16)
        while (most - same >= step && memcmp(a.end - same - step, b.end - same - step, step) == 0)
            same += step;
    return same;
}

/* The start of the last line "virtual..." that is wholly within the first `same` bytes as far as that word
 * goes; NULL: none. */
static const char *last_head(const char *text, size_t same)
{
    for (size_t at = same; at >= HEAD_LENGTH; at--)
        if (memcmp(text + at - HEAD_LENGTH, HEAD, HEAD_LENGTH) == 0)
            return text + at - HEAD_LENGTH + 1;
    return NULL;
}

/* The same for the first one of the last `same` bytes; the end: none. */
static const char *first_head(struct piece text, size_t same)
{
    const char *head = memmem(text.end - same, same, HEAD, HEAD_LENGTH);

    return head ? head + 1 : text.end;
}

static bool is_of_blocks(const char *line, size_t length)
{
    return length == 0 || strchr(" \t\r#", *line) ||
           (length >= HEAD_LENGTH - 1 && memcmp(line, HEAD + 1, HEAD_LENGTH - 1) == 0);
}

/* False: one of its lines is none of a block, blank or a comment. */
static bool count_lines(struct piece piece, unsigned *count)
{
    *count = 0;
    for (const char *line = piece.start, *end; line < piece.end; line = end + 1) {
        end = memchr(line, '\n', (size_t)(piece.end - line));
        if (!end)
            end = piece.end;
        if (!is_of_blocks(line, (size_t)(end - line)))
            return false;
        (*count)++;
    }
    return true;
}

void ld_cf_again_init(struct ld_cf_again *again, const struct ld_config *prior, const char *text, size_t length)
{
    struct piece now = {text, text + length}, before, tail;
    struct piece other, was;
    size_t before_length, same;
    unsigned lines, lines_before;

    before.start = g_bytes_get_data(prior->text, &before_length);
    before.end = before.start + before_length;
    other.start = last_head(now.start, common_start(now, before));
    if (!other.start)
        return;
    was.start = before.start + (other.start - now.start);
    tail = (struct piece){other.start, now.end};
    same = common_end(tail, (struct piece){was.start, before.end});
    other.end = first_head(now, same);
    was.end = before.end - (now.end - other.end);
    if (!count_lines(other, &lines) || !count_lines(was, &lines_before))
        return;
    again->prior = prior;
    again->from = other.start;
    again->to = lines == lines_before ? other.end : now.end;
}

struct ld_service *ld_cf_again_find(struct ld_cf_again *again, const char *at, unsigned line)
{
    const GPtrArray *services = again->prior ? again->prior->services : NULL;
    struct ld_service *service;

    if (!services || (at >= again->from && at < again->to))
        return NULL;
    for (; again->next < services->len; again->next++) {
        service = services->pdata[again->next];
        if (service->line >= line)
            return service->line == line ? service : NULL;
    }
    return NULL;
}
