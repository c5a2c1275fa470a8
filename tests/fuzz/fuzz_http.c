/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An HTTP answer: the same one however it is cut into pieces. The first byte
 * says of what size they are, the second what was asked (HEAD; without receive).
 */
#include "ldirectord/check/http_answer.h"
#include "tests/fuzz/fuzz.h"

static enum ld_answer_is feed(struct ld_http_answer *answer, const struct fuzz_rest *rest, size_t piece,
                              uint8_t asked)
{
    enum ld_answer_is is = LD_ANSWER_OPEN;

    memset(answer, 0, sizeof(*answer));
    answer->bodiless = (asked & 1) != 0;
    answer->kept = (asked & 2) == 0;
    for (size_t at = 0; at < rest->left && is == LD_ANSWER_OPEN; at += piece) {
        size_t length = MIN(piece, rest->left - at);
        char *exact = g_memdup2(rest->at + at, length); /* nothing beyond it is looked at */

        is = ld_http_answer_take(answer, exact, length);
        g_free(exact);
    }
    return is != LD_ANSWER_OPEN ? is : ld_http_answer_end(answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_rest rest = {data, size};
    size_t piece = (size_t)fuzz_byte(&rest) + 1;
    uint8_t asked = fuzz_byte(&rest);
    struct ld_http_answer whole, pieces;
    enum ld_answer_is is = feed(&whole, &rest, MAX(rest.left, 1), asked);

    fuzz_must(is == LD_ANSWER_OVER || is == LD_ANSWER_STRANGE);
    fuzz_must(feed(&pieces, &rest, piece, asked) == is);
    if (is == LD_ANSWER_OVER) {
        fuzz_must(whole.status >= 200 && whole.status <= 999 && whole.status == pieces.status);
        fuzz_must(g_strcmp0(whole.location, pieces.location) == 0);
        fuzz_must((whole.body != NULL) == (pieces.body != NULL));
        fuzz_must(whole.body == NULL || (whole.body->len <= LD_ANSWER_BODY_MAX &&
                                         g_string_equal(whole.body, pieces.body)));
    }
    ld_http_answer_clear(&whole);
    ld_http_answer_clear(&pieces);
    return 0;
}
