/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who may be a client, and under which name (apiauth of ha.cf(5)). Numbers, not
 * names: whoever fills it has looked them up. Pure.
 */
#ifndef HB_API_RIGHTS_H
#define HB_API_RIGHTS_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

#define HB_RIGHT_ANON    "anon"    /* for clients without a name */
#define HB_RIGHT_DEFAULT "default" /* for names that have no line */

struct hb_right {
    char *client;
    GArray *uids; /* of uid_t; either list lets a client in */
    GArray *gids; /* of gid_t */
};

/* Frees with g_ptr_array_unref(). */
GPtrArray *hb_rights_new(void); /* of struct hb_right * */
struct hb_right *hb_rights_add(GPtrArray *rights, const char *client);
const struct hb_right *hb_rights_find(const GPtrArray *rights, const char *client);

/* NULL: it may. Else why not, in the words that clients know. name NULL: it has none. */
const char *hb_rights_refusal(const GPtrArray *rights, const char *name, uid_t uid, gid_t gid);

#endif
