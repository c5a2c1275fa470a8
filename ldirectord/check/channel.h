/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A connection to a server, with or without TLS, made and kept by libcurl on
 * our loop: bytes out, bytes in, never blocking. Knows no protocol.
 *
 * Why not libcurl's own smtp, pop3, imap, ftp and ldap: when these end they wait
 * for the server's goodbye inside the call (ftp up to a minute for the end of a
 * transfer), which stops our loop; and they decide what is asked.
 */
#ifndef LD_CHECK_CHANNEL_H
#define LD_CHECK_CHANNEL_H

#include <glib.h>

#include "ldirectord/check/http_multi.h"

/* The last two: unless the terms of the probe say otherwise. */
enum ld_channel_tls {
    LD_CHANNEL_PLAIN,
    LD_CHANNEL_CHAIN, /* the chain is verified; the name is not, for servers are asked by address */
    LD_CHANNEL_TLS,   /* nothing is verified */
};

struct ld_channel_ops {
    void (*opened)(void *ctx);
    void (*heard)(void *ctx, const char *bytes, size_t length);
    void (*closed)(void *ctx); /* by the server, in order */
    void (*failed)(void *ctx, enum ld_verdict verdict, const char *why);
};

/* Starts zeroed. From any callback the channel may be closed, and nothing is called after that. */
struct ld_channel {
    struct ld_http *http;
    struct ha_loop *loop;
    struct ld_transfer transfer;
    CURLSH *alone; /* a pool of connections for this one only */
    struct curl_slist *connect_to;
    struct ha_watch watch;
    const struct ld_channel_ops *ops;
    void *ctx;
    GString *unsent;
    bool open;
};

/* To a host, which may be a name, for others than checks; without TLS. 0, then opened() or failed() follows; or
 * negative errno. Gives up connecting after give_up_ms. */
int ld_channel_open_to(struct ld_channel *channel, struct ld_http *http, struct ha_loop *loop,
                       const char *host_and_port, uint64_t give_up_ms,
                       const struct ld_channel_ops *ops, void *ctx);
/* For a check: the same, to an address. Gives up by itself LD_TRANSFER_SPARE_MS
 * after timeout_ms. */
int ld_channel_open(struct ld_channel *channel, struct ld_check *check, const struct ha_addr *addr,
                    uint16_t port, enum ld_channel_tls tls, const struct ld_channel_ops *ops,
                    void *ctx);
/* After opened(). All of it goes, in time. */
void ld_channel_send(struct ld_channel *channel, const char *bytes, size_t length);
/* Which address of ours the connection comes from. False: it does not stand. */
bool ld_channel_local(const struct ld_channel *channel, struct ha_addr *addr);
/* The verdict for a check that is still waiting on this at its deadline. */
enum ld_verdict ld_channel_overdue(const struct ld_channel *channel);
void ld_channel_close(struct ld_channel *channel); /* any number of times */

#endif
