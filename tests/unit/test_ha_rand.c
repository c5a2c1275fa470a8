/* SPDX-License-Identifier: GPL-2.0-or-later */
/* common/base/rand: the same seed, the same life; and fair dice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "common/base/rand.h"

static void the_same_seed_gives_the_same_numbers(void **state)
{
    struct ha_rand a, b;

    (void)state;
    ha_rand_seed(&a, 42);
    ha_rand_seed(&b, 42);
    for (int i = 0; i < 1000; i++)
        assert_true(ha_rand_next(&a) == ha_rand_next(&b));
}

static void neighbouring_seeds_differ_at_once(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 1000; seed++) {
        struct ha_rand a, b;

        ha_rand_seed(&a, seed);
        ha_rand_seed(&b, seed + 1);
        assert_true(ha_rand_next(&a) != ha_rand_next(&b));
    }
}

/* A failing seed that somebody wrote down must still fail after an upgrade. */
static void the_numbers_of_a_seed_never_change(void **state)
{
    struct ha_rand rand = {.state = {1, 2, 3, 4}};
    static const uint64_t expected[] = {11520, 0, 1509978240, 1215971899390074240};

    (void)state;
    for (int i = 0; i < 4; i++)
        assert_true(ha_rand_next(&rand) == expected[i]);
    ha_rand_seed(&rand, 0);
    assert_true(rand.state[0] == UINT64_C(0xe220a8397b1dcdaf));
}

static void below_stays_below_and_reaches_every_number(void **state)
{
    struct ha_rand rand;
    unsigned seen[7] = {0};

    (void)state;
    ha_rand_seed(&rand, 1);
    for (int i = 0; i < 7000; i++) {
        uint64_t number = ha_rand_below(&rand, 7);

        assert_true(number < 7);
        seen[number]++;
    }
    for (int i = 0; i < 7; i++)
        assert_in_range(seen[i], 800, 1200);
}

static void odd_bounds_are_answered(void **state)
{
    struct ha_rand rand;

    (void)state;
    ha_rand_seed(&rand, 1);
    assert_true(ha_rand_below(&rand, 0) == 0);
    assert_true(ha_rand_below(&rand, 1) == 0);
    for (int i = 0; i < 100; i++)
        assert_true(ha_rand_below(&rand, UINT64_MAX) < UINT64_MAX);
    for (int i = 0; i < 100; i++)
        assert_true(ha_rand_below(&rand, (UINT64_C(1) << 63) + 1) <= UINT64_C(1) << 63);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_gives_the_same_numbers),
        cmocka_unit_test(neighbouring_seeds_differ_at_once),
        cmocka_unit_test(the_numbers_of_a_seed_never_change),
        cmocka_unit_test(below_stays_below_and_reaches_every_number),
        cmocka_unit_test(odd_bounds_are_answered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
