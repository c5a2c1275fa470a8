/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ldirectord/conf: the directives on mails, commands and files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "tests/fakes/fake_names.h"

#define HEAD "virtual=10.0.0.1:80\n\treal=10.1.0.1:80 gate\n"

static struct ld_config *parse(const char *text)
{
    struct ha_diags diags;
    struct ld_config *config;

    ha_diags_init(&diags);
    config = ld_cf_parse("f", text, strlen(text), &fake_names, &diags);
    assert_int_equal(diags.errors, 0);
    assert_non_null(config);
    ha_diags_clear(&diags);
    return config;
}

static void what_is_said_of_mails_and_commands_is_kept(void **state)
{
    struct ld_config *config = parse(
        "callback=\"/c\"\nexecute=one.cf\nexecute=\"two.cf\"\nexecute=one.cf\n"
        "maintenancedir=/m \nemailalertfrom=\"X\" <a@b>\nemailalert=\"a@b, c@d\"\n"
        "emailalertfreq=60s\nemailalertstatus=running, stopping\nsmtp=relay.x # y\n"
        "fallbackcommand=/f \"a b\"\n"
        HEAD "\tservicename=the shop \n\tcomment=call Ann\n\tmonitorfile=\"/mon itor\"\n"
        "virtual=10.0.0.2:80\n\treal=10.1.0.1:80 gate\n\temailalert=e@f\n\temailalertfreq=0\n"
        "\temailalertstatus=none\n\tsmtp=1.2.3.4\n\tfallbackcommand=\"/g h\"\n");
    const struct ld_service *first = config->services->pdata[0], *second = config->services->pdata[1];

    (void)state;
    assert_string_equal(config->callback, "/c");
    assert_int_equal(config->execute->len, 2);
    assert_string_equal(config->execute->pdata[0], "one.cf");
    assert_string_equal(config->execute->pdata[1], "two.cf");
    assert_string_equal(config->maintenancedir, "/m");
    assert_int_equal(config->maintenancedir_line, 5);
    assert_string_equal(config->emailalertfrom, "\"X\" <a@b>");
    assert_string_equal(first->emailalert, "a@b, c@d");
    assert_int_equal(first->emailalertfreq_ms, 60000);
    assert_int_equal(first->emailalertstatus, LD_RUNNING | LD_STOPPING);
    assert_string_equal(first->smtp, "relay.x");
    assert_string_equal(first->fallbackcommand, "/f \"a b\"");
    assert_string_equal(first->servicename, "the shop");
    assert_string_equal(first->comment, "call Ann");
    assert_string_equal(first->monitorfile, "/mon itor");
    assert_string_equal(second->emailalert, "e@f");
    assert_int_equal(second->emailalertfreq_ms, 0);
    assert_int_equal(second->emailalertstatus, 0);
    assert_string_equal(second->smtp, "1.2.3.4");
    assert_string_equal(second->fallbackcommand, "/g h");
    assert_null(second->servicename);
    assert_null(second->monitorfile);
    ld_config_free(config);
}

static void what_is_left_empty_is_off_and_what_is_not_said_is_all_phases(void **state)
{
    struct ld_config *config = parse("callback=\"\"\nemailalertstatus=\n" HEAD);
    const struct ld_service *first = config->services->pdata[0];

    (void)state;
    assert_null(config->callback);
    assert_null(first->emailalert);
    assert_int_equal(first->emailalertstatus, 0);
    ld_config_free(config);
    config = parse(HEAD);
    first = config->services->pdata[0];
    assert_int_equal(first->emailalertstatus, LD_PHASES);
    ld_config_free(config);
}

static void who_may_order_and_ask_are_users_and_groups(void **state)
{
    static const char *const bad[] = {"operators=\n", "operators = a, @\n", "operators = a; b\n",
                                      "readers = \"a\"\n", "readers = @@a\n"};
    struct ld_config *config = parse("operators = alice, @ops \t www-data$\nreaders=@ops\n" HEAD);

    (void)state;
    assert_string_equal(config->operators, "alice, @ops \t www-data$");
    assert_string_equal(config->readers, "@ops");
    ld_config_free(config);
    config = parse(HEAD);
    assert_null(config->operators);
    assert_null(config->readers);
    ld_config_free(config);
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        char *text = g_strconcat(bad[i], HEAD, NULL);
        struct ha_diags diags;

        ha_diags_init(&diags);
        assert_null(ld_cf_parse("f", text, strlen(text), &fake_names, &diags));
        ha_diags_clear(&diags);
        g_free(text);
    }
}

static void no_message_about_a_line_repeats_a_password(void **state)
{
    static const char *const lines[] = {
        "\tpasswd = hunter2", "\tpasswd=\"hunter2", "\tpasswd hunter2", "    passwd=\"\" hunter2",
        "\tpasswd=\"x\" hunter2", "\tpassword = \"hunter2\"", "\tPASSWD = \"hunter2\"",
        "\t passwd\t=\thunter2", "passwd = \"hunter2\"", "passwd hunter2", "  secret = hunter2",
        "\tsecret = hunter2", "\theader = \"no hunter2\"", "\theader = x: hunter2",
        "\tsend = \"hunter2 \\z\"", "\tbody = hunter2"};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        char *text = g_strconcat(HEAD, lines[i], "\n", NULL);
        GString *said = g_string_new(NULL);
        struct ha_diags diags;

        ha_diags_init(&diags);
        ld_config_free(ld_cf_parse("f", text, strlen(text), &fake_names, &diags));
        ha_diags_print(&diags, said);
        if (diags.list->len == 0 || strstr(said->str, "hunt"))
            fail_msg("%s: %s", lines[i], said->str);
        ha_diags_clear(&diags);
        g_string_free(said, TRUE);
        g_free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_may_order_and_ask_are_users_and_groups),
        cmocka_unit_test(no_message_about_a_line_repeats_a_password),
        cmocka_unit_test(what_is_said_of_mails_and_commands_is_kept),
        cmocka_unit_test(what_is_left_empty_is_off_and_what_is_not_said_is_all_phases),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
