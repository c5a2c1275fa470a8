/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tls check, and what verify, cafile and sni mean for every service that speaks TLS: openssl's
 * own test server with certificates of every kind (tests/data/tls).
 */
#include "tests/unit/check_manners.h"

#include <unistd.h>

#include "tests/unit/tls_trial.h"

static struct ld_probe tls_probe(enum ld_app app)
{
    struct ld_probe probe = negotiate_probe(app, LD_TCP);

    probe.terms.cafile = (char *)TLS "ca.pem";
    return probe;
}

static void start_with(struct tls_server *server, const char *name)
{
    char *cert = g_strdup_printf(TLS "%s.pem", name), *key = g_strdup_printf(TLS "%s.key", name);
    char *const argv[] = {"openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", cert, "-key",
                          key, NULL};

    tls_start(server, argv, NULL);
    g_free(cert);
    g_free(key);
}

/* The server says nothing: a check that got through the handshake waits for it in vain. */
static void assert_handshake(struct ld_probe probe, bool accepted, const char *what)
{
    enum ld_verdict found, expected;
    char *detail = NULL;

    expected = !accepted ? LD_L6RSP : probe.app == LD_APP_TLS ? LD_L6OK : LD_L7TOUT;
    if (expected == LD_L7TOUT)
        probe.timeout_ms = 400;
    found = ask(&probe, &detail);
    while (expected == LD_L7TOUT && found == LD_L6TOUT && probe.timeout_ms < 10000) { /* a slow machine */
        probe.timeout_ms *= 2;
        g_free(detail);
        found = ask(&probe, &detail);
    }
    if (found != expected)
        fail_msg("%s, %s: %s (%s), not %s", ld_app_name(probe.app), what, ld_verdict_code(found),
                 detail, ld_verdict_code(expected));
    g_free(detail);
}

static const struct {
    enum ld_app app;
    bool usual_is_none, reads_virtualhost;
} apps[] = {
    {LD_APP_TLS, false, true},    {LD_APP_HTTPS, false, true},  {LD_APP_GRPCS, false, true},
    {LD_APP_IMAPS, false, false}, {LD_APP_POPS, false, false}, {LD_APP_LDAPS, true, false},
};

static void certificates_that_are_bad_are_refused_unless_none_is_verified(void **state)
{
    static const char *const bad[] = {"expired", "self"};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        struct tls_server server;

        start_with(&server, bad[i]);
        for (size_t j = 0; j < G_N_ELEMENTS(apps); j++) {
            struct ld_probe probe = tls_probe(apps[j].app);

            probe.port = server.port;
            assert_handshake(probe, apps[j].usual_is_none, bad[i]);
            probe.terms.verify = LD_VERIFY_CHAIN;
            assert_handshake(probe, false, bad[i]);
            probe.terms.verify = LD_VERIFY_NAME;
            probe.terms.sni = (char *)"good.example";
            assert_handshake(probe, false, bad[i]);
            probe.terms.verify = LD_VERIFY_NONE;
            assert_handshake(probe, true, bad[i]);
        }
        tls_stop(&server);
    }
}

static void a_wrong_name_is_refused_only_where_the_name_is_verified(void **state)
{
    struct tls_server server;

    (void)state;
    start_with(&server, "good"); /* good.example, and no address */
    for (size_t i = 0; i < G_N_ELEMENTS(apps); i++) {
        struct ld_probe probe = tls_probe(apps[i].app);

        probe.port = server.port;
        assert_handshake(probe, true, "the usual");
        probe.terms.verify = LD_VERIFY_NAME;
        assert_handshake(probe, false, "no name, so the address");
        probe.terms.sni = (char *)"other.example";
        assert_handshake(probe, false, "another name");
        probe.terms.sni = (char *)"good.example";
        assert_handshake(probe, true, "its name");
        probe.terms.sni = NULL;
        probe.virtualhost = "good.example";
        assert_handshake(probe, apps[i].reads_virtualhost, "its name as virtualhost");
    }
    tls_stop(&server);
}

static void sni_is_what_the_handshake_asks_for(void **state)
{
    char *const argv[] = {"openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", TLS "self.pem",
                          "-key", TLS "self.key", "-servername", "good.example",
                          "-cert2", TLS "good.pem", "-key2", TLS "good.key", NULL};
    struct tls_server server;

    (void)state;
    tls_start(&server, argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(apps); i++) {
        struct ld_probe probe = tls_probe(apps[i].app);

        probe.port = server.port;
        probe.terms.verify = LD_VERIFY_CHAIN;
        assert_handshake(probe, false, "no name");
        probe.terms.sni = (char *)"good.example";
        assert_handshake(probe, true, "the name");
        probe.virtualhost = "other.example"; /* sni comes first */
        assert_handshake(probe, true, "the name beside virtualhost");
    }
    tls_stop(&server);
}

static void without_a_cafile_the_system_is_trusted_and_one_that_is_not_there_is_our_fault(void **state)
{
    struct ld_probe probe = tls_probe(LD_APP_TLS);
    struct tls_server server;

    (void)state;
    start_with(&server, "good");
    probe.port = server.port;
    probe.terms.cafile = NULL;
    assert_handshake(probe, false, "an authority nobody knows");
    probe.terms.cafile = (char *)"/no/such/file";
    assert_verdict(ask(&probe, NULL), LD_INTERNAL);
    probe.terms.cafile = (char *)TLS "ca.pem";
    assert_handshake(probe, true, "an authority of the file");
    tls_stop(&server);
}

/* The test's own settings of OpenSSL (tests/data/tls/old.cnf) allow TLS 1.0: refusing it is ours. */
static void only_tls_1_2_and_newer_is_spoken(void **state)
{
    static const struct {
        const char *option;
        bool accepted;
    } versions[] = {{"-tls1", false}, {"-tls1_1", false}, {"-tls1_2", true}, {"-tls1_3", true}};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(versions); i++) {
        char *const argv[] = {"openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", TLS "good.pem",
                              "-key", TLS "good.key", "-cipher", "DEFAULT@SECLEVEL=0",
                              (char *)versions[i].option, NULL};
        struct tls_server server;

        tls_start(&server, argv, NULL);
        for (size_t j = 0; j < G_N_ELEMENTS(apps); j++) {
            struct ld_probe probe = tls_probe(apps[j].app);

            probe.port = server.port;
            probe.terms.verify = LD_VERIFY_NONE; /* which lets no old protocol in either */
            assert_handshake(probe, versions[i].accepted, versions[i].option);
        }
        tls_stop(&server);
    }
}

static void what_is_no_tls_is_told_apart(void **state)
{
    struct ld_probe probe = tls_probe(LD_APP_TLS);
    struct fake_talk talk = {.text = "220 a greeting, and no handshake\r\n", .tone = STAYS};
    struct fake_server deaf;

    (void)state;
    talk.greets = true;
    assert_told(probe, &talk, LD_L6RSP);
    talk.tone = HANGS_UP;
    assert_told(probe, &talk, LD_L6RSP);
    probe.port = fake_server_closed_port(AF_INET);
    assert_verdict(ask(&probe, NULL), LD_L4CON);
    probe.port = 0;
    assert_verdict(ask(&probe, NULL), LD_L4CON);
    probe.timeout_ms = 300;
    talk.tone = MUTE;
    assert_told(probe, &talk, LD_L6TOUT);
    talk.tone = DRIPS;
    talk.text = "\x16\3\3\1\0\2a handshake that takes its time";
    talk.length = 30;
    assert_told(probe, &talk, LD_L6TOUT);
    fake_server_start(&deaf, AF_INET, FAKE_DEAF, NULL);
    probe.port = deaf.port;
    assert_verdict(ask(&probe, NULL), LD_L4TOUT);
    fake_server_stop(&deaf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificates_that_are_bad_are_refused_unless_none_is_verified),
        cmocka_unit_test(a_wrong_name_is_refused_only_where_the_name_is_verified),
        cmocka_unit_test(sni_is_what_the_handshake_asks_for),
        cmocka_unit_test(
            without_a_cafile_the_system_is_trusted_and_one_that_is_not_there_is_our_fault),
        cmocka_unit_test(only_tls_1_2_and_newer_is_spoken),
        cmocka_unit_test(what_is_no_tls_is_told_apart),
    };

    alarm(120);
    g_setenv("OPENSSL_CONF", TLS "old.cnf", TRUE);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
