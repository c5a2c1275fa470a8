/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HTTPS checks of openssl's own test server, with certificates of every kind (tests/data/tls). */
#include "tests/unit/check_trial.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fakes/fake_server.h"

#define TLS TEST_DATA "/tls/"

struct tls_server {
    pid_t pid;
    FILE *says;
    uint16_t port;
};

/* It prints the port it was given, once it listens. */
static void tls_start(struct tls_server *server, char *const *argv)
{
    char line[256];
    int ends[2];
    unsigned port = 0;

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    server->pid = fork();
    assert_true(server->pid >= 0);
    if (server->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(ends[1], 1);
        dup2(ends[1], 2);
        execvp(argv[0], argv);
        _exit(127);
    }
    close(ends[1]);
    server->says = fdopen(ends[0], "r");
    while (port == 0 && fgets(line, sizeof(line), server->says) != NULL)
        (void)!sscanf(line, "ACCEPT 127.0.0.1:%u", &port);
    assert_int_not_equal(port, 0); /* is the openssl command installed? */
    server->port = (uint16_t)port;
}

static void tls_stop(struct tls_server *server)
{
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
    fclose(server->says);
}

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

    tls_start(&server, argv);
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
    tls_start(&server, argv);
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
