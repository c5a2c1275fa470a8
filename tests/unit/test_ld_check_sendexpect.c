/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sendexpect, redis and memcached checks against servers on loopback, over TCP and UDP. */
#include "tests/unit/check_manners.h"

#include <unistd.h>

static struct ld_probe probe_of(enum ld_protocol protocol, const char *send, const char *expect)
{
    struct ld_probe probe = negotiate_probe(LD_APP_SENDEXPECT, protocol);

    probe.terms.send = (char *)send;
    probe.terms.expect = (char *)expect;
    return probe;
}

static void the_bytes_are_searched_for_wherever_they_come(void **state)
{
    static const struct {
        const char *says;
        size_t length;
        const char *expect;
        enum ld_verdict verdict;
    } rows[] = {
        {"well\n", 0, "well", LD_L7OK},
        {"all\0well", 8, "\\x00w", LD_L7OK},
        {"\377\0\377", 3, "\\xff\\0\\xff", LD_L7OK},
        {"x", 0, NULL, LD_L7OK},
        {"well", 0, "wel.", LD_L7MATCH}, /* bytes, no pattern */
        {"WELL", 0, "well", LD_L7MATCH},
        {"all\0wel", 7, "well", LD_L7MATCH},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct fake_talk talk = {.text = rows[i].says, .length = rows[i].length};
        struct ld_probe probe = probe_of(LD_TCP, "hello", rows[i].expect);

        assert_told(probe, &talk, rows[i].verdict);
        talk.greets = true; /* and we say nothing */
        assert_told(probe_of(LD_TCP, NULL, rows[i].expect), &talk, rows[i].verdict);
        talk.greets = false;
        talk.type = SOCK_DGRAM;
        probe.protocol = LD_UDP;
        if (rows[i].verdict != LD_L7OK)
            probe.timeout_ms = 300;
        assert_told(probe, &talk, rows[i].verdict);
    }
}

static void what_is_sent_is_unescaped_and_no_more(void **state)
{
    struct fake_talk talk = {.text = "x"};
    struct ld_probe probe = probe_of(LD_TCP, "a\\x01\\r\\n\\\\", "x");
    struct fake_talker talker;
    char *heard;

    (void)state;
    fake_talker_start(&talker, &talk);
    probe.port = talker.port;
    assert_verdict(ask(&probe, NULL), LD_L7OK);
    heard = fake_talker_heard(&talker);
    assert_string_equal(heard, "a\1\r\n\\");
    g_free(heard);
    fake_talker_stop(&talker);
    probe.terms.send = (char *)"\\q"; /* which no parser lets pass */
    assert_verdict(ask(&probe, NULL), LD_INTERNAL);
}

static void an_answer_in_pieces_is_put_together(void **state)
{
    struct ld_probe probe = probe_of(LD_TCP, "hello", "well");
    struct fake_talk talk = {.text = "all well", .tone = DRIPS};

    (void)state;
    assert_told(probe, &talk, LD_L7OK);
}

static void a_lost_datagram_is_sent_again(void **state)
{
    struct ld_probe probe = probe_of(LD_UDP, "hello", "well");
    struct fake_talk talk = {.text = "well", .type = SOCK_DGRAM, .deaf_to = 2};

    (void)state;
    assert_told(probe, &talk, LD_L7OK);
}

static void ipv6_is_asked_as_well(void **state)
{
    struct ld_probe probe = probe_of(LD_TCP, "x", "well");
    struct fake_talk talk = {.family = AF_INET6, .text = "well"};

    (void)state;
    probe.addr = loopback_of(AF_INET6);
    assert_told(probe, &talk, LD_L7OK);
    talk.type = SOCK_DGRAM;
    probe.protocol = LD_UDP;
    assert_told(probe, &talk, LD_L7OK);
}

/* ---- recipes ---- */

static size_t answer_redis(const uint8_t *asked, size_t length, uint8_t *out, size_t size)
{
    static const char auth[] = "*2\r\n$4\r\nAUTH\r\n$6\r\nse cre\r\n", ping[] = "*1\r\n$4\r\nPING\r\n";
    bool known = memmem(asked, length, auth, strlen(auth)) != NULL;

    if (memmem(asked, length, ping, strlen(ping)) == NULL)
        return 0;
    return (size_t)g_snprintf((char *)out, (gulong)size,
                              known ? "+OK\r\n+PONG\r\n"
                                    : "-NOAUTH Authentication required.\r\n");
}

static void redis_is_asked_in_its_own_words(void **state)
{
    struct ld_probe probe = negotiate_probe(LD_APP_REDIS, LD_TCP);
    struct fake_talk talk = {.text = "+PONG\r\n", .tone = STAYS};

    (void)state;
    assert_told(probe, &talk, LD_L7OK);
    talk.text = "-LOADING Redis is loading the dataset in memory\r\n";
    assert_told(probe, &talk, LD_L7STS);
    talk.text = "+OK\r\n-LOADING Redis is loading the dataset in memory\r\n";
    assert_told(probe, &talk, LD_L7STS);
    talk = (struct fake_talk){.answer = answer_redis, .tone = STAYS};
    assert_told(probe, &talk, LD_L7STS);
    probe.passwd = "se cre";
    assert_told(probe, &talk, LD_L7OK);
    probe.login = "user"; /* then it is another question */
    assert_told(probe, &talk, LD_L7STS);
}

static void memcached_is_asked_in_its_own_words(void **state)
{
    struct ld_probe probe = negotiate_probe(LD_APP_MEMCACHED, LD_TCP);
    struct fake_talk talk = {.text = "VERSION 1.6.18\r\n", .tone = STAYS};

    (void)state;
    assert_told(probe, &talk, LD_L7OK);
    talk.text = "ERROR\r\n";
    assert_told(probe, &talk, LD_L7STS);
}

/* ---- bad manners ---- */

static void bad_manners_are_borne(void **state)
{
    struct fake_talk talk = {.text = "a sentence that ends in: well"};
    struct fake_talk pong = {.text = "+PONG\r\n"};

    (void)state;
    assert_bears_bad_manners(probe_of(LD_TCP, "x", "well"), &talk, "rubbish", LD_L7MATCH);
    talk.type = SOCK_DGRAM;
    assert_told(probe_of(LD_UDP, "x", "well"), &talk, LD_L7OK);
    assert_bears_the_worst(probe_of(LD_UDP, "x", "well"), &talk, "rubbish", LD_L7MATCH);
    assert_told(negotiate_probe(LD_APP_REDIS, LD_TCP), &pong, LD_L7OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bytes_are_searched_for_wherever_they_come),
        cmocka_unit_test(what_is_sent_is_unescaped_and_no_more),
        cmocka_unit_test(an_answer_in_pieces_is_put_together),
        cmocka_unit_test(a_lost_datagram_is_sent_again),
        cmocka_unit_test(ipv6_is_asked_as_well),
        cmocka_unit_test(redis_is_asked_in_its_own_words),
        cmocka_unit_test(memcached_is_asked_in_its_own_words),
        cmocka_unit_test(bad_manners_are_borne),
    };

    alarm(60);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
