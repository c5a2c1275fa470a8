/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ldirectord/core/drift: what somebody else does to the table, and what becomes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/core_story.h"

#define WHOLE "10.0.0.1:80 wrr > 10.1.0.1:80 1, 10.1.0.2:80 2"

static void a_weight_somebody_else_gave_is_put_right(void **state)
{
    struct fake_director director;

    (void)state;
    start_healthy(&director, pair());
    fake_director_ipvsadm(&director, "10.1.0.2", 9);
    fake_director_repair(&director);
    assert_table(&director, WHOLE);
    assert_not_logged(&director, "somebody else");
    end(&director);
}

static void a_server_somebody_else_removed_comes_back(void **state)
{
    struct fake_director director;

    (void)state;
    start_healthy(&director, pair());
    fake_director_ipvsadm(&director, "10.1.0.1", -1);
    fake_director_repair(&director);
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.1:80 1, 10.1.0.2:80 2");
    end(&director);
}

static void a_service_somebody_else_removed_or_changed_comes_back(void **state)
{
    struct fake_director director;
    struct ld_vs *vs;

    (void)state;
    start_healthy(&director, pair());
    vs = director.ipvs.table->services->pdata[0];
    strcpy(vs->scheduler, "rr");
    fake_director_repair(&director);
    assert_table(&director, WHOLE);
    g_hash_table_remove_all(director.ipvs.table->by_id);
    g_ptr_array_set_size(director.ipvs.table->services, 0);
    fake_director_repair(&director);
    assert_table(&director, WHOLE);
    end(&director);
}

static void weight_0_by_another_hand_is_left_until_the_server_returns_from_a_failure(void **state)
{
    struct fake_director director;

    (void)state;
    start_healthy(&director, pair());
    fake_director_ipvsadm(&director, "10.1.0.1", 0);
    interval(&director, "10.1.0.2", LD_L4CON); /* our own writing leaves it, too */
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.1:80 0");
    assert_logged(&director, "Real server set to weight 0 by somebody else, left so: 10.1.0.1:80 "
                             "(10.0.0.1:80)");
    g_string_truncate(director.log, 0);
    interval(&director, NULL, LD_L7OK);
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.1:80 0, 10.1.0.2:80 2");
    assert_not_logged(&director, "somebody else");
    fake_director_reload(&director, pair());
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.1:80 0, 10.1.0.2:80 2");
    interval(&director, "10.1.0.1", LD_L4CON);
    interval(&director, NULL, LD_L7OK);
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.1:80 1, 10.1.0.2:80 2");
    end(&director);
}

static void weight_0_by_another_hand_ends_with_a_weight_by_any_hand(void **state)
{
    struct fake_director director;
    struct ld_config *config;
    struct ld_real *real;

    (void)state;
    start_healthy(&director, pair());
    fake_director_ipvsadm(&director, "10.1.0.1", 0);
    fake_director_repair(&director);
    fake_director_ipvsadm(&director, "10.1.0.1", 4);
    fake_director_repair(&director);
    assert_table(&director, WHOLE);
    assert_logged(&director, "Real server no longer left at weight 0: 10.1.0.1:80 (10.0.0.1:80)");

    fake_director_ipvsadm(&director, "10.1.0.1", 0);
    fake_director_repair(&director);
    fake_director_wish(&director, "enable 10.1.0.1");
    assert_table(&director, WHOLE);

    fake_director_ipvsadm(&director, "10.1.0.1", 0);
    fake_director_repair(&director);
    config = pair();
    real = first(config)->reals->pdata[0];
    real->weight = 3;
    fake_director_reload(&director, config);
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.1:80 3, 10.1.0.2:80 2");
    end(&director);
}

static void what_another_hand_set_to_0_and_removed_is_not_added_again(void **state)
{
    struct fake_director director;

    (void)state;
    start_healthy(&director, pair());
    fake_director_ipvsadm(&director, "10.1.0.1", 0);
    fake_director_repair(&director);
    fake_director_ipvsadm(&director, "10.1.0.1", -1);
    fake_director_repair(&director);
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.2:80 2");
    interval(&director, "10.1.0.1", LD_L4CON);
    interval(&director, NULL, LD_L7OK);
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.1:80 1, 10.1.0.2:80 2");
    end(&director);
}

static void our_own_weight_0_is_not_taken_for_another_hands(void **state)
{
    struct fake_director director;
    struct ld_config *config = pair();

    (void)state;
    first(config)->quiescent = true;
    start_healthy(&director, config);
    interval(&director, "10.1.0.1", LD_L4CON);
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.1:80 0, 10.1.0.2:80 2");
    director.ipvs.fail_next = 1; /* its return is refused, and comes again */
    interval(&director, NULL, LD_L7OK);
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.1:80 0, 10.1.0.2:80 2");
    assert_false(ld_core_settled(director.core));
    fake_director_pass(&director, 2 * HA_NS_PER_S);
    assert_table(&director, WHOLE);
    assert_true(ld_core_settled(director.core));
    fake_director_wish(&director, "drain 10.1.0.1");
    fake_director_repair(&director);
    fake_director_wish(&director, "enable 10.1.0.1");
    assert_table(&director, WHOLE);
    assert_not_logged(&director, "somebody else");
    end(&director);
}

static void a_quiescent_server_somebody_removed_stays_away(void **state)
{
    struct fake_director director;
    struct ld_config *config = pair();

    (void)state;
    first(config)->quiescent = true;
    start_healthy(&director, config);
    interval(&director, "10.1.0.1", LD_L4CON);
    fake_director_ipvsadm(&director, "10.1.0.1", -1);
    fake_director_repair(&director);
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.2:80 2");
    end(&director);
}

/* Random hands in the table, random verdicts and orders: after each writing the audit of the fake
 * holds, and whoever is at weight 0 without a reason of ours was put there by the other hand. */
static void after_any_change_by_another_hand_the_table_is_the_wanted_one(void **state)
{
    static const char *const addresses[] = {"10.1.0.1", "10.1.0.2", "10.1.0.3"};
    static const char *const orders[] = {"drain", "disable", "weight", "enable"};

    (void)state;
    for (unsigned seed = 1; seed <= 200; seed++) {
        struct fake_director director;
        struct ld_config *config = pair();
        GRand *rand = g_rand_new_with_seed(seed);

        fake_real(first(config), "10.1.0.3", 80, LD_GATE, 3);
        first(config)->quiescent = seed % 2;
        start_healthy(&director, config);
        for (unsigned i = 0; i < 60; i++) {
            const char *address = addresses[g_rand_int_range(rand, 0, 3)];
            const char *word = orders[g_rand_int_range(rand, 0, 4)];
            char *order;

            switch (g_rand_int_range(rand, 0, 4)) {
            case 0:
                fake_director_ipvsadm(&director, address, g_rand_int_range(rand, -1, 4));
                fake_director_repair(&director);
                break;
            case 1:
                interval(&director, address, g_rand_boolean(rand) ? LD_L4CON : LD_L7OK);
                break;
            case 2:
                order = g_strdup_printf("%s %s%s", word, address, *word == 'w' ? " 4" : "");
                fake_director_wish(&director, order);
                g_free(order);
                break;
            default:
                fake_director_repair(&director);
            }
            if (director.broken)
                fail_msg("seed %u, step %u: %s", seed, i, director.broken);
        }
        for (size_t i = 0; i < G_N_ELEMENTS(addresses); i++) {
            char *order = g_strdup_printf("enable %s", addresses[i]);

            fake_director_wish(&director, order);
            g_free(order);
        }
        interval(&director, NULL, LD_L7OK);
        fake_director_repair(&director);
        for (size_t i = 0; i < G_N_ELEMENTS(addresses); i++) {
            struct ld_vs *vs = director.ipvs.table->services->pdata[0];
            struct ld_dest *dest;
            struct ha_addr addr;

            ha_addr_parse(&addr, addresses[i]);
            dest = ld_vs_find(vs, &addr, 80);
            if (!dest || dest->weight != i + 1)
                fail_msg("seed %u: %s is not back", seed, addresses[i]);
        }
        g_rand_free(rand);
        end(&director);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_weight_somebody_else_gave_is_put_right),
        cmocka_unit_test(a_server_somebody_else_removed_comes_back),
        cmocka_unit_test(a_service_somebody_else_removed_or_changed_comes_back),
        cmocka_unit_test(weight_0_by_another_hand_is_left_until_the_server_returns_from_a_failure),
        cmocka_unit_test(weight_0_by_another_hand_ends_with_a_weight_by_any_hand),
        cmocka_unit_test(what_another_hand_set_to_0_and_removed_is_not_added_again),
        cmocka_unit_test(our_own_weight_0_is_not_taken_for_another_hands),
        cmocka_unit_test(a_quiescent_server_somebody_removed_stays_away),
        cmocka_unit_test(after_any_change_by_another_hand_the_table_is_the_wanted_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
