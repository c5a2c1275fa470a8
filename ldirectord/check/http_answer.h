/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An HTTP/1 answer as it comes in pieces: status, Location, body. Reads the
 * answers that servers give every day and no others: whatever is unusual
 * (HTTP/0.9, interim answers, another transfer coding than chunked, two
 * lengths, a line that is no header) is "strange" and for libcurl to judge.
 * No I/O.
 */
#ifndef LD_CHECK_HTTP_ANSWER_H
#define LD_CHECK_HTTP_ANSWER_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Of all lines before the body; of the body that is kept and read. */
#define LD_ANSWER_HEAD_MAX (32 << 10)
#define LD_ANSWER_BODY_MAX (1 << 20)

enum ld_answer_is {
    LD_ANSWER_OPEN,    /* more is to come */
    LD_ANSWER_OVER,    /* its end, or so much of it that no more is wanted */
    LD_ANSWER_STRANGE,
};

enum ld_answer_part { LD_IN_HEAD, LD_IN_LENGTH, LD_IN_REST, LD_IN_SIZE, LD_IN_CHUNK, LD_IN_GAP,
                      LD_IN_TRAILER };

struct ld_http_answer {
    bool bodiless;      /* it answers HEAD */
    bool kept;          /* the body is wanted, and not only its end */
    int status;         /* 0: not yet known; then the head is whole */
    char *location;     /* NULL: none */
    GString *body;      /* NULL: nothing of it kept */
    size_t body_seen;
    bool anything;      /* at least a byte came */

    enum ld_answer_part part;
    GString *line;      /* what waits for the rest of it: the head, a line of chunks; NULL: nothing */
    uint64_t left;      /* of the body, or of a chunk */
    bool chunked, sized;
    size_t trailer_seen;
};

/* From a zeroed answer with its first two words set. */
enum ld_answer_is ld_http_answer_take(struct ld_http_answer *answer, const char *bytes,
                                      size_t length);
/* The server has closed. Not LD_ANSWER_OPEN. */
enum ld_answer_is ld_http_answer_end(struct ld_http_answer *answer);
void ld_http_answer_clear(struct ld_http_answer *answer);

#endif
