/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * openssl's own test server, with certificates of every kind (tests/data/tls)
 * and words of ours.
 */
#ifndef TLS_TRIAL_H
#define TLS_TRIAL_H

#include "tests/unit/check_trial.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define TLS TEST_DATA "/tls/"

struct tls_server {
    pid_t pid;
    FILE *says;
    int words_fd;
    uint16_t port;
};

/* It prints the port it was given, once it listens. words, if any, is what it sends. */
static inline void tls_start(struct tls_server *server, char *const *argv, const char *words)
{
    char line[256];
    int ends[2], in[2];
    unsigned port = 0;

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    server->pid = fork();
    assert_true(server->pid >= 0);
    if (server->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(in[0], 0);
        dup2(ends[1], 1);
        dup2(ends[1], 2);
        execvp(argv[0], argv);
        _exit(127);
    }
    close(ends[1]);
    close(in[0]);
    server->words_fd = in[1];
    if (words != NULL)
        assert_int_equal(write(in[1], words, strlen(words)), strlen(words));
    server->says = fdopen(ends[0], "r");
    while (port == 0 && fgets(line, sizeof(line), server->says) != NULL)
        (void)!sscanf(line, "ACCEPT 127.0.0.1:%u", &port);
    assert_int_not_equal(port, 0); /* is the openssl command installed? */
    server->port = (uint16_t)port;
}

static inline void tls_stop(struct tls_server *server)
{
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
    close(server->words_fd);
    fclose(server->says);
}

/* The good certificate (which names no address) passes, one expired and one signed by itself have
 * this verdict. */
static inline void try_certificates(struct ld_probe probe, const char *words,
                                    enum ld_verdict otherwise)
{
    static const char *const names[] = {"good", "expired", "self"};

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        char *cert = g_strdup_printf(TLS "%s.pem", names[i]);
        char *key = g_strdup_printf(TLS "%s.key", names[i]);
        char *const argv[] = {"openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", cert,
                              "-key", key, NULL};
        struct tls_server server;

        tls_start(&server, argv, words);
        probe.port = server.port;
        assert_verdict(ask(&probe, NULL), i == 0 ? LD_L7OK : otherwise);
        tls_stop(&server);
        g_free(cert);
        g_free(key);
    }
}

#endif
