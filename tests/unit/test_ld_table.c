/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ldirectord/core/table: tables as values, and what turns one into another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ldirectord/core/table.h"

/*
 * Tables are written as words: "V1:wlc" opens the service 10.0.0.1:80 with
 * that scheduler, "a1" is a server 10.1.0.1:80 with weight 1 in the last
 * opened service, "a1=5" one with weight 5, "a1=5m" the same by masq,
 * "a1=0?" one that may be absent.
 */
static void add_word(struct ld_table *table, struct ld_vs **vs, const char *word)
{
    struct ld_service_id id = {.protocol = LD_TCP, .port = 80};
    struct ld_dest dest = {.port = 80, .weight = 1};
    char text[64];
    const char *equals = strchr(word, '='), *colon = strchr(word, ':');

    if (word[0] == 'V') {
        snprintf(text, sizeof(text), "10.0.0.%d", atoi(word + 1));
        assert_true(ha_addr_parse(&id.addr, text));
        *vs = ld_table_add(table, &id);
        assert_non_null(*vs);
        snprintf((*vs)->scheduler, sizeof((*vs)->scheduler), "%s", colon ? colon + 1 : "wrr");
        return;
    }
    snprintf(text, sizeof(text), "10.1.0.%d", atoi(word + 1));
    assert_true(ha_addr_parse(&dest.addr, text));
    if (equals) {
        dest.weight = (uint32_t)atoi(equals + 1);
        dest.method = strchr(equals, 'm') ? LD_MASQ : LD_GATE;
        dest.keep_absent = strchr(equals, '?');
    }
    g_array_append_val((*vs)->dests, dest);
}

static struct ld_table *table_of(const char *words)
{
    struct ld_table *table = ld_table_new();
    char **list = g_strsplit(words, " ", -1);
    struct ld_vs *vs = NULL;

    for (char **word = list; *word; word++)
        if (**word)
            add_word(table, &vs, *word);
    g_strfreev(list);
    return table;
}

static void append_op(GString *out, const struct ld_op *op)
{
    static const char *const signs[] = {"+V", "~V", "-V", "+", "~", "-"};
    char text[HA_ADDR_TEXT];

    g_string_append_printf(out, "%s%s", out->len ? " " : "", signs[op->kind]);
    if (!op->dest) {
        g_string_append(out, strrchr(ha_addr_text(&op->vs->id.addr, text), '.') + 1);
        return;
    }
    g_string_append(out, strrchr(ha_addr_text(&op->dest->addr, text), '.') + 1);
    if (op->kind != LD_OP_DEL_DEST)
        g_string_append_printf(out, "=%u", op->dest->weight);
    if (op->kind == LD_OP_EDIT_DEST)
        g_string_append_printf(out, "(%u)", op->was->weight);
}

/* foreign: number of the one service of the actual table that is not ours, 0: none. */
static void assert_diff(const char *actual, const char *wanted, int foreign, const char *expected)
{
    struct ld_table *is = table_of(actual), *want = table_of(wanted);
    GHashTable *ours = g_hash_table_new(ld_service_id_key_hash, ld_service_id_key_equal);
    GArray *ops = g_array_new(FALSE, FALSE, sizeof(struct ld_op));
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < is->services->len; i++) {
        struct ld_vs *vs = is->services->pdata[i];

        if (vs->id.addr.bytes[3] != foreign)
            g_hash_table_add(ours, &vs->id);
    }
    ld_table_diff(is, want, ours, ops);
    for (guint i = 0; i < ops->len; i++)
        append_op(text, &g_array_index(ops, struct ld_op, i));
    assert_string_equal(text->str, expected);
    g_string_free(text, TRUE);
    g_array_free(ops, TRUE);
    g_hash_table_destroy(ours);
    ld_table_free(is);
    ld_table_free(want);
}

static void equal_tables_need_nothing(void **state)
{
    (void)state;
    assert_diff("", "", 0, "");
    assert_diff("V1 a1 a2=3m V2 a1", "V1 a1 a2=3m V2 a1", 0, "");
    assert_diff("V2 a1 V1 a2=3m a1", "V1 a1 a2=3m V2 a1", 0, "");
}

static void a_new_service_comes_with_its_servers(void **state)
{
    (void)state;
    assert_diff("", "V1 a1 a2=0", 0, "+V1 +1=1 +2=0");
    assert_diff("V1 a1", "V1 a1 V2 a1=9", 0, "+V2 +1=9");
}

static void what_changed_is_edited_not_replaced(void **state)
{
    (void)state;
    assert_diff("V1:wrr a1", "V1:wlc a1", 0, "~V1");
    assert_diff("V1 a1", "V1 a1=4", 0, "~1=4(1)");
    assert_diff("V1 a1=1", "V1 a1=1m", 0, "~1=1(1)");
}

static void servers_are_added_before_others_are_silenced_or_deleted(void **state)
{
    (void)state;
    assert_diff("V1 a1 a2 a3=0", "V1 a1=0 a3=2 a4", 0, "+4=1 ~3=2(0) ~1=0(1) -2");
}

static void foreign_services_are_never_touched(void **state)
{
    (void)state;
    assert_diff("V1 a1 V2 a1 V9 a1", "V1 a1", 9, "-V2");
    assert_diff("V9 a1", "", 9, "");
}

static void nothing_is_ours_where_nobody_says_so(void **state)
{
    struct ld_table *is = table_of("V1 a1"), *want = ld_table_new();
    GArray *ops = g_array_new(FALSE, FALSE, sizeof(struct ld_op));

    (void)state;
    ld_table_diff(is, want, NULL, ops);
    assert_int_equal(ops->len, 0);
    g_array_free(ops, TRUE);
    ld_table_free(is);
    ld_table_free(want);
}

static void a_quiescent_server_taken_out_by_hand_stays_out(void **state)
{
    (void)state;
    assert_diff("V1 a1", "V1 a1 a2=0?", 0, "");
    assert_diff("V1 a1 a2=1", "V1 a1 a2=0?", 0, "~2=0(1)");
}

static void an_id_is_added_once(void **state)
{
    struct ld_table *table = table_of("V1 a1");
    struct ld_vs *vs = table->services->pdata[0];
    struct ld_service_id id = vs->id;
    struct ld_dest *dest = &g_array_index(vs->dests, struct ld_dest, 0);

    (void)state;
    assert_null(ld_table_add(table, &id));
    assert_ptr_equal(ld_table_find(table, &id), vs);
    assert_ptr_equal(ld_vs_find(vs, &dest->addr, 80), dest);
    assert_null(ld_vs_find(vs, &dest->addr, 81));
    ld_table_free(table);
    ld_table_free(NULL);
}

/* 40,000 servers in one service: a quadratic difference would take minutes. */
static void a_large_service_is_compared_in_one_pass(void **state)
{
    struct ld_table *is = table_of("V1"), *want = table_of("V1");
    struct ld_vs *a = is->services->pdata[0], *b = want->services->pdata[0];
    GArray *ops = g_array_new(FALSE, FALSE, sizeof(struct ld_op));

    (void)state;
    for (uint32_t i = 0; i < 40000; i++) {
        struct ld_dest dest = {.port = 80, .weight = 1};

        dest.addr.family = AF_INET;
        dest.addr.v4.s_addr = htonl(0x0a000000 + i);
        g_array_append_val(a->dests, dest);
        dest.addr.v4.s_addr = htonl(0x0a000000 + 39999 - i);
        dest.weight = i == 0 ? 2 : 1;
        g_array_append_val(b->dests, dest);
    }
    ld_table_diff(is, want, NULL, ops);
    assert_int_equal(ops->len, 1);
    g_array_free(ops, TRUE);
    ld_table_free(is);
    ld_table_free(want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_tables_need_nothing),
        cmocka_unit_test(a_new_service_comes_with_its_servers),
        cmocka_unit_test(what_changed_is_edited_not_replaced),
        cmocka_unit_test(servers_are_added_before_others_are_silenced_or_deleted),
        cmocka_unit_test(foreign_services_are_never_touched),
        cmocka_unit_test(nothing_is_ours_where_nobody_says_so),
        cmocka_unit_test(a_quiescent_server_taken_out_by_hand_stays_out),
        cmocka_unit_test(an_id_is_added_once),
        cmocka_unit_test(a_large_service_is_compared_in_one_pass),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
