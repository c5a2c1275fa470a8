/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ldirectord.cf: a configuration or an error, never both, never neither; and the core takes it. */
#include "ldirectord/conf/ld_cf.h"
#include "ldirectord/core/core.h"
#include "tests/fakes/fake_names.h"
#include "tests/fuzz/fuzz.h"

static void take_in(const struct ld_config *config)
{
    struct ld_core *core = ld_core_new(config, 1);
    struct ld_actions actions;

    ld_actions_init(&actions);
    ld_core_step(core, 1000000000, &(struct ld_event){.kind = LD_EV_START}, &actions);
    ld_actions_clear(&actions);
    ld_core_free(core);
}

/* Read before with one byte other, it says and means the same. */
static void read_again(const uint8_t *data, size_t size, const struct ld_config *config, const GString *said)
{
    GBytes *now = g_bytes_new(data, size), *then;
    uint8_t *other = g_memdup2(data, size);
    struct ld_config *prior, *again;
    GString *text = g_string_new(NULL);
    struct ha_diags diags;

    if (size > 0)
        other[data[0] * size / 256] ^= 4;
    then = g_bytes_new_take(other, size);
    ha_diags_init(&diags);
    prior = ld_cf_parse_again(NULL, "ldirectord.cf", then, &fake_names, &diags);
    ha_diags_clear(&diags);
    ha_diags_init(&diags);
    again = ld_cf_parse_again(prior, "ldirectord.cf", now, &fake_names, &diags);
    ha_diags_print(&diags, text);
    fuzz_must(g_string_equal(text, said));
    fuzz_must(config == NULL || config->services->len == again->services->len);
    for (guint i = 0; config != NULL && i < config->services->len; i++)
        fuzz_must(ld_service_alike(config->services->pdata[i], again->services->pdata[i]));
    ld_config_free(prior);
    ld_config_free(again);
    ha_diags_clear(&diags);
    g_string_free(text, TRUE);
    g_bytes_unref(now);
    g_bytes_unref(then);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ld_config *config;
    struct ha_diags diags;
    GString *text = g_string_new(NULL);

    ha_diags_init(&diags);
    config = ld_cf_parse("ldirectord.cf", (const char *)data, size, &fake_names, &diags);
    fuzz_must((config == NULL) == (diags.errors > 0));
    ha_diags_print(&diags, text);
    if (config != NULL)
        take_in(config);
    read_again(data, size, config, text);
    ld_config_free(config);
    ha_diags_clear(&diags);
    ha_diags_init(&diags);
    ld_config_free(ld_cf_parse_anyway("ldirectord.cf", (const char *)data, size, &fake_names, &diags));
    ha_diags_clear(&diags);
    g_string_free(text, TRUE);
    return 0;
}
