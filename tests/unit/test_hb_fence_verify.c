/* SPDX-License-Identifier: GPL-2.0-or-later */
/* heartbeatd/act/fence.c: a device that will switch nobody off is named before it has to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <glib/gstdio.h>
#include <string.h>

#include "heartbeatd/act/fence.h"
#include "heartbeatd/conf/ha_cf.h"

#define BASE "keepalive 1\ndeadtime 10\nnode a b\nbcast eth0\nauto_failback on\n"

/* What is said of ha.cf's sixth line, by the severity that was asked for. g_free() it. */
static char *said_of(const char *line)
{
    char *text = g_strconcat(BASE, line, "\n", NULL);
    struct ha_diags diags;
    struct hb_config *config;
    GString *out = g_string_new(NULL);

    ha_diags_init(&diags);
    config = hb_ha_cf_parse("ha.cf", text, strlen(text), NULL, &diags);
    if (config == NULL)
        fail_msg("%s: %s", line, ((struct ha_diag *)diags.list->pdata[0])->text);
    ha_diags_clear(&diags);
    ha_diags_init(&diags);
    hb_fence_verify(config, HA_ERROR, &diags);
    ha_diags_print(&diags, out);
    ha_diags_clear(&diags);
    hb_config_free(config);
    g_free(text);
    return g_string_free(out, FALSE);
}

static void what_a_device_takes_is_looked_for(void **state)
{
    char *dir = g_dir_make_tmp("fence-XXXXXX", NULL), *program = g_build_filename(dir, "fence_there", NULL);
    char *there = g_strdup_printf("fence b %s ip=10.0.0.9", program);
    const struct {
        const char *line, *said;
    } cases[] = {
        {there, ""},
        {"fence b /bin/fence_nosuch ip=10.0.0.9",
         "there is no program /bin/fence_nosuch (Debian: fence-agents): this device will switch nobody off"},
        {"stonith meatware /etc/no-such-file", "/etc/no-such-file: No such file or directory"},
    };

    (void)state;
    assert_true(g_file_set_contents(program, "#!/bin/sh\n", -1, NULL));
    assert_int_equal(g_chmod(program, 0755), 0);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        char *said = said_of(cases[i].line);

        if (*cases[i].said == '\0')
            assert_string_equal(said, "");
        else if (strstr(said, "ha.cf:6: ") == NULL || strstr(said, cases[i].said) == NULL)
            fail_msg("%s: %s", cases[i].line, said);
        g_free(said);
    }
    g_unlink(program);
    g_rmdir(dir);
    g_free(there);
    g_free(program);
    g_free(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_device_takes_is_looked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
