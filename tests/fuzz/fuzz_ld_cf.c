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
    ld_config_free(config);
    ha_diags_clear(&diags);
    ha_diags_init(&diags);
    ld_config_free(ld_cf_parse_anyway("ldirectord.cf", (const char *)data, size, &fake_names, &diags));
    ha_diags_clear(&diags);
    g_string_free(text, TRUE);
    return 0;
}
