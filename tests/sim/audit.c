/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must hold. The audits know the truth (what is up on which machine) and
 * look into the cores only to compare.
 *
 * "No group is owned twice while a path works" is meant so: a pair of nodes is
 * connected when in both directions beats have got through with no gap of a dead
 * time, at least three since the last gap in either and 500 ms since the third. To
 * be started, crashed, held up or let go on is a gap. While a pair is connected
 * - neither begins to start a group of which the other has anything up;
 * - neither has a group up that the other has up, unless one of them has decided
 *   to let go of it.
 * Nodes that can switch each other off are held to both at any time.
 * Where beats get through in one direction only, the node that hears lets go
 * within a dead time + 3 keepalives + 1 s.
 */
#include <string.h>

#include "tests/sim/sim.h"

#define RECOVERY_BEATS 3
#define RECOVERY_NS    (500 * SIM_MS)
#define CLASSIC_NS     (20 * SIM_S) /* with a 3.0.6 node: both must let go first */

bool sim_owns(const struct sim *sim, unsigned index, unsigned group)
{
    const struct sim_node *node = &sim->nodes[index];

    return (node->up[group] & ~node->orphan[group]) != 0 || node->rising[group];
}

int sim_owner(const struct sim *sim, unsigned group)
{
    int owner = -1;

    for (unsigned i = 0; i < sim->node_count; i++) {
        if (!sim_owns(sim, i, group))
            continue;
        if (owner >= 0)
            return -1;
        owner = (int)i;
    }
    return owner;
}

/* ---- which pairs are connected ---- */

static uint64_t dead_ns(const struct sim *sim, unsigned node)
{
    return ha_ms_to_ns(sim->config[node]->deadtime_ms);
}

/* Only news counts: a second copy, one sent again, or one that waited while its
 * receiver was held up says nothing about now. Nor does a beat of a node that has
 * not heard the receiver in this life of his: it is not believed. */
void audit_delivered(struct sim *sim, const struct sim_due *due)
{
    unsigned from = due->from, to = due->node;
    struct sim_path *path = &sim->paths[from][to];
    uint64_t number = due->origin.number;

    if (due->origin.heard[to] == sim->nodes[to].life &&
        sim->now_ns - due->origin.heard_ns[to] < dead_ns(sim, from))
        sim->nodes[to].met_life[from] = MAX(sim->nodes[to].met_life[from], due->origin.life);
    if (from == to || due->origin.again || due->origin.life != sim->nodes[to].met_life[from] ||
        due->origin.life < path->life ||
        (due->origin.life == path->life && number <= path->number))
        return;
    path->life = due->origin.life;
    path->number = number;
    if (due->origin.sent_ns <= sim->nodes[to].upset_ns ||
        sim->now_ns - due->origin.sent_ns > dead_ns(sim, from))
        return;
    if (path->beat_ns == 0 || sim->now_ns - path->beat_ns >= dead_ns(sim, from))
        path->good = sim->paths[to][from].good = 0; /* both must learn what happened meanwhile */
    path->beat_ns = sim->now_ns;
    if (++path->good == RECOVERY_BEATS)
        path->good_ns = sim->now_ns;
}

void audit_upset(struct sim *sim, unsigned index)
{
    sim->nodes[index].upset_ns = sim->now_ns;
    for (unsigned i = 0; i < sim->node_count; i++) {
        sim->paths[index][i].good = sim->paths[i][index].good = 0;
        sim->paths[index][i].beat_ns = sim->paths[i][index].beat_ns = 0;
    }
}

void audit_resumed(struct sim *sim, unsigned index)
{
    struct sim_node *node = &sim->nodes[index];

    for (unsigned i = 0; i < sim->node_count; i++) {
        node->away[i]++;
        node->away_ns[i] += node->pause_ns;
    }
}

static bool works(const struct sim *sim, unsigned from, unsigned to)
{
    const struct sim_path *path = &sim->paths[from][to];

    return path->good >= RECOVERY_BEATS && sim->now_ns - path->beat_ns < dead_ns(sim, from) &&
           sim->now_ns >= path->good_ns + RECOVERY_NS;
}

static bool connected(const struct sim *sim, unsigned a, unsigned b)
{
    return works(sim, a, b) && works(sim, b, a) && !sim->nodes[a].paused && !sim->nodes[b].paused;
}

/* One hears the other and is not heard: how long may it go on? */
static uint64_t one_way_limit_ns(const struct sim *sim, unsigned node)
{
    return dead_ns(sim, node) + ha_ms_to_ns(3 * sim->config[node]->keepalive_ms + 1000);
}

/* Since when beats of one get through to the other, and both are awake; 0: they do not. */
static uint64_t heard_since_ns(const struct sim *sim, unsigned from, unsigned to)
{
    uint64_t since_ns = sim->paths[from][to].good_ns;

    if (!works(sim, from, to) || sim->nodes[from].paused || sim->nodes[to].paused)
        return 0;
    since_ns = MAX(since_ns, sim->nodes[from].upset_ns);
    return MAX(since_ns, sim->nodes[to].upset_ns);
}

static bool letting_go(const struct sim *sim, unsigned index, unsigned group)
{
    const struct sim_node *node = &sim->nodes[index];
    const struct hb_owned *owned;

    if (node->classic != NULL)
        return !classic_wants(node->classic, group);
    owned = sim_owned(sim, index, group);
    return owned == NULL || !owned->run.wanted;
}

/* While files differ one may have what has no resource in common with what the other has: the number
 * is all that is the same, for the key has changed. */
static bool is_another(const struct sim *sim, unsigned group, unsigned a, unsigned b)
{
    const struct hb_owned *ours = sim_owned(sim, a, group), *theirs = sim_owned(sim, b, group);

    return ours != NULL && theirs != NULL &&
           (sim_listed(ours->run.group) & sim_listed(theirs->run.group)) == 0;
}

static void audit_pair(struct sim *sim, unsigned group, unsigned a, unsigned b)
{
    uint64_t heard_ns = MAX(heard_since_ns(sim, a, b), heard_since_ns(sim, b, a));

    if (is_another(sim, group, a, b))
        return;
    if (sim->twice_ns[group] == 0)
        sim->twice_ns[group] = sim->now_ns;
    if (sim->fencing)
        sim_fail(sim, "group %u is owned by %s and %s, which can switch each other off", group,
                 sim_name(a), sim_name(b));
    if (sim->nodes[a].is_classic || sim->nodes[b].is_classic) {
        if (connected(sim, a, b) && sim->now_ns > sim->twice_ns[group] + CLASSIC_NS)
            sim_fail(sim, "group %u is owned by %s and %s for long, which are connected", group,
                     sim_name(a), sim_name(b));
        return;
    }
    if (connected(sim, a, b))
        sim_fail(sim, "group %u is owned by %s and %s, which are connected", group, sim_name(a),
                 sim_name(b));
    if (heard_ns > 0 &&
        sim->now_ns > MAX(sim->twice_ns[group], heard_ns) + one_way_limit_ns(sim, a))
        sim_fail(sim, "group %u is owned by %s and %s, one of which hears the other", group,
                 sim_name(a), sim_name(b));
}

/* The nodes that have it and have not decided to let go. */
static unsigned keepers(const struct sim *sim, unsigned group, unsigned nodes[SIM_NODES])
{
    unsigned count = 0;

    for (unsigned i = 0; i < sim->node_count; i++) {
        if (sim_owns(sim, i, group) && !letting_go(sim, i, group))
            nodes[count++] = i;
    }
    return count;
}

void audit_truth(struct sim *sim)
{
    for (unsigned group = 0; group < sim->group_count; group++) {
        unsigned nodes[SIM_NODES], count = keepers(sim, group, nodes);

        for (unsigned i = 0; count > 1 && i < count; i++) {
            for (unsigned j = i + 1; j < count; j++)
                audit_pair(sim, group, nodes[i], nodes[j]);
        }
        if (count < 2)
            sim->twice_ns[group] = 0;
    }
}

/* ---- what a core believes, against the truth ---- */

/* A resource that died may go unnoticed for an interval and two questions without an answer, and
 * wait for its restart; another interval if a neighbour is restarted when its question is due. */
static bool unnoticed(const struct sim *sim, unsigned index, unsigned group, unsigned at)
{
    const struct hb_monitor_config *config = &sim->config[index]->monitor;
    uint64_t died_ns = sim->nodes[index].died_ns[group][at];
    uint64_t limit_ms = 2 * config->interval_ms + 2 * config->timeout_ms + HB_RESTART_LAST_MS + 2000;

    return died_ns > 0 && sim->now_ns <= MAX(died_ns, sim->nodes[index].upset_ns) +
                                             ha_ms_to_ns(limit_ms);
}

/* Of a group that is about to be another one it may have stopped something already. */
static void audit_group(struct sim *sim, unsigned index, unsigned group,
                        const struct hb_owned *owned)
{
    const struct sim_node *node = &sim->nodes[index];
    enum hb_group_state state = owned != NULL ? owned->run.state : HB_GROUP_STOPPED;
    bool down = state == HB_GROUP_STOPPED || state == HB_GROUP_FAILED;
    bool held = state == HB_GROUP_HELD && owned->next == NULL;
    unsigned listed, missing, surplus;

    if (owned != NULL && owned->left != HB_LEFT_NOTHING)
        return; /* of a life before this one: what of it is up remains to be seen */
    surplus = node->up[group] & ~node->orphan[group];
    if (down && surplus == 0)
        return;
    listed = owned != NULL ? sim_listed(owned->run.group) : 0;
    missing = held ? listed & ~node->up[group] : 0;
    surplus &= ~(down ? 0 : listed);
    for (unsigned i = 0; (missing | surplus) >> i != 0; i++) {
        if (missing & 1U << i && !unnoticed(sim, index, group, i))
            sim_fail(sim, "%s thinks it holds group %u, but resource %u is down", sim_name(index),
                     group, i);
        if (surplus & 1U << i && !sim_leaves(sim, index, group, i))
            sim_fail(sim, "%s thinks group %u is %s%s, but resource %u is up", sim_name(index),
                     group, hb_group_state_name(state), listed & 1U << i ? "" : " without it", i);
    }
}

/* It has something that another haresources lists. */
static bool has_of(const struct sim *sim, unsigned index, const struct hb_group *list)
{
    const struct sim_node *node = &sim->nodes[index];
    unsigned group = sim_group(list);

    if ((node->up[group] & ~node->orphan[group] & sim_listed(list)) != 0)
        return true;
    return node->rising[group];
}

/* Nobody begins to start what another, connected one has anything of. Who restarts something of
 * what it goes on holding does not begin. */
static void audit_begin(struct sim *sim, unsigned index, unsigned group,
                        const struct hb_owned *owned)
{
    enum hb_group_state *state = &sim->nodes[index].state[group];
    enum hb_group_state before = *state;
    bool *wanted = &sim->nodes[index].wanted[group], held = *wanted;

    *state = owned != NULL ? owned->run.state : HB_GROUP_STOPPED;
    *wanted = owned != NULL && owned->run.wanted;
    if (*state != HB_GROUP_STARTING || before == HB_GROUP_STARTING || held)
        return;
    for (unsigned other = 0; other < sim->node_count; other++) {
        if (other != index && has_of(sim, other, owned->run.group) &&
            (sim->fencing || connected(sim, index, other)))
            sim_fail(sim, "%s begins to start group %u, which %s has", sim_name(index), group,
                     sim_name(other));
    }
}

/* Beats are believed in order, each once, and not long after they were sent,
 * whoever it is that delivers them. */
void audit_believed(struct sim *sim, const struct sim_due *due)
{
    unsigned of = due->from, index = due->node;
    struct sim_node *node = &sim->nodes[index];
    const struct hb_node *seen = node->core != NULL ? &node->core->nodes[of] : NULL;
    uint64_t number = due->origin.number, age_ns = sim->now_ns - due->origin.sent_ns;

    if (seen == NULL || of == index || seen->beats == node->beats[of])
        return;
    if (seen->beats != node->beats[of] + 1 || !due->origin.beat)
        sim_fail(sim, "%s counted beats of %s where there were none", sim_name(index),
                 sim_name(of));
    if (due->origin.life < node->beat_life[of] ||
        (due->origin.life == node->beat_life[of] && number <= node->beat_number[of]))
        sim_fail(sim, "%s believed beat %llu of life %u of %s twice or late", sim_name(index),
                 (unsigned long long)number, due->origin.life, sim_name(of));
    if (!sim->nodes[of].is_classic && age_ns > dead_ns(sim, of) + 2 * SIM_S + 1)
        sim_fail(sim, "%s believed a beat of %s that is %.3f s old", sim_name(index), sim_name(of),
                 (double)age_ns / 1e9);
    node->beats[of] = seen->beats;
    node->beat_life[of] = due->origin.life;
    node->beat_number[of] = number;
    node->beat_ns[of] = sim->now_ns;
    node->away[of] = 0;
    node->away_ns[of] = 0;
}

static uint64_t lost_by(const struct sim *sim, unsigned index)
{
    const struct hb_core *core = sim->nodes[index].core;
    uint64_t lost = 0;

    for (unsigned of = 0; core != NULL && of < sim->node_count; of++)
        lost += core->nodes[of].seq.lost;
    return lost;
}

/* However often who listens is held up, what it heard nothing of in twice its dead time is dead: the
 * time away is not counted, but for the first time, which buys it a dead time. */
static void audit_silence(struct sim *sim, unsigned index, unsigned of)
{
    const struct sim_node *node = &sim->nodes[index];
    const struct hb_node *seen = &node->core->nodes[of];
    uint64_t silent_ns = sim->now_ns - node->beat_ns[of] - node->away_ns[of];

    if (node->beats[of] == 0 || seen->beats != node->beats[of] || seen->status == HB_STATUS_INIT ||
        seen->status == HB_STATUS_DEAD || !node->core->comm_up || node->core->status != HB_STATUS_ACTIVE)
        return;
    if (silent_ns > 2 * seen->dead_ns + SIM_S && silent_ns < HA_NEVER / 2)
        sim_fail(sim, "%s believes in %s, silent for %.3f s in which it was not held up",
                 sim_name(index), sim_name(of), (double)silent_ns / 1e9);
}

/* A node is counted dead at its last beat + its dead time, to the nanosecond. What is missing of it
 * then is lost: nobody sends it again. */
static void audit_death(struct sim *sim, unsigned index, unsigned of)
{
    struct sim_node *node = &sim->nodes[index];
    const struct hb_node *seen = &node->core->nodes[of];
    enum hb_status before = node->seen[of];

    node->seen[of] = seen->status;
    if (seen->status == HB_STATUS_DEAD && before != HB_STATUS_DEAD) {
        sim->death_ns = sim->now_ns;
        node->lost = lost_by(sim, index);
    }
    if (seen->status == HB_STATUS_DEAD && before != HB_STATUS_DEAD && seen->dead_ns > 0 &&
        node->pause_ns > 2 * ha_ms_to_ns(sim->config[index]->keepalive_ms) &&
        node->away[of] == 1 && sim->now_ns < node->upset_ns + seen->dead_ns)
        sim_fail(sim, "%s was held up for %.3f s and judges %s by it", sim_name(index),
                 (double)node->pause_ns / 1e9, sim_name(of));
    if (seen->status != HB_STATUS_DEAD || before == HB_STATUS_DEAD || node->beats[of] == 0 ||
        node->beat_number[of] != seen->status_number || !node->core->comm_up ||
        node->beat_ns[of] <= node->upset_ns || node->core->status != HB_STATUS_ACTIVE)
        return;
    if (sim->now_ns != node->beat_ns[of] + seen->dead_ns)
        sim_fail(sim, "%s counts %s dead %.3f s after its last beat, not %.3f s", sim_name(index),
                 sim_name(of), (double)(sim->now_ns - node->beat_ns[of]) / 1e9,
                 (double)seen->dead_ns / 1e9);
}

void audit_step(struct sim *sim, unsigned index)
{
    const struct sim_node *node = &sim->nodes[index];

    for (unsigned group = 0; group < sim->group_count; group++) {
        const struct hb_owned *owned = sim_owned(sim, index, group);

        audit_group(sim, index, group, owned);
        audit_begin(sim, index, group, owned);
    }
    for (unsigned of = 0; of < sim->node_count; of++) {
        if (of == index)
            continue;
        audit_death(sim, index, of);
        audit_silence(sim, index, of);
    }
    /* a sixteenth later, where it goes along with another's */
    if (node->wake_ns != HA_NEVER &&
        node->wake_ns > sim->now_ns + ha_ms_to_ns(sim->config[index]->keepalive_ms) * 17 / 16)
        sim_fail(sim, "%s does not want to be woken for its next beat", sim_name(index));
}

void audit_op(struct sim *sim, unsigned index, const struct hb_action *op)
{
    if (op->deadline_ms == 0 || op->deadline_ms > 600000)
        sim_fail(sim, "%s starts an operation without a deadline", sim_name(index));
}

/* Of a group that the node has. */
static void audit_claim(struct sim *sim, unsigned index, const struct hb_msg *msg,
                        const char *state, unsigned group)
{
    const struct hb_owned *owned = sim_owned(sim, index, group);
    const char *stable = hb_msg_text(msg, "isstable"), *hold = hb_msg_text(msg, "rsc_hold");
    const char *digits = strstr(state, " g=");

    if (owned == NULL || !has_of(sim, index, owned->run.group) ||
        (!hb_group_claimed(&owned->run) && sim_leaves_any(sim, index, group))) {
        if (strstr(state, " gr=") == NULL)
            sim_fail(sim, "%s does not say what it has of group %u, which is to go",
                     sim_name(index), group);
        return;
    }
    if (digits != NULL && !(g_ascii_xdigit_value(digits[3 + (owned - sim->nodes[index].core->groups)]) &
                            HB_G_CLAIMED))
        sim_fail(sim, "%s does not say that it has group %u", sim_name(index), group);
    if (stable != NULL && stable[0] == '1' && hold != NULL && strcmp(hold, "all") != 0 &&
        strcmp(hold, owned->home ? "local" : "foreign") != 0)
        sim_fail(sim, "%s reports %s and has group %u", sim_name(index), hold, group);
}

/* What is said about holdings is no less than what is so. */
void audit_send(struct sim *sim, unsigned index, const struct hb_msg *msg,
                const struct sim_origin *origin)
{
    const char *state = hb_msg_text(msg, "hstate");

    /* One that is sent again says what was. */
    if (state == NULL || origin->number == 0 || origin->again)
        return;
    sim->nodes[index].sent = origin->number;
    if (origin->beat)
        sim->nodes[index].beat_sent_ns = sim->now_ns;
    for (unsigned group = 0; group < sim->group_count; group++) {
        if (sim_owns(sim, index, group))
            audit_claim(sim, index, msg, state, group);
    }
}

/* ---- the end ---- */

void audit_settled(struct sim *sim)
{
    for (unsigned i = 0; i < sim->node_count; i++)
        sim->nodes[i].lost = lost_by(sim, i);
}

static bool is_broken(const struct sim *sim, unsigned index, unsigned group)
{
    for (unsigned i = 0; i < sim->resource_count[group]; i++) {
        if (!(sim->nodes[index].up[group] & 1U << i) &&
            sim_lists(sim_in_file(sim, index, group), i))
            return true;
    }
    return false;
}

/* What is in no file any more is down, but for what is left to the operator. */
static void audit_gone(struct sim *sim, unsigned index, unsigned group)
{
    const struct sim_node *node = &sim->nodes[index];
    const struct hb_group *of = sim_in_file(sim, index, group);

    for (unsigned i = 0; i < sim->resource_count[group]; i++) {
        if (node->up[group] & ~node->orphan[group] & 1U << i && (of == NULL || !sim_lists(of, i)))
            sim_fail(sim, "in the end resource %u of group %u, which is gone, is up on %s", i,
                     group, sim_name(index));
    }
}

static void audit_end_group(struct sim *sim, unsigned group)
{
    int owner = sim_owner(sim, group);
    const struct hb_owned *owned = owner >= 0 ? sim_owned(sim, (unsigned)owner, group) : NULL;

    for (unsigned i = 0; i < sim->node_count; i++)
        audit_gone(sim, i, group);
    if (sim_in_file(sim, 0, group) == NULL || sim->failed)
        return;
    if (owner < 0)
        sim_fail(sim, "in the end group %u is owned by nobody, or twice", group);
    else if (is_broken(sim, (unsigned)owner, group))
        sim_fail(sim, "in the end something of group %u is down on %s", group,
                 sim_name((unsigned)owner));
    else if (!sim->nodes[owner].is_classic &&
             (owned->run.state != HB_GROUP_HELD || owned->next != NULL))
        sim_fail(sim, "in the end group %u is %s on %s%s", group,
                 hb_group_state_name(owned->run.state), sim_name((unsigned)owner),
                 owned->next != NULL ? " and not yet what it should be" : "");
}

void audit_end(struct sim *sim)
{
    for (unsigned group = 0; group < sim->group_count; group++)
        audit_end_group(sim, group);
    for (unsigned i = 0; i < sim->node_count && !sim->failed; i++) {
        const struct sim_node *node = &sim->nodes[i];

        if (node->is_classic) {
            if (node->classic == NULL || !classic_is_stable(node->classic) ||
                !classic_sees_peer(node->classic))
                sim_fail(sim, "in the end %s is not active and stable", sim_name(i));
            continue;
        }
        if (node->core == NULL || node->core->status != HB_STATUS_ACTIVE ||
            node->core->stage != HB_STAGE_STABLE ||
            node->core->standby.phase != HB_HANDOVER_NONE)
            sim_fail(sim, "in the end %s is not active, stable and idle", sim_name(i));
        for (unsigned of = 0; of < sim->node_count && !sim->failed; of++) {
            if (hb_core_node_status(node->core, of) != HB_STATUS_ACTIVE)
                sim_fail(sim, "in the end %s does not see %s active", sim_name(i), sim_name(of));
        }
        if (!sim->failed && lost_by(sim, i) > node->lost)
            sim_fail(sim, "%s lost %llu messages although each was sent again", sim_name(i),
                     (unsigned long long)(lost_by(sim, i) - node->lost));
    }
}
