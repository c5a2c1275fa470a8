/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A heap of questions by due time, and those in flight by number. Knows no
 * verdicts: that a question was answered is all that counts here.
 */
#include "ldirectord/core/schedule.h"

#include "common/base/time.h"

/* Side by side: with tens of thousands of questions each one looked at is a wait for memory. */
#define CHILDREN 4

static struct ld_waiting *at(const struct ld_schedule *schedule, guint place)
{
    return &g_array_index(schedule->heap, struct ld_waiting, place);
}

static bool sooner(const struct ld_waiting *a, const struct ld_waiting *b)
{
    return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->order < b->order;
}

static void put(struct ld_schedule *schedule, guint place, const struct ld_waiting *entry)
{
    *at(schedule, place) = *entry;
    entry->question->place = place;
}

static void rise(struct ld_schedule *schedule, guint place)
{
    struct ld_waiting entry = *at(schedule, place);

    while (place > 0 && sooner(&entry, at(schedule, (place - 1) / CHILDREN))) {
        put(schedule, place, at(schedule, (place - 1) / CHILDREN));
        place = (place - 1) / CHILDREN;
    }
    put(schedule, place, &entry);
}

static void sink(struct ld_schedule *schedule, guint place)
{
    struct ld_waiting entry = *at(schedule, place);
    guint count = schedule->heap->len;

    for (;;) {
        guint first = CHILDREN * place + 1, soonest = first;

        if (first >= count)
            break;
        for (guint child = first + 1; child < MIN(first + CHILDREN, count); child++)
            if (sooner(at(schedule, child), at(schedule, soonest)))
                soonest = child;
        if (!sooner(at(schedule, soonest), &entry))
            break;
        put(schedule, place, at(schedule, soonest));
        place = soonest;
    }
    put(schedule, place, &entry);
}

static void push(struct ld_schedule *schedule, struct ld_question *question)
{
    struct ld_waiting entry = {.due_ns = question->due_ns, .order = schedule->orders++,
                          .question = question};

    g_array_append_val(schedule->heap, entry);
    rise(schedule, schedule->heap->len - 1);
}

static void pull(struct ld_schedule *schedule, struct ld_question *question)
{
    guint place = question->place, last = schedule->heap->len - 1;
    struct ld_waiting moved = *at(schedule, last);

    g_array_set_size(schedule->heap, last);
    if (moved.question == question)
        return;
    put(schedule, place, &moved);
    rise(schedule, place);
    sink(schedule, moved.question->place);
}

void ld_schedule_init(struct ld_schedule *schedule, uint64_t seed)
{
    schedule->heap = g_array_new(FALSE, FALSE, sizeof(struct ld_waiting));
    schedule->flying = g_hash_table_new(g_direct_hash, g_direct_equal);
    ha_rand_seed(&schedule->rand, seed);
    schedule->flying_max = LD_IN_FLIGHT_MAX;
    schedule->orders = 0;
    schedule->places = seed;
    schedule->last_id = 0;
}

void ld_schedule_clear(struct ld_schedule *schedule)
{
    g_array_free(schedule->heap, TRUE);
    g_hash_table_destroy(schedule->flying);
}

void ld_schedule_add(struct ld_schedule *schedule, struct ld_question *question, uint64_t now_ns,
                     uint64_t window_ns)
{
    question->check_id = 0;
    question->settled = false;
    question->place_ns = HA_NEVER;
    question->due_ns = ha_after_ns(now_ns, ha_rand_below(&schedule->rand, window_ns));
    push(schedule, question);
}

void ld_schedule_remove(struct ld_schedule *schedule, struct ld_question *question)
{
    if (question->check_id != 0)
        g_hash_table_remove(schedule->flying, GUINT_TO_POINTER(question->check_id));
    else
        pull(schedule, question);
    question->check_id = 0;
}

static bool full(const struct ld_schedule *schedule)
{
    return g_hash_table_size(schedule->flying) >= schedule->flying_max;
}

static uint32_t fresh_id(struct ld_schedule *schedule)
{
    do
        schedule->last_id++;
    while (schedule->last_id == 0 ||
           g_hash_table_contains(schedule->flying, GUINT_TO_POINTER(schedule->last_id)));
    return schedule->last_id;
}

struct ld_question *ld_schedule_take(struct ld_schedule *schedule, uint64_t now_ns)
{
    struct ld_question *question;

    if (full(schedule) || schedule->heap->len == 0 || at(schedule, 0)->due_ns > now_ns)
        return NULL;
    question = at(schedule, 0)->question;
    pull(schedule, question);
    question->check_id = fresh_id(schedule);
    g_hash_table_insert(schedule->flying, GUINT_TO_POINTER(question->check_id), question);
    return question;
}

/* Places in the interval, as far from all earlier ones as can be, however many there will be:
 * steps of the golden ratio. */
static uint64_t next_place(struct ld_schedule *schedule, uint64_t interval)
{
    schedule->places += UINT64_C(0x9e3779b97f4a7c15);
    return (uint64_t)(((unsigned __int128)schedule->places * interval) >> 64);
}

/* First a place on the grid, not too soon after the first answer: two
 * failures in a row are to be two observations. Later the next place that is
 * still to come: a check slower than its interval does not heap up. */
static uint64_t next_due(struct ld_schedule *schedule, struct ld_question *question,
                         uint64_t now_ns)
{
    uint64_t interval = question->interval_ns, missed;

    if (!question->settled) {
        uint64_t ahead;

        if (question->place_ns == HA_NEVER)
            question->place_ns = next_place(schedule, interval);
        ahead = (question->place_ns + interval - now_ns % interval) % interval;
        /* Too soon: once half-way to the place after that. */
        question->settled = ahead >= interval / 4;
        return ha_after_ns(now_ns, question->settled ? ahead : ahead + interval / 2);
    }
    if (now_ns < question->due_ns)
        return ha_after_ns(question->due_ns, interval);
    missed = (now_ns - question->due_ns) / interval;
    return ha_after_ns(question->due_ns + missed * interval, interval);
}

struct ld_question *ld_schedule_answer(struct ld_schedule *schedule, uint32_t check_id,
                                       uint64_t now_ns)
{
    struct ld_question *question =
        g_hash_table_lookup(schedule->flying, GUINT_TO_POINTER(check_id));

    if (!question)
        return NULL;
    g_hash_table_remove(schedule->flying, GUINT_TO_POINTER(check_id));
    question->check_id = 0;
    question->due_ns = next_due(schedule, question, now_ns);
    push(schedule, question);
    return question;
}

void ld_schedule_hasten(struct ld_schedule *schedule, struct ld_question *question,
                        uint64_t now_ns, uint64_t after_ns)
{
    uint64_t due_ns = ha_after_ns(now_ns, after_ns);

    if (question->check_id != 0 || due_ns >= question->due_ns)
        return;
    pull(schedule, question);
    question->due_ns = due_ns;
    push(schedule, question);
}

uint64_t ld_schedule_wake_ns(const struct ld_schedule *schedule)
{
    if (full(schedule) || schedule->heap->len == 0)
        return HA_NEVER;
    return at(schedule, 0)->due_ns;
}
