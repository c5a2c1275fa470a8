/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sequence numbers of one sender. The list of missing numbers is empty nearly
 * always and bounded when it is not; everything on it is searched from the
 * front.
 */
#include "heartbeatd/core/seq.h"

#include "common/base/time.h"

#define FIRST_DELAY_MIN_MS 50

void hb_seq_init(struct hb_seq *seq, struct ha_rand *rand)
{
    *seq = (struct hb_seq){
        .trigger = (unsigned)ha_rand_below(rand, HB_SEQ_ACK_EVERY),
        .missing = g_array_new(FALSE, FALSE, sizeof(struct hb_missing)),
    };
}

void hb_seq_clear(struct hb_seq *seq)
{
    g_array_unref(seq->missing);
    seq->missing = NULL;
}

void hb_seq_restart(struct hb_seq *seq, bool from_start)
{
    g_array_set_size(seq->missing, 0);
    seq->any = from_start;
    seq->last = 0;
    seq->acked = 0;
}

void hb_seq_forget(struct hb_seq *seq)
{
    seq->lost += seq->missing->len;
    g_array_set_size(seq->missing, 0);
}

void hb_seq_resume(struct hb_seq *seq, uint64_t number)
{
    hb_seq_forget(seq);
    seq->any = true;
    seq->last = number;
    seq->acked = number;
}

static void miss(struct hb_seq *seq, uint64_t number, uint64_t ask_ns)
{
    struct hb_missing entry = {.number = number, .ask_ns = ask_ns};

    if (seq->missing->len == HB_SEQ_MISSING_MAX) {
        g_array_remove_index(seq->missing, 0);
        seq->lost++;
    }
    g_array_append_val(seq->missing, entry);
}

static bool unmiss(struct hb_seq *seq, uint64_t number)
{
    for (guint i = 0; i < seq->missing->len; i++) {
        if (g_array_index(seq->missing, struct hb_missing, i).number == number) {
            g_array_remove_index(seq->missing, i);
            return true;
        }
    }
    return false;
}

/* 50 to max_delay_ms; a max_rexmit_delay below 100 means 0 to that. */
static uint64_t first_delay_ns(struct ha_rand *rand, uint64_t max_delay_ms)
{
    uint64_t least_ms = max_delay_ms < 2 * FIRST_DELAY_MIN_MS ? 0 : FIRST_DELAY_MIN_MS;

    return ha_ms_to_ns(least_ms) + ha_rand_below(rand, ha_ms_to_ns(max_delay_ms - least_ms) + 1);
}

enum hb_seq_verdict hb_seq_take(struct hb_seq *seq, uint64_t number, uint64_t now_ns,
                                struct ha_rand *rand, uint64_t max_delay_ms)
{
    uint64_t gap, ask_ns;

    if (!seq->any) {
        seq->any = true;
        seq->last = number;
        seq->acked = number - 1;
        return HB_SEQ_NEXT;
    }
    if (number == seq->last && number > 0)
        return HB_SEQ_AGAIN;
    if (number <= seq->last)
        return unmiss(seq, number) ? HB_SEQ_FILLED : HB_SEQ_OLD;
    gap = number - seq->last - 1;
    if (gap > HB_SEQ_GAP_MAX) {
        seq->lost += gap;
        hb_seq_resume(seq, number);
        return HB_SEQ_JUMP;
    }
    ask_ns = gap > 0 ? ha_after_ns(now_ns, first_delay_ns(rand, max_delay_ms)) : 0;
    for (uint64_t missed = seq->last + 1; missed < number; missed++)
        miss(seq, missed, ask_ns);
    seq->last = number;
    return gap > 0 ? HB_SEQ_GAP : HB_SEQ_NEXT;
}

bool hb_seq_ask(struct hb_seq *seq, uint64_t now_ns, uint64_t max_delay_ms, uint64_t *first,
                uint64_t *last)
{
    bool found = false;

    for (guint i = 0; i < seq->missing->len;) {
        struct hb_missing *entry = &g_array_index(seq->missing, struct hb_missing, i);

        if (entry->ask_ns > now_ns) {
            if (found)
                break;
            i++;
            continue;
        }
        if (found && (entry->number != *last + 1 || *last - *first + 1 == HB_SEQ_RANGE_MAX))
            break;
        if (entry->asks == HB_SEQ_ASKS_MAX) {
            g_array_remove_index(seq->missing, i);
            seq->lost++;
            continue;
        }
        entry->asks++;
        entry->ask_ns = ha_after_ns(now_ns, ha_ms_to_ns(MAX(max_delay_ms, 1)));
        *first = found ? *first : entry->number;
        *last = entry->number;
        found = true;
        i++;
    }
    return found;
}

bool hb_seq_refused(struct hb_seq *seq, uint64_t number)
{
    if (!unmiss(seq, number))
        return false;
    seq->lost++;
    return true;
}

bool hb_seq_ack(struct hb_seq *seq, uint64_t *number)
{
    uint64_t newest;

    if (!seq->any || seq->missing->len > 0 || seq->last < seq->trigger)
        return false;
    newest = seq->last - (seq->last - seq->trigger) % HB_SEQ_ACK_EVERY;
    if (newest <= seq->acked)
        return false;
    seq->acked = newest;
    *number = newest;
    return true;
}

uint64_t hb_seq_next_ns(const struct hb_seq *seq)
{
    uint64_t next_ns = HA_NEVER;

    for (guint i = 0; i < seq->missing->len; i++)
        next_ns = MIN(next_ns, g_array_index(seq->missing, struct hb_missing, i).ask_ns);
    return next_ns;
}
