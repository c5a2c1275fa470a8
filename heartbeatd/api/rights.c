/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rights of clients: a short list, searched from the front.
 */
#include "heartbeatd/api/rights.h"

#include <string.h>

static void right_free(void *item)
{
    struct hb_right *right = item;

    g_free(right->client);
    g_array_unref(right->uids);
    g_array_unref(right->gids);
    g_free(right);
}

GPtrArray *hb_rights_new(void)
{
    return g_ptr_array_new_with_free_func(right_free);
}

struct hb_right *hb_rights_add(GPtrArray *rights, const char *client)
{
    struct hb_right *right = g_new0(struct hb_right, 1);

    right->client = g_strdup(client);
    right->uids = g_array_new(FALSE, FALSE, sizeof(uid_t));
    right->gids = g_array_new(FALSE, FALSE, sizeof(gid_t));
    g_ptr_array_add(rights, right);
    return right;
}

const struct hb_right *hb_rights_find(const GPtrArray *rights, const char *client)
{
    for (guint i = 0; i < rights->len; i++) {
        const struct hb_right *right = rights->pdata[i];

        if (strcmp(right->client, client) == 0)
            return right;
    }
    return NULL;
}

const char *hb_rights_refusal(const GPtrArray *rights, const char *name, uid_t uid, gid_t gid)
{
    const struct hb_right *right = hb_rights_find(rights, name != NULL ? name : HB_RIGHT_ANON);

    if (right == NULL && name != NULL)
        right = hb_rights_find(rights, HB_RIGHT_DEFAULT);
    if (right == NULL)
        return "no default client auth";
    for (guint i = 0; i < right->uids->len; i++) {
        if (g_array_index(right->uids, uid_t, i) == uid)
            return NULL;
    }
    for (guint i = 0; i < right->gids->len; i++) {
        if (g_array_index(right->gids, gid_t, i) == gid)
            return NULL;
    }
    return name != NULL ? "client failed authorization" : "incorrect/false credentials";
}
