/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages that a program of this machine wrote (the fifo): they get the
 * standard fields, go to everybody, and are dealt with here as if they had come
 * from outside. Those by which scripts used to steer Heartbeat become the
 * operator's wish they stand for; those in which the core itself speaks for
 * this node are refused, for the core knows better than a script what it holds.
 */
#include <string.h>
#include <syslog.h>

#include "heartbeatd/core/state.h"

/* What the core adds itself, and nobody else. */
static const char *const standard[] = {"src", "srcuuid", "destuuid", "seq",    "hg",    "ts",
                                       "ld",  "ttl",     "auth",     "hearth", "hstate", "hlife"};

static void refuse(struct hb_core *core, const struct hb_msg *msg, const char *why)
{
    hb_say(core, LOG_WARNING, "a message of type %s from this machine is not sent: %s",
           hb_msg_text(msg, "t"), why);
}

static void spoken_for(struct hb_core *core, struct hb_msg *msg)
{
    refuse(core, msg, "heartbeat itself says that");
}

/* mach_down and the standby scripts of 3.0.6 end with one: we know what we hold. */
static void resource(struct hb_core *core, struct hb_msg *msg)
{
    const char *info = hb_msg_text(msg, "info");

    hb_say(core, LOG_DEBUG, "a script says that it is through (%s)", info != NULL ? info : "-");
}

static void ask_resources(struct hb_core *core, struct hb_msg *msg)
{
    const char *info = hb_msg_text(msg, "info");
    enum hb_what what;

    if (info == NULL || strcmp(info, "me") != 0)
        spoken_for(core, msg);
    else if (!hb_what_find(hb_msg_text(msg, "rsc_hold"), &what))
        refuse(core, msg, "expected rsc_hold=all, local or foreign");
    else
        hb_standby_begin(core, what, core->nodes[core->self].name);
}

static void takeover(struct hb_core *core, struct hb_msg *msg)
{
    enum hb_what what;

    if (!hb_what_find(hb_msg_text(msg, "rsc_hold"), &what))
        what = HB_WHAT_ALL;
    hb_standby_takeover(core, what);
}

/* Old scripts ask for a group, or pretend that somebody has answered. */
static void ip_request(struct hb_core *core, struct hb_msg *msg)
{
    size_t group = hb_core_find_group(core, hb_msg_text(msg, "ipaddr"));

    if (group == core->group_count)
        refuse(core, msg, "expected ipaddr=<first resource of a group>");
    else
        hb_legacy_wish(core, group, HB_WISH_SEEK);
}

static void ip_request_resp(struct hb_core *core, struct hb_msg *msg)
{
    const char *dest = hb_msg_text(msg, "dest");
    size_t group = hb_core_find_group(core, hb_msg_text(msg, "ipaddr"));

    if (dest == NULL || strcmp(dest, core->nodes[core->self].name) != 0 ||
        group == core->group_count)
        spoken_for(core, msg);
    else
        hb_legacy_wish(core, group, HB_WISH_TAKE);
}

static const struct {
    const char *type;
    void (*handle)(struct hb_core *core, struct hb_msg *msg);
} special[] = {
    {"status", spoken_for},    {"starting", spoken_for},      {"shutdone", spoken_for},
    {"reqnodes", spoken_for},  {"repnodes", spoken_for},      {"resource", resource},
    {"hb_takeover", takeover}, {"ask_resources", ask_resources},
    {"ip-request", ip_request}, {"ip-request-resp", ip_request_resp},
};

void hb_inject(struct hb_core *core, struct hb_msg *msg)
{
    const char *type = hb_msg_text(msg, "t");

    if (type == NULL || *type == '\0') {
        hb_say(core, LOG_WARNING, "a message from this machine has no type (t=) and is not sent");
        return;
    }
    if (strncmp(type, "NS_", 3) == 0) {
        spoken_for(core, msg);
        return;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(standard); i++)
        hb_msg_remove(msg, standard[i]);
    for (size_t i = 0; i < G_N_ELEMENTS(special); i++) {
        if (strcmp(special[i].type, type) == 0) {
            special[i].handle(core, msg);
            return;
        }
    }
    hb_send(core, hb_msg_ref(msg));
    hb_receive_own(core, msg);
}
