/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parser takes exactly what this version can ask: nothing is accepted and then not done. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "ldirectord/check/check.h"
#include "ldirectord/conf/ld_cf.h"
#include "ldirectord/names.h"

static void assert_agreed(const char *line, bool supported)
{
    char *text = g_strdup_printf("virtual=10.0.0.1:80\n\treal=10.0.0.2:80 masq \"/\",\"x\"\n"
                                 "\tlogin=\"l\"\n\tpasswd=\"p\"\n%s", line);
    struct ha_diags diags;
    struct ld_config *config;

    ha_diags_init(&diags);
    config = ld_cf_parse("ldirectord.cf", text, strlen(text), &ld_system_names, &diags);
    if ((config != NULL) != supported)
        fail_msg("%s: the parser %s it, the checks %s", line, config ? "takes" : "refuses",
                 supported ? "have it" : "have not");
    ld_config_free(config);
    ha_diags_clear(&diags);
    g_free(text);
}

static void every_service_is_accepted_if_it_can_be_asked(void **state)
{
    (void)state;
    for (int app = 0; app < LD_APP_COUNT; app++) {
        char *line = g_strdup_printf("\tservice=%s\n", ld_app_name((enum ld_app)app));

        assert_agreed(line, ld_check_supported(LD_CHECK_NEGOTIATE, (enum ld_app)app));
        g_free(line);
    }
}

static void every_checktype_is_accepted_if_it_can_be_done(void **state)
{
    (void)state;
    for (int type = 0; type < LD_CHECKTYPE_COUNT; type++) {
        char *line;

        if (type == LD_CHECK_AGENT) /* has no word: it is asked beside the others */
            continue;
        line = type == LD_CHECK_COMBINED
                         ? g_strdup("\tchecktype=3\n")
                         : g_strdup_printf("\tchecktype=%s\n",
                                           ld_checktype_name((enum ld_checktype)type));

        assert_agreed(line, ld_check_supported((enum ld_checktype)type, LD_APP_HTTP));
        g_free(line);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_service_is_accepted_if_it_can_be_asked),
        cmocka_unit_test(every_checktype_is_accepted_if_it_can_be_done),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
