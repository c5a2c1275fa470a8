/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operations and the kernel's refusals as sentences: what could not be done, to
 * which entry, and what it most likely means.
 */
#include "ldirectord/ipvs/ipvs.h"

#include <errno.h>
#include <string.h>

static const char *const verbs[LD_OP_KIND_COUNT] = {
    [LD_OP_ADD_SERVICE] = "add virtual server",   [LD_OP_EDIT_SERVICE] = "change virtual server",
    [LD_OP_DEL_SERVICE] = "remove virtual server", [LD_OP_ADD_DEST] = "add real server",
    [LD_OP_EDIT_DEST] = "change real server",     [LD_OP_DEL_DEST] = "remove real server",
};

static bool is_dest(enum ld_op_kind kind)
{
    return kind == LD_OP_ADD_DEST || kind == LD_OP_EDIT_DEST || kind == LD_OP_DEL_DEST;
}

static char *reason_of(const struct ld_op *op, int error)
{
    bool dest = is_dest(op->kind);

    switch (-error) {
    case ENOENT:
        if (op->kind == LD_OP_ADD_SERVICE || op->kind == LD_OP_EDIT_SERVICE)
            return g_strdup_printf("the kernel has no scheduler \"%s\" (module ip_vs_%s)",
                                   op->vs->scheduler, op->vs->scheduler);
        return g_strdup("it is not in the kernel's table any more");
    case ESRCH:
        return g_strdup("its virtual server is not in the kernel's table");
    case EEXIST:
        return g_strdup("somebody else has just added it");
    case ERANGE:
        return g_strdup_printf("weight %u or thresholds l:%u u:%u are out of the kernel's range",
                               dest ? op->dest->weight : 0, dest ? op->dest->lower : 0,
                               dest ? op->dest->upper : 0);
    case EINVAL:
        return g_strdup(dest ? "the kernel takes no such address, method or family for it"
                             : "the kernel takes no such address, flags or netmask for it");
    case EACCES:
        return g_strdup("the configuration has no such entry");
    case EPERM:
        return g_strdup("no permission (CAP_NET_ADMIN is needed)");
    case EAFNOSUPPORT:
        return g_strdup("the kernel's IPVS was built without that address family");
    case ENOBUFS:
    case ETIMEDOUT:
        return g_strdup("the kernel's answer was lost");
    default:
        return g_strdup(g_strerror(-error));
    }
}

char *ld_ipvs_error_text(const struct ld_op *op, int error)
{
    char text[HA_ADDR_TEXT];
    char *service = ld_service_id_text(&op->vs->id);
    char *reason = reason_of(op, error);
    char *out;

    if (is_dest(op->kind))
        out = g_strdup_printf("cannot %s %s (%s): %s", verbs[op->kind],
                              ha_addr_port_text(&op->dest->addr, op->dest->port, text), service,
                              reason);
    else
        out = g_strdup_printf("cannot %s %s: %s", verbs[op->kind], service, reason);
    g_free(service);
    g_free(reason);
    return out;
}
