/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses go to another node in good order, with the connections that are open:
 *
 *   before they go     what is kept warm for the group tells the next director of its connections. That takes as
 *                      long as there are connections, and while it has the addresses nobody waits for it
 *   before they come   what is kept warm for it sees to it that all it was told is taken in
 */
#include "common/run/log.h"
#include "heartbeatd/act/warm_inside.h"

/* It takes half of that at most; nobody waits longer for what is worth no more than a few connections. */
#define READY_MS   500
#define TAKE_IN_MS 50

struct hb_warm_wait {
    GPtrArray *calls; /* of struct hb_warm_call *, owned, one for each that was asked */
    unsigned under_way;
    const char *word;    /* the order */
    hb_warm_got_ready_fn fn;
    void *ctx;
};

struct hb_warm_call {
    struct hb_warm_wait *wait;
    struct ha_control_call *call; /* NULL: answered */
    char *text;
};

static void call_free(gpointer data)
{
    struct hb_warm_call *call = data;

    ha_control_abandon(call->call);
    g_free(call->text);
    g_free(call);
}

void hb_warm_wait_abandon(struct hb_warm_wait *wait)
{
    if (wait == NULL)
        return;
    g_ptr_array_unref(wait->calls);
    g_free(wait);
}

static void got_ready(void *ctx, int error, int status, const char *text)
{
    struct hb_warm_call *call = ctx;
    struct hb_warm_wait *wait = call->wait;
    hb_warm_got_ready_fn fn = wait->fn;
    void *fn_ctx = wait->ctx;

    (void)text;
    call->call = NULL;
    if (error != 0 || status != 0)
        ha_log(HA_LOG_INFO, "%s: open connections: it did not follow \"%s\"", call->text, wait->word);
    if (--wait->under_way > 0)
        return;
    hb_warm_wait_abandon(wait);
    fn(fn_ctx);
}

/* It has the group's connections, or has been told of them by who had the group until now. */
static bool knows_connections(struct hb_warm_member *member, unsigned group)
{
    return hb_warm_part(member, group) != NULL && member->hands_over && !member->standby && member->alive.fd >= 0;
}

/* It will hand over when the group is stopped (warm_op.c). */
static bool will_hand_over(struct hb_warm_member *member, unsigned group)
{
    const struct hb_warm_part *part = hb_warm_part(member, group);

    return knows_connections(member, group) && part->started && !hb_warm_started(member, part);
}

static void ask(struct hb_warm_wait *wait, struct hb_warm_member *member, int bound_ms)
{
    char *question[] = {(char *)wait->word, NULL};
    struct hb_warm_call *call = g_new0(struct hb_warm_call, 1);

    call->wait = wait;
    call->text = g_strdup(member->text);
    call->call = ha_control_call(member->warm->loop, member->socket, question, bound_ms, got_ready, call);
    g_ptr_array_add(wait->calls, call);
    wait->under_way++;
}

struct hb_warm_wait *hb_warm_get_ready(struct hb_warm *warm, unsigned group, enum hb_op op, hb_warm_got_ready_fn fn,
                                       void *ctx)
{
    struct hb_warm_wait *wait = g_new0(struct hb_warm_wait, 1);
    bool comes = op == HB_OP_START;

    wait->calls = g_ptr_array_new_with_free_func(call_free);
    wait->word = comes ? HA_DIRECTOR_TAKE_IN : HA_DIRECTOR_GET_READY;
    wait->fn = fn;
    wait->ctx = ctx;
    for (guint i = 0; warm != NULL && i < warm->members->len; i++) {
        struct hb_warm_member *member = warm->members->pdata[i];

        if (comes ? knows_connections(member, group) : will_hand_over(member, group))
            ask(wait, member, comes ? TAKE_IN_MS : READY_MS);
    }
    if (wait->under_way > 0)
        return wait;
    hb_warm_wait_abandon(wait);
    return NULL;
}
