/* SPDX-License-Identifier: GPL-2.0-or-later */
/* radius checks against a made-up server on loopback, which signs as it is told. */
#include "tests/unit/check_manners.h"

#include <unistd.h>

static uint8_t code;
static const char *secret;

static size_t answer(const uint8_t *asked, size_t length, uint8_t *out, size_t size)
{
    GChecksum *sum;
    gsize digest = 16;

    if (length < 20 || size < 20)
        return 0;
    memcpy(out, asked, 20);
    out[0] = code;
    out[2] = 0;
    out[3] = 20;
    sum = g_checksum_new(G_CHECKSUM_MD5);
    g_checksum_update(sum, out, 20);
    g_checksum_update(sum, (const guchar *)secret, -1);
    g_checksum_get_digest(sum, out + 4, &digest);
    g_checksum_free(sum);
    return 20;
}

static const struct fake_talk server = {.type = SOCK_DGRAM, .answer = answer};

static struct ld_probe probe_of(void)
{
    /* Over UDP, whatever the service is. */
    struct ld_probe probe = negotiate_probe(LD_APP_RADIUS, LD_TCP);

    probe.login = "joe";
    probe.passwd = "geheim";
    probe.secret = "s3cret";
    return probe;
}

static void the_code_decides(void **state)
{
    (void)state;
    secret = "s3cret";
    code = 2;
    assert_told(probe_of(), &server, LD_L7OK);
    code = 3;
    assert_told(probe_of(), &server, LD_L7STS);
    code = 11;
    assert_told(probe_of(), &server, LD_L7STS);
}

static void another_secret_is_the_reason_at_the_deadline(void **state)
{
    struct ld_probe probe = probe_of();
    struct fake_talker talker;
    char *detail;

    (void)state;
    secret = "another";
    code = 2;
    probe.timeout_ms = 300;
    fake_talker_start(&talker, &server);
    probe.port = talker.port;
    assert_verdict(ask(&probe, &detail), LD_L7RSP);
    assert_string_equal(detail, "the answer is not signed with our secret");
    g_free(detail);
    fake_talker_stop(&talker);
}

static void a_lost_request_is_sent_again(void **state)
{
    struct fake_talk talk = server;

    (void)state;
    secret = "s3cret";
    code = 2;
    talk.deaf_to = 1;
    assert_told(probe_of(), &talk, LD_L7OK);
}

static void no_secret_is_an_empty_one(void **state)
{
    struct ld_probe probe = probe_of();

    (void)state;
    secret = "";
    code = 2;
    probe.secret = probe.passwd = NULL;
    assert_told(probe, &server, LD_L7OK);
}

static void bad_manners_are_borne(void **state)
{
    (void)state;
    secret = "s3cret";
    code = 2;
    assert_bears_bad_manners(probe_of(), &server, "rubbish", LD_L7TOUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_code_decides),
        cmocka_unit_test(another_secret_is_the_reason_at_the_deadline),
        cmocka_unit_test(a_lost_request_is_sent_again),
        cmocka_unit_test(no_secret_is_an_empty_one),
        cmocka_unit_test(bad_manners_are_borne),
    };

    alarm(60);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
