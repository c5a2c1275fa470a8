/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The clients of the daemon: programs that ask about the cluster, hear what is
 * said in it, and, if they have a name, talk to the programs of that name on the
 * other nodes (doc/protocol.md, "The interface for programs"). Pure: events go
 * in, acts come out; the sockets are server.c's. A client is known by a number
 * of the shell's choice.
 *
 *   api.c        who is there, what they say into the cluster and hear from it
 *   requests.c   what they may ask, and the answers
 *   rights.c     who may be a client
 *   frame.c      bytes on the stream
 */
#ifndef HB_API_API_H
#define HB_API_API_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "heartbeatd/core/core.h"

#define HB_API_CLIENTS_MAX 64
#define HB_API_NAME_MAX    63
#define HB_API_QUEUE_MAX   1000 /* messages a client may leave unread */

/* What answers are made of; only looked at during a call. */
struct hb_api_world {
    const struct hb_config *config;
    const struct hb_core *core;
    const char *node;        /* we */
    const char *version;
    const GPtrArray *rights; /* of struct hb_right * */
};

enum hb_api_kind {
    HB_API_TELL,  /* msg to client; then signal it, if signal is not 0 */
    HB_API_CLOSE, /* after what it has been told: no more of client */
    HB_API_CAST,  /* msg into the cluster (HB_EV_INJECT) */
    HB_API_QUEUE, /* client may leave so many messages unread from now on */
    HB_API_LOG,
    HB_API_KIND_COUNT
};

struct hb_api_act {
    enum hb_api_kind kind;
    unsigned client;
    struct hb_msg *msg;
    int signal;
    unsigned queue;
    int level; /* of syslog */
    char *text;
};

/* Acts in order; each call below appends. */
void hb_api_acts_init(GArray **acts);
void hb_api_acts_reset(GArray *acts);
void hb_api_acts_clear(GArray **acts);

struct hb_api;
struct hb_api *hb_api_new(void);
void hb_api_free(struct hb_api *api);

/* client is not in use. What follows of a client that is not known is ignored. */
void hb_api_connected(struct hb_api *api, unsigned client, uid_t uid, gid_t gid, pid_t pid);
void hb_api_message(struct hb_api *api, const struct hb_api_world *world, unsigned client,
                    const struct hb_msg *msg, GArray *acts);
/* It went, or was sent away. */
void hb_api_closed(struct hb_api *api, const struct hb_api_world *world, unsigned client,
                   GArray *acts);

/* Of the cluster (HB_ACT_TELL). */
void hb_api_heard(struct hb_api *api, const struct hb_api_world *world, const struct hb_msg *msg,
                  enum hb_heard heard, GArray *acts);
/* A node was counted dead, and a link of a node came up or went dead. */
void hb_api_node_dead(struct hb_api *api, const char *node, uint64_t wall_s, GArray *acts);
void hb_api_link(struct hb_api *api, const char *node, const char *link, bool up, GArray *acts);

bool hb_api_signed_on(const struct hb_api *api, unsigned client);
/* A client of that name is signed on here. */
bool hb_api_has(const struct hb_api *api, const char *name);
/* Somebody is: cluster messages are of interest. */
bool hb_api_listens(const struct hb_api *api);

#endif
