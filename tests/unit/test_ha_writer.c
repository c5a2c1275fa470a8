/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One value, written by each writer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>

#include "common/show/writer.h"

static void show_a_cluster(struct ha_writer *writer)
{
    ha_show_text(writer, "node", "left");
    ha_show_count(writer, "held_back_ms", UINT64_MAX);
    ha_show_text(writer, "nothing", NULL);
    ha_show_list(writer, "nodes");
    ha_show_object(writer, NULL);
    ha_show_text(writer, "name", "left");
    ha_show_flag(writer, "this_node", true);
    ha_show_list(writer, "links");
    ha_show_text(writer, NULL, "eth0");
    ha_show_text(writer, NULL, "eth1");
    ha_show_end(writer);
    ha_show_end(writer);
    ha_show_object(writer, NULL);
    ha_show_text(writer, "name", "right");
    ha_show_flag(writer, "this_node", false);
    ha_show_end(writer);
    ha_show_end(writer);
    ha_show_object(writer, "counters");
    ha_show_end(writer);
}

static char *written(const char *form, void (*show)(struct ha_writer *writer))
{
    GString *out = g_string_new(NULL);
    struct ha_writer writer;

    ha_writer_begin(&writer, ha_writer_find(form), out);
    show(&writer);
    ha_writer_finish(&writer);
    return g_string_free(out, FALSE);
}

static void assert_written(const char *form, void (*show)(struct ha_writer *writer),
                           const char *expected)
{
    char *text = written(form, show);

    assert_string_equal(text, expected);
    g_free(text);
}

static void text_is_a_line_a_value_with_a_dash_for_each_member(void **state)
{
    (void)state;
    assert_written("text", show_a_cluster,
                   "node: left\n"
                   "held back ms: 18446744073709551615\n"
                   "nodes:\n"
                   "  - name: left\n"
                   "    this node: yes\n"
                   "    links:\n"
                   "      - eth0\n"
                   "      - eth1\n"
                   "  - name: right\n"
                   "    this node: no\n"
                   "counters:\n");
}

static void json_is_what_the_rfc_says(void **state)
{
    (void)state;
    assert_written("json", show_a_cluster,
                   "{\n"
                   "  \"node\": \"left\",\n"
                   "  \"held_back_ms\": 18446744073709551615,\n"
                   "  \"nodes\": [\n"
                   "    {\n"
                   "      \"name\": \"left\",\n"
                   "      \"this_node\": true,\n"
                   "      \"links\": [\n"
                   "        \"eth0\",\n"
                   "        \"eth1\"\n"
                   "      ]\n"
                   "    },\n"
                   "    {\n"
                   "      \"name\": \"right\",\n"
                   "      \"this_node\": false\n"
                   "    }\n"
                   "  ],\n"
                   "  \"counters\": {}\n"
                   "}\n");
}

static void show_trouble(struct ha_writer *writer)
{
    ha_show_text(writer, "said", "\"a\\b\"\n\t\x1b[2J \xc3\xa9 \xff_");
}

static void whatever_a_script_said_stays_inside_its_quotes(void **state)
{
    (void)state;
    assert_written("json", show_trouble,
                   "{\n"
                   "  \"said\": \"\\\"a\\\\b\\\"\\n\\u0009\\u001b[2J \xc3\xa9 \xef\xbf\xbd_\"\n}\n");
    assert_written("text", show_trouble, "said: \"a\\b\"...[2J \xc3\xa9 \xff_\n");
}

static void show_times(struct ha_writer *writer)
{
    ha_show_time(writer, "epoch", 0);
    ha_show_time(writer, "leap", 951782400 + 3661);
    ha_show_time(writer, "late", 4102444799);
}

static void times_are_dates(void **state)
{
    (void)state;
    assert_written("text", show_times,
                   "epoch: 1970-01-01T00:00:00Z\n"
                   "leap: 2000-02-29T01:01:01Z\n"
                   "late: 2099-12-31T23:59:59Z\n");
}

static void show_decimals(struct ha_writer *writer)
{
    ha_show_decimal(writer, "half", 0.5);
    ha_show_decimal(writer, "many", 123456.789);
    ha_show_decimal(writer, "tiny", 1e-12);
    ha_show_decimal(writer, "none", HUGE_VAL);
}

static void decimals_have_a_point_and_what_is_no_number_is_null(void **state)
{
    (void)state;
    assert_written("json", show_decimals,
                   "{\n  \"half\": 0.5,\n  \"many\": 123456.789,\n  \"tiny\": 1e-12,\n"
                   "  \"none\": null\n}\n");
}

static void show_too_deep(struct ha_writer *writer)
{
    for (int i = 0; i < 3 * HA_SHOW_DEPTH; i++)
        ha_show_object(writer, "deeper");
    ha_show_text(writer, "lost", "yes");
    for (int i = 0; i < 3 * HA_SHOW_DEPTH; i++)
        ha_show_end(writer);
    ha_show_text(writer, "back", "here");
    for (int i = 0; i < 5; i++)
        ha_show_end(writer);
    ha_show_text(writer, "after", "the end");
}

static void what_is_too_deep_is_left_out_and_the_rest_is_whole(void **state)
{
    char *text = written("json", show_too_deep);
    unsigned open = 0, closed = 0;

    (void)state;
    for (const char *at = text; *at != '\0'; at++) {
        open += *at == '{';
        closed += *at == '}';
    }
    assert_int_equal(open, HA_SHOW_DEPTH);
    assert_int_equal(open, closed);
    assert_non_null(g_strrstr(text, "\n  \"back\": \"here\"\n}\n"));
    assert_null(g_strrstr(text, "lost"));
    assert_null(g_strrstr(text, "after"));
    g_free(text);
}

static void a_writer_is_found_by_its_name(void **state)
{
    (void)state;
    assert_ptr_equal(ha_writer_find("json"), &ha_writer_json);
    assert_ptr_equal(ha_writer_find("text"), &ha_writer_text);
    assert_null(ha_writer_find("html"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_a_line_a_value_with_a_dash_for_each_member),
        cmocka_unit_test(json_is_what_the_rfc_says),
        cmocka_unit_test(whatever_a_script_said_stays_inside_its_quotes),
        cmocka_unit_test(times_are_dates),
        cmocka_unit_test(decimals_have_a_point_and_what_is_no_number_is_null),
        cmocka_unit_test(what_is_too_deep_is_left_out_and_the_rest_is_whole),
        cmocka_unit_test(a_writer_is_found_by_its_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
