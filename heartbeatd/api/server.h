/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The socket of the interface for programs: takes clients, learns from the
 * kernel who they are, and carries messages between them and api.h. Bounded:
 * clients, what one may leave unread, and how fast one may speak. A client that
 * does not read is sent away; nobody waits for it.
 */
#ifndef HB_API_SERVER_H
#define HB_API_SERVER_H

#include "common/run/loop.h"
#include "heartbeatd/api/api.h"

struct hb_api_server;

struct hb_api_host {
    /* What answers are made of, now. */
    void (*world)(void *ctx, struct hb_api_world *world);
    /* A client says this in the cluster. Never called from within a call to the server. */
    void (*cast)(void *ctx, struct hb_msg *msg);
    /* Whether anybody is there to hear. */
    void (*listening)(void *ctx, bool listening);
    void *ctx;
};

/* 0 or negative errno. An old socket at path is replaced. */
int hb_api_server_open(struct hb_api_server **out, struct ha_loop *loop, const char *path,
                       const struct hb_api_host *host);
/* Sends all clients away; NULL is allowed. */
void hb_api_server_close(struct hb_api_server *server);

void hb_api_server_heard(struct hb_api_server *server, const struct hb_msg *msg,
                         enum hb_heard heard);
void hb_api_server_node_dead(struct hb_api_server *server, const char *node);
void hb_api_server_link(struct hb_api_server *server, const char *node, const char *link, bool up);
bool hb_api_server_has(const struct hb_api_server *server, const char *name);

#endif
