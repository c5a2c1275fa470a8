/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an operator sees of a running director and tells it: the report in its
 * pieces, orders and the file they are kept in, and a table in which somebody
 * else has a hand. The real loop, a made-up kernel table.
 */
#include <errno.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/behind.h"
#include "common/run/clock.h"
#include "common/run/log.h"
#include "tests/unit/director_house.h"

static struct director_house house;

/* One service, its servers 127.1.0.1 and so on, up without a check. */
static void write_config(const char *globals, unsigned servers)
{
    GString *text = g_string_new(globals);

    g_string_append_printf(text, "\nlogfile=\"%s\"\nvirtual=10.9.0.1:80\n\tchecktype=on\n", house.log);
    for (unsigned i = 1; i <= servers; i++)
        g_string_append_printf(text, "\treal=127.1.%u.%u:80 masq 2\n", i / 250, i % 250 + 1);
    assert_true(g_file_set_contents(house.file, text->str, -1, NULL));
    g_string_free(text, TRUE);
}

static void start(void)
{
    director_house_start(&house, false);
}

static void reload(void)
{
    director_house_reload(&house);
}

static void stop(void)
{
    ld_director_stop(house.director);
    ld_director_free(house.director);
    house.director = NULL;
}

static int set_up(void **state)
{
    (void)state;
    director_house_open(&house);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    director_house_close(&house);
    return 0;
}

/* "drain 127.1.0.2": what root orders; the answer's status. */
static int order(const char *line)
{
    const struct ha_control_peer peer = {.pid = getpid()};
    char **words = g_strsplit(line, " ", -1);
    GString *answer = g_string_new(NULL);
    int status = ld_director_order(house.director, &peer, words, answer);

    assert_true(answer->len > 0);
    g_string_free(answer, TRUE);
    g_strfreev(words);
    return status;
}

/* Of the first server of the first service; -1: not there. */
static int weight(void)
{
    const struct ld_vs *vs = house.ipvs.table->services->pdata[0];
    struct ha_addr addr;
    const struct ld_dest *dest;

    ha_addr_parse(&addr, "127.1.0.2");
    dest = ld_vs_find(vs, &addr, 80);
    return dest ? (int)dest->weight : -1;
}

/* Whether the file of orders is there, with some or empty. */
static bool has_kept(bool some)
{
    GStatBuf seen;

    return g_stat(house.orders, &seen) == 0 && (seen.st_size > 0) == some;
}

static void wait_for_kept(bool some)
{
    for (int i = 0; i < 2000 && !has_kept(some); i++)
        g_usleep(10000);
    assert_true(has_kept(some));
}

/* It waits for the file, but no longer than so; what is under way then goes on by itself. */
static void stop_keeping(bool some)
{
    uint64_t from_ns = ha_clock_ns();

    stop();
    assert_true(has_kept(some) || ha_clock_ns() - from_ns >= HA_BEHIND_END_MS * HA_NS_PER_MS);
    wait_for_kept(some);
}

static bool was_logged(const char *text)
{
    return director_house_logged(&house, text) > 0;
}

static int piece(const char *form, const char *number, gsize offset, GString *answer)
{
    char *at = g_strdup_printf("%" G_GSIZE_FORMAT, offset);
    char *words[] = {(char *)form, (char *)number, number ? at : NULL, NULL};
    int status;

    g_string_truncate(answer, 0);
    status = ld_director_show(house.director, words, answer);
    g_free(at);
    return status;
}

static void a_report_comes_in_pieces_that_fit_together(void **state)
{
    GString *answer = g_string_new(NULL), *whole = g_string_new(NULL);
    unsigned pieces = 0;
    char *number = NULL;
    gsize length;

    (void)state;
    write_config("", 6000);
    start();
    do {
        char **head;

        assert_int_equal(piece("json", number, whole->len, answer), 0);
        head = g_strsplit_set(answer->str, " \n", 3);
        g_free(number);
        number = g_strdup(head[0]);
        length = strtoul(head[1], NULL, 10);
        g_string_append(whole, head[2]);
        g_strfreev(head);
        pieces++;
    } while (whole->len < length);
    assert_int_equal(whole->len, length);
    assert_true(pieces >= 3);
    assert_true(g_str_has_prefix(whole->str, "{"));
    assert_true(g_str_has_suffix(g_strchomp(whole->str), "}"));
    assert_int_equal(piece("json", number, 0, answer), 1); /* it was fetched: it is gone */
    assert_int_equal(piece("json", "0", 0, answer), 1);
    assert_int_equal(piece("xml", NULL, 0, answer), 1);
    g_string_free(answer, TRUE);
    g_string_free(whole, TRUE);
    g_free(number);
    stop();
}

static void who_asks_in_between_begins_a_new_report(void **state)
{
    GString *answer = g_string_new(NULL);
    char *number;

    (void)state;
    write_config("", 6000);
    start();
    assert_int_equal(piece("text", NULL, 0, answer), 0);
    number = g_strndup(answer->str, strcspn(answer->str, " "));
    assert_int_equal(piece("json", NULL, 0, answer), 0);
    assert_int_equal(piece("text", number, 100, answer), 1);
    assert_string_equal(answer->str, "somebody else asks now\n");
    g_free(number);
    g_string_free(answer, TRUE);
    stop();
}

static void an_order_is_obeyed_at_once_and_shown_with_who_gave_it(void **state)
{
    GString *answer = g_string_new(NULL);

    (void)state;
    write_config("", 2);
    start();
    assert_int_equal(weight(), 2);
    assert_int_equal(order("drain 127.1.0.2"), 0);
    assert_int_equal(weight(), 0);
    assert_int_equal(order("drain 127.1.0.9"), 1);
    assert_int_equal(piece("text", NULL, 0, answer), 0);
    assert_non_null(strstr(answer->str, "  - order: drain 127.1.0.2 (everywhere)\n    by: root"));
    assert_int_equal(order("weight 127.1.0.2:80 7 tcp:10.9.0.1:80"), 0);
    assert_int_equal(weight(), 7);
    reload();
    assert_int_equal(weight(), 7);
    g_string_free(answer, TRUE);
    stop();
}

static void orders_outlive_a_restart_only_if_wished(void **state)
{
    (void)state;
    write_config("keeporders=no", 2);
    start();
    assert_int_equal(order("drain 127.1.0.2"), 0);
    assert_false(g_file_test(house.orders, G_FILE_TEST_EXISTS));
    write_config("keeporders=yes", 2);
    reload(); /* wished from now on */
    stop_keeping(true);
    start();
    assert_int_equal(weight(), 0);
    assert_true(was_logged("1 orders of an earlier life are in force"));
    assert_int_equal(order("enable 127.1.0.2"), 0);
    assert_int_equal(weight(), 2);
    stop_keeping(false);
    start();
    assert_int_equal(weight(), 2);
    stop();
}

/* A life in which orders are kept, and none is in force at first. */
static void start_without_orders(void)
{
    write_config("keeporders=yes", 2);
    start();
    assert_int_equal(weight(), 2);
}

static void orders_that_were_not_to_be_kept_do_not_come_back_another_day(void **state)
{
    (void)state;
    start_without_orders();
    assert_int_equal(order("drain 127.1.0.2"), 0);
    wait_for_kept(true);
    write_config("keeporders=no", 2);
    reload(); /* not wished any more */
    stop_keeping(false);
    start_without_orders();
    assert_int_equal(order("drain 127.1.0.2"), 0);
    stop_keeping(true);
    start(); /* of an earlier life, and none was given in this one */
    assert_int_equal(weight(), 0);
    write_config("keeporders=no", 2);
    reload();
    stop_keeping(false);
    start_without_orders();
    assert_int_equal(order("drain 127.1.0.2"), 0);
    stop_keeping(true);
    write_config("keeporders=no", 2);
    start();
    assert_int_equal(weight(), 2);
    stop();
    start_without_orders();
    stop();
}

static void a_file_of_orders_that_is_broken_does_not_hinder_the_start(void **state)
{
    (void)state;
    write_config("keeporders=yes", 2);
    assert_true(g_file_set_contents(house.orders, "weight 5 127.1.0.2 * 0 0 root\nrubbish\n", -1,
                                    NULL));
    start();
    assert_int_equal(weight(), 5);
    assert_true(was_logged("1 lines make no sense and are passed over"));
    stop();
}

/* ---- another hand ---- */

struct wait {
    struct ha_timer timer;
    int weight;
    uint64_t until_ns;
};

static void look(void *ctx, uint64_t now_ns)
{
    struct wait *wait = ctx;

    if (weight() == wait->weight || now_ns > wait->until_ns)
        ha_loop_stop(house.loop, weight() == wait->weight ? 0 : 1);
    else
        ha_timer_set(house.loop, &wait->timer, now_ns + 5 * HA_NS_PER_MS, look, wait);
}

static bool weight_becomes(int expected, uint64_t within_ms)
{
    struct wait wait = {.weight = expected,
                        .until_ns = ha_clock_ns() + within_ms * HA_NS_PER_MS};

    ha_timer_set(house.loop, &wait.timer, ha_clock_ns(), look, &wait);
    return ha_loop_run(house.loop) == 0;
}

static struct ld_dest *first_dest(void)
{
    struct ld_vs *vs = house.ipvs.table->services->pdata[0];

    return &g_array_index(vs->dests, struct ld_dest, 0);
}

static void what_somebody_else_changes_is_put_right_within_the_interval(void **state)
{
    static const char meant[] = "Real server set to weight 0 by somebody else, left so: 127.1.0.2:80";

    (void)state;
    write_config("tablecheck=50ms", 2);
    start();
    first_dest()->weight = 9;
    assert_true(weight_becomes(2, 20000));
    assert_true(was_logged("The kernel's table was changed by somebody else: put right (1 changes)"));
    first_dest()->weight = 0;
    for (int i = 0; i < 100 && !was_logged(meant); i++)
        assert_false(weight_becomes(2, 200));
    assert_true(was_logged(meant));
    assert_false(weight_becomes(2, 200));
    assert_int_equal(order("enable 127.1.0.2"), 0);
    assert_int_equal(weight(), 2);
    stop();
}

static void nobody_looks_at_the_table_unless_told_to(void **state)
{
    (void)state;
    write_config("", 2);
    start();
    first_dest()->weight = 9;
    assert_false(weight_becomes(2, 300));
    write_config("tablecheck=50ms", 2);
    reload(); /* writes the table, too */
    assert_true(weight_becomes(2, 20000));
    first_dest()->weight = 9;
    assert_true(weight_becomes(2, 20000));
    stop();
}

/* ---- the kernel beside its table ---- */

static void switches_are_set_only_if_the_file_mentions_them(void **state)
{
    (void)state;
    write_config("", 2);
    start();
    assert_string_equal(house.ipvs.switches->str, "");
    assert_int_equal(house.ipvs.syncs, 0);
    write_config("expire_nodest_conn=yes\nexpire_quiescent_template=no", 2);
    reload();
    assert_string_equal(house.ipvs.switches->str,
                        "expire_nodest_conn=1 expire_quiescent_template=0 ");
    stop();
}

static void the_synchronisation_follows_the_mode_and_ends_with_us(void **state)
{
    unsigned refused;

    (void)state;
    write_config("syncdaemon=eth1 7", 2);
    start();
    assert_int_equal(house.ipvs.sync.role, LD_SYNC_MASTER);
    assert_int_equal(house.ipvs.sync.id, 7);
    assert_int_equal(ld_director_set_standby(house.director, true, &refused), 0);
    assert_int_equal(house.ipvs.sync.role, LD_SYNC_BACKUP);
    write_config("syncdaemon=eth1 7 both", 2);
    reload();
    assert_int_equal(house.ipvs.sync.role, LD_SYNC_BOTH);
    stop();
    assert_int_equal(house.ipvs.sync.role, LD_SYNC_NONE);
}

static void a_synchronisation_the_file_no_longer_has_is_ended_once(void **state)
{
    unsigned syncs;

    (void)state;
    write_config("syncdaemon=eth1", 2);
    start();
    write_config("", 2);
    reload();
    assert_int_equal(house.ipvs.sync.role, LD_SYNC_NONE);
    syncs = house.ipvs.syncs;
    reload();
    assert_int_equal(house.ipvs.syncs, syncs); /* somebody else's, if there is one now */
    stop();
    assert_int_equal(house.ipvs.syncs, syncs);
}

static void a_synchronisation_that_cannot_be_is_named_once(void **state)
{
    static const char master[] = "Connection synchronisation: master (interface eth9, syncid 0)";

    (void)state;
    house.ipvs.sync_error = -ENODEV;
    write_config("syncdaemon=eth9\ntablecheck=10ms", 2);
    start();
    assert_true(was_logged("cannot make the connection synchronisation master (interface eth9, "
                           "syncid 0): No such device; it is tried again"));
    assert_true(g_file_set_contents(house.log, "", 0, NULL));
    for (int i = 0; i < 100 && house.ipvs.syncs <= 2; i++)
        assert_false(weight_becomes(99, 200));
    assert_true(house.ipvs.syncs > 2);
    assert_false(was_logged("synchronisation"));
    house.ipvs.sync_error = 0;
    for (int i = 0; i < 100 && !was_logged(master); i++)
        assert_false(weight_becomes(99, 200));
    assert_true(was_logged(master));
    stop();
}

static void set_standby(bool standby)
{
    unsigned refused;

    assert_int_equal(ld_director_set_standby(house.director, standby, &refused), 0);
}

static void who_goes_into_standby_hands_its_connections_over_once(void **state)
{
    (void)state;
    write_config("syncdaemon=lo", 1);
    start();
    ld_director_hand_over(house.director);
    assert_int_equal(house.ipvs.handovers, 1);
    set_standby(true);
    assert_int_equal(house.ipvs.handovers, 1); /* a moment ago */
    ld_director_hand_over(house.director);
    assert_int_equal(house.ipvs.handovers, 1); /* in standby there are none */
    stop();
    start();
    set_standby(true);
    assert_int_equal(house.ipvs.handovers, 2);
}

static void without_a_synchronisation_there_is_nobody_to_hand_over_to(void **state)
{
    (void)state;
    write_config("", 1);
    start();
    ld_director_hand_over(house.director);
    set_standby(true);
    assert_int_equal(house.ipvs.handovers, 0);
}

static void who_becomes_active_listens_a_while_for_the_last_one(void **state)
{
    (void)state;
    write_config("syncdaemon=lo", 1);
    start();
    assert_int_equal(house.ipvs.sync.role, LD_SYNC_MASTER); /* nobody was before us */
    set_standby(true);
    assert_int_equal(house.ipvs.sync.role, LD_SYNC_BACKUP);
    set_standby(false);
    assert_int_equal(house.ipvs.sync.role, LD_SYNC_BOTH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_report_comes_in_pieces_that_fit_together, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(who_asks_in_between_begins_a_new_report, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_order_is_obeyed_at_once_and_shown_with_who_gave_it,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(orders_outlive_a_restart_only_if_wished, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_goes_into_standby_hands_its_connections_over_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(without_a_synchronisation_there_is_nobody_to_hand_over_to, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(who_becomes_active_listens_a_while_for_the_last_one, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            orders_that_were_not_to_be_kept_do_not_come_back_another_day, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_of_orders_that_is_broken_does_not_hinder_the_start,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            what_somebody_else_changes_is_put_right_within_the_interval, set_up, tear_down),
        cmocka_unit_test_setup_teardown(switches_are_set_only_if_the_file_mentions_them, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_synchronisation_follows_the_mode_and_ends_with_us,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_synchronisation_the_file_no_longer_has_is_ended_once,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_synchronisation_that_cannot_be_is_named_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(nobody_looks_at_the_table_unless_told_to, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
