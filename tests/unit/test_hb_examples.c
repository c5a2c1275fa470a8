/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The examples in ha.d/ are files that heartbeat takes without a word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "authkeys/authkeys.h"
#include "heartbeatd/conf/ha_cf.h"
#include "heartbeatd/conf/haresources.h"

static char *read_example(const char *name, gsize *length)
{
    char *path = g_build_filename(TOP_SRCDIR, "ha.d", name, NULL);
    char *text;

    if (!g_file_get_contents(path, &text, length, NULL))
        fail_msg("%s cannot be read", path);
    g_free(path);
    return text;
}

static void assert_silent(struct ha_diags *diags)
{
    GString *out = g_string_new(NULL);

    ha_diags_print(diags, out);
    assert_string_equal(out->str, "");
    g_string_free(out, TRUE);
    ha_diags_clear(diags);
}

static void ha_cf_and_haresources_are_read(void **state)
{
    struct hb_haresources *resources;
    struct hb_config *config;
    struct ha_diags diags;
    gsize length;
    char *text = read_example("ha.cf", &length);

    (void)state;
    ha_diags_init(&diags);
    config = hb_ha_cf_parse("ha.cf", text, length, "alpha.example.org", &diags);
    assert_silent(&diags);
    assert_int_equal(config->nodes->len, 2);
    assert_int_equal(config->media->len, 3);
    assert_int_equal(config->deadtime_ms, 5000);
    g_free(text);

    text = read_example("haresources", &length);
    ha_diags_init(&diags);
    resources = hb_haresources_parse("haresources", text, length, config, &diags);
    assert_silent(&diags);
    assert_int_equal(resources->groups->len, 2);
    assert_int_equal(((struct hb_group *)resources->groups->pdata[1])->resources->len, 3);
    hb_haresources_free(resources);
    hb_config_free(config);
    g_free(text);
}

static void authkeys_is_read_once_only_its_owner_can(void **state)
{
    struct ha_diags diags;
    struct ak_keys keys;
    gsize length;
    char *text = read_example("authkeys", &length);

    (void)state;
    ha_diags_init(&diags);
    assert_true(ak_keys_parse(&keys, "authkeys", text, length, S_IFREG | 0600, &diags));
    assert_silent(&diags);
    assert_int_equal(keys.keys[keys.sending].method, AK_SHA1);
    ak_keys_clear(&keys);
    g_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ha_cf_and_haresources_are_read),
        cmocka_unit_test(authkeys_is_read_once_only_its_owner_can),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
