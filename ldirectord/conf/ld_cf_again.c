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

/* What is other in two texts, with whole blocks around it; false: there is no block before it. */
static bool find_other(struct piece *now, struct piece *then)
{
    const char *head = last_head(now->start, common_start(*now, *then));
    size_t same;

    if (!head)
        return false;
    then->start += head - now->start;
    now->start = head;
    same = common_end(*now, *then);
    head = first_head(*now, same);
    then->end -= now->end - head;
    now->end = head;
    return true;
}

void ld_cf_again_init(struct ld_cf_again *again, const struct ld_config *prior, const char *text, size_t length)
{
    size_t length_then;
    const char *text_then = g_bytes_get_data(prior->text, &length_then);
    struct piece now = {text, text + length}, then = {text_then, text_then + length_then};
    unsigned lines, lines_then;

    if (!find_other(&now, &then) || !count_lines(now, &lines) || !count_lines(then, &lines_then))
        return;
    again->prior = prior;
    again->from = now.start;
    again->to = lines == lines_then ? now.end : text + length;
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
