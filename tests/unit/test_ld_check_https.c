/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HTTPS checks of openssl's own test server, with certificates of every kind (tests/data/tls). */
#include "tests/unit/check_trial.h"

#include <unistd.h>

#include "tests/fakes/fake_server.h"
#include "tests/unit/tls_trial.h"

static struct ld_probe https_probe(uint16_t port)
{
    return (struct ld_probe){.type = LD_CHECK_NEGOTIATE, .app = LD_APP_HTTPS, .port = port,
                             .addr = loopback_of(AF_INET), .timeout_ms = 5000, .request = "/"};
}

static enum ld_verdict ask_with(const char *cert, const char *key, char **detail)
{
    char *const argv[] = {"openssl", "s_server", "-accept", "127.0.0.1:0", "-www",
                          "-cert", (char *)cert, "-key", (char *)key, NULL};
    struct tls_server server;
    struct ld_probe probe;
    enum ld_verdict verdict;

    tls_start(&server, argv, NULL);
    probe = https_probe(server.port);
    probe.receive = "Ciphers supported";
    verdict = ask(&probe, detail);
    tls_stop(&server);
    return verdict;
}

static void a_trusted_chain_passes_whatever_its_name(void **state)
{
    (void)state;
    assert_verdict(ask_with(TLS "good.pem", TLS "good.key", NULL), LD_L7OK);
}

static void an_expired_certificate_is_refused(void **state)
{
    char *detail;

    (void)state;
    assert_verdict(ask_with(TLS "expired.pem", TLS "expired.key", &detail), LD_L6RSP);
    assert_non_null(strstr(detail, "expired"));
    g_free(detail);
}

static void a_self_signed_certificate_is_refused(void **state)
{
    char *detail;

    (void)state;
    assert_verdict(ask_with(TLS "self.pem", TLS "self.key", &detail), LD_L6RSP);
    assert_non_null(strstr(detail, "self"));
    g_free(detail);
}

static void virtualhost_is_the_name_asked_for_in_the_handshake(void **state)
{
    char *const argv[] = {"openssl", "s_server", "-accept", "127.0.0.1:0", "-www",
                          "-cert", TLS "self.pem", "-key", TLS "self.key",
                          "-servername", "good.example",
                          "-cert2", TLS "good.pem", "-key2", TLS "good.key", NULL};
    struct tls_server server;
    struct ld_probe probe;

    (void)state;
    tls_start(&server, argv, NULL);
    probe = https_probe(server.port);
    assert_verdict(ask(&probe, NULL), LD_L6RSP);
    probe.virtualhost = "good.example";
    assert_verdict(ask(&probe, NULL), LD_L7OK);
    probe.virtualhost = "good.example:8443";
    assert_verdict(ask(&probe, NULL), LD_L7OK);
    probe.virtualhost = "other.example";
    assert_verdict(ask(&probe, NULL), LD_L6RSP);
    tls_stop(&server);
}

static void a_server_without_tls_fails_in_the_handshake(void **state)
{
    struct fake_server server;
    struct ld_probe probe;

    (void)state;
    fake_server_start(&server, AF_INET, FAKE_SILENT, NULL);
    probe = https_probe(server.port);
    probe.timeout_ms = 500;
    assert_verdict(ask(&probe, NULL), LD_L6TOUT);
    fake_server_stop(&server);

    probe = https_probe(fake_server_closed_port(AF_INET));
    assert_verdict(ask(&probe, NULL), LD_L4CON);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trusted_chain_passes_whatever_its_name),
        cmocka_unit_test(an_expired_certificate_is_refused),
        cmocka_unit_test(a_self_signed_certificate_is_refused),
        cmocka_unit_test(virtualhost_is_the_name_asked_for_in_the_handshake),
        cmocka_unit_test(a_server_without_tls_fails_in_the_handshake),
    };

    alarm(120);
    g_setenv("SSL_CERT_FILE", TLS "ca.pem", TRUE);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
