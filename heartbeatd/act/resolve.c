/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Marks native resources. Asks once per name, so that a group is never half this and half that. */
#include "heartbeatd/act/resolve.h"

#include "heartbeatd/act/address_spec.h"

void hb_resolve(const struct hb_act_paths *paths, struct hb_haresources *resources)
{
    bool asked[HB_ADDRESS_KIND_COUNT] = {false}, overridden[HB_ADDRESS_KIND_COUNT] = {false};

    for (guint i = 0; i < resources->groups->len; i++) {
        const struct hb_group *group = g_ptr_array_index(resources->groups, i);

        for (guint j = 0; j < group->resources->len; j++) {
            struct hb_resource *resource = g_ptr_array_index(group->resources, j);
            enum hb_address_kind kind;

            resource->native = hb_address_kind_find(resource->name, &kind);
            if (!resource->native)
                continue;
            if (!asked[kind]) {
                asked[kind] = true;
                overridden[kind] = hb_agent_overrides(paths, resource->name);
            }
            resource->native = !overridden[kind];
        }
    }
}

char *hb_resolve_argument(const struct hb_resource *resource)
{
    GString *text = g_string_new("");

    for (guint i = 0; i < resource->args->len; i++) {
        if (i > 0)
            g_string_append(text, "::");
        g_string_append(text, g_ptr_array_index(resource->args, i));
    }
    return g_string_free(text, FALSE);
}
