/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether this machine has what haresources names: scripts in the order in which
 * they are searched, interfaces, a network for each address. Looks and changes
 * nothing. Whether a script works is not asked: that would be to run it.
 */
#include "heartbeatd/act/act.h"

#include "common/run/trust.h"
#include "heartbeatd/act/act_inside.h"
#include "heartbeatd/act/address_spec.h"
#include "heartbeatd/act/resolve.h"
#include "heartbeatd/act/rtnl.h"

struct verifier {
    const struct hb_act_paths *paths;
    struct ha_diags *diags;
    enum ha_severity severity;
    struct hb_rtnl *rtnl;     /* NULL: addresses are not looked at */
    struct hb_kernel *kernel;
};

static void tell(struct verifier *verifier, const struct hb_group *group,
                 const struct hb_resource *resource, const char *what)
{
    ha_diag_add(verifier->diags, verifier->severity, "haresources", group->line, 0, "%s: %s",
                resource->text, what);
}

static void verify_script(struct verifier *verifier, const struct hb_group *group,
                          const struct hb_resource *resource)
{
    char *why = NULL, *path = hb_agent_find(verifier->paths, resource->name, &why);

    if (path == NULL)
        tell(verifier, group, resource, why);
    else
        ha_trust_file(path, HA_ERROR, (struct ha_trust_at){"haresources", group->line, 0},
                      verifier->diags);
    g_free(path);
    g_free(why);
}

static void verify_place(struct verifier *verifier, const struct hb_group *group,
                         const struct hb_resource *resource, const struct hb_address_spec *spec)
{
    int index, bits;
    char *text;

    if (spec->nic[0] != '\0' && hb_kernel_link_named(verifier->kernel, spec->nic) == NULL) {
        text = g_strdup_printf("there is no network interface %s", spec->nic);
        tell(verifier, group, resource, text);
        g_free(text);
    } else if (spec->nic[0] == '\0' &&
               hb_rtnl_route(verifier->rtnl, &spec->addr, &index, &bits) != 0) {
        tell(verifier, group, resource,
             "no interface of this machine is in its network; give one (ADDRESS/BITS/INTERFACE)");
    }
}

static void verify_address(struct verifier *verifier, const struct hb_group *group,
                           const struct hb_resource *resource)
{
    char *argument = hb_resolve_argument(resource);
    enum hb_address_kind kind = HB_ADDRESS_IPADDR;
    struct hb_address_spec spec;
    const char *why;

    (void)hb_address_kind_find(resource->name, &kind);
    if (!hb_address_spec_parse(kind, argument, &spec, &why))
        tell(verifier, group, resource, why);
    else if (verifier->kernel != NULL)
        verify_place(verifier, group, resource, &spec);
    g_free(argument);
}

void hb_act_verify_at(const struct hb_act_paths *paths, struct hb_haresources *resources,
                      bool addresses, enum ha_severity severity, struct ha_diags *diags)
{
    struct verifier verifier = {.paths = paths, .diags = diags, .severity = severity};

    hb_resolve(paths, resources);
    if (addresses && hb_rtnl_open(&verifier.rtnl) == 0)
        (void)hb_rtnl_read(verifier.rtnl, &verifier.kernel);
    for (guint i = 0; i < resources->groups->len; i++) {
        const struct hb_group *group = g_ptr_array_index(resources->groups, i);

        for (guint j = 0; j < group->resources->len; j++) {
            const struct hb_resource *resource = g_ptr_array_index(group->resources, j);

            if (!resource->native)
                verify_script(&verifier, group, resource);
            else if (addresses)
                verify_address(&verifier, group, resource);
        }
    }
    hb_kernel_free(verifier.kernel);
    hb_rtnl_close(verifier.rtnl);
}
