/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HTTP answers in pieces of every size: the same is read whatever the pieces are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "ldirectord/check/http_answer.h"

#define OK "HTTP/1.1 200 OK\r\n"

static const struct row {
    const char *text;
    enum ld_answer_is is; /* with the server's closing, if it is not over before */
    int status;
    const char *body, *location;
} rows[] = {
    {OK "Content-Length: 4\r\n\r\nfake", LD_ANSWER_OVER, 200, "fake", NULL},
    {OK "content-length:4 \r\n\r\nfake and more", LD_ANSWER_OVER, 200, "fake", NULL},
    {"HTTP/1.0 200\n\nto the end", LD_ANSWER_OVER, 200, "to the end", NULL},
    {OK "Content-Length: 9\r\n\r\nshort", LD_ANSWER_OVER, 200, "short", NULL},
    {OK "Transfer-Encoding: Chunked\r\n\r\n2\r\nfa\r\n002;x=y\r\nke\r\n0\r\nX: y\r\n\r\n",
     LD_ANSWER_OVER, 200, "fake", NULL},
    {OK "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\na\r\n0123456789\r\n0\r\n\r\n",
     LD_ANSWER_OVER, 200, "0123456789", NULL},
    {"HTTP/1.1 204 No Content\r\n\r\n", LD_ANSWER_OVER, 204, "", NULL},
    {"HTTP/1.1 302 Found\r\nLocation:  /new \r\nContent-Length: 0\r\n\r\n", LD_ANSWER_OVER, 302,
     "", "/new"},
    {"HTTP/1.1 503 Busy: try: later\r\nX-Colon: a:b\r\n\r\nno", LD_ANSWER_OVER, 503, "no", NULL},
    {"HTTP/0.9 200 OK\r\n\r\n", LD_ANSWER_STRANGE, 0, "", NULL},
    {"HTTP/1.1 100 Continue\r\n\r\n" OK "\r\n", LD_ANSWER_STRANGE, 0, "", NULL},
    {"HTTP/1.1 2000 OK\r\n\r\n", LD_ANSWER_STRANGE, 0, "", NULL},
    {"Hello", LD_ANSWER_STRANGE, 0, "", NULL},
    {"HTTP", LD_ANSWER_STRANGE, 0, "", NULL},
    {OK "Content-Length: 4\r\n", LD_ANSWER_STRANGE, 0, "", NULL},
    {OK "Content-Length: 4\r\nContent-Length: 4\r\n\r\nfake", LD_ANSWER_STRANGE, 0, "", NULL},
    {OK "Content-Length: -1\r\n\r\n", LD_ANSWER_STRANGE, 0, "", NULL},
    {OK "Content-Length: 99999999999999999999\r\n\r\n", LD_ANSWER_STRANGE, 0, "", NULL},
    {OK "Transfer-Encoding: gzip, chunked\r\n\r\n", LD_ANSWER_STRANGE, 0, "", NULL},
    {OK " folded: x\r\n\r\n", LD_ANSWER_STRANGE, 0, "", NULL},
    {OK "no header\r\n\r\n", LD_ANSWER_STRANGE, 0, "", NULL},
    {OK "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", LD_ANSWER_STRANGE, 200, "", NULL},
    {OK "Transfer-Encoding: chunked\r\n\r\n2\r\nfake\r\n0\r\n\r\n", LD_ANSWER_STRANGE, 200, "fa", NULL},
    {OK "Transfer-Encoding: chunked\r\n\r\n2\r\nfa", LD_ANSWER_STRANGE, 200, "fa", NULL},
};

static void assert_read(const struct row *row, size_t piece)
{
    struct ld_http_answer answer = {.kept = true};
    enum ld_answer_is is = LD_ANSWER_OPEN;
    size_t length = strlen(row->text);

    for (size_t at = 0; at < length && is == LD_ANSWER_OPEN; at += piece)
        is = ld_http_answer_take(&answer, row->text + at, MIN(piece, length - at));
    if (is == LD_ANSWER_OPEN)
        is = ld_http_answer_end(&answer);
    if (is != row->is || answer.status != row->status)
        print_message("in pieces of %zu: %s\n", piece, row->text);
    assert_int_equal(is, row->is);
    assert_int_equal(answer.status, row->status);
    assert_string_equal(answer.body ? answer.body->str : "", row->body);
    assert_string_equal(answer.location ? answer.location : "", row->location ? row->location : "");
    ld_http_answer_clear(&answer);
}

static void answers_are_the_same_in_pieces_of_any_size(void **state)
{
    (void)state;
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++)
        for (size_t piece = 1; piece <= strlen(rows[i].text); piece++)
            assert_read(&rows[i], piece);
}

static void an_answer_to_head_has_no_body(void **state)
{
    struct ld_http_answer answer = {.bodiless = true};
    static const char text[] = OK "Content-Length: 1000\r\n\r\n";

    (void)state;
    assert_int_equal(ld_http_answer_take(&answer, text, strlen(text)), LD_ANSWER_OVER);
    ld_http_answer_clear(&answer);
}

static void no_more_is_kept_than_is_of_use(void **state)
{
    struct ld_http_answer answer = {.kept = true};
    char *much = g_strnfill(LD_ANSWER_BODY_MAX, 'x');
    static const char head[] = OK "\r\n";

    (void)state;
    assert_int_equal(ld_http_answer_take(&answer, head, strlen(head)), LD_ANSWER_OPEN);
    assert_int_equal(ld_http_answer_take(&answer, much, LD_ANSWER_BODY_MAX - 1), LD_ANSWER_OPEN);
    assert_int_equal(ld_http_answer_take(&answer, much, LD_ANSWER_BODY_MAX), LD_ANSWER_OVER);
    assert_int_equal(answer.body->len, LD_ANSWER_BODY_MAX);
    ld_http_answer_clear(&answer);

    answer.kept = true;
    assert_int_equal(ld_http_answer_take(&answer, OK "X: ", strlen(OK "X: ")), LD_ANSWER_OPEN);
    assert_int_equal(ld_http_answer_take(&answer, much, LD_ANSWER_HEAD_MAX), LD_ANSWER_STRANGE);
    ld_http_answer_clear(&answer);
    g_free(much);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_the_same_in_pieces_of_any_size),
        cmocka_unit_test(an_answer_to_head_has_no_body),
        cmocka_unit_test(no_more_is_kept_than_is_of_use),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
