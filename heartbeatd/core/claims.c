/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who has what while two Hearth nodes have different haresources (doc/states.md,
 * "Different files"). Groups have no common numbers then, and one node's group
 * may be half of another's; what is had are resources, and each has a mark: for
 * an address the address itself, whichever script sets it, for the rest its
 * text. A list of marks tells what is claimed; a group of ours is claimed if a
 * resource of it is. Who may take what is asked, for the two files need not
 * agree on that either: whoever wants a free group says so and waits until all
 * others have seen it.
 */
#include <string.h>
#include <syslog.h>

#include "common/base/addr.h"
#include "heartbeatd/core/state.h"

/* A word with more would not fit into a message: "*" then, everything may be had. */
#define MARKS_MAX 3000

static uint32_t mark_of_text(const char *text, size_t length)
{
    uint32_t mark = UINT32_C(2166136261); /* FNV-1a */

    for (size_t i = 0; i < length; i++)
        mark = (mark ^ (uint8_t)text[i]) * UINT32_C(16777619);
    return mark;
}

uint32_t hb_claims_mark(const struct hb_resource *resource)
{
    const char *first = resource->args->len > 0 ? resource->args->pdata[0] : resource->text;
    char *host = g_strndup(first, strcspn(first, "/"));
    char text[HA_ADDR_TEXT];
    struct ha_addr addr;
    uint32_t mark;

    if (g_str_has_prefix(resource->name, "IP") && ha_addr_parse(&addr, host)) {
        ha_addr_text(&addr, text);
        mark = mark_of_text(text, strlen(text));
    } else {
        mark = mark_of_text(resource->text, strlen(resource->text));
    }
    g_free(host);
    return mark;
}

/* ---- out ---- */

static bool append_marks(GString *text, const struct hb_group *group, unsigned bits,
                         unsigned *room)
{
    for (guint i = 0; i < group->resources->len; i++) {
        if ((*room)-- == 0)
            return false;
        g_string_append_printf(text, "%x%08x", bits & 15u,
                               hb_claims_mark(g_ptr_array_index(group->resources, i)));
    }
    return true;
}

/* Lost Hearth nodes may hear us still, and have another file since. */
static bool any_lost(const struct hb_core *core)
{
    for (size_t i = 0; i < core->node_count; i++) {
        const struct hb_node *node = &core->nodes[i];

        if (!node->self && node->hearth && hb_node_lost(node))
            return true;
    }
    return false;
}

/* Somebody has another file, or may have, or something is up here that no file has. */
static bool worth_telling(const struct hb_core *core)
{
    return hb_claims_differ(core) || any_lost(core) ||
           (core->leaving != NULL && core->leaving->len > 0);
}

void hb_claims_append(const struct hb_core *core, GString *text)
{
    unsigned room = MARKS_MAX;
    size_t before;
    bool fits = true;

    if (!worth_telling(core))
        return;
    g_string_append(text, " gr=");
    before = text->len;
    for (size_t i = 0; fits && i < core->group_count; i++) {
        uint8_t bits = hb_word_bits(core, i);

        if (bits != 0)
            fits = append_marks(text, core->groups[i].run.group, bits, &room);
    }
    for (guint i = 0; fits && core->leaving != NULL && i < core->leaving->len; i++) {
        const struct hb_leaving *leaving = g_ptr_array_index(core->leaving, i);

        fits = append_marks(text, leaving->group, HB_G_CLAIMED, &room);
    }
    if (!fits)
        g_string_truncate(text, before);
    if (text->len == before)
        g_string_append_c(text, fits ? '-' : '*');
}

/* ---- in ---- */

static bool mark_at(const char *text, uint32_t *mark, uint8_t *bits)
{
    *mark = 0;
    for (int i = 0; i < 9; i++) {
        int digit = g_ascii_xdigit_value(text[i]);

        if (digit < 0)
            return false;
        if (i == 0)
            *bits = (uint8_t)digit;
        else
            *mark = *mark << 4 | (uint32_t)digit;
    }
    return true;
}

static uint8_t bits_of(const struct hb_group *group, GHashTable *marks)
{
    uint8_t bits = 0;

    for (guint i = 0; i < group->resources->len; i++) {
        uint32_t mark = hb_claims_mark(g_ptr_array_index(group->resources, i));

        bits |= (uint8_t)GPOINTER_TO_UINT(g_hash_table_lookup(marks, GUINT_TO_POINTER(mark)));
    }
    return bits;
}

/* What it had and let go, while its file is another: it may have been taken out of that file. */
static void note_let_go(const struct hb_core *core, const struct hb_node *node, size_t group,
                        uint8_t bits)
{
    uint8_t before = node->view.groups[group];

    if ((before & HB_G_CLAIMED) && !(bits & (HB_G_CLAIMED | HB_G_FAILED)) &&
        node->view.handover == HB_HANDOVER_NONE && core->standby.phase == HB_HANDOVER_NONE &&
        node->view.stage == HB_STAGE_STABLE)
        core->groups[group].let_alone = true;
}

bool hb_claims_read(struct hb_core *core, struct hb_node *node, const char *text, size_t length)
{
    GHashTable *marks;

    if (length == 0 || *text == '*')
        return false;
    marks = g_hash_table_new(g_direct_hash, g_direct_equal);
    for (size_t at = 0; at + 9 <= length; at += 9) {
        uint32_t mark;
        uint8_t bits = 0;

        if (!mark_at(text + at, &mark, &bits))
            break;
        bits |= (uint8_t)GPOINTER_TO_UINT(g_hash_table_lookup(marks, GUINT_TO_POINTER(mark)));
        g_hash_table_insert(marks, GUINT_TO_POINTER(mark), GUINT_TO_POINTER(bits));
    }
    for (size_t i = 0; i < core->group_count; i++) {
        uint8_t bits = bits_of(g_ptr_array_index(core->resources->groups, i), marks);

        if (!node->view.other_resources) {
            node->view.groups[i] |= bits; /* beside what it said by number */
            continue;
        }
        note_let_go(core, node, i, bits);
        node->view.groups[i] = bits;
    }
    g_hash_table_destroy(marks);
    return true;
}

/* ---- who may ---- */

bool hb_claims_differ(const struct hb_core *core)
{
    for (size_t i = 0; i < core->node_count; i++) {
        const struct hb_node *node = &core->nodes[i];

        if (!node->self && node->hearth && hb_node_alive(node) && node->view.other_resources)
            return true;
    }
    return false;
}

/* Another that wants it too goes first if its name does. */
static bool others_first(const struct hb_core *core, size_t group)
{
    for (size_t i = 0; i < core->node_count; i++) {
        const struct hb_node *node = &core->nodes[i];

        if (!node->self && hb_node_alive(node) &&
            (node->view.groups[group] & (HB_G_CLAIMED | HB_G_WANTED)) == HB_G_WANTED &&
            strcmp(node->name, core->nodes[core->self].name) < 0)
            return true;
    }
    return false;
}

bool hb_claims_may_take(struct hb_core *core, size_t group)
{
    struct hb_owned *owned = &core->groups[group];

    if (!hb_claims_differ(core)) {
        owned->asking = owned->let_alone = false;
        return true;
    }
    if (owned->let_alone)
        return false;
    if (!owned->asking) {
        owned->asking = true;
        hb_word_renew_trust(core);
        return false;
    }
    return !others_first(core, group);
}
