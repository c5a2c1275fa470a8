/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What api.c and requests.c share and nobody else knows. */
#ifndef HB_API_INSIDE_H
#define HB_API_INSIDE_H

#include "heartbeatd/api/api.h"

struct hb_api_client {
    unsigned id;
    uid_t uid;
    gid_t gid;
    pid_t pid;
    bool signed_on;
    bool casual;          /* without a name of its own: it may ask and hear, not speak */
    char *name;           /* from_id; NULL until signed on */
    unsigned generation;  /* which sign-on it was since the start */
    unsigned mask;        /* of enum hb_heard */
    int signal;           /* 0: none */
};

struct hb_api {
    GPtrArray *clients; /* of struct hb_api_client *, in the order of their coming */
    unsigned signons;
};

struct hb_api_act *hb_api_act(GArray *acts, enum hb_api_kind kind, unsigned client);
/* Takes over the reference. */
void hb_api_tell(GArray *acts, const struct hb_api_client *client, struct hb_msg *msg);
void hb_api_log(GArray *acts, int level, const char *format, ...) G_GNUC_PRINTF(3, 4);

struct hb_api_client *hb_api_find(const struct hb_api *api, const char *name);
/* hbapi-clstat, told to the clients of that name on all nodes. */
void hb_api_announce(const struct hb_api_world *world, const struct hb_api_client *client,
                     const char *st, const char *info, GArray *acts);
/* requests.c: hbapi-req. */
void hb_api_request(struct hb_api *api, const struct hb_api_world *world,
                    struct hb_api_client *client, const struct hb_msg *msg, GArray *acts);

#endif
