/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gRPC health checks: the two messages, and a server of canned HTTP/2 frames. A real one is asked
 * in the lab (checks-ours).
 */
#include "tests/unit/check_manners.h"

#include <unistd.h>

#include "ldirectord/check/grpc_message.h"

/* ---- messages ---- */

static void the_question_names_the_service(void **state)
{
    static const struct {
        const char *service, *bytes;
        size_t length;
    } rows[] = {
        {"", "\0\0\0\0\0", 5},
        {"a.B", "\0\0\0\0\5\x0a\3a.B", 10},
    };
    GByteArray *question;
    char *name;

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        question = ld_grpc_question(rows[i].service);
        assert_int_equal(question->len, rows[i].length);
        assert_memory_equal(question->data, rows[i].bytes, rows[i].length);
        g_byte_array_free(question, TRUE);
    }
    name = g_strnfill(300, 'x');
    question = ld_grpc_question(name);
    assert_memory_equal(question->data, "\0\0\0\1\x2f\x0a\xac\2xxx", 11);
    assert_int_equal(question->len, 5 + 303);
    g_byte_array_free(question, TRUE);
    g_free(name);
}

static void an_answer_is_read_to_its_end_and_not_beyond(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
        bool good;
        uint64_t health;
    } rows[] = {
        {"\0\0\0\0\2\x08\1", 7, true, LD_GRPC_SERVING},
        {"\0\0\0\0\2\x08\2", 7, true, LD_GRPC_NOT_SERVING},
        {"\0\0\0\0\0", 5, true, LD_GRPC_UNKNOWN},
        {"\0\0\0\0\6\x12\2zz\x08\1", 11, true, LD_GRPC_SERVING}, /* a field of tomorrow */
        {"\0\0\0\0\x0b\x11zzzzzzzz\x08\1", 16, true, LD_GRPC_SERVING},
        {"\0\0\0\0\7\x15zzzz\x08\1", 12, true, LD_GRPC_SERVING},
        {"\1\0\0\0\2\x08\1", 7, false, 0}, /* compressed */
        {"\0\0\0\0\3\x08\1", 7, false, 0},
        {"\0\0\0\0\1\x08\1", 7, false, 0},
        {"\0\0\0\0\1\x08", 6, false, 0},
        {"\0\0\0\0\2\x08\x81", 7, false, 0},
        {"\0\0\0\0\3\x12\x7fz", 8, false, 0},
        {"\0\0\0\0\2\x0f\1", 7, false, 0},
        {"\0\0\0\0\x0c\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\1z", 17, false, 0},
        {"\0\0\0", 3, false, 0},
        {"", 0, false, 0},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint8_t *bytes = g_memdup2(rows[i].bytes, rows[i].length); /* so that a sanitizer sees its end */
        uint64_t health;

        if (ld_grpc_answer(bytes, rows[i].length, &health) != rows[i].good)
            fail_msg("row %zu", i);
        if (rows[i].good)
            assert_int_equal(health, rows[i].health);
        g_free(bytes);
    }
}

/* ---- a server ---- */

#define SETTINGS     "\0\0\0\4\0\0\0\0\0"
#define SETTINGS_ACK "\0\0\0\4\1\0\0\0\0"
/* :status 200, content-type application/grpc */
#define HEAD         "\0\0\x14\1\4\0\0\0\1\x88\x0f\x10\x10" "application/grpc"
#define DATA(status) "\0\0\7\0\0\0\0\0\1\0\0\0\0\2\x08" status
#define TRAILER(status) "\0\0\x0f\1\5\0\0\0\1\0\x0b" "grpc-status" "\1" status
#define BYTES(text)  text, sizeof(text) - 1

/* True: the client's request has come to its end (a DATA frame with END_STREAM). */
static bool is_asked(const uint8_t *asked, size_t length)
{
    size_t at = 24; /* after the preface */

    while (at + 9 <= length) {
        size_t size = (size_t)asked[at] << 16 | (size_t)asked[at + 1] << 8 | asked[at + 2];

        if (asked[at + 3] == 0 && asked[at + 4] & 1 && at + 9 + size <= length)
            return true;
        at += 9 + size;
    }
    return false;
}

static const char *canned;
static size_t canned_length;

static size_t answer_frames(const uint8_t *asked, size_t length, uint8_t *out, size_t size)
{
    if (!is_asked(asked, length) || canned_length > size)
        return 0;
    memcpy(out, canned, canned_length);
    return canned_length;
}

static const struct fake_talk frames = {.answer = answer_frames, .tone = STAYS};

static void only_serving_is_good(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
        enum ld_verdict expected;
    } rows[] = {
        {BYTES(SETTINGS SETTINGS_ACK HEAD DATA("\1") TRAILER("0")), LD_L7OK},
        {BYTES(SETTINGS SETTINGS_ACK HEAD DATA("\2") TRAILER("0")), LD_L7STS},
        {BYTES(SETTINGS SETTINGS_ACK HEAD DATA("\0") TRAILER("0")), LD_L7STS},
        {BYTES(SETTINGS SETTINGS_ACK HEAD DATA("\x7f") TRAILER("0")), LD_L7STS},
        {BYTES(SETTINGS SETTINGS_ACK HEAD DATA("\1") TRAILER("5")), LD_L7STS},
        {BYTES(SETTINGS SETTINGS_ACK HEAD TRAILER("0")), LD_L7RSP}, /* no message */
        {BYTES(SETTINGS SETTINGS_ACK HEAD TRAILER("5")), LD_L7STS},
        /* A number of 33 bits is no 0. */
        {BYTES(SETTINGS SETTINGS_ACK HEAD DATA("\1") "\0\0\x18\1\5\0\0\0\1\0\x0b" "grpc-status"
               "\x0a" "4294967296"), LD_L7RSP},
        {BYTES(SETTINGS SETTINGS_ACK "\0\0\1\1\5\0\0\0\1\x8d"), LD_L7STS}, /* :status 404 */
        {BYTES(SETTINGS SETTINGS_ACK "\0\0\1\1\5\0\0\0\1\x88"), LD_L7RSP}, /* a web server */
        {BYTES(SETTINGS SETTINGS_ACK HEAD "\0\0\4\3\0\0\0\0\1\0\0\0\2"), LD_L7RSP}, /* RST_STREAM */
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        canned = rows[i].bytes;
        canned_length = rows[i].length;
        assert_told(negotiate_probe(LD_APP_GRPC, LD_TCP), &frames, rows[i].expected);
    }
}

static void the_service_and_the_authority_go_out(void **state)
{
    struct ld_probe probe = negotiate_probe(LD_APP_GRPC, LD_TCP);
    struct fake_talker talker;
    uint8_t heard[4096];
    ssize_t length;

    (void)state;
    canned = SETTINGS SETTINGS_ACK HEAD DATA("\1") TRAILER("0");
    canned_length = sizeof(SETTINGS SETTINGS_ACK HEAD DATA("\1") TRAILER("0")) - 1;
    probe.request = "/shop.Cart";
    fake_talker_start(&talker, &frames);
    probe.port = talker.port;
    assert_verdict(ask(&probe, NULL), LD_L7OK);
    length = read(talker.log_fd, heard, sizeof(heard));
    assert_true(length > 24);
    assert_memory_equal(heard, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24);
    assert_non_null(memmem(heard, (size_t)length, "\0\0\0\0\x0b\x0a\x09shop.Cart", 16));
    fake_talker_stop(&talker);
}

static void what_is_no_http2_is_told_apart(void **state)
{
    struct fake_talk talk = {.text = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"};

    (void)state;
    assert_told(negotiate_probe(LD_APP_GRPC, LD_TCP), &talk, LD_L7RSP);
}

static void bad_manners_are_borne(void **state)
{
    (void)state;
    canned = SETTINGS SETTINGS_ACK HEAD DATA("\1") TRAILER("0");
    canned_length = sizeof(SETTINGS SETTINGS_ACK HEAD DATA("\1") TRAILER("0")) - 1;
    assert_bears_bad_manners(negotiate_probe(LD_APP_GRPC, LD_TCP), &frames, "rubbish", LD_L7RSP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_question_names_the_service),
        cmocka_unit_test(an_answer_is_read_to_its_end_and_not_beyond),
        cmocka_unit_test(only_serving_is_good),
        cmocka_unit_test(the_service_and_the_authority_go_out),
        cmocka_unit_test(what_is_no_http2_is_told_apart),
        cmocka_unit_test(bad_manners_are_borne),
    };

    alarm(60);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
