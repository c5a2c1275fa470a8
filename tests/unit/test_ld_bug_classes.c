/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ldirectord: classes of bugs that directors are known for, a case each, named after it. Those that
 * are at home in a module's own test are listed in doc/testing.md.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <linux/ip_vs.h>

#include "tests/unit/core_story.h"

#define WEB1 "10.1.0.1"
#define WEB2 "10.1.0.2"

static struct ld_real *real(const struct ld_service *service, guint i)
{
    return service->reals->pdata[i];
}

/* Its weight in the kernel's table, wherever it stands; -1: nowhere. */
static int64_t weight_of(const struct fake_director *director, const char *text)
{
    struct ha_addr addr;

    assert_true(ha_addr_parse(&addr, text));
    for (guint i = 0; i < director->ipvs.table->services->len; i++) {
        const struct ld_dest *dest =
            ld_vs_find(director->ipvs.table->services->pdata[i], &addr, 80);

        if (dest)
            return dest->weight;
    }
    return -1;
}

/* ---- a failed server that never comes back ---- */

struct failure {
    enum ld_verdict verdict;
    unsigned times;
    bool quiescent, want, reload, refused, operator;
};

static void fail_and_return(const struct failure *failure)
{
    struct fake_director d;
    struct ld_config *config = pair(), *again = pair();

    first(config)->quiescent = first(again)->quiescent = failure->quiescent;
    first(config)->risecount = first(again)->risecount = 2;
    start(&d, config);
    interval(&d, NULL, 0);
    interval(&d, NULL, 0);
    assert_int_equal(weight_of(&d, WEB1), 1);
    for (unsigned i = 0; i < failure->times; i++)
        interval(&d, WEB1, failure->verdict);
    assert_true(weight_of(&d, WEB1) <= 0);
    if (failure->want)
        interval(&d, WEB1, LD_INTERNAL);
    if (failure->reload)
        fake_director_reload(&d, again);
    else
        ld_config_free(again);
    if (failure->operator) {
        assert_true(fake_director_wish(&d, "disable 10.1.0.1:80 tcp:10.0.0.1:80"));
        interval(&d, WEB1, failure->verdict);
        assert_true(fake_director_wish(&d, "enable 10.1.0.1:80 tcp:10.0.0.1:80"));
    }
    if (failure->refused)
        d.ipvs.fail_next = 3;
    interval(&d, NULL, 0);
    assert_true(weight_of(&d, WEB1) <= 0); /* one success is not two */
    for (int i = 0; i < 4; i++)
        interval(&d, NULL, 0);
    assert_int_equal(weight_of(&d, WEB1), 1);
    end(&d);
}

static void a_failed_server_comes_back(void **state)
{
    (void)state;
    for (int verdict = 0; verdict < LD_VERDICT_COUNT; verdict++) {
        if (ld_verdict_passed((enum ld_verdict)verdict) || verdict == LD_INTERNAL ||
            verdict == LD_UNKNOWN || verdict == LD_OFF || verdict == LD_MAINT)
            continue;
        for (unsigned how = 0; how < 32; how++)
            fail_and_return(&(struct failure){
                .verdict = (enum ld_verdict)verdict, .times = how % 3 + 1, .quiescent = how & 1,
                .want = how & 2, .reload = how & 4, .refused = how & 8, .operator= how & 16});
    }
}

/* ---- a reload that turns down into up ---- */

static void nothing_changes(struct ld_config *config)
{
    (void)config;
}

static void another_weight(struct ld_config *config)
{
    real(first(config), 0)->weight = 7;
    real(first(config), 1)->weight = 7;
}

static void another_scheduler(struct ld_config *config)
{
    g_free(first(config)->scheduler);
    first(config)->scheduler = g_strdup("sh");
}

static void another_way(struct ld_config *config)
{
    real(first(config), 0)->method = real(first(config), 1)->method = LD_MASQ;
}

static void another_question_of_one(struct ld_config *config)
{
    real(first(config), 0)->request = g_strdup("/new");
}

static void another_check(struct ld_config *config)
{
    first(config)->checktype = LD_CHECK_CONNECT;
}

static void other_times(struct ld_config *config)
{
    first(config)->checkinterval_ms = 3000;
    first(config)->negotiatetimeout_ms = 1000;
    first(config)->failurecount = 5;
    first(config)->slowstart_ms = 60000;
}

static void the_other_way_to_be_down(struct ld_config *config)
{
    first(config)->quiescent = !first(config)->quiescent;
}

static void another_order(struct ld_config *config)
{
    GPtrArray *reals = first(config)->reals;
    gpointer one = reals->pdata[0];

    reals->pdata[0] = reals->pdata[1];
    reals->pdata[1] = one;
}

static void a_fallback_more(struct ld_config *config)
{
    fake_fallback(first(config), "10.9.0.1", 80, LD_GATE);
}

static void (*const edits[])(struct ld_config *config) = {
    nothing_changes, another_weight, another_scheduler, another_way, another_question_of_one,
    another_check,   other_times,    the_other_way_to_be_down, another_order, a_fallback_more,
};

static void a_reload_turns_no_down_into_up_nor_up_into_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(edits); i++) {
        for (int quiescent = 0; quiescent < 2; quiescent++) {
            struct fake_director d;
            struct ld_config *config = pair(), *other = pair();

            first(config)->quiescent = first(other)->quiescent = quiescent;
            start_healthy(&d, config);
            interval(&d, WEB1, LD_L4CON);
            edits[i](other);
            for (int again = 0; again < 2; again++) {
                fake_director_pass(&d, HA_NS_PER_S);
                if (again == 0)
                    fake_director_reload(&d, other);
                assert_true(weight_of(&d, WEB1) <= 0);
                assert_true(weight_of(&d, WEB2) > 0);
            }
            end(&d);
        }
    }
}

/* ---- a reload that loses an attribute ---- */

static int by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All that the kernel has of all services, a line each, in order. */
static char *whole_table(const struct ld_table *table)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    char *text;

    for (guint i = 0; i < table->services->len; i++) {
        const struct ld_vs *vs = table->services->pdata[i];
        char *id = ld_service_id_text(&vs->id);

        g_ptr_array_add(lines, g_strdup_printf("%s %s flags %x timeout %u netmask %x", id, vs->scheduler,
                                               vs->flags, vs->timeout_s, vs->netmask));
        for (guint j = 0; j < vs->dests->len; j++) {
            const struct ld_dest *dest = &g_array_index(vs->dests, struct ld_dest, j);
            char at[HA_ADDR_TEXT];

            g_ptr_array_add(lines, g_strdup_printf("%s > %s %s weight %u lower %u upper %u", id,
                                                   ha_addr_port_text(&dest->addr, dest->port, at),
                                                   ld_method_name(dest->method), dest->weight,
                                                   dest->lower, dest->upper));
        }
        g_free(id);
    }
    g_ptr_array_sort(lines, by_text);
    g_ptr_array_add(lines, NULL);
    text = g_strjoinv("\n", (char **)lines->pdata);
    g_ptr_array_free(lines, TRUE);
    return text;
}

/* Every attribute a service or a server can have in the kernel, and none of them a default. */
static struct ld_config *all_attributes(void)
{
    struct ld_config *config = ld_config_new();
    struct ld_service *web = fake_service(config, "10.0.0.1", 80);
    struct ld_service *dns = fake_service(config, "10.0.0.1", 53);
    struct ld_service *mark = fake_mark(config, AF_INET, 7);
    struct ld_service *web6 = fake_service(config, "fd00::1", 80);

    g_free(web->scheduler);
    web->scheduler = g_strdup("sh");
    web->schedflags = g_strdup("sh-fallback,sh-port");
    web->persistent = mark->persistent = web6->persistent = true;
    web->persistent_s = 600;
    web->netmask = 0xffffff00;
    mark->persistent_s = 77;
    mark->netmask = 0xffff0000;
    web6->persistent_s = 88;
    web6->netmask = 64;
    dns->id.protocol = LD_UDP;
    dns->ops = true;
    fake_real(web, WEB1, 80, LD_GATE, 3);
    fake_real(web, WEB2, 8080, LD_MASQ, 5);
    fake_real(web, "10.1.0.3", 80, LD_IPIP, 9);
    fake_real(dns, WEB1, 5353, LD_MASQ, 2);
    fake_real(mark, WEB2, 0, LD_GATE, 4);
    fake_real(web6, "fd00::11", 80, LD_GATE, 6);
    for (guint i = 0; i < web->reals->len; i++) {
        real(web, i)->lower = 10 + i;
        real(web, i)->upper = 100 + i;
    }
    return config;
}

static void lose_scheduler(struct ld_vs *vs) { strcpy(vs->scheduler, "rr"); }
static void lose_flags(struct ld_vs *vs) { vs->flags = 0; }
static void lose_timeout(struct ld_vs *vs) { vs->timeout_s = 1; }
static void lose_netmask(struct ld_vs *vs) { vs->netmask = vs->id.addr.family == AF_INET6 ? 128 : 0xffffffff; }
static void lose_weights(struct ld_vs *vs) { g_array_index(vs->dests, struct ld_dest, 0).weight = 1; }
static void lose_method(struct ld_vs *vs) { g_array_index(vs->dests, struct ld_dest, 0).method = LD_IPIP; }
static void lose_lower(struct ld_vs *vs) { g_array_index(vs->dests, struct ld_dest, 0).lower = 0; }
static void lose_upper(struct ld_vs *vs) { g_array_index(vs->dests, struct ld_dest, 0).upper = 20; }
static void lose_server(struct ld_vs *vs) { g_array_remove_index(vs->dests, 0); }

static void (*const losses[])(struct ld_vs *vs) = {
    lose_scheduler, lose_flags, lose_timeout, lose_netmask, lose_weights,
    lose_method,    lose_lower, lose_upper,   lose_server,
};

static void assert_whole(const struct fake_director *d, const char *expected)
{
    char *now = whole_table(d->ipvs.table);

    assert_string_equal(now, expected);
    g_free(now);
}

static void a_reload_loses_no_attribute(void **state)
{
    struct fake_director d;
    struct ld_config *other;
    char *before;

    (void)state;
    start_healthy(&d, all_attributes());
    before = whole_table(d.ipvs.table);
    assert_non_null(strstr(before, "udp:10.0.0.1:53 wrr flags "));
    assert_non_null(strstr(before, "timeout 600 netmask ffffff00"));
    assert_non_null(strstr(before, "10.1.0.2:8080 masq weight 5 lower 11 upper 101"));
    fake_director_reload(&d, all_attributes());
    assert_whole(&d, before);
    for (guint i = 0; i < 4; i++) { /* one edit, and all the rest as it was */
        other = all_attributes();
        real(other->services->pdata[i], 0)->weight++;
        fake_director_reload(&d, other);
        fake_director_reload(&d, all_attributes());
        assert_whole(&d, before);
    }
    other = all_attributes();
    first(other)->persistent = false;
    fake_director_reload(&d, other);
    fake_director_reload(&d, all_attributes());
    assert_whole(&d, before);
    g_free(before);
    end(&d);
}

/* ---- own idea and kernel drifting apart ---- */

static void whatever_the_kernel_lost_is_put_back(void **state)
{
    struct fake_director d;
    char *before;

    (void)state;
    start_healthy(&d, all_attributes());
    before = whole_table(d.ipvs.table);
    for (size_t i = 0; i < G_N_ELEMENTS(losses); i++) {
        for (guint j = 0; j < d.ipvs.table->services->len; j++)
            losses[i](d.ipvs.table->services->pdata[j]);
        fake_director_repair(&d);
        assert_whole(&d, before);
    }
    g_free(before);
    end(&d);
}

/* ---- persistence that keeps traffic on a weight of 0 ---- */

/* Clients bound to a server are bound to its entry: one that fails must lose it, or, quiescent, stand
 * at weight 0 exactly, with no thresholds by which it would count as merely overloaded. */
static void a_persistent_service_gives_no_weight_to_one_that_failed(void **state)
{
    (void)state;
    for (int quiescent = 0; quiescent < 2; quiescent++) {
        struct fake_director d;
        struct ld_config *config = pair();
        struct ld_vs *vs;

        first(config)->persistent = true;
        first(config)->persistent_s = 600;
        first(config)->quiescent = quiescent;
        real(first(config), 0)->upper = 100;
        start_healthy(&d, config);
        interval(&d, WEB1, LD_L4TOUT);
        vs = d.ipvs.table->services->pdata[0];
        assert_true(vs->flags & IP_VS_SVC_F_PERSISTENT);
        assert_int_equal(weight_of(&d, WEB1), quiescent ? 0 : -1);
        if (quiescent) {
            struct ha_addr addr;

            assert_true(ha_addr_parse(&addr, WEB1));
            assert_int_equal(ld_vs_find(vs, &addr, 80)->upper, 0);
        }
        end(&d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failed_server_comes_back),
        cmocka_unit_test(a_reload_turns_no_down_into_up_nor_up_into_down),
        cmocka_unit_test(a_reload_loses_no_attribute),
        cmocka_unit_test(whatever_the_kernel_lost_is_put_back),
        cmocka_unit_test(a_persistent_service_gives_no_weight_to_one_that_failed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
