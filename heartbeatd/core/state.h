/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of the core: the one struct its parts share, and what each part
 * offers the others. Private to heartbeatd/core and its tests.
 *
 * A step runs: lateness (member.c), the event, what is due, and then settle():
 * dialogue, ownership and groups draw their conclusions from what they know
 * now, whatever it was that changed. So a lost message delays a conclusion and
 * never prevents it.
 */
#ifndef HB_CORE_STATE_H
#define HB_CORE_STATE_H

#include "common/base/rand.h"
#include "heartbeatd/core/actions.h"
#include "heartbeatd/core/core.h"
#include "heartbeatd/core/fence.h"
#include "heartbeatd/core/group.h"
#include "heartbeatd/core/history.h"
#include "heartbeatd/core/monitor.h"
#include "heartbeatd/core/node.h"
#include "heartbeatd/core/roster.h"

#define HB_UUID_BYTES 16
#define HB_AGREE_TEXT (4 * HB_TOPIC_COUNT + 1)

/* Why a group is held here. */
enum hb_why {
    HB_WHY_NOT,
    HB_WHY_HOME,    /* it is ours, and nobody else has it */
    HB_WHY_DEAD,    /* its holder died */
    HB_WHY_LEFT,    /* its holder left in good order, or let go */
    HB_WHY_HANDED,  /* handed over in a standby */
    HB_WHY_FAILED,  /* it could not be started at home */
    HB_WHY_CARRIER, /* its home has no link on an interface that it needs */
    HB_WHY_COUNT
};

/* The link on the interfaces that a group needs. */
struct hb_carrier {
    bool down;          /* there is none */
    bool lacks;         /* there is none, or not for long enough yet: what the word says */
    bool lent;          /* ours, given to a 3.0.6 node for that reason */
    uint64_t down_ns;   /* lost then */
    uint64_t back_ns;   /* counts again then */
    unsigned losses;    /* lately */
    uint64_t offer_ns;  /* nothing is asked of a 3.0.6 node before then */
    unsigned offers;
};

/* What is up of a group that is not wanted, for it is not known whether it may be (leftover.c). */
enum hb_left {
    HB_LEFT_NOTHING,
    HB_LEFT_EXPIRED, /* by a life before this one, too long ago: to be stopped */
    HB_LEFT_KEPT,    /* by a life before this one, just now: it may fall to us */
    HB_LEFT_SLEPT,   /* by ourselves, before we did not move for too long */
};

/* One group as this node sees it. */
struct hb_owned {
    struct hb_group_run run;
    enum hb_why why;
    bool home;          /* its line names us */
    size_t home_node;   /* the node its line names; node_count if there is none */
    bool took;
    bool failed;        /* could not be started here */
    enum hb_ready ready; /* what is kept warm for it here */
    bool withheld;      /* an operator gave it up: still ours, to the others as well */
    bool sought;        /* an operator wants it here */
    uint64_t sought_until_ns;
    bool owes_answer;   /* to the one it is lent to */
    size_t lent_to;     /* 1 + the node that asked for it; 0: nobody did */
    uint64_t lent_life; /* the generation of that node then */
    uint64_t lent_until_ns;
    uint64_t ask_ns;    /* when to ask for it again; 0: need not be asked for */
    enum hb_left left;
    uint64_t lost_told_ns; /* that an address is lost is not told again before */
    bool contested;     /* held by another as well, and that was said */
    bool doubled;       /* another had it too, or may have had; announce again when it has not */
    struct hb_group *former;     /* reload.c: run.group, while haresources has another one already */
    const struct hb_group *next; /* that one; NULL: run.group is what haresources has */
    bool pruned;        /* what it will not have any more is stopped, or about to be */
    bool asking;        /* claims.c: told that we want it, to be told if somebody has it */
    bool let_alone;     /* claims.c: the other let it go, and may have it no more in its file */
    bool fresh;         /* came with a reload, and what went with it may still be up */
    uint64_t failed_ns;

    struct hb_carrier carrier; /* carrier.c */

    /* watch.c */
    struct hb_monitor monitor;
    enum hb_group_state state; /* as of since_ns */
    uint64_t since_ns;
    unsigned reasons;          /* as of reason_ns */
    uint64_t reason_ns;        /* when run.reason was */
    uint64_t move_ns;          /* failed here: not offered to a 3.0.6 node before then */
    unsigned move_tries;
};

/* The standby under way, seen from here. */
struct hb_standby {
    enum hb_handover phase;
    enum hb_what what;      /* from the giver's view */
    size_t peer;            /* the other side; known from ANSWERED on */
    uint64_t until_ns;      /* give up then */
    uint64_t number;        /* of our newest message in it */
    uint64_t answer_ns;     /* PROMISED: it is said then at the latest; HA_NEVER: it has been */
    uint64_t failback_ns;   /* no automatic failback before then */
    unsigned failback_tries;
};

/* A host that answers echo requests, or a group of them: it has no word and takes no part. */
struct hb_ping {
    const struct hb_medium *medium;
    enum hb_status status;  /* init, ping or dead */
    struct hb_links links;  /* one */
    uint64_t deadline_ns;   /* dead then; HA_NEVER: dead already */
    bool excused;           /* absence.h */
};

/* member.c: what the log was told of our own. */
struct hb_lateness {
    uint64_t said_ns;       /* 0: nothing */
    uint64_t longest_ns;
    unsigned unsaid;
};

struct hb_core {
    const struct hb_config *config;
    const struct hb_haresources *resources;
    char agreed[HB_AGREE_TEXT]; /* agree.c: what config must agree in */
    uint32_t digest;        /* of resources: the same on nodes with the same haresources */
    size_t node_count, self;
    struct hb_node *nodes;  /* in the order of the configuration, ourselves among them */
    struct hb_roster roster;
    size_t ping_count;
    struct hb_ping *pings;  /* apart from the nodes: nothing but their status is of interest */
    size_t group_count;
    struct hb_owned *groups;
    GPtrArray *leaving;     /* reload.c: of struct hb_leaving *, what haresources has no more */
    GPtrArray *buried;      /* reload.c: of struct hb_group *, freed with the next step */
    uint32_t ops;           /* more operations than any group that left had */
    bool inherited;         /* the network is up, and nobody needs an initial dead time */
    uint8_t uuid[HB_UUID_BYTES];
    uint64_t generation;
    struct ha_rand rand;
    uint64_t nonce;         /* of this life (proof.h); never 0 */
    uint64_t number;        /* of our newest numbered message */
    uint64_t unnumbered;    /* how many others */
    struct hb_history history;

    /* member.c */
    enum hb_status status;
    bool comm_up;           /* every node heard or dead */
    bool heard_beat;        /* in this step: another's */
    bool finished;
    uint64_t started_ns, next_beat_ns, sent_beat_ns;
    uint64_t ask_nodes_ns;  /* next reqnodes; HA_NEVER: none */
    size_t asked_node;
    uint64_t wake_ns;
    struct hb_lateness lateness;
    uint64_t doubt_ns;      /* we were held up: what waits to be read is old until then */

    /* word.c */
    uint64_t word_ns;       /* an extra beat is due then; HA_NEVER: none */
    uint64_t trust;         /* start nothing before the others saw this message of ours;
                               HA_NEVER: it is not out yet */
    GString *word;          /* as last sent, without "seen" */
    GString *gist, *told;   /* what it is made of, now and then */

    /* dialogue.c */
    enum hb_stage stage;
    bool restarting;        /* leave with HB_ACT_RESTART: healed partition with a 3.0.6 node */
    uint64_t wait_ns;       /* end of the ten seconds; next "starting"; end of a farewell */
    uint64_t heal_ns;
    uint64_t start_number;  /* of our first "starting" */
    enum hb_hold reported;
    bool reported_stable;

    struct hb_standby standby;
    struct hb_counters counters;

    struct hb_fence *fences; /* fence.c: one per node */
    uint32_t fence_ops;
    bool fence_me;          /* something here does not stop: the others are to switch us off */
    bool rebooting;
    size_t watch_turn;      /* watch.c: the group that is looked at first */
    /* client.c */
    bool listening;         /* somebody wants HB_ACT_TELL */
    bool patience;          /* ask for more of it in the next status */

    /* for the length of a step */
    const struct hb_now *now;
    struct hb_actions *out;
};

/* ---- send.c: messages on their way out, and the log ---- */
struct hb_msg *hb_compose(const char *type);
/* Adds the standard fields, numbers and keeps it unless its type starts with
 * NS_, and sends. Takes over the reference. Returns its number, 0 if it has none. */
uint64_t hb_send(struct hb_core *core, struct hb_msg *msg);
#define hb_say(core, level, ...) hb_actions_log((core)->out, level, __VA_ARGS__)
static inline uint64_t hb_mono(const struct hb_core *core)
{
    return core->now->mono_ns;
}

/* ---- word.c: what Hearth nodes tell each other in every numbered message ---- */
bool hb_word_on(const char *type);
void hb_word_add(struct hb_core *core, struct hb_msg *msg);
/* For messages of a type that carries it: keeps it if newer than what node told before. */
void hb_word_read(struct hb_core *core, struct hb_node *node, const struct hb_msg *msg,
                  const struct hb_proof_words *proof, uint64_t number);
/* Sees to an extra beat soon. */
void hb_word_hurry(struct hb_core *core);
/* Something we tell may have changed: sends an extra beat, or sees to one. */
void hb_word_settle(struct hb_core *core);
/* Whatever we decide from here on counts on others having seen what we say now. */
void hb_word_renew_trust(struct hb_core *core);
uint8_t hb_word_bits(const struct hb_core *core, size_t group);
uint32_t hb_word_digest(const struct hb_haresources *resources);

/* ---- receive.c ---- */
void hb_receive(struct hb_core *core, struct hb_msg *msg, const char *link);
/* What has come from Hearth nodes since the last time, with a beat. */
void hb_receive_acknowledge(struct hb_core *core);
/* What we sent came back by that link. */
void hb_receive_looped(struct hb_core *core, const char *link);
/* A message of ours that goes to everybody, this node included. */
void hb_receive_own(struct hb_core *core, struct hb_msg *msg);

/* ---- inject.c ---- */
void hb_inject(struct hb_core *core, struct hb_msg *msg);

/* ---- member.c: start, beats, deaths, the node list ---- */
void hb_member_start(struct hb_core *core);
void hb_member_late(struct hb_core *core);
/* We were away for that long: judge nobody by it, trust nothing that was said before. */
void hb_member_held_up(struct hb_core *core, uint64_t late_ns);
void hb_member_timers(struct hb_core *core);
uint64_t hb_member_next_ns(const struct hb_core *core);
void hb_member_send_status(struct hb_core *core);
void hb_member_status(struct hb_core *core, struct hb_node *node, const struct hb_msg *msg,
                      uint64_t number);
void hb_member_reqnodes(struct hb_core *core, struct hb_node *node);
void hb_member_repnodes(struct hb_core *core, struct hb_node *node, const struct hb_msg *msg);
/* Nobody else is alive, or all others have left. */
bool hb_member_alone(const struct hb_core *core);

/* ---- ping.c: ping nodes ---- */
void hb_pings_init(struct hb_core *core);
void hb_pings_start(struct hb_core *core);
/* With each of our beats: an echo request to each. */
void hb_pings_ask(struct hb_core *core);
/* An NS_st message, which only an answer on its own link can be. */
void hb_pings_receive(struct hb_core *core, const struct hb_msg *msg, const char *link);
/* We were held up: nobody is judged by that. */
void hb_pings_excuse(struct hb_core *core, const struct hb_absence *absence);
void hb_pings_timers(struct hb_core *core);
uint64_t hb_pings_next_ns(const struct hb_core *core);
/* Each was heard or is dead. */
bool hb_pings_known(const struct hb_core *core);
/* Shorter times count from now on. */
void hb_pings_communication_up(struct hb_core *core);

/* ---- owner.c: which group should be held here ---- */
void hb_owner_settle(struct hb_core *core);
/* A Hearth node is back that we took for dead, as it may have taken us: what we hold it may have
 * held meanwhile, and may have let go before we hear of it. */
void hb_owner_returned(struct hb_core *core);
/* When a group that failed here may be tried again here; HA_NEVER if it did not. */
uint64_t hb_owner_retry_ns(const struct hb_core *core, size_t group);
uint64_t hb_owner_next_ns(const struct hb_core *core);
/* Nobody else alive has it, as far as each of them has told since we last became eligible. */
bool hb_owner_is_free(const struct hb_core *core, size_t group);
void hb_owner_want(struct hb_core *core, size_t group, enum hb_why why);
void hb_owner_let_go(struct hb_core *core, size_t group);
/* The same, for another node, in good order: nobody else has it, and nothing hurries. */
void hb_owner_hand(struct hb_core *core, size_t group);
/* Nobody having it, is it we who should? */
bool hb_owner_falls_to_us(const struct hb_core *core, size_t group);
/* In what a giver calls local, foreign or all. */
bool hb_owner_in(const struct hb_core *core, size_t group, enum hb_what what, size_t giver);
/* Another Hearth node would take the group at once if it failed here. */
bool hb_owner_other_able(const struct hb_core *core, size_t group);
bool hb_owner_any_claimed(const struct hb_core *core);
/* What rsc_hold says. */
enum hb_hold hb_owner_hold(const struct hb_core *core);
/* The home of groups that an operator had handed to us is gone: they are to return with it. */
void hb_owner_home_gone(struct hb_core *core, const struct hb_node *node);
/* What a node that speaks in rsc_hold words claims, as bits of its view. */
void hb_owner_claims(const struct hb_core *core, struct hb_node *node, enum hb_hold hold);
/* Some of what node told is missing: it may have all that is not ours. */
void hb_owner_suspects(const struct hb_core *core, struct hb_node *node);
bool hb_hold_find(const char *text, enum hb_hold *hold);
const char *hb_what_name(enum hb_what what);
bool hb_what_find(const char *text, enum hb_what *what);

/* ---- watch.c: what happens to held resources, and where a failed group goes ---- */
void hb_watch_init(struct hb_core *core);
void hb_watch_clear(struct hb_core *core);
void hb_watch_timers(struct hb_core *core);
bool hb_watch_answer(struct hb_core *core, size_t group, const struct hb_event *event);
void hb_watch_lost(struct hb_core *core, const struct hb_event *event);
void hb_watch_settle(struct hb_core *core);
uint64_t hb_watch_next_ns(const struct hb_core *core);

/* ---- roster.c: the list of nodes ---- */
void hb_roster_init(struct hb_core *core);
void hb_roster_clear(struct hb_core *core);
/* Makes the changes that were asked for, at the end of a step. */
void hb_roster_settle(struct hb_core *core);
uint64_t hb_roster_next_ns(const struct hb_core *core);
void hb_roster_addnode(struct hb_core *core, const struct hb_msg *msg);
void hb_roster_delnode(struct hb_core *core, const struct hb_msg *msg);
void hb_roster_setweight(struct hb_core *core, const struct hb_msg *msg);
void hb_roster_setsite(struct hb_core *core, const struct hb_msg *msg);
/* nodelist and delnodelist, out and in. */
void hb_roster_describe(const struct hb_core *core, struct hb_msg *msg);
void hb_roster_learn(struct hb_core *core, const struct hb_node *node, const struct hb_msg *msg);

/* ---- legacy.c: one group at a time ---- */
bool hb_legacy_on(const struct hb_core *core);
void hb_legacy_request(struct hb_core *core, struct hb_node *node, const struct hb_msg *msg);
void hb_legacy_response(struct hb_core *core, struct hb_node *node, const struct hb_msg *msg);
void hb_legacy_wish(struct hb_core *core, size_t group, enum hb_wish wish);
/* The node must answer before the group counts as free. */
bool hb_legacy_blocks(const struct hb_core *core, const struct hb_node *node, size_t group);
bool hb_legacy_lent(const struct hb_core *core, size_t group);
void hb_legacy_settle(struct hb_core *core);
uint64_t hb_legacy_next_ns(const struct hb_core *core);

/* ---- carrier.c: interfaces without a link ---- */
void hb_carrier_event(struct hb_core *core, const struct hb_event *event);
void hb_carrier_timers(struct hb_core *core);
void hb_carrier_settle(struct hb_core *core);
uint64_t hb_carrier_next_ns(const struct hb_core *core);
/* The node lacks a link that the group needs, as far as it has told. */
bool hb_carrier_lacks(const struct hb_core *core, size_t group, size_t node);
/* A standby of giver would bring us something that we have no link for, and it has. */
bool hb_carrier_refuses(const struct hb_core *core, enum hb_what what, size_t giver);

/* ---- warm.c: what is kept ready for groups ---- */
void hb_warm_event(struct hb_core *core, const struct hb_event *event);
bool hb_warm_not_ready(const struct hb_owned *owned);

/* ---- fence.c: dead nodes are switched off first ---- */
void hb_fence_init(struct hb_core *core);
void hb_fence_clear(struct hb_core *core);
/* The node is counted dead from now on; its view still says what it did last. */
void hb_fence_lost(struct hb_core *core, struct hb_node *node);
void hb_fence_done(struct hb_core *core, const struct hb_event *event);
void hb_fence_confirmed(struct hb_core *core, size_t node);
void hb_fence_heard(struct hb_core *core, const struct hb_node *node, const struct hb_msg *msg);
/* A node that is counted dead may still be running: take nothing. */
bool hb_fence_pending(const struct hb_core *core);
/* The last node is new; the node of that number is about to go. */
void hb_fence_node_added(struct hb_core *core);
void hb_fence_node_goes(struct hb_core *core, size_t node);
/* What an old core had switched off needs not be again. */
void hb_fence_inherit(struct hb_core *core, const struct hb_core *old);
void hb_fence_settle(struct hb_core *core);
uint64_t hb_fence_next_ns(const struct hb_core *core);

/* ---- suspect.c: a node that is about to be counted dead ---- */
void hb_suspect_timers(struct hb_core *core);
uint64_t hb_suspect_next_ns(const struct hb_core *core);
/* A node that was lost, and not switched off, may still be running. */
bool hb_suspect_may_live(const struct hb_core *core);

/* ---- leftover.c: what a life before this one, or a long sleep, has left ---- */
void hb_leftover_taken_off(struct hb_core *core);
void hb_leftover_settle(struct hb_core *core);

/* ---- dialogue.c: starting, resource, shutdone ---- */
void hb_dialogue_active(struct hb_core *core);
void hb_dialogue_starting(struct hb_core *core, struct hb_node *node, uint64_t number);
void hb_dialogue_resource(struct hb_core *core, struct hb_node *node, const struct hb_msg *msg,
                          uint64_t number);
void hb_dialogue_shutdone(struct hb_core *core, struct hb_node *node);
void hb_dialogue_stop(struct hb_core *core);
/* A 3.0.6 node came back from a partition: do what it does. */
void hb_dialogue_heal(struct hb_core *core);
void hb_dialogue_settle(struct hb_core *core);
void hb_dialogue_timers(struct hb_core *core);
uint64_t hb_dialogue_next_ns(const struct hb_core *core);
/* Sends "resource"; info may be NULL. */
void hb_dialogue_report(struct hb_core *core, enum hb_hold hold, bool stable, const char *info);

/* ---- client.c: what clients hear ---- */
/* node said msg, to us or to everybody. */
void hb_client_hears(struct hb_core *core, struct hb_node *node, const struct hb_msg *msg);
void hb_client_hears_own(struct hb_core *core, const struct hb_msg *msg);
void hb_client_starts(struct hb_core *core);
/* ---- agree.c: what of ha.cf must be the same on all nodes ---- */
void hb_agree_digest(const struct hb_config *config, char out[HB_AGREE_TEXT]);
void hb_agree_read(struct hb_core *core, struct hb_node *node, const char *text, size_t length);

/* ---- claims.c: while two Hearth nodes have different haresources ---- */
/* What a resource is known by: an address by itself, the rest by its text. */
uint32_t hb_claims_mark(const struct hb_resource *resource);
/* " gr=...", if somebody needs it. */
void hb_claims_append(const struct hb_core *core, GString *text);
/* False if that tells nothing. */
bool hb_claims_read(struct hb_core *core, struct hb_node *node, const char *text, size_t length);
/* A living Hearth node has another haresources. */
bool hb_claims_differ(const struct hb_core *core);
/* For a free group that falls to us; says first that we want it. */
bool hb_claims_may_take(struct hb_core *core, size_t group);

/* ---- reload.c: another haresources ---- */
/* Stopping here, whatever comes; then forgotten. */
struct hb_leaving {
    struct hb_group_run run;
    struct hb_group *group; /* what run.group is */
    bool whole;             /* a group of its own, not a part of one that goes on */
};
void hb_reload_free(struct hb_core *core);
void hb_reload(struct hb_core *core, const struct hb_haresources *fresh);
/* The run an operation belongs to, whichever list it is in; NULL for none. *index: its index in
 * groups, or group_count. */
struct hb_group_run *hb_reload_run(struct hb_core *core, uint32_t op_id, size_t *index);
void hb_reload_timers(struct hb_core *core);
/* Before ownership is settled: what is at rest becomes what haresources says. */
/* At the beginning of each step. */
void hb_reload_step(struct hb_core *core);
void hb_reload_settle(struct hb_core *core);
uint64_t hb_reload_next_ns(const struct hb_core *core);
/* Something that haresources has no more is still being stopped. */
bool hb_reload_busy(const struct hb_core *core);

/* ---- standby.c: ask_resources, hb_takeover, automatic failback ---- */
void hb_standby_begin(struct hb_core *core, enum hb_what what, const char *who);
void hb_standby_message(struct hb_core *core, struct hb_node *node, const struct hb_msg *msg,
                        uint64_t number);
/* What we promised to take from a 3.0.6 node: one that is stable has not begun to give, and may not
 * have heard our answer in time. */
void hb_standby_reported(struct hb_core *core, const struct hb_node *node);
void hb_standby_takeover(struct hb_core *core, enum hb_what what);
void hb_standby_taken_over(struct hb_core *core, struct hb_node *node, const struct hb_msg *msg);
/* The node died, left or began a new life. */
void hb_standby_lost(struct hb_core *core, const struct hb_node *node);
/* The group is on its way to us. */
bool hb_standby_brings(const struct hb_core *core, size_t group);
void hb_standby_settle(struct hb_core *core);
uint64_t hb_standby_next_ns(const struct hb_core *core);

#endif
