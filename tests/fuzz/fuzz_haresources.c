/* SPDX-License-Identifier: GPL-2.0-or-later */
/* haresources, and each of its arguments as an address. */
#include "heartbeatd/act/address_spec.h"
#include "heartbeatd/conf/haresources.h"
#include "tests/fuzz/fuzz.h"

static void try_addresses(const struct hb_resource *resource)
{
    for (guint i = 0; i < resource->args->len; i++) {
        for (enum hb_address_kind kind = 0; kind < HB_ADDRESS_KIND_COUNT; kind++) {
            struct hb_address_spec spec;
            const char *why = NULL;
            bool good = hb_address_spec_parse(kind, resource->args->pdata[i], &spec, &why);

            fuzz_must(good ? spec.addr.family != 0 && spec.bits <= (int)ha_addr_bits(&spec.addr)
                           : why != NULL);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hb_config *config = hb_config_new();
    struct hb_haresources *resources;
    struct ha_diags diags;
    GString *text = g_string_new(NULL);

    g_ptr_array_add(config->nodes, g_strdup("node1"));
    g_ptr_array_add(config->nodes, g_strdup("node2"));
    ha_diags_init(&diags);
    resources = hb_haresources_parse("haresources", (const char *)data, size, config, &diags);
    fuzz_must((resources == NULL) == (diags.errors > 0));
    ha_diags_print(&diags, text);
    for (guint i = 0; resources != NULL && i < resources->groups->len; i++) {
        const struct hb_group *group = resources->groups->pdata[i];

        fuzz_must(group->resources->len > 0 && hb_group_has(group, hb_group_key(group)));
        for (guint j = 0; j < group->resources->len; j++)
            try_addresses(group->resources->pdata[j]);
    }
    if (resources != NULL)
        hb_haresources_free(resources);
    ha_diags_clear(&diags);
    g_string_free(text, TRUE);
    hb_config_free(config);
    return 0;
}
