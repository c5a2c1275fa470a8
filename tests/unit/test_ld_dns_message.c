/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dns_message: questions as bytes, answers good, foreign, broken and hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <glib.h>
#include <string.h>

#include "ldirectord/check/dns_message.h"

#define ID 0x1234

static struct ld_dns_question question_of(const char *request)
{
    struct ld_dns_question question;

    assert_true(ld_dns_question_of(&question, request));
    return question;
}

static void a_request_is_a_name_an_address_or_nothing(void **state)
{
    static const struct {
        const char *request, *wire;
        size_t length; /* 0: refused */
        enum ld_dns_type type;
    } rows[] = {
        {"www.x.org", "\3www\1x\3org", 11, LD_DNS_A},
        {"www.x.org.", "\3www\1x\3org", 11, LD_DNS_A},
        {"", "", 1, LD_DNS_NS},
        {".", "", 1, LD_DNS_A},
        {"192.0.2.7", "\1" "7\1" "2\1" "0\3" "192\7in-addr\4arpa", 24, LD_DNS_PTR},
        {"a..b", NULL, 0, 0},
        {"..", NULL, 0, 0},
        {"0123456789012345678901234567890123456789012345678901234567890123.org", NULL, 0, 0},
    };
    struct ld_dns_question question;
    GString *longest = g_string_new(NULL);

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        bool taken = ld_dns_question_of(&question, rows[i].request);

        assert_int_equal(taken, rows[i].length > 0);
        if (!taken)
            continue;
        assert_int_equal(question.type, rows[i].type);
        assert_int_equal(question.length, rows[i].length);
        assert_memory_equal(question.name, rows[i].wire, rows[i].length);
    }
    question = question_of("2001:db8::1");
    assert_int_equal(question.length, 74);
    assert_memory_equal(question.name, "\1" "1\1" "0\1" "0", 6);
    for (int i = 0; i < 127; i++)
        g_string_append(longest, i > 0 ? ".a" : "a");
    assert_true(ld_dns_question_of(&question, longest->str));
    assert_int_equal(question.length, 255);
    g_string_append(longest, ".a");
    assert_false(ld_dns_question_of(&question, longest->str));
    g_string_free(longest, TRUE);
}

static void a_query_asks_for_recursion_and_one_thing(void **state)
{
    struct ld_dns_question question = question_of("x.org");
    uint8_t out[LD_DNS_QUERY_MAX];

    (void)state;
    assert_int_equal(ld_dns_query(&question, ID, out), 23);
    assert_memory_equal(out, "\x12\x34\1\0\0\1\0\0\0\0\0\0\1x\3org\0\0\1\0\1", 23);
}

/* ---- answers: bytes after the id ---- */

static void collect(void *ctx, const char *text)
{
    g_string_append_printf(ctx, "%s;", text);
}

#define HEAD(flags, questions, answers) flags "\0" questions "\0" answers "\0\0\0\0"
#define ASKED   "\1x\3org\0\0\1\0\1"
#define RECORD(type, size) "\xc0\x0c\0" type "\0\1\0\0\0\1\0" size

#define CASE(bytes) "\x12\x34" bytes, sizeof("\x12\x34" bytes) - 1

static const struct {
    const char *bytes;
    size_t length;
    enum ld_dns is;
    unsigned rcode;
    const char *records;
} answers[] = {
    {CASE(HEAD("\x81\x80", "\1", "\1") ASKED RECORD("\1", "\4") "\300\0\2\1"), LD_DNS_ANSWER, 0,
     "192.0.2.1;"},
    {CASE(HEAD("\x81\x80", "\1", "\2") ASKED RECORD("\1", "\4") "\300\0\2\1" RECORD("\1", "\4")
              "\300\0\2\2"), LD_DNS_ANSWER, 0, "192.0.2.1;192.0.2.2;"},
    /* an alias first */
    {CASE(HEAD("\x81\x80", "\1", "\2") ASKED RECORD("\5", "\4") "\1y\xc0\x0e" RECORD("\1", "\4")
              "\300\0\2\2"), LD_DNS_ANSWER, 0, "192.0.2.2;"},
    {CASE(HEAD("\x81\x80", "\1", "\0") ASKED), LD_DNS_ANSWER, 0, ""},
    {CASE(HEAD("\x81\x83", "\1", "\0") ASKED), LD_DNS_ANSWER, 3, ""},
    {CASE(HEAD("\x81\x81", "\0", "\0")), LD_DNS_ANSWER, 1, ""},
    {CASE(HEAD("\x81\x80", "\1", "\0") "\1X\3oRg\0\0\1\0\1"), LD_DNS_ANSWER, 0, ""},
    {CASE(HEAD("\x83\x80", "\1", "\0") ASKED), LD_DNS_TRUNCATED, 0, ""},
    /* not ours */
    {"", 0, LD_DNS_NOT_OURS, 0, ""},
    {"\x12\x34\x81\x80\0\1\0\0\0\0\0", 11, LD_DNS_NOT_OURS, 0, ""},
    {"\x12\x35\x81\x80\0\1\0\0\0\0\0\0" ASKED, 23, LD_DNS_NOT_OURS, 0, ""},
    {CASE(HEAD("\x01\x80", "\1", "\0") ASKED), LD_DNS_NOT_OURS, 0, ""}, /* a query */
    {CASE(HEAD("\xa1\x80", "\1", "\0") ASKED), LD_DNS_NOT_OURS, 0, ""}, /* an update */
    {CASE(HEAD("\x81\x80", "\0", "\0")), LD_DNS_NOT_OURS, 0, ""},
    {CASE(HEAD("\x81\x80", "\2", "\0") ASKED ASKED), LD_DNS_NOT_OURS, 0, ""},
    {CASE(HEAD("\x81\x80", "\1", "\0") "\1y\3org\0\0\1\0\1"), LD_DNS_NOT_OURS, 0, ""},
    {CASE(HEAD("\x81\x80", "\1", "\0") "\1x\3org\0\0\2\0\1"), LD_DNS_NOT_OURS, 0, ""},
    {CASE(HEAD("\x81\x80", "\1", "\0") "\1x\3org\0\0\1\0\3"), LD_DNS_NOT_OURS, 0, ""},
    {CASE(HEAD("\x81\x80", "\1", "\0") "\1x\3or"), LD_DNS_NOT_OURS, 0, ""},
    {CASE(HEAD("\x81\x80", "\1", "\0") "\xc0\x0c\0\1\0\1"), LD_DNS_NOT_OURS, 0, ""}, /* to itself */
    {CASE(HEAD("\x81\x80", "\1", "\0") "\1x\xc0\x0c\0\1\0\1"), LD_DNS_NOT_OURS, 0, ""}, /* a circle */
    /* broken */
    {CASE(HEAD("\x81\x80", "\1", "\1") ASKED), LD_DNS_BROKEN, 0, ""},
    {CASE(HEAD("\x81\x80", "\1", "\2") ASKED RECORD("\1", "\4") "\300\0\2\1"), LD_DNS_BROKEN, 0,
     "192.0.2.1;"},
    {CASE(HEAD("\x81\x80", "\1", "\1") ASKED RECORD("\1", "\4") "\300\0\2"), LD_DNS_BROKEN, 0, ""},
    {CASE(HEAD("\x81\x80", "\1", "\1") ASKED RECORD("\1", "\5") "\300\0\2\1\1"), LD_DNS_BROKEN, 0,
     ""},
    {CASE(HEAD("\x81\x80", "\1", "\1") ASKED "\xc0\x50\0\1\0\1\0\0\0\1\0\4\1\2\3\4"), LD_DNS_BROKEN,
     0, ""}, /* a pointer forward */
    {CASE(HEAD("\x81\x80", "\1", "\1") ASKED "\x80\0\1\0\1\0\0\0\1\0\4\1\2\3\4"), LD_DNS_BROKEN, 0,
     ""}, /* a label of a kind there is not */
};

static void an_answer_counts_if_it_is_ours_and_whole(void **state)
{
    struct ld_dns_question question = question_of("x.org");

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(answers); i++) {
        /* A copy of just its size, so that a sanitizer sees the first byte beyond. */
        uint8_t *bytes = g_memdup2(answers[i].bytes, MAX(answers[i].length, 1));
        GString *records = g_string_new(NULL);
        unsigned rcode;
        enum ld_dns is =
            ld_dns_read(bytes, answers[i].length, &question, ID, &rcode, collect, records);

        if (is != answers[i].is)
            fail_msg("answer %zu is %d, not %d", i, (int)is, (int)answers[i].is);
        if (is == LD_DNS_ANSWER)
            assert_int_equal(rcode, answers[i].rcode);
        assert_string_equal(records->str, answers[i].records);
        g_string_free(records, TRUE);
        g_free(bytes);
    }
}

static void names_are_told_as_text(void **state)
{
    static const char bytes[] = "\x12\x34" HEAD("\x81\x80", "\1", "\2")
        "\1" "7\1" "2\1" "0\3" "192\7in-addr\4arpa\0\0\x0c\0\1"
        "\xc0\x0c\0\x0c\0\1\0\0\0\1\0\x0a\4host\3o.g\0"
        "\xc0\x0c\0\x0c\0\1\0\0\0\1\0\5\2\7 \xc0\x1e";
    struct ld_dns_question question = question_of("192.0.2.7");
    GString *records = g_string_new(NULL);
    unsigned rcode;

    (void)state;
    assert_int_equal(ld_dns_read((const uint8_t *)bytes, sizeof(bytes) - 1, &question, ID, &rcode,
                                 collect, records), LD_DNS_ANSWER);
    assert_string_equal(records->str, "host.o\\046g;\\007\\032.arpa;");
    g_string_free(records, TRUE);
}

/* Cut anywhere, or with any one byte changed, nothing is read that is not there. */
static void no_damage_makes_it_read_beyond(void **state)
{
    struct ld_dns_question question = question_of("x.org");

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(answers); i++) {
        for (size_t length = 0; length <= answers[i].length; length++) {
            uint8_t *bytes = g_memdup2(answers[i].bytes, MAX(length, 1));
            GString *records = g_string_new(NULL);
            unsigned rcode;

            for (unsigned value = 0; length > 0 && value < 256; value++) {
                bytes[length - 1] = (uint8_t)value;
                ld_dns_read(bytes, length, &question, ID, &rcode, collect, records);
            }
            assert_true(records->len < 256 * 64);
            g_string_free(records, TRUE);
            g_free(bytes);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_a_name_an_address_or_nothing),
        cmocka_unit_test(a_query_asks_for_recursion_and_one_thing),
        cmocka_unit_test(an_answer_counts_if_it_is_ours_and_whole),
        cmocka_unit_test(names_are_told_as_text),
        cmocka_unit_test(no_damage_makes_it_read_beyond),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
