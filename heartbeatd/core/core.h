/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The heart of heartbeat: one node's view of its cluster and what follows from
 * it. Pure: handed a time and an event, it changes its own struct and appends
 * actions; it never waits, sends, runs, logs or asks for the time. The daemon
 * (heartbeat.c) and the simulator (tests/sim) drive the same code.
 *
 * The tables are in doc/states.md. Objects that know nothing of each other:
 *
 *   links.c     when was each link of a node last heard
 *   node.c      one node: its lives, its beats, what it last told
 *   proof.c     is what a Hearth node says said now?
 *   seq.c       one sender's sequence numbers: gaps, requests, acknowledgements
 *   history.c   what we sent, for retransmission
 *   group.c     one group on its way up or down, resource by resource
 *   monitor.c   one held group: is everything of it still running
 *   actions.c   the list of what is to be done
 *
 * Parts of the core itself, which share state.h:
 *
 *   receive.c   a message on its way in
 *   send.c      a message on its way out
 *   inject.c    messages that programs of this machine write
 *   word.c      what Hearth nodes tell each other beside the classic fields
 *   member.c    start, beats, deaths, our own lateness
 *   ping.c      hosts outside the cluster that tell whether the network works
 *   dialogue.c  starting, resource, shutdone
 *   standby.c   ask_resources, hb_takeover, automatic failback
 *   roster.c    nodes that are added and deleted while we run
 *   legacy.c    one group at a time: ip-request, and an operator's wishes
 *   owner.c     which group should be held here, and why
 *   carrier.c   interfaces without a link
 *   agree.c     what of ha.cf must be the same on all nodes
 *   claims.c    who has what while two nodes have different haresources
 *   reload.c    another haresources: groups come, go and change; a new core inherits
 *   fence.c     before a dead node's groups are taken, it is switched off
 *   watch.c     held groups are monitored, failed ones offered to another node
 *   client.c    what clients of the daemon hear
 *   warm.c      which groups should be ready to be held here
 *   suspect.c   whose addresses are asked for before their node is counted dead
 *   leftover.c  what a life before this one, or a long sleep, has left
 *   core.c      events in, actions out
 */
#ifndef HB_CORE_CORE_H
#define HB_CORE_CORE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "heartbeatd/core/config.h"
#include "heartbeatd/core/msg.h"

struct hb_core;

/* What the core is told about the outside at each step. */
struct hb_now {
    uint64_t mono_ns;  /* never goes back */
    uint64_t wall_s;   /* only for the ts field */
    const char *load;  /* the /proc/loadavg line for the ld field, no newline */
};

struct hb_identity {
    const char *node;     /* lower case, among config->nodes */
    uint8_t uuid[16];
    uint64_t generation;  /* already incremented and stored */
    /* What hb_core_floor() gave earlier lives, one per node of config->nodes; NULL: nothing known.
     * Only read by hb_core_new(). */
    const uint64_t *floors;
};

/* ---- events ---- */
enum hb_event_kind {
    HB_EV_START,      /* media are open: begin */
    HB_EV_MESSAGE,    /* authenticated and decoded */
    HB_EV_LOOPED,     /* what we sent came back to us by `link` */
    HB_EV_TIMER,      /* it is hb_core_wake_ns(), or later */
    HB_EV_OP_DONE,    /* an HB_ACT_OP ended */
    HB_EV_STANDBY,    /* operator: hb_standby <what> here */
    HB_EV_TAKEOVER,   /* operator: hb_takeover <what> here */
    HB_EV_FENCED,     /* an HB_ACT_FENCE ended */
    HB_EV_CONFIRMED,  /* operator: node is down, whatever we think of it */
    HB_EV_RESOURCE_LOST, /* resource `resource` of group `group` is gone and cannot be put back */
    HB_EV_TAKEN_OFF,  /* all native addresses were taken off, for we had not moved for too long */
    HB_EV_STOP,       /* operator or signal: orderly stop */
    HB_EV_WISH,       /* operator: about one group */
    HB_EV_READY,      /* what is kept warm for group `group` has become `ready` */
    HB_EV_CARRIER,    /* the interfaces that group `group` needs have a link (`up`), or have not */
    HB_EV_INJECT,     /* a program of this machine wrote msg, without the standard fields */
    HB_EV_CLIENT_START, /* a client is about to be started: others shall be patient */
    HB_EV_CONFIG,     /* haresources is another now, or what can change in config did (reload.c) */
    HB_EV_KIND_COUNT
};

enum hb_what { HB_WHAT_ALL, HB_WHAT_LOCAL, HB_WHAT_FOREIGN, HB_WHAT_COUNT };

enum hb_wish {
    HB_WISH_TAKE, /* unless another node has it */
    HB_WISH_GIVE, /* and do not take it by yourself until told or restarted */
    HB_WISH_SEEK, /* ask whoever has it to release it, then take it */
    HB_WISH_COUNT
};

enum hb_op { HB_OP_STATUS, HB_OP_START, HB_OP_STOP, HB_OP_COUNT };
enum hb_op_result {
    HB_OP_OK,       /* started, stopped; status: something of the range is running */
    HB_OP_STOPPED,  /* status only: nothing of it is */
    HB_OP_FAILED,
    HB_OP_TIMED_OUT,
    HB_OP_RESULT_COUNT
};

enum hb_fence_result {
    HB_FENCED_OK,
    HB_FENCED_BAD_HOST, /* the device does not know the node */
    HB_FENCED_BAD,      /* anything else, no answer included */
    HB_FENCE_RESULT_COUNT
};

/* What is kept warm for a group. Not ready: who has the group meanwhile does not give it back by
 * itself. In standby: it is activated before the group comes (HB_WARM_COMING). */
enum hb_ready { HB_READY_NOTHING, HB_READY_NOT, HB_READY_STANDBY, HB_READY_ACTIVE, HB_READY_COUNT };

struct hb_event {
    enum hb_event_kind kind;
    struct hb_msg *msg;  /* MESSAGE, INJECT; stays the caller's, but INJECT may change it */
    const char *link;    /* MESSAGE: name of the link it came by; LOOPED */
    enum hb_what what;   /* STANDBY, TAKEOVER */
    enum hb_wish wish;   /* WISH */
    uint32_t op_id;      /* OP_DONE, FENCED */
    enum hb_op_result result;
    const char *detail;  /* OP_DONE, RESOURCE_LOST, FENCED: why, for the log; may be NULL. CARRIER:
                            the interface */
    unsigned group, resource; /* RESOURCE_LOST, READY, group as the action had it; WISH, CARRIER:
                                 group */
    bool up;                  /* CARRIER */
    enum hb_ready ready;      /* READY */
    enum hb_fence_result fenced; /* FENCED */
    size_t node;              /* CONFIRMED */
    const struct hb_haresources *resources; /* CONFIG: the new ones, which must outlive the core;
                                               those of before may go. NULL: no others */
};

enum hb_status {
    HB_STATUS_INIT,
    HB_STATUS_UP,
    HB_STATUS_ACTIVE,
    HB_STATUS_DEAD,
    HB_STATUS_PING, /* of ping nodes: it answers */
    HB_STATUS_COUNT
};

/* ---- actions, to be done in order ---- */
enum hb_action_kind {
    HB_ACT_SEND,      /* msg, on every medium but ping lines; with link: on that ping line only */
    HB_ACT_OP,        /* run op on resources first…last of group; answer with OP_DONE */
    HB_ACT_PROBE,     /* group `of` may fall to us soon: does another answer for its addresses? */
    HB_ACT_CANCEL,    /* op_id is not wanted any more: end it now, its OP_DONE comes all the same */
    HB_ACT_FENCE,     /* switch node off by device; answer with FENCED */
    HB_ACT_FENCE_END, /* the FENCE of op_id is not wanted any more: end it now; no answer */
    HB_ACT_REBOOT,    /* a resource will not stop, and that is what is wished for: reboot this
                         machine now, without any orderly end; text says why */
    HB_ACT_LOG,       /* level, text */
    HB_ACT_REMEMBER,  /* a hb_core_floor() has risen: keep them for our next life */
    HB_ACT_STATUS,    /* our status or what we hold changed: refresh what is shown */
    HB_ACT_NODE,      /* node has this status now; msg: the message that said so, NULL when time
                         or we ourselves did */
    HB_ACT_LINK,      /* the link of node came up or went dead */
    HB_ACT_NODES,     /* the list of nodes has changed */
    HB_ACT_HEARD,     /* msg was accepted here, for us: a script of its type may want to run */
    HB_ACT_STOPPED,   /* the orderly stop is complete: exit 0 */
    HB_ACT_RESTART,   /* the core is done: say nothing for deadtime rounded up to seconds + 1 s, then
                         start anew with a new generation (a 3.0.6 node expects that after a partition) */
    HB_ACT_TELL,      /* msg was heard in the cluster, or said by us: for the clients */
    HB_ACT_KIND_COUNT
};

/* What clients choose by (doc/protocol.md): one bit each. */
enum hb_heard {
    HB_HEARD_NEWS = 1,  /* what most want: resources, changes of a status, clients' own messages */
    HB_HEARD_SAME = 2,  /* a status that is what it was */
    HB_HEARD_INNER = 4, /* of no use but between daemons */
    HB_HEARD_API = 16,  /* between the daemons' interfaces for programs */
};

struct hb_action {
    enum hb_action_kind kind;
    struct hb_msg *msg;        /* SEND, NODE, HEARD, TELL; owned by the action list */
    const char *link;          /* SEND, LINK: of the configuration; SEND: or NULL */
    const struct hb_fence_device *device; /* FENCE; the configuration's */
    size_t node;               /* NODE, LINK, FENCE: for hb_core_node_name() and its like */
    enum hb_status status;     /* NODE */
    bool up;                   /* LINK */
    uint32_t op_id;            /* OP, CANCEL */
    enum hb_op op;
    unsigned group;            /* a number of the group's own; until haresources is changed its
                                  index in hb_haresources.groups */
    const struct hb_group *of; /* OP: the group; valid until the next step */
    unsigned first, last;      /* neighbouring native resources come as one range, scripts alone */
    bool contest;              /* OP start: who had it before may still live */
    bool handed;               /* OP stop: it goes to another node in good order, and nothing hurries;
                                  start: it may come from one so */
    uint64_t deadline_ms;      /* OP, FENCE: from now; the shell reports HB_OP_TIMED_OUT, or
                                  HB_FENCED_BAD, then */
    int level;                 /* LOG: syslog level */
    char *text;                /* LOG, REBOOT; owned by the action list */
    enum hb_heard heard;       /* TELL */
};

struct hb_actions {
    GArray *list; /* of struct hb_action */
};
void hb_actions_init(struct hb_actions *actions);
void hb_actions_reset(struct hb_actions *actions); /* frees contents, keeps the array */
void hb_actions_clear(struct hb_actions *actions);

/* config and resources must outlive the core and not change, but for HB_EV_CONFIG. */
struct hb_core *hb_core_new(const struct hb_config *config, const struct hb_haresources *resources,
                            const struct hb_identity *self, uint64_t seed);
void hb_core_free(struct hb_core *core);
/* Before HB_EV_START: takes over the groups that old holds, or has on their way up or down, with
 * the operations under way on them, whose answers come here from now on. Of use to old is only
 * hb_core_free() then. */
void hb_core_inherit(struct hb_core *core, struct hb_core *old);

/* Before HB_EV_START: a life before this one held the group. kept: its addresses are set and nobody
 * can have taken them over yet; else all that is left of it is to be stopped. */
void hb_core_left_over(struct hb_core *core, size_t group, bool kept);

void hb_core_step(struct hb_core *core, const struct hb_now *now, const struct hb_event *event,
                  struct hb_actions *actions);
/* When to call next with HB_EV_TIMER; HA_NEVER if nothing is pending. */
uint64_t hb_core_wake_ns(const struct hb_core *core);

/* It is on its way to HB_ACT_STOPPED or HB_ACT_RESTART, and lets go of everything. */
bool hb_core_going(const struct hb_core *core);

/* ---- what is shown (cl_status, tests, simulator) ---- */
const char *hb_status_name(enum hb_status status);

enum hb_hold { HB_HOLD_NONE, HB_HOLD_LOCAL, HB_HOLD_FOREIGN, HB_HOLD_ALL, HB_HOLD_TRANSITION,
               HB_HOLD_COUNT };
const char *hb_hold_name(enum hb_hold hold);

/* The nodes in the order of ha.cf, then the ping nodes in theirs. */
size_t hb_core_node_count(const struct hb_core *core);
bool hb_core_node_is_ping(const struct hb_core *core, size_t index);
const char *hb_core_node_name(const struct hb_core *core, size_t index);
enum hb_status hb_core_node_status(const struct hb_core *core, size_t index);
/* Without proof that it hears us, no life of the node is believed below this generation. */
uint64_t hb_core_floor(const struct hb_core *core, size_t index);
/* As setweight and setsite said; 100 and "" if they did not. */
uint64_t hb_core_node_weight(const struct hb_core *core, size_t index);
const char *hb_core_node_site(const struct hb_core *core, size_t index);
/* Names, of char *, of nodes deleted while we ran. */
const GPtrArray *hb_core_deleted(const struct hb_core *core);
/* Link of a node by name: true and *up, or false for no such link. */
bool hb_core_link_status(const struct hb_core *core, size_t node, const char *link, bool *up);
/* The links of a node by number; NULL beyond the last. */
const char *hb_core_link_name(const struct hb_core *core, size_t node, size_t link);
/* Every other node has left in good order. */
bool hb_core_all_left(const struct hb_core *core);
/* Every other node has been heard and runs Hearth. */
bool hb_core_all_hearth(const struct hb_core *core);
enum hb_hold hb_core_holding(const struct hb_core *core);
/* 16 bytes; NULL while it is not known. */
const uint8_t *hb_core_node_uuid(const struct hb_core *core, size_t index);
/* Everything is released and the end is near: the time to end what we run beside resources. */
bool hb_core_leaving(const struct hb_core *core);
/* Whether HB_ACT_TELL is wanted; what the interfaces for programs ask each other comes anyway. */
void hb_core_listen(struct hb_core *core, bool listening);

/* Whether an operator may say that the node is down (HB_EV_CONFIRMED): it is counted dead. */
bool hb_core_confirmable(const struct hb_core *core, size_t node);

/* What of ha.cf must be the same on all nodes. */
enum hb_topic { HB_TOPIC_NODES, HB_TOPIC_TIMES, HB_TOPIC_FAILBACK, HB_TOPIC_PORTS, HB_TOPIC_PINGS,
                HB_TOPIC_COUNT };
/* The directives it is made of. */
const char *hb_topic_name(enum hb_topic topic);
/* How the files of another node differ from ours, as it tells. */
struct hb_files {
    bool other_resources;  /* haresources */
    unsigned other_config; /* ha.cf: 1 << topic */
};
/* False: nothing is known, for the node is dead, or a 3.0.6 node, or ourselves. */
bool hb_core_node_files(const struct hb_core *core, size_t index, struct hb_files *out);

/* Authenticated messages nobody acted on, by reason. They belong to this life of the core. */
struct hb_counters {
    uint64_t malformed;    /* no type, sender, time, generation or number */
    uint64_t unknown_node; /* from nobody in ha.cf, or in our name */
    uint64_t replayed;     /* of an earlier life of the sender */
    uint64_t stale;        /* of this life, but too late to count */
    uint64_t duplicate;    /* had before: by another link, or played again */
    uint64_t unproven;     /* of a life that has not shown that it hears this one */
};
const struct hb_counters *hb_core_counters(const struct hb_core *core);

enum hb_group_state { HB_GROUP_STOPPED, HB_GROUP_STARTING, HB_GROUP_HELD, HB_GROUP_STOPPING,
                      HB_GROUP_FAILED, HB_GROUP_STATE_COUNT };
/* Of a group by its index, the number that actions have. */
unsigned hb_core_group_number(const struct hb_core *core, size_t group);
enum hb_group_state hb_core_group_state(const struct hb_core *core, size_t group);
/* The group of that key, as a number; the number of groups if there is none. */
size_t hb_core_find_group(const struct hb_core *core, const char *key);
/* Another live node that has it, as far as is known; NULL for none. */
const char *hb_core_group_elsewhere(const struct hb_core *core, size_t group);
const char *hb_group_state_name(enum hb_group_state state);

/* Whether what a group can be prepared with (a standby of ldirectord) should run on this node. It
 * changes only in steps with an HB_ACT_STATUS. */
enum hb_warmth {
    HB_WARM_OFF,    /* not, or not yet, or no longer */
    HB_WARM_READY,  /* the group is elsewhere, or nowhere */
    HB_WARM_COMING, /* its owner is about to hand it to us */
    HB_WARM_IN_USE, /* the group is held here, on its way up or on its way down */
    HB_WARM_COUNT
};
enum hb_warmth hb_core_warm(const struct hb_core *core, size_t group);

#endif
