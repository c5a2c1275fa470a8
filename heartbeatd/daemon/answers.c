/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the daemon answers on its control socket (answers.h). Reads the core and
 * the counters; the operator's wishes become events for the core, and whether
 * they are granted is the core's business and told in the log.
 */
#include "heartbeatd/daemon/answers.h"

#include <string.h>

#include "common/base/name.h"
#include "heartbeatd/daemon/clients.h"
#include "heartbeatd/daemon/groups.h"
#include "heartbeatd/daemon/heartbeat.h"
#include "heartbeatd/daemon/safety.h"
#include "heartbeatd/daemon/status.h"

static const struct ha_name whats[] = {
    {HB_WHAT_ALL, "all"}, {HB_WHAT_LOCAL, "local"}, {HB_WHAT_FOREIGN, "foreign"}, HA_NAME_END};

typedef int (*answer_fn)(struct hb_daemon *daemon, const char *argument, GString *answer);

/* ---- questions ---- */

static int answer_hbstatus(struct hb_daemon *daemon, const char *argument, GString *answer)
{
    (void)daemon;
    (void)argument;
    (void)answer;
    return HB_ANSWER_OK;
}

static int answer_nodestatus(struct hb_daemon *daemon, const char *argument, GString *answer)
{
    for (size_t i = 0; i < hb_core_node_count(daemon->core); i++) {
        if (!g_ascii_strcasecmp(hb_core_node_name(daemon->core, i), argument)) {
            enum hb_status status = hb_core_node_status(daemon->core, i);

            g_string_append_printf(answer, "%s\n", hb_status_name(status));
            return status == HB_STATUS_ACTIVE || status == HB_STATUS_UP ||
                           status == HB_STATUS_PING
                       ? HB_ANSWER_OK
                       : HB_ANSWER_NO;
        }
    }
    g_string_append_printf(answer, "no node %s in this cluster\n", argument);
    return HB_ANSWER_PARAMETER;
}

static int answer_rscstatus(struct hb_daemon *daemon, const char *argument, GString *answer)
{
    (void)argument;
    g_string_append_printf(answer, "%s\n", hb_hold_name(hb_core_holding(daemon->core)));
    return HB_ANSWER_OK;
}

static int answer_parameter(struct hb_daemon *daemon, const char *argument, GString *answer)
{
    const char *text = hb_config_parameter(daemon->setup.config, argument, HB_VERSION " (Hearth)");

    if (!text) {
        g_string_append_printf(answer, "no parameter %s is set\n", argument);
        return HB_ANSWER_NO;
    }
    g_string_append_printf(answer, "%s\n", text);
    return HB_ANSWER_OK;
}

/* argument: NODE CLIENT ask|again. */
static int answer_client(struct hb_daemon *daemon, const char *argument, GString *answer)
{
    char **words = g_strsplit(argument, " ", -1);
    int status = HB_ANSWER_PARAMETER;

    if (g_strv_length(words) != 3) {
        g_string_append(answer, "expected a node, a client, and ask or again\n");
    } else if (hb_clients_status(daemon->clients, words[0], words[1], !strcmp(words[2], "ask"),
                                 answer)) {
        status = HB_ANSWER_OK;
    } else {
        g_string_append_printf(answer, "there is no node %s in this cluster\n", words[0]);
        status = HB_ANSWER_OTHER;
    }
    g_strfreev(words);
    return status;
}

static void list_links(struct hb_daemon *daemon, size_t node, GString *answer)
{
    GPtrArray *media = daemon->setup.config->media;

    for (guint i = media->len; i-- > 0;) {
        const char *link = ((struct hb_medium *)media->pdata[i])->interface;
        bool up, shown = false;

        for (guint j = i + 1; j < media->len; j++) {
            shown = shown || !strcmp(((struct hb_medium *)media->pdata[j])->interface, link);
        }
        if (!shown && hb_core_link_status(daemon->core, node, link, &up)) {
            g_string_append_printf(answer, "\t%s\t%s\n", link, up ? "up" : "dead");
        }
    }
}

static void list_nodes(struct hb_daemon *daemon, bool links, GString *answer)
{
    for (size_t i = hb_core_node_count(daemon->core); i-- > 0;) {
        g_string_append_printf(answer, "%s\t%s\t%s\t%llu\t%s\n",
                               hb_core_node_name(daemon->core, i),
                               hb_status_name(hb_core_node_status(daemon->core, i)),
                               hb_core_node_is_ping(daemon->core, i) ? "ping" : "normal",
                               (unsigned long long)hb_core_node_weight(daemon->core, i),
                               hb_core_node_site(daemon->core, i));
        if (links) {
            list_links(daemon, i, answer);
        }
    }
}

static int answer_nodes(struct hb_daemon *daemon, const char *argument, GString *answer)
{
    (void)argument;
    list_nodes(daemon, false, answer);
    return HB_ANSWER_OK;
}

static int answer_links(struct hb_daemon *daemon, const char *argument, GString *answer)
{
    (void)argument;
    list_nodes(daemon, true, answer);
    return HB_ANSWER_OK;
}

static void describe_counters(struct hb_daemon *daemon, GString *answer)
{
    GPtrArray *media = daemon->setup.config->media;
    const char *last = "";
    uint64_t refused = 0;

    for (guint i = 0; i < media->len; i++) {
        const char *link = ((struct hb_medium *)media->pdata[i])->interface;
        struct hb_media_counts counts;

        if (strcmp(link, last) != 0 && hb_media_counts(daemon->media, link, &counts)) {
            g_string_append_printf(answer, "%s: %llu received, %llu sent, %llu not sent\n", link,
                                   (unsigned long long)counts.received,
                                   (unsigned long long)counts.sent,
                                   (unsigned long long)counts.send_errors);
        }
        last = link;
    }
    for (int i = HB_ACCEPTED + 1; i < HB_REFUSAL_COUNT; i++) {
        refused += daemon->refused[i];
    }
    g_string_append_printf(answer, "datagrams: %llu accepted, %llu refused\n",
                           (unsigned long long)daemon->refused[HB_ACCEPTED],
                           (unsigned long long)refused);
    for (int i = HB_ACCEPTED + 1; i < HB_REFUSAL_COUNT; i++) {
        if (daemon->refused[i]) {
            g_string_append_printf(answer, "\t%s\t%llu\n", hb_refusal_name((enum hb_refusal)i),
                                   (unsigned long long)daemon->refused[i]);
        }
    }
}

/* What was authentic, and yet of no use to the core. */
static void describe_unused(struct hb_daemon *daemon, GString *answer)
{
    const struct hb_counters *counters = hb_core_counters(daemon->core);
    const struct {
        const char *name;
        uint64_t count;
    } shown[] = {{"malformed", counters->malformed},   {"unknown-node", counters->unknown_node},
                 {"replayed", counters->replayed},     {"stale", counters->stale},
                 {"duplicate", counters->duplicate},   {"unproven", counters->unproven}};

    g_string_append(answer, "messages not acted on:\n");
    for (size_t i = 0; i < G_N_ELEMENTS(shown); i++) {
        if (shown[i].count) {
            g_string_append_printf(answer, "\t%s\t%llu\n", shown[i].name,
                                   (unsigned long long)shown[i].count);
        }
    }
}

static int answer_version(struct hb_daemon *daemon, const char *argument, GString *answer)
{
    (void)daemon;
    (void)argument;
    g_string_append(answer, HB_VERSION " (Hearth)\n");
    return HB_ANSWER_OK;
}

static int answer_describe(struct hb_daemon *daemon, const char *argument, GString *answer)
{
    (void)argument;
    describe_counters(daemon, answer);
    describe_unused(daemon, answer);
    return HB_ANSWER_OK;
}

/* ---- wishes ---- */

static int wish(struct hb_daemon *daemon, enum hb_event_kind kind, const char *argument,
                GString *answer)
{
    int what;

    if (!ha_name_find(whats, argument, &what)) {
        g_string_append_printf(answer, "expected all, local or foreign, found %s\n", argument);
        return HB_ANSWER_PARAMETER;
    }
    hb_daemon_step(daemon, &(struct hb_event){.kind = kind, .what = (enum hb_what)what});
    return HB_ANSWER_OK;
}

static int answer_standby(struct hb_daemon *daemon, const char *argument, GString *answer)
{
    return wish(daemon, HB_EV_STANDBY, argument, answer);
}

static int answer_takeover(struct hb_daemon *daemon, const char *argument, GString *answer)
{
    return wish(daemon, HB_EV_TAKEOVER, argument, answer);
}

static int answer_reload(struct hb_daemon *daemon, const char *argument, GString *answer)
{
    (void)argument;
    return hb_daemon_reload(daemon, false, answer) ? HB_ANSWER_OK : HB_ANSWER_NO;
}

static int answer_compare(struct hb_daemon *daemon, const char *argument, GString *answer)
{
    (void)argument;
    hb_daemon_compare(daemon, answer);
    return HB_ANSWER_OK;
}

static int answer_restart(struct hb_daemon *daemon, const char *argument, GString *answer)
{
    (void)argument;
    return hb_daemon_reload(daemon, true, answer) ? HB_ANSWER_OK : HB_ANSWER_NO;
}

enum who { ANYBODY, READER, OPERATOR, ROOT };

static const struct question {
    const char *word;
    unsigned arguments;
    enum who who;
    answer_fn fn;
} questions[] = {
    {"hbstatus", 0, ANYBODY, answer_hbstatus},  {"version", 0, ANYBODY, answer_version},
    {"describe", 0, READER, answer_describe},   {"nodes", 0, READER, answer_nodes},
    {"links", 0, READER, answer_links},         {"nodestatus", 1, READER, answer_nodestatus},
    {"rscstatus", 0, READER, answer_rscstatus}, {"parameter", 1, READER, answer_parameter},
    {"status", 1, READER, hb_status_answer},    {"client", 1, READER, answer_client},
    {"group", 1, READER, hb_group_answer},
    {"standby", 1, OPERATOR, answer_standby},   {"takeover", 1, OPERATOR, answer_takeover},
    {"take", 1, OPERATOR, hb_group_take},       {"give", 1, OPERATOR, hb_group_give},
    {"seek", 1, OPERATOR, hb_group_seek},       {"confirm-down", 1, OPERATOR, hb_safety_confirm},
    {"reload", 0, ROOT, answer_reload},         {"restart", 0, ROOT, answer_restart},
    {"compare", 0, ROOT, answer_compare},
};

/* The kernel says who asks. */
static bool may(const struct hb_daemon *daemon, const struct question *question,
                const struct ha_control_peer *peer, GString *answer)
{
    bool order = question->who == OPERATOR;

    if (question->who == ANYBODY || peer->uid == 0 ||
        (question->who != ROOT && hb_clients_may(daemon->clients, order, peer->uid, peer->gid))) {
        return true;
    }
    g_string_append_printf(answer, "%s (you are uid %u, gid %u)\n",
                           question->who == ROOT ? "only root may do this"
                           : order ? "only root may do this, and who a line \"apiauth hactl\" of ha.cf "
                                     "names"
                                   : "the line \"apiauth anon\" of ha.cf says who may ask; it does not "
                                     "name you",
                           (unsigned)peer->uid, (unsigned)peer->gid);
    return false;
}

int hb_answer(void *ctx, const struct ha_control_peer *peer, char *const *words, GString *answer)
{
    struct hb_daemon *daemon = ctx;

    for (size_t i = 0; i < G_N_ELEMENTS(questions); i++) {
        const struct question *question = &questions[i];

        if (strcmp(question->word, words[0]) != 0) {
            continue;
        }
        if (g_strv_length((char **)words) != question->arguments + 1) {
            break;
        }
        if (!may(daemon, question, peer, answer)) {
            return HB_ANSWER_OTHER;
        }
        if (!daemon->core && question->fn != answer_hbstatus && question->fn != answer_version) {
            g_string_append(answer, "heartbeat is starting anew, ask again in a moment\n");
            return HB_ANSWER_OTHER;
        }
        return question->fn(daemon, words[1], answer);
    }
    g_string_append(answer, "this heartbeat does not know the question\n");
    return HB_ANSWER_PARAMETER;
}
