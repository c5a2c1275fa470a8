/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A node as seen from here.
 */
#include "heartbeatd/core/node.h"

#include <string.h>

#include "common/base/name.h"
#include "common/base/time.h"

static const struct ha_name stages[] = {
    {HB_STAGE_INIT, "init"},           {HB_STAGE_STARTING, "starting"},
    {HB_STAGE_BOTH_STARTING, "both"},  {HB_STAGE_RSC_RCVD, "rcvd"},
    {HB_STAGE_STABLE, "stable"},       {HB_STAGE_SHUTDOWN, "shutdown"},
    {HB_STAGE_GONE, "gone"},           HA_NAME_END,
};

static const struct ha_name handovers[] = {
    {HB_HANDOVER_NONE, "none"},         {HB_HANDOVER_ASKED, "asked"},
    {HB_HANDOVER_GIVING, "giving"},     {HB_HANDOVER_GIVEN, "given"},
    {HB_HANDOVER_PROMISED, "promised"}, {HB_HANDOVER_TAKING, "taking"},
    HA_NAME_END,
};

const char *hb_stage_name(enum hb_stage stage)
{
    return ha_name_of(stages, (int)stage);
}

const char *hb_handover_name(enum hb_handover handover)
{
    return ha_name_of(handovers, (int)handover);
}

static bool find(const struct ha_name *table, const char *text, size_t length, int *value)
{
    for (; table->name != NULL; table++) {
        if (strlen(table->name) == length && memcmp(table->name, text, length) == 0) {
            *value = table->value;
            return true;
        }
    }
    return false;
}

bool hb_stage_find(const char *text, size_t length, enum hb_stage *stage)
{
    int value;

    if (!find(stages, text, length, &value))
        return false;
    *stage = (enum hb_stage)value;
    return true;
}

bool hb_handover_find(const char *text, size_t length, enum hb_handover *handover)
{
    int value;

    if (!find(handovers, text, length, &value))
        return false;
    *handover = (enum hb_handover)value;
    return true;
}

void hb_node_init(struct hb_node *node, const char *name, const struct hb_config *config,
                  size_t groups, struct ha_rand *rand)
{
    *node = (struct hb_node){.name = name, .deadline_ns = HA_NEVER};
    hb_links_init(&node->links, config);
    hb_seq_init(&node->seq, rand);
    node->view.groups = g_malloc0(MAX(groups, 1));
    hb_view_reset(&node->view, groups, false);
}

void hb_node_clear(struct hb_node *node)
{
    hb_seq_clear(&node->seq);
    g_free(node->view.groups);
    node->view.groups = NULL;
    g_free(node->said);
    node->said = NULL;
}

void hb_view_reset(struct hb_view *view, size_t groups, bool keep_claims)
{
    uint8_t *kept = view->groups;

    *view = (struct hb_view){.blind_ns = HA_NEVER, .groups = kept};
    if (!keep_claims)
        memset(view->groups, 0, groups);
}

enum hb_arrival hb_node_judge(const struct hb_node *node, uint64_t generation, uint64_t number,
                              bool beat)
{
    if (node->generation == 0)
        return HB_ARRIVAL_FIRST;
    if (generation < node->generation)
        return HB_ARRIVAL_REPLAY;
    if (generation > node->generation)
        return HB_ARRIVAL_RESTART;
    if (node->status != HB_STATUS_DEAD)
        return HB_ARRIVAL_PLAIN;
    if (!beat)
        return HB_ARRIVAL_ABSENT;
    return number > node->status_number && number > node->seq.last ? HB_ARRIVAL_RETURN
                                                                   : HB_ARRIVAL_STALE;
}

void hb_node_begin(struct hb_node *node, uint64_t generation, bool from_start, size_t groups)
{
    /* A 3.0.6 node may restart itself and keep its resources; ours tells at once. */
    bool keep_claims = hb_node_alive(node) && !node->hearth && node->view.stage != HB_STAGE_GONE;

    node->generation = generation;
    node->status = HB_STATUS_INIT;
    node->status_number = 0;
    node->beat_ns = 0;
    node->acked = 0;
    hb_seq_restart(&node->seq, from_start);
    hb_view_reset(&node->view, groups, keep_claims);
}

void hb_node_die(struct hb_node *node, size_t groups)
{
    bool left = node->view.stage == HB_STAGE_GONE;

    node->status = node->heard = HB_STATUS_DEAD;
    node->deadline_ns = HA_NEVER;
    node->beat_ns = 0;
    hb_seq_forget(&node->seq);
    hb_view_reset(&node->view, groups, false);
    if (left)
        node->view.stage = HB_STAGE_GONE;
}

bool hb_node_beat(struct hb_node *node, uint64_t number, uint64_t now_ns)
{
    if (number <= node->status_number)
        return false;
    node->status_number = number;
    node->beat_ns = now_ns;
    node->excused = false;
    node->beats++;
    return true;
}
