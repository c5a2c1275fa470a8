/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The directives of ldirectord.cf and those who speak of them: the manual has
 * each, the example is without fault, and the checks agree on what is acted on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "ldirectord/check/check.h"
#include "tests/fakes/fake_names.h"

static char *read_text(const char *path)
{
    char *text;

    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

static bool has_paragraph(const char *text, const char *name)
{
    char *tag = g_strdup_printf("\n.BI \"%s = \" ", name);
    bool found = strstr(text, tag) != NULL;

    g_free(tag);
    return found;
}

static void every_directive_has_its_paragraph_in_the_manual(void **state)
{
    char *manual = read_text(TOP_SRCDIR "/doc/ldirectord.cf.5");
    const char *name;
    size_t i;

    (void)state;
    for (i = 0; (name = ld_cf_directive(i)); i++)
        if (!has_paragraph(manual, name))
            fail_msg("%s is not in the manual", name);
    assert_true(i > 40);
    assert_true(has_paragraph(manual, "virtual") && has_paragraph(manual, "virtual6"));
    g_free(manual);
}

static void the_example_is_without_fault(void **state)
{
    char *text = read_text(TOP_SRCDIR "/ha.d/ldirectord.cf");
    struct ha_diags diags;
    struct ld_config *config;
    GString *said = g_string_new(NULL);

    (void)state;
    ha_diags_init(&diags);
    config = ld_cf_parse("ldirectord.cf", text, strlen(text), &fake_names, &diags);
    ha_diags_print(&diags, said);
    assert_string_equal(said->str, "");
    assert_non_null(config);
    assert_int_equal(config->services->len, 7);
    ld_config_free(config);
    ha_diags_clear(&diags);
    g_string_free(said, TRUE);
    g_free(text);
}

static void what_the_parser_lets_pass_the_checks_can_do(void **state)
{
    (void)state;
    for (int app = 0; app < LD_APP_COUNT; app++)
        assert_int_equal(ld_cf_acts_on(app), ld_check_supported(LD_CHECK_NEGOTIATE, app));
    for (int type = 0; type < LD_CHECKTYPE_COUNT; type++)
        assert_true(ld_check_supported(type, LD_APP_HTTP));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_directive_has_its_paragraph_in_the_manual),
        cmocka_unit_test(the_example_is_without_fault),
        cmocka_unit_test(what_the_parser_lets_pass_the_checks_can_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
