/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ldirectord/conf: a file that was read before means what it means to who reads it for the first time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "common/base/rand.h"
#include "tests/fakes/fake_names.h"

static struct ld_config *read_again(const struct ld_config *prior, const char *text, char **messages)
{
    GBytes *bytes = g_bytes_new(text, strlen(text));
    GString *out = g_string_new(NULL);
    struct ld_config *config;
    struct ha_diags diags;

    ha_diags_init(&diags);
    config = ld_cf_parse_again(prior, "f", bytes, &fake_names, &diags);
    assert_non_null(config);
    ha_diags_print(&diags, out);
    ha_diags_clear(&diags);
    g_bytes_unref(bytes);
    if (messages)
        *messages = g_string_free(out, FALSE);
    else
        g_string_free(out, TRUE);
    return config;
}

static bool same_lines(const struct ld_service *a, const struct ld_service *b)
{
    if (a->line != b->line || a->last_line != b->last_line || a->app_line != b->app_line ||
        a->app_column != b->app_column || a->monitorfile_line != b->monitorfile_line)
        return false;
    for (guint i = 0; i < a->reals->len; i++) {
        const struct ld_real *one = a->reals->pdata[i], *other = b->reals->pdata[i];

        if (one->line != other->line || one->column != other->column)
            return false;
    }
    return true;
}

/* How many services config shares with prior; it must be what the text means to who knows no prior. */
static guint assert_as_if_new(const struct ld_config *prior, const struct ld_config *config, const char *text,
                              const char *messages)
{
    char *expected;
    struct ld_config *fresh = read_again(NULL, text, &expected);
    guint shared = 0;

    assert_string_equal(messages, expected);
    assert_int_equal(config->services->len, fresh->services->len);
    assert_int_equal(config->fork, fresh->fork);
    assert_int_equal(config->autoreload, fresh->autoreload);
    assert_string_equal(config->logfile, fresh->logfile);
    assert_int_equal(config->logfile_line, fresh->logfile_line);
    assert_int_equal(config->text != NULL, fresh->text != NULL);
    for (guint i = 0; i < config->services->len; i++) {
        struct ld_service *one = config->services->pdata[i], *other = fresh->services->pdata[i];

        if (!ld_service_alike(one, other) || !same_lines(one, other))
            fail_msg("service %u of:\n%s", i, text);
        shared += g_ptr_array_find(prior->services, one, NULL);
    }
    ld_config_free(fresh);
    g_free(expected);
    return shared;
}

static guint shared_after(const char *before, const char *after)
{
    struct ld_config *prior = read_again(NULL, before, NULL), *config;
    guint shared;
    char *messages;

    config = read_again(prior, after, &messages);
    shared = assert_as_if_new(prior, config, after, messages);
    ld_config_free(prior);
    ld_config_free(config);
    g_free(messages);
    return shared;
}

#define GLOBALS "checkinterval = 5\nlogfile = \"/l\"\n\n"
#define ONE     "virtual = 10.0.0.1:80\n\treal = 10.1.0.1:80 gate 1\n\tservice = http\n\n"
#define TWO     "# the second\nvirtual = 10.0.0.2:80\n\treal = 10.1.0.1:80 gate 1\n  # by hand\n\tchecktype = connect\n"
#define THREE   "virtual = 10.0.0.3:80\n\treal = 10.1.0.1:80 gate 1\n\tscheduler = rr\n"
#define ALL     GLOBALS ONE TWO "autoreload = yes\n" THREE

static void blocks_that_stand_as_they_stood_are_taken_over(void **state)
{
    static const struct {
        const char *after;
        guint shared;
    } cases[] = {
        {ALL, 3},
        {GLOBALS ONE TWO "autoreload = yes\n" THREE "\tchecktype = off\n", 2},
        {GLOBALS "virtual = 10.0.0.1:80\n\treal = 10.1.0.1:80 gate 7\n\tservice = http\n\n" TWO
         "autoreload = yes\n" THREE, 2},
        {GLOBALS ONE "# the second\nvirtual = 10.0.0.2:80\n\treal = 10.1.0.1:80 gate 1\n  # by foot\n"
         "\tchecktype = connect\nautoreload = yes\n" THREE, 0}, /* a global line lies between two that are other */
        {GLOBALS ONE TWO "autoreload = yes\n" THREE "virtual = 10.0.0.4:80\n\treal = 10.1.0.1:80 gate 1\n", 2},
        {GLOBALS ONE TWO "autoreload = yes\n", 0},
        {GLOBALS ONE "virtual = 10.0.0.4:80\n\treal = 10.1.0.1:80 gate 1\n" TWO "autoreload = yes\n" THREE, 0},
        {GLOBALS ONE TWO "autoreload = no\n" THREE, 0},
        {"checkinterval = 6\nlogfile = \"/l\"\n\n" ONE TWO "autoreload = yes\n" THREE, 0},
        {GLOBALS ONE TWO "autoreload = yes\n" THREE "checktimeout = 7\n", 0},
        {"", 0},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        guint shared = shared_after(ALL, cases[i].after);

        if (shared != cases[i].shared)
            fail_msg("case %zu: %u", i, shared);
    }
}

static void nothing_is_taken_from_what_names_or_warnings_went_into(void **state)
{
    static const char *const before[] = {
        ALL "virtual = 10.0.0.4:http\n\treal = 10.1.0.1:80 gate 1\n",
        ALL "virtual = 10.0.0.4:80\n\treal = 10.1.0.1:81 gate 1\n",
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(before); i++)
        assert_int_equal(shared_after(before[i], ALL), 0);
    /* what needs a name now does not spoil what needed none */
    assert_int_equal(shared_after(ALL, ALL "virtual = 10.0.0.4:http\n\treal = 10.1.0.1:80 gate 1\n"), 2);
}

static void the_service_given_up_first_is_still_the_others(void **state)
{
    struct ld_config *one = read_again(NULL, ALL, NULL), *other = read_again(one, ALL, NULL);

    (void)state;
    ld_config_free(one);
    assert_string_equal(((struct ld_service *)other->services->pdata[2])->scheduler, "rr");
    ld_config_free(other);
}

/* ---- edits as chance has them ---- */

static void add_line(struct ha_rand *rand, GString *text)
{
    static const char *const lines[] = {
        "\tscheduler = rr\n", "\tchecktype = connect\n", "\tpersistent = 60\n", "    service = http\n", "\n", "# x\n",
        "\t# y\n", "\trequest = \"a\"\n", "\tquiescent = yes\n", "fork = yes\n", "checktimeout = 7\n",
        "quiescent = no\n", "  fork = no\n", "fallback = 127.0.0.1:80\n", "virtualx\n", "\tport = 1\n", "\r\n",
        "\tvirtualhost = \"v\"\n", "\tmonitorfile = \"/m\"\n", " \n", "\tcheckinterval = 3\n",
    };
    uint32_t dice = (uint32_t)ha_rand_below(rand, 100);

    if (dice < 25)
        g_string_append_printf(text, "virtual = 10.0.0.%u:%u\n", (unsigned)ha_rand_below(rand, 40) + 1,
                               dice < 2 ? 81u : 80u);
    else if (dice < 60)
        g_string_append_printf(text, "\treal = 10.1.0.%u:80 gate %u\n", (unsigned)ha_rand_below(rand, 9) + 1,
                               (unsigned)ha_rand_below(rand, 3));
    else if (dice < 93)
        g_string_append(text, lines[ha_rand_below(rand, 9)]); /* what makes a good file */
    else
        g_string_append(text, lines[ha_rand_below(rand, G_N_ELEMENTS(lines))]);
}

static char *any_text(struct ha_rand *rand)
{
    GString *text = g_string_new("checkinterval = 5\n");
    unsigned services = (unsigned)ha_rand_below(rand, 6);

    for (unsigned i = 0; i < services; i++)
        g_string_append_printf(text, "virtual = 10.0.1.%u:80\n\treal = 10.1.0.1:80 gate\n\tscheduler = %s\n%s", i + 1,
                               ha_rand_below(rand, 2) ? "rr" : "wlc", ha_rand_below(rand, 4) ? "" : "\n");
    for (unsigned i = (unsigned)ha_rand_below(rand, 4); i > 0; i--)
        add_line(rand, text);
    return g_string_free(text, FALSE);
}

/* Lines are put in, taken out and exchanged; now and then a byte is, or the end is cut off. */
static char *any_edit(struct ha_rand *rand, const char *before)
{
    char **lines = g_strsplit(before, "\n", -1);
    guint count = g_strv_length(lines), at = (guint)ha_rand_below(rand, count);
    unsigned way = (unsigned)ha_rand_below(rand, 8);
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < count; i++) {
        if (i == at && way < 5)
            add_line(rand, text);
        if (i != at || way < 2 || way >= 5)
            g_string_append_printf(text, "%s%s", lines[i], i + 1 < count ? "\n" : "");
    }
    if (way == 5 && text->len > 0)
        text->str[ha_rand_below(rand, text->len)] = "v \t\n=1#"[ha_rand_below(rand, 7)];
    else if (way == 6)
        g_string_truncate(text, ha_rand_below(rand, text->len + 1));
    g_strfreev(lines);
    return g_string_free(text, FALSE);
}

static void edits_as_chance_has_them_are_read_as_if_for_the_first_time(void **state)
{
    struct ha_rand rand;
    guint shared = 0;

    (void)state;
    ha_rand_seed(&rand, 20261123);
    for (unsigned life = 0; life < 4000; life++) {
        char *text = any_text(&rand);
        struct ld_config *prior = read_again(NULL, text, NULL);

        for (unsigned edit = 0; edit < 5; edit++) {
            char *next = any_edit(&rand, text), *messages;
            struct ld_config *config = read_again(prior, next, &messages);

            shared += assert_as_if_new(prior, config, next, messages);
            ld_config_free(prior);
            prior = config;
            g_free(messages);
            g_free(text);
            text = next;
        }
        ld_config_free(prior);
        g_free(text);
    }
    assert_true(shared > 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_that_stand_as_they_stood_are_taken_over),
        cmocka_unit_test(nothing_is_taken_from_what_names_or_warnings_went_into),
        cmocka_unit_test(the_service_given_up_first_is_still_the_others),
        cmocka_unit_test(edits_as_chance_has_them_are_read_as_if_for_the_first_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
