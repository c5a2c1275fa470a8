/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LDAP messages as bytes, and ldap and ldaps checks against scripted servers. */
#include "tests/unit/dialogue_trial.h"

#include <errno.h>
#include <unistd.h>

#include "ldirectord/check/ldap_message.h"
#include "tests/unit/tls_trial.h"

/* Answers: a result, and the entry dc=x. */
#define RESULT(id, tag, code) "0\x0c\x02\x01" id tag "\x07\x0a\x01" code "\x04\0\x04\0"
#define BOUND      RESULT("\1", "a", "\0")
#define DONE       RESULT("\2", "e", "\0")
#define THE_ENTRY  "0\x0d\x02\x01\x02""d\x08\x04\x04""dc=x0\0"
#define REFERRED   "0\x0a\x02\x01\x02s\x05\x04\x03x:/"
/* What begins our requests. */
#define TO_BIND    "0\x0c\x02\x01\x01`"
#define TO_SEARCH  "0.\x02\x01\x02""c"

#define SAYS(hears, text) {hears, text, sizeof(text) - 1, FAKE_SAYS}
#define LEAVES(hears, text) {hears, text, sizeof(text) - 1, FAKE_LEAVES}

static const struct fake_turn END = {NULL, NULL, 0, FAKE_SAYS};

static struct ld_probe ldap_probe(const char *receive)
{
    return (struct ld_probe){.type = LD_CHECK_NEGOTIATE, .app = LD_APP_LDAP, .receive = receive,
                             .addr = loopback_of(AF_INET), .timeout_ms = 5000, .request = "/dc=x"};
}

static void requests_are_the_bytes_of_the_standard(void **state)
{
    static const uint8_t expected[] = {
        /* bind as cn=a, b */
        0x30, 0x11, 2, 1, 1, 0x60, 0x0c, 2, 1, 3, 4, 4, 'c', 'n', '=', 'a', 0x80, 1, 'b',
        /* search dc=x, base, (objectClass=*), attribute 1.1 */
        0x30, 0x2e, 2, 1, 2, 0x63, 0x29, 4, 4, 'd', 'c', '=', 'x', 0x0a, 1, 0, 0x0a, 1, 0,
        2, 1, 0, 2, 1, 0, 1, 1, 0, 0x87, 11, 'o', 'b', 'j', 'e', 'c', 't', 'C', 'l', 'a', 's', 's',
        0x30, 5, 4, 3, '1', '.', '1',
        /* unbind */
        0x30, 5, 2, 1, 3, 0x42, 0,
    };
    GByteArray *out = g_byte_array_new();

    (void)state;
    ld_ldap_bind(out, 1, "cn=a", "b");
    ld_ldap_search(out, 2, "dc=x");
    ld_ldap_unbind(out, 3);
    assert_int_equal(out->len, sizeof(expected));
    assert_memory_equal(out->data, expected, sizeof(expected));
    g_byte_array_free(out, TRUE);
}

static int read_text(const char *bytes, size_t length, struct ld_ldap_answer *answer)
{
    uint8_t *copy = g_memdup2(bytes, length); /* so that a sanitizer sees any step beyond */
    size_t used = 0;
    int found = ld_ldap_read(copy, length, answer, &used);

    if (found == 1)
        assert_in_range(used, 1, length);
    if (found == 1 && answer->length > 0) /* where it was, in what the caller has */
        answer->text = bytes + (answer->text - (const char *)copy);
    g_free(copy);
    return found;
}

static void answers_are_read_when_they_are_complete(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
        enum ld_ldap_kind kind;
        const char *text;
    } rows[] = {
        {BOUND, sizeof(BOUND) - 1, LD_LDAP_BIND_RESPONSE, ""},
        {DONE, sizeof(DONE) - 1, LD_LDAP_DONE, ""},
        {THE_ENTRY, sizeof(THE_ENTRY) - 1, LD_LDAP_ENTRY, "dc=x"},
        {REFERRED, sizeof(REFERRED) - 1, LD_LDAP_REFERENCE, ""},
    };
    struct ld_ldap_answer answer;

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        for (size_t length = 0; length < rows[i].length; length++)
            assert_int_equal(read_text(rows[i].bytes, length, &answer), 0);
        assert_int_equal(read_text(rows[i].bytes, rows[i].length, &answer), 1);
        assert_int_equal(answer.kind, rows[i].kind);
        assert_int_equal(answer.length, strlen(rows[i].text));
        assert_memory_equal(answer.text, rows[i].text, answer.length);
    }
}

static void rubbish_is_refused(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
    } rows[] = {
        {"220 mail", 8},
        {"0\x80", 2},                         /* indefinite length */
        {"0\x85\1\1\1\1\1", 7},               /* longer than anything */
        {"0\x84\xff\xff\xff\xff", 6},
        {"0\x83\x20\0\0", 5},                 /* 2 MiB */
        {"0\0", 2},
        {"0\3\x02\1\1", 5},                   /* an id and nothing more */
        {"0\7\x02\1\1""a\x02\x0a\1", 9},      /* a result that is cut */
        {"0\5\x02\1\1""d\x7f", 7},            /* an entry longer than its message */
        {"0\5\x02\1\1""z\0", 7},
    };
    struct ld_ldap_answer answer;

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (read_text(rows[i].bytes, rows[i].length, &answer) != -EBADMSG)
            fail_msg("row %zu", i);
}

/* Every byte of a good answer changed to every value: read or refused, never beyond the end. */
static void no_change_of_a_byte_leads_out_of_the_message(void **state)
{
    static const char good[] = BOUND THE_ENTRY DONE;
    struct ld_ldap_answer answer;
    char bytes[sizeof(good)];

    (void)state;
    for (size_t i = 0; i < sizeof(good) - 1; i++) {
        for (unsigned value = 0; value < 256; value++) {
            memcpy(bytes, good, sizeof(good));
            bytes[i] = (char)value;
            for (size_t at = 0; at < sizeof(good) - 1; at += 14)
                assert_in_range(read_text(bytes + at, sizeof(good) - 1 - at, &answer) + EBADMSG, 0,
                                EBADMSG + 1);
        }
    }
}

static void one_entry_whose_dn_matches_is_what_it_takes(void **state)
{
    static const struct {
        struct fake_turn search;
        const char *receive;
        enum ld_verdict expected;
        const char *detail;
    } rows[] = {
        {SAYS(TO_SEARCH, THE_ENTRY DONE), NULL, LD_L7OK, NULL},
        {SAYS(TO_SEARCH, THE_ENTRY DONE), "^dc=.$", LD_L7OK, NULL},
        {SAYS(TO_SEARCH, REFERRED THE_ENTRY DONE), "dc=x", LD_L7OK, NULL},
        {SAYS(TO_SEARCH, THE_ENTRY DONE), "dc=y", LD_L7MATCH, "not found in the DN"},
        {SAYS(TO_SEARCH, DONE), NULL, LD_L7MATCH, "0 entries, not one"},
        {SAYS(TO_SEARCH, THE_ENTRY THE_ENTRY DONE), NULL, LD_L7MATCH, "2 entries, not one"},
        {SAYS(TO_SEARCH, RESULT("\2", "e", "\x20")), NULL, LD_L7STS, "search: LDAP result 32"},
        {SAYS(TO_SEARCH, BOUND), NULL, LD_L7RSP, "a second answer to our bind"},
        {SAYS(TO_SEARCH, "220 mail\r\n"), NULL, LD_L7RSP, "not LDAP"},
        {LEAVES(TO_SEARCH, THE_ENTRY), NULL, LD_L7RSP, "the server hung up"},
        {{TO_SEARCH, THE_ENTRY, sizeof(THE_ENTRY) - 1, FAKE_RAVES}, NULL, LD_L7RSP,
         "an answer without end"},
        {SAYS(TO_SEARCH, "0\x1a\x02\1\0x\x15\x0a\1\x34\4\0\4\x0egoing\x1b[0m down"), NULL, LD_L7STS,
         "goodbye: LDAP result 52, going?[0m down"},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const struct fake_turn script[] = {SAYS(TO_BIND, BOUND), rows[i].search, END};
        char *detail;
        enum ld_verdict found = ask_script(ldap_probe(rows[i].receive), script, &detail, NULL);

        if (found != rows[i].expected || g_strcmp0(detail, rows[i].detail) != 0)
            fail_msg("row %zu: %s %s", i, ld_verdict_code(found), detail);
        g_free(detail);
    }
}

static void a_bind_that_is_refused_is_named(void **state)
{
    const struct ld_probe probe = ldap_probe(NULL);
    const struct dialogue_case cases[] = {
        {{SAYS(TO_BIND, RESULT("\1", "a", "\x31")), END}, LD_L7STS, "bind: LDAP result 49", NULL},
        {{SAYS(TO_BIND, THE_ENTRY), END}, LD_L7RSP, "an answer to what was not asked", NULL},
        {{SAYS(TO_BIND, "HTTP/1.1 400\r\n"), END}, LD_L7RSP, "not LDAP", NULL},
        {{SAYS(TO_BIND, "0\x84\x7f\xff\xff\xff"), END}, LD_L7RSP, "not LDAP", NULL},
        {{LEAVES(TO_BIND, "0"), END}, LD_L7RSP, "the server hung up", NULL},
    };

    (void)state;
    try_dialogue(&probe, cases, G_N_ELEMENTS(cases));
}

static void the_deadline_is_final(void **state)
{
    struct ld_probe probe = ldap_probe(NULL);
    const struct dialogue_case cases[] = {
        {{{TO_BIND, BOUND, sizeof(BOUND) - 1, FAKE_SPELLS}, END}, LD_L7TOUT, "500 ms", NULL},
        {{SAYS(TO_BIND, BOUND), END}, LD_L7TOUT, "500 ms", NULL},
    };

    (void)state;
    probe.timeout_ms = 500;
    try_dialogue(&probe, cases, G_N_ELEMENTS(cases));
    try_absence(probe, LD_L7TOUT);
}

/* A directory cannot be had of openssl: that it is asked, and what it says, shows that the
 * certificate was no matter. */
static void ldaps_verifies_no_certificate(void **state)
{
    static const char *const names[] = {"good", "expired", "self"};
    struct ld_probe probe = ldap_probe(NULL);

    (void)state;
    probe.app = LD_APP_LDAPS;
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        char *cert = g_strdup_printf(TLS "%s.pem", names[i]);
        char *key = g_strdup_printf(TLS "%s.key", names[i]);
        char *const argv[] = {"openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", cert,
                              "-key", key, NULL};
        struct tls_server server;

        tls_start(&server, argv, "hello\n");
        probe.port = server.port;
        assert_verdict(ask(&probe, NULL), LD_L7RSP);
        tls_stop(&server);
        g_free(cert);
        g_free(key);
    }
    probe.timeout_ms = 500;
    try_absence(probe, LD_L6TOUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_the_bytes_of_the_standard),
        cmocka_unit_test(answers_are_read_when_they_are_complete),
        cmocka_unit_test(rubbish_is_refused),
        cmocka_unit_test(no_change_of_a_byte_leads_out_of_the_message),
        cmocka_unit_test(one_entry_whose_dn_matches_is_what_it_takes),
        cmocka_unit_test(a_bind_that_is_refused_is_named),
        cmocka_unit_test(the_deadline_is_final),
        cmocka_unit_test(ldaps_verifies_no_certificate),
    };

    alarm(120);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
