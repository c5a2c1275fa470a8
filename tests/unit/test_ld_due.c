/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which services of the table are looked at next. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "common/base/time.h"
#include "ldirectord/core/due.h"
#include "tests/fakes/fake_director.h"

static struct ld_service_id mark(uint32_t number)
{
    return (struct ld_service_id){.protocol = LD_FWM, .addr = {.family = AF_INET},
                                  .fwmark = number};
}

static void add(struct ld_due *due, enum ld_due_kind kind, uint32_t number)
{
    struct ld_service_id id = mark(number);

    ld_due_add(due, kind, &id);
}

/* The marks of the next portion, as digits. */
static char *take(struct ld_due *due, unsigned max, struct ld_portion *portion)
{
    GString *out = g_string_new(NULL);

    ld_due_take(due, max, portion);
    for (guint i = 0; i < portion->ids->len; i++)
        g_string_append_printf(out, "%u",
                               ((struct ld_service_id *)portion->ids->pdata[i])->fwmark);
    return g_string_free(out, FALSE);
}

static void assert_taken(struct ld_due *due, unsigned max, const char *marks, const char *flags)
{
    struct ld_portion portion;
    char *taken = take(due, max, &portion);

    assert_string_equal(taken, marks);
    assert_int_equal(portion.look, flags[0] == 'l');
    assert_int_equal(portion.look_ends, flags[0] == 'l' && flags[1] == 'e');
    ld_portion_clear(&portion);
    g_free(taken);
}

static void what_changed_comes_first_and_each_comes_once(void **state)
{
    struct ld_due *due = ld_due_new();

    (void)state;
    for (uint32_t i = 1; i <= 4; i++)
        add(due, LD_DUE_LOOK, i);
    add(due, LD_DUE_ALL, 2);
    add(due, LD_DUE_CHANGED, 4);
    add(due, LD_DUE_CHANGED, 4);
    assert_taken(due, LD_PORTION_ALL, "4213", "-");
    assert_false(ld_due_any(due));
    ld_due_free(due);
}

static void a_portion_is_no_larger_than_asked_for(void **state)
{
    struct ld_due *due = ld_due_new();

    (void)state;
    for (uint32_t i = 1; i <= 5; i++)
        add(due, LD_DUE_LOOK, i);
    assert_taken(due, 2, "12", "l");
    add(due, LD_DUE_CHANGED, 4);
    assert_taken(due, 2, "4", "-");
    assert_taken(due, 2, "34", "l");
    assert_taken(due, 2, "5", "le");
    assert_taken(due, 2, "", "le");
    ld_due_free(due);
}

static void what_changes_all_the_time_does_not_keep_the_rest_waiting(void **state)
{
    struct ld_due *due = ld_due_new();

    (void)state;
    for (uint32_t i = 1; i <= 4; i++)
        add(due, LD_DUE_LOOK, i);
    add(due, LD_DUE_CHANGED, 7);
    assert_taken(due, 3, "7", "-");
    add(due, LD_DUE_CHANGED, 7);
    assert_taken(due, 3, "712", "-");
    add(due, LD_DUE_CHANGED, 7);
    assert_taken(due, 3, "7", "-");
    add(due, LD_DUE_CHANGED, 7);
    assert_taken(due, 3, "734", "-");
    assert_false(ld_due_any(due));
    ld_due_free(due);
}

/* ---- in the core ---- */

#define SERVICES 300

static struct ld_config *many(uint32_t weight_of_the_last)
{
    struct ld_config *config = ld_config_new();

    for (unsigned i = 0; i < SERVICES; i++) {
        struct ld_service *service = fake_mark(config, AF_INET, i + 1);

        service->checktype = LD_CHECK_ON;
        fake_real(service, "10.1.0.1", 80, LD_GATE, i + 1 < SERVICES ? 1 : weight_of_the_last);
    }
    return config;
}

static uint32_t weight_of_the_last(const struct fake_director *director)
{
    struct ld_service_id id = mark(SERVICES);
    const struct ld_vs *vs = ld_table_find(director->ipvs.table, &id);

    return vs && vs->dests->len == 1 ? g_array_index(vs->dests, struct ld_dest, 0).weight : 0;
}

static void a_change_reads_and_writes_its_own_service_only(void **state)
{
    struct fake_director director;

    (void)state;
    fake_director_init(&director, many(1), 1);
    fake_director_start(&director);
    director.ipvs.services_read = director.ipvs.operations = director.tables = 0;
    fake_director_wish(&director, "weight 10.1.0.1 5 300");
    assert_int_equal(weight_of_the_last(&director), 5);
    assert_int_equal(director.ipvs.operations, 1);
    assert_int_equal(director.tables, 1);
    assert_int_equal(director.ipvs.services_read, 2); /* before, and the audit's */
    assert_null(director.broken);
    fake_director_clear(&director);
}

static void a_reload_writes_what_it_changes_first_and_then_looks_at_the_rest(void **state)
{
    struct fake_director director;
    const char *changed, *repaired;

    (void)state;
    fake_director_init(&director, many(1), 1);
    director.portion_max = 64;
    fake_director_start(&director);
    assert_int_equal(director.tables, (SERVICES + 63) / 64);
    director.ipvs.operations = director.tables = 0;
    g_string_truncate(director.log, 0);
    fake_director_ipvsadm(&director, "10.1.0.1", -1);
    fake_director_reload(&director, many(7));
    assert_int_equal(weight_of_the_last(&director), 7);
    assert_int_equal(director.ipvs.operations, SERVICES); /* and what another hand took away */
    assert_int_equal(director.tables, 1 + (SERVICES + 63) / 64);
    changed = strstr(director.log->str, "(Weight set to 7)");
    repaired = strstr(director.log->str, "(Weight set to 1)");
    assert_non_null(repaired);
    assert_true(changed && changed < repaired);
    assert_null(director.broken);
    fake_director_clear(&director);
}

static void what_is_refused_does_not_keep_the_rest_from_being_looked_at(void **state)
{
    struct fake_director director;

    (void)state;
    fake_director_init(&director, many(1), 1);
    fake_director_start(&director);
    director.ipvs.fail_next = 1;
    fake_director_wish(&director, "weight 10.1.0.1 5 300");
    assert_int_equal(weight_of_the_last(&director), 1);
    director.ipvs.services_read = 0;
    fake_director_repair(&director);
    assert_int_equal(director.ipvs.services_read, 2 * (SERVICES - 1));
    fake_director_pass(&director, 2 * HA_NS_PER_S);
    assert_int_equal(weight_of_the_last(&director), 5);
    assert_null(director.broken);
    fake_director_clear(&director);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_changed_comes_first_and_each_comes_once),
        cmocka_unit_test(a_portion_is_no_larger_than_asked_for),
        cmocka_unit_test(what_changes_all_the_time_does_not_keep_the_rest_waiting),
        cmocka_unit_test(a_change_reads_and_writes_its_own_service_only),
        cmocka_unit_test(a_reload_writes_what_it_changes_first_and_then_looks_at_the_rest),
        cmocka_unit_test(what_is_refused_does_not_keep_the_rest_from_being_looked_at),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
