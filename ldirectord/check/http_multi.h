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

/* The transfer is over and already taken off the multi handle. May start it again. */
typedef void (*ld_transfer_fn)(void *ctx, CURLcode result);

struct ld_transfer {
    CURL *easy; /* NULL: none taken */
    ld_transfer_fn fn;
    void *ctx;
    bool running;
};

/* Takes an easy handle with what all transfers share already set. False: out of memory. */
bool ld_transfer_take(struct ld_http *http, struct ld_transfer *transfer, ld_transfer_fn fn,
                      void *ctx);
/* 0 or negative errno. */
int ld_transfer_run(struct ld_http *http, struct ld_transfer *transfer);
/* Ends it if it runs and gives the handle back. Not from inside libcurl's callbacks. */
void ld_transfer_drop(struct ld_http *http, struct ld_transfer *transfer);

#endif
