/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ha.cf: a configuration or an error, never both, never neither. */
#include "heartbeatd/conf/ha_cf.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"keepalive", "deadtime", "udpport", "node", "nothing"};
    struct hb_config *config;
    struct ha_diags diags;
    GString *text = g_string_new(NULL);

    ha_diags_init(&diags);
    config = hb_ha_cf_parse("ha.cf", (const char *)data, size, "node1", &diags);
    fuzz_must((config == NULL) == (diags.errors > 0));
    ha_diags_print(&diags, text);
    if (config != NULL) {
        fuzz_must(config->nodes->len <= HB_NODES_MAX && config->media->len <= HB_MEDIA_MAX);
        fuzz_must(config->deadtime_ms > 0 && config->keepalive_ms > 0);
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
            (void)hb_config_parameter(config, names[i], "1.2");
        hb_config_free(config);
    }
    ha_diags_clear(&diags);
    g_string_free(text, TRUE);
    return 0;
}
