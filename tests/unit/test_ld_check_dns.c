/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dns checks against made-up name servers on loopback, over UDP and TCP. */
#include "tests/unit/check_manners.h"

#include <unistd.h>

/* ---- what the servers say, made from the query they got ---- */

static unsigned rcode, flags;
static const char *records; /* of the answer section, after their owner's name */
static size_t records_length;
static unsigned records_count;

static size_t answer(const uint8_t *asked, size_t length, uint8_t *out, size_t size)
{
    if (length < 12 || length + records_length > size)
        return 0;
    memcpy(out, asked, length);
    out[2] |= 0x80 | (uint8_t)flags;
    out[3] = 0x80 | (uint8_t)rcode;
    out[7] = (uint8_t)records_count;
    memcpy(out + length, records, records_length);
    return length + records_length;
}

static size_t answer_over_tcp(const uint8_t *asked, size_t length, uint8_t *out, size_t size)
{
    size_t said;

    if (length < 2 || length - 2 < ((size_t)asked[0] << 8 | asked[1]))
        return 0;
    flags &= ~2u; /* nothing is truncated here */
    said = answer(asked + 2, length - 2, out + 2, size - 2);
    out[0] = (uint8_t)(said >> 8);
    out[1] = (uint8_t)said;
    return said + 2;
}

static size_t answer_another(const uint8_t *asked, size_t length, uint8_t *out, size_t size)
{
    size_t said = answer(asked, length, out, size);

    out[1] ^= 1; /* of the id */
    return said;
}

static size_t answer_another_over_tcp(const uint8_t *asked, size_t length, uint8_t *out, size_t size)
{
    size_t said = answer_over_tcp(asked, length, out, size);

    out[3] ^= 1;
    return said;
}

#define ADDRESS "\xc0\x0c\0\1\0\1\0\0\0\1\0\4\300\0\2\1"
#define NAME    "\xc0\x0c\0\x0c\0\1\0\0\0\1\0\6\4host\0"

static void server_says(unsigned code, unsigned count, const char *bytes, size_t length)
{
    rcode = code;
    flags = 0;
    records_count = count;
    records = bytes;
    records_length = length;
}

static struct ld_probe probe_of(enum ld_protocol protocol, const char *request, const char *receive)
{
    struct ld_probe probe = negotiate_probe(LD_APP_DNS, protocol);

    probe.request = request;
    probe.receive = receive;
    return probe;
}

static const struct fake_talk over_udp = {.type = SOCK_DGRAM, .answer = answer};
static const struct fake_talk over_tcp = {.answer = answer_over_tcp};

static void the_answer_decides(void **state)
{
    static const struct {
        unsigned rcode, count;
        const char *bytes;
        size_t length;
        const char *request, *receive;
        enum ld_verdict verdict;
    } rows[] = {
        {0, 1, ADDRESS, 16, "/x.org", "192\\.0\\.2\\.1", LD_L7OK},
        {0, 1, ADDRESS, 16, "/x.org", "^192\\.0\\.2\\.1$", LD_L7OK},
        {0, 1, ADDRESS, 16, "/x.org", NULL, LD_L7OK},
        {0, 1, ADDRESS, 16, "/x.org", "198\\.51", LD_L7MATCH},
        {0, 1, NAME, 18, "/192.0.2.1", "^host$", LD_L7OK},
        {0, 1, NAME, 18, "/2001:db8::1", "host", LD_L7OK},
        {0, 1, NAME, 18, "/192.0.2.1", "other", LD_L7MATCH},
        {0, 0, "", 0, "/x.org", NULL, LD_L7STS},
        {0, 0, "", 0, "/x.org", "x", LD_L7MATCH},
        {3, 0, "", 0, "/x.org", NULL, LD_L7STS},
        {3, 0, "", 0, "/x.org", "x", LD_L7STS},
        {2, 0, "", 0, "/x.org", NULL, LD_L7STS},
        {5, 0, "", 0, "/x.org", NULL, LD_L7STS},
        {0, 2, ADDRESS, 16, "/x.org", NULL, LD_L7RSP}, /* one is missing */
        {0, 0, "", 0, "/", NULL, LD_L7OK}, /* at work is enough */
        {5, 0, "", 0, "/", NULL, LD_L7OK},
        {2, 0, "", 0, "/", NULL, LD_L7STS},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        server_says(rows[i].rcode, rows[i].count, rows[i].bytes, rows[i].length);
        assert_told(probe_of(LD_UDP, rows[i].request, rows[i].receive), &over_udp, rows[i].verdict);
        assert_told(probe_of(LD_TCP, rows[i].request, rows[i].receive), &over_tcp, rows[i].verdict);
    }
}

static void a_truncated_answer_is_fetched_over_tcp(void **state)
{
    struct fake_talker udp, tcp;
    struct fake_talk talk = over_tcp;
    struct ld_probe probe = probe_of(LD_UDP, "/x.org", "192");

    (void)state;
    server_says(0, 1, ADDRESS, 16);
    fake_talker_start(&tcp, &talk);
    flags = 2;
    talk = over_udp;
    talk.port = tcp.port;
    fake_talker_start(&udp, &talk);
    probe.port = udp.port;
    assert_verdict(ask(&probe, NULL), LD_L7OK);
    fake_talker_stop(&tcp); /* now there is nobody to fetch it from */
    assert_verdict(ask(&probe, NULL), LD_L4CON);
    fake_talker_stop(&udp);
}

/* No record for A, this one for AAAA. */
static size_t answer_ipv6_only(const uint8_t *asked, size_t length, uint8_t *out, size_t size)
{
    records_count = length > 4 && asked[length - 3] == 28 ? 1 : 0;
    records_length = records_count > 0 ? 28 : 0;
    return answer(asked, length, out, size);
}

static size_t answer_ipv6_only_over_tcp(const uint8_t *asked, size_t length, uint8_t *out, size_t size)
{
    records_count = length > 4 && asked[length - 3] == 28 ? 1 : 0;
    records_length = records_count > 0 ? 28 : 0;
    return answer_over_tcp(asked, length, out, size);
}

static void a_name_may_have_ipv6_addresses_alone(void **state)
{
    static const char six[] = "\xc0\x0c\0\x1c\0\1\0\0\0\1\0\x10\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1";
    static const struct {
        const char *receive;
        enum ld_verdict verdict;
    } rows[] = {{NULL, LD_L7OK}, {"^2001:db8::1$", LD_L7OK}, {"^192", LD_L7MATCH}};
    const struct fake_talk udp = {.type = SOCK_DGRAM, .answer = answer_ipv6_only};
    const struct fake_talk tcp = {.answer = answer_ipv6_only_over_tcp};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        server_says(0, 1, six, 28);
        assert_told(probe_of(LD_UDP, "/x.org", rows[i].receive), &udp, rows[i].verdict);
        assert_told(probe_of(LD_TCP, "/x.org", rows[i].receive), &tcp, rows[i].verdict);
    }
}

static void a_lost_datagram_is_asked_again(void **state)
{
    struct fake_talk talk = over_udp;

    (void)state;
    server_says(0, 1, ADDRESS, 16);
    talk.deaf_to = 1;
    assert_told(probe_of(LD_UDP, "/x.org", NULL), &talk, LD_L7OK);
}

static void an_answer_to_something_else_is_none(void **state)
{
    struct fake_talk talk = {.type = SOCK_DGRAM, .answer = answer_another};
    struct ld_probe probe = probe_of(LD_UDP, "/x.org", NULL);

    (void)state;
    server_says(0, 1, ADDRESS, 16);
    probe.timeout_ms = 300;
    assert_told(probe, &talk, LD_L7TOUT); /* over UDP the right one might still come */
    talk = (struct fake_talk){.answer = answer_another_over_tcp};
    probe.protocol = LD_TCP;
    assert_told(probe, &talk, LD_L7RSP);
}

static void a_request_that_is_no_name_says_nothing_about_the_server(void **state)
{
    struct ld_probe probe = probe_of(LD_UDP, "/a..b", NULL);

    (void)state;
    probe.port = 53;
    assert_verdict(ask(&probe, NULL), LD_INTERNAL);
}

static void bad_manners_are_borne(void **state)
{
    (void)state;
    server_says(0, 1, ADDRESS, 16);
    assert_bears_bad_manners(probe_of(LD_UDP, "/x.org", NULL), &over_udp, "rubbish", LD_L7TOUT);
    assert_bears_bad_manners(probe_of(LD_TCP, "/x.org", NULL), &over_tcp, "rubbish", LD_L7RSP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_answer_decides),
        cmocka_unit_test(a_truncated_answer_is_fetched_over_tcp),
        cmocka_unit_test(a_name_may_have_ipv6_addresses_alone),
        cmocka_unit_test(a_lost_datagram_is_asked_again),
        cmocka_unit_test(an_answer_to_something_else_is_none),
        cmocka_unit_test(a_request_that_is_no_name_says_nothing_about_the_server),
        cmocka_unit_test(bad_manners_are_borne),
    };

    alarm(60);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
