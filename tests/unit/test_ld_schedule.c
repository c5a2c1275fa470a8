/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The schedule alone, on a made-up clock: many checks come evenly, and each at its interval. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "common/base/time.h"
#include "ldirectord/core/schedule.h"

#define INTERVAL_NS (5 * HA_NS_PER_S)
#define BIN_NS      (100 * HA_NS_PER_MS)
#define STEP_NS     HA_NS_PER_MS

/* From its fourth interval on, each answer at once. The largest number in a tenth of a second, in
 * percent of the mean. */
static unsigned burst_of(unsigned count, uint64_t seed)
{
    struct ld_question *questions = g_new0(struct ld_question, count);
    uint64_t *last_ns = g_new0(uint64_t, count), now_ns = HA_NS_PER_S;
    uint64_t from_ns = now_ns + 3 * INTERVAL_NS, until_ns = from_ns + 2 * INTERVAL_NS;
    unsigned asked = 0, in_bin = 0, most = 0;
    struct ld_schedule schedule;

    ld_schedule_init(&schedule, seed);
    for (unsigned i = 0; i < count; i++) {
        questions[i].interval_ns = INTERVAL_NS;
        ld_schedule_add(&schedule, &questions[i], now_ns, 100 * HA_NS_PER_MS);
    }
    for (; now_ns < until_ns; now_ns += STEP_NS) {
        struct ld_question *question;

        if (now_ns % BIN_NS == 0)
            in_bin = 0;
        while ((question = ld_schedule_take(&schedule, now_ns)) != NULL) {
            unsigned i = (unsigned)(question - questions);

            if (now_ns >= from_ns) {
                assert_in_range(now_ns - last_ns[i], INTERVAL_NS - STEP_NS, INTERVAL_NS + STEP_NS);
                asked++;
                in_bin++;
                most = MAX(most, in_bin);
            }
            last_ns[i] = now_ns;
            ld_schedule_answer(&schedule, question->check_id, now_ns);
        }
    }
    assert_int_equal(asked, 2 * count);
    ld_schedule_clear(&schedule);
    g_free(questions);
    g_free(last_ns);
    return most * 100 / (count / (unsigned)(INTERVAL_NS / BIN_NS));
}

static void many_checks_come_evenly_and_each_at_its_interval(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        assert_in_range(burst_of(1000, seed), 100, 150);
        assert_in_range(burst_of(10000, seed), 100, 120);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_checks_come_evenly_and_each_at_its_interval),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
