/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The other end of the interface for programs: what a program of ours needs to
 * be a client of a heartbeat, ours or 3.0.6. Waits, with a bound.
 */
#ifndef HB_API_CLIENT_H
#define HB_API_CLIENT_H

#include <glib.h>

#include "heartbeatd/core/msg.h"

struct hb_client;

/* Signs on under that name. 0; -EACCES: the daemon says no (*why, g_free() it, in its words);
 * -ECONNREFUSED or -ENOENT: nobody is there; -ETIMEDOUT; … */
int hb_client_open(struct hb_client **out, const char *path, const char *name, char **why);
/* Signs off. */
void hb_client_close(struct hb_client *client);
/* The name of this node (g_free() it), and its keepalive. */
char *hb_client_node(const struct hb_client *client, uint64_t *keepalive_ms);

/* A message into the cluster; stays the caller's. */
int hb_client_send(struct hb_client *client, const struct hb_msg *msg);
/* Asks and waits: the answers, one or a list (g_ptr_array_unref() it). -EINVAL: refused. field
 * NULL: there is none. What else arrives meanwhile is kept for hb_client_next(). */
int hb_client_ask(struct hb_client *client, const char *request, const char *field,
                  const char *text, GPtrArray **answers);
/* The next message heard: 0 and *msg (hb_msg_unref() it), -EAGAIN after timeout_ms without one,
 * -EPIPE when the daemon has gone. */
int hb_client_next(struct hb_client *client, int timeout_ms, struct hb_msg **msg);

#endif
