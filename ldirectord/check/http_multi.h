/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libcurl on our loop: one multi handle for all transfers, its sockets and its
 * timer as watches and a timer of ours, easy handles kept for reuse.
 */
#ifndef LD_CHECK_HTTP_MULTI_H
#define LD_CHECK_HTTP_MULTI_H

#include <curl/curl.h>
#include <stdbool.h>

#include "ldirectord/check/check_inside.h"

/* libcurl gives up by itself so long after a check's deadline: to be wrong about what was missing by
 * then takes a loop that stood still for as long. */
#define LD_TRANSFER_SPARE_MS 10000

/* The transfer is over and already taken off the multi handle (unless it stays). May start it
 * again. */
typedef void (*ld_transfer_fn)(void *ctx, CURLcode result);

struct ld_transfer {
    CURL *easy; /* NULL: none taken */
    ld_transfer_fn fn;
    void *ctx;
    bool running;
    bool tls;   /* TLS comes first; set it before each run, for the verdicts */
    bool stays; /* connect-only: on success the handle stays on, the connection open */
    int fd;     /* libcurl's socket while it runs; -1: none yet */
    int no_socket; /* an errno: why it could not have one, which libcurl does not tell */
    char error[CURL_ERROR_SIZE];
};

/* Takes an easy handle with what all transfers share already set. False: out of memory. */
bool ld_transfer_take(struct ld_http *http, struct ld_transfer *transfer, ld_transfer_fn fn,
                      void *ctx);
/* Without a connection after so long it fails by itself, whoever waits for it. */
void ld_transfer_give_up(struct ld_transfer *transfer, uint64_t after_ms);
/* Which certificates are good enough: as terms say, else as usual. The name, if it is to be
 * verified, is that of the URL. */
void ld_transfer_secure(struct ld_transfer *transfer, const struct ld_terms *terms,
                        enum ld_verify usual);
/* The name that a TLS handshake with the server of probe is to ask for: sni, else virtualhost
 * without its port if with_virtualhost and if it is a name. NULL: none. g_free() it. */
char *ld_transfer_name(const struct ld_probe *probe, bool with_virtualhost);
/* For CURLOPT_CONNECT_TO, where the URL has a name: to address and port of probe. */
struct curl_slist *ld_transfer_connect_to(const struct ld_probe *probe);
/* 0 or negative errno. */
int ld_transfer_run(struct ld_http *http, struct ld_transfer *transfer);
/* Ends it if it runs and gives the handle back. Not from inside libcurl's callbacks. */
void ld_transfer_drop(struct ld_http *http, struct ld_transfer *transfer);

/* ---- transfer_verdict.c ---- */
/* What a transfer that is not done at its deadline says about the server. */
enum ld_verdict ld_transfer_overdue(const struct ld_transfer *transfer);
/* What its failure says, and why in words of printable ASCII. */
enum ld_verdict ld_transfer_failure(const struct ld_transfer *transfer, CURLcode result,
                                    char text[CURL_ERROR_SIZE]);

#endif
