/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ldirectord/core/wish: what an operator orders of servers, in words, in the table, in a file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/core_story.h"

/* The pair at .1:80 over tcp and udp, and the first server at a mark. */
static struct ld_config *three_services(void)
{
    struct ld_config *config = pair();
    struct ld_service *mark = fake_mark(config, AF_INET, 7), *udp;

    fake_real(mark, "10.1.0.1", 80, LD_GATE, 1);
    udp = fake_service(config, "10.0.0.1", 80);
    udp->id.protocol = LD_UDP;
    fake_real(udp, "10.1.0.1", 80, LD_GATE, 1);
    fake_real(udp, "10.1.0.2", 80, LD_GATE, 2);
    return config;
}

static void an_order_changes_the_table_at_once(void **state)
{
    static const struct {
        const char *order, *table;
    } cases[] = {
        {"drain 10.1.0.1", "10.0.0.1:80 wrr > 10.1.0.1:80 0, 10.1.0.2:80 2"},
        {"enable 10.1.0.1", "10.0.0.1:80 wrr > 10.1.0.1:80 1, 10.1.0.2:80 2"},
        {"disable 10.1.0.1:80", "10.0.0.1:80 wrr > 10.1.0.2:80 2"},
        {"weight 10.1.0.1 5", "10.0.0.1:80 wrr > 10.1.0.1:80 5, 10.1.0.2:80 2"},
        {"weight 10.1.0.1 0 10.0.0.1:80", "10.0.0.1:80 wrr > 10.1.0.1:80 0, 10.1.0.2:80 2"},
        {"enable 10.1.0.1 tcp:10.0.0.1:80", "10.0.0.1:80 wrr > 10.1.0.1:80 1, 10.1.0.2:80 2"},
    };
    struct fake_director director;

    (void)state;
    start_healthy(&director, pair());
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        assert_true(fake_director_wish(&director, cases[i].order));
        assert_table(&director, cases[i].table);
    }
    assert_logged(&director, "Ordered by root: disable 10.1.0.1:80 (everywhere)");
    assert_logged(&director, "Deleted real server: 10.1.0.1:80 (10.0.0.1:80)");
    assert_int_equal(ld_core_wishes(director.core)->list->len, 2); /* with its exception */
    assert_true(fake_director_wish(&director, "enable 10.1.0.1"));
    assert_int_equal(ld_core_wishes(director.core)->list->len, 0);
    end(&director);
}

static void a_quiescent_service_keeps_a_disabled_server_at_weight_0(void **state)
{
    struct fake_director director;
    struct ld_config *config = pair();

    (void)state;
    first(config)->quiescent = true;
    start_healthy(&director, config);
    assert_true(fake_director_wish(&director, "disable 10.1.0.1"));
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.1:80 0, 10.1.0.2:80 2");
    assert_logged(&director, "Quiescent real server: 10.1.0.1:80 (10.0.0.1:80) (Weight set to 0)");
    end(&director);
}

static void clients_go_to_the_fallback_when_all_are_taken_out(void **state)
{
    struct fake_director director;
    struct ld_config *config = pair();

    (void)state;
    fake_fallback(first(config), "127.0.0.1", 80, LD_GATE);
    start_healthy(&director, config);
    fake_director_wish(&director, "drain 10.1.0.1");
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.1:80 0, 10.1.0.2:80 2");
    fake_director_wish(&director, "disable 10.1.0.2");
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.1:80 0, 127.0.0.1:80 1");
    interval(&director, "10.1.0.2", LD_L4CON);
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.1:80 0, 127.0.0.1:80 1");
    fake_director_wish(&director, "enable 10.1.0.2"); /* it is down all the same */
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.1:80 0, 127.0.0.1:80 1");
    fake_director_wish(&director, "enable 10.1.0.1");
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.1:80 1");
    end(&director);
}

static void an_order_means_one_service_or_all_where_the_server_stands(void **state)
{
    struct fake_director director;

    (void)state;
    start_healthy(&director, three_services());
    assert_true(fake_director_wish(&director, "drain 10.1.0.1 fwm:7"));
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.1:80 1, 10.1.0.2:80 2; 7 wrr > 10.1.0.1:80 0; "
                            "10.0.0.1:80 wrr > 10.1.0.1:80 1, 10.1.0.2:80 2");
    assert_true(fake_director_wish(&director, "drain 10.1.0.1"));
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.1:80 0, 10.1.0.2:80 2; 7 wrr > 10.1.0.1:80 0; "
                            "10.0.0.1:80 wrr > 10.1.0.1:80 0, 10.1.0.2:80 2");
    assert_int_equal(ld_core_wishes(director.core)->list->len, 1); /* the wider one holds both */
    assert_true(fake_director_wish(&director, "enable 10.1.0.1 7"));
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.1:80 0, 10.1.0.2:80 2; 7 wrr > 10.1.0.1:80 1; "
                            "10.0.0.1:80 wrr > 10.1.0.1:80 0, 10.1.0.2:80 2");
    assert_int_equal(ld_core_wishes(director.core)->list->len, 2); /* with its exception */
    assert_true(fake_director_wish(&director, "weight 10.1.0.1 9 udp:10.0.0.1:80"));
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.1:80 0, 10.1.0.2:80 2; 7 wrr > 10.1.0.1:80 1; "
                            "10.0.0.1:80 wrr > 10.1.0.1:80 9, 10.1.0.2:80 2");
    assert_true(fake_director_wish(&director, "enable 10.1.0.1"));
    assert_int_equal(ld_core_wishes(director.core)->list->len, 0);
    end(&director);
}

static void what_makes_no_sense_is_refused_with_a_reason(void **state)
{
    static const struct {
        const char *order, *why;
    } cases[] = {
        {"disable web1", "expected the real server as ADDRESS or ADDRESS:PORT, found \"web1\""},
        {"disable 10.1.0.1:0", "expected the real server as ADDRESS or ADDRESS:PORT"},
        {"disable 10.1.0.1:65536", "expected the real server as ADDRESS or ADDRESS:PORT"},
        {"disable fd00::1:", "expected the real server as ADDRESS or ADDRESS:PORT"},
        {"disable 10.1.0.9", "no real server of the configuration is meant by: disable 10.1.0.9"},
        {"disable 10.1.0.1:81", "no real server of the configuration is meant by"},
        {"disable 10.1.0.2 fwm:7", "no real server of the configuration is meant by"},
        {"disable 10.1.0.1 10.0.0.9:80", "there is no virtual service 10.0.0.9:80"},
        {"disable 10.1.0.1 10.0.0.1:80", "is a virtual service twice: say tcp:10.0.0.1:80 or udp:"},
        {"disable 10.1.0.1 fwm:7 more", "expected nothing after the virtual service"},
        {"weight 10.1.0.1", "expected a weight from 0 to 65535, found \"\""},
        {"weight 10.1.0.1 -1", "expected a weight from 0 to 65535, found \"-1\""},
        {"weight 10.1.0.1 65536", "expected a weight from 0 to 65535, found \"65536\""},
        {"weight 10.1.0.1 3x", "expected a weight from 0 to 65535, found \"3x\""},
        {"remove 10.1.0.1", "expected enable, disable, drain or weight"},
        {"drain", "expected enable, disable, drain or weight, and a real server"},
    };
    struct fake_director director;

    (void)state;
    start_healthy(&director, three_services());
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_string_truncate(director.log, 0);
        assert_false(fake_director_wish(&director, cases[i].order));
        assert_logged(&director, cases[i].why);
    }
    assert_int_equal(ld_core_wishes(director.core)->list->len, 0);
    end(&director);
}

static void orders_outlive_reloads_and_servers_that_are_gone_for_a_while(void **state)
{
    struct fake_director director;
    struct ld_config *config;

    (void)state;
    start_healthy(&director, pair());
    fake_director_wish(&director, "drain 10.1.0.1:80");
    fake_director_reload(&director, pair());
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.1:80 0, 10.1.0.2:80 2");
    config = pair();
    g_ptr_array_remove_index(first(config)->reals, 0);
    fake_director_reload(&director, config);
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.2:80 2");
    fake_director_reload(&director, pair());
    fake_director_pass(&director, HA_NS_PER_S);
    fake_director_answer(&director, NULL, LD_L7OK);
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.1:80 0, 10.1.0.2:80 2");
    end(&director);
}

static void an_order_given_in_standby_counts_when_it_becomes_active(void **state)
{
    struct fake_director director;

    (void)state;
    fake_director_init(&director, pair(), 1);
    fake_director_start_standby(&director);
    fake_director_pass(&director, HA_NS_PER_S);
    fake_director_answer(&director, NULL, LD_L7OK);
    assert_true(fake_director_wish(&director, "disable 10.1.0.2"));
    assert_table(&director, "");
    fake_director_mode(&director, false);
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.1:80 1");
    end(&director);
}

static void orders_go_to_a_file_and_back(void **state)
{
    struct fake_director director;
    struct ld_wishes back;
    GString *text = g_string_new(NULL), *again = g_string_new(NULL);

    (void)state;
    start_healthy(&director, three_services());
    fake_director_wish(&director, "drain 10.1.0.1");
    fake_director_wish(&director, "enable 10.1.0.1:80 fwm:7");
    fake_director_wish(&director, "weight 10.1.0.2 7 udp:10.0.0.1:80");
    ld_wishes_print(ld_core_wishes(director.core), text);
    assert_string_equal(text->str, "drain 0 10.1.0.1 * 0 0 root\n"
                                   "enable 0 10.1.0.1:80 fwm:7 0 0 root\n"
                                   "weight 7 10.1.0.2 udp:10.0.0.1:80 0 0 root\n");
    ld_wishes_init(&back);
    assert_int_equal(ld_wishes_read(&back, text->str), 0);
    ld_wishes_print(&back, again);
    assert_string_equal(again->str, text->str);
    ld_wishes_clear(&back);
    g_string_free(again, TRUE);
    g_string_free(text, TRUE);
    end(&director);
}

static void a_broken_file_costs_its_broken_lines(void **state)
{
    static const char text[] = "drain 0 10.1.0.1 * 0 0 root\n"
                               "\n"
                               "drain 0 10.1.0.1 *\n"
                               "dream 0 10.1.0.1 * 0 0 root\n"
                               "weight 0 10.1.0.1 * 0 0 root\n"
                               "weight 99999999999 10.1.0.1 * 0 0 root\n"
                               "drain 0 10.1.0.1.7 * 0 0 root\n"
                               "drain 0 10.1.0.1 tcp:10.0.0.1 0 0 root\n"
                               "drain 0 10.1.0.1 sctp:10.0.0.1:80 0 0 root\n"
                               "drain 0 10.1.0.2 fwm6:9 1000 1763740000 alice (as root)\n"
                               "drain 0 [fd00::2]:80 tcp:[fd00::1]:80 0 0 half a li";
    struct ld_wishes wishes;
    const struct ld_wish *wish;

    (void)state;
    ld_wishes_init(&wishes);
    assert_int_equal(ld_wishes_read(&wishes, text), 7);
    assert_int_equal(wishes.list->len, 3);
    wish = wishes.list->pdata[1];
    assert_int_equal(wish->uid, 1000);
    assert_string_equal(wish->by, "alice (as root)");
    assert_int_equal(wish->service.addr.family, AF_INET6);
    ld_wishes_clear(&wishes);
}

static void there_is_room_for_so_many_orders_and_no_more(void **state)
{
    struct ld_wishes wishes;
    struct ld_wish wish = {.will = LD_WILL_DRAIN, .everywhere = true};

    (void)state;
    ld_wishes_init(&wishes);
    wish.addr.family = AF_INET;
    for (unsigned i = 0; i < LD_WISHES_MAX; i++) {
        wish.addr.v4.s_addr = htonl(i);
        assert_true(ld_wishes_take(&wishes, &wish));
    }
    wish.addr.v4.s_addr = htonl(LD_WISHES_MAX);
    assert_false(ld_wishes_take(&wishes, &wish));
    wish.addr.v4.s_addr = htonl(5);
    wish.will = LD_WILL_DISABLE;
    assert_true(ld_wishes_take(&wishes, &wish)); /* in the place of one */
    wish.will = LD_WILL_ENABLE;
    assert_true(ld_wishes_take(&wishes, &wish));
    assert_int_equal(wishes.list->len, LD_WISHES_MAX - 1);
    ld_wishes_clear(&wishes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_order_changes_the_table_at_once),
        cmocka_unit_test(a_quiescent_service_keeps_a_disabled_server_at_weight_0),
        cmocka_unit_test(clients_go_to_the_fallback_when_all_are_taken_out),
        cmocka_unit_test(an_order_means_one_service_or_all_where_the_server_stands),
        cmocka_unit_test(what_makes_no_sense_is_refused_with_a_reason),
        cmocka_unit_test(orders_outlive_reloads_and_servers_that_are_gone_for_a_while),
        cmocka_unit_test(an_order_given_in_standby_counts_when_it_becomes_active),
        cmocka_unit_test(orders_go_to_a_file_and_back),
        cmocka_unit_test(a_broken_file_costs_its_broken_lines),
        cmocka_unit_test(there_is_room_for_so_many_orders_and_no_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
