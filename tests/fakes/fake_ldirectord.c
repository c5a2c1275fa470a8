/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ldirectord whole, command line, daemon, checks and control socket, but for
 * the kernel: its table is a made-up one in the process. If FAKE_TABLE names a
 * folder, each service stands there after each change: a file called
 * tcp:10.9.0.1:80, a line a real server, "10.6.0.2:80 1". Its pid files are
 * in the folder that FAKE_RUNDIR names. Linked with --wrap=ld_ipvs_netlink_open and ld_nl_hand_over.
 */
#include <glib.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/fakes/fake_ipvs.h"

static void show_service(const struct ld_vs *vs)
{
    GString *text = g_string_new(NULL);
    char *service = ld_service_id_text(&vs->id);
    char *path = g_build_filename(getenv("FAKE_TABLE"), service, NULL);
    char where[HA_ADDR_TEXT];

    for (guint i = 0; i < vs->dests->len; i++) {
        const struct ld_dest *dest = &g_array_index(vs->dests, struct ld_dest, i);

        g_string_append_printf(text, "%s %u\n", ha_addr_port_text(&dest->addr, dest->port, where),
                               dest->weight);
    }
    g_file_set_contents(path, text->str, (gssize)text->len, NULL);
    g_free(path);
    g_free(service);
    g_string_free(text, TRUE);
}

static int (*apply)(struct ld_ipvs *ipvs, const GArray *ops, ld_ipvs_fn fn, void *ctx);

static int apply_and_show(struct ld_ipvs *ipvs, const GArray *ops, ld_ipvs_fn fn, void *ctx)
{
    const struct ld_table *table = ((struct fake_ipvs *)ipvs)->table;
    int failed = apply(ipvs, ops, fn, ctx);

    for (guint i = 0; i < table->services->len; i++)
        show_service(table->services->pdata[i]);
    return failed;
}

int __wrap_ld_ipvs_netlink_open(struct ld_ipvs **out, char **why);
int __wrap_ld_ipvs_netlink_open(struct ld_ipvs **out, char **why)
{
    static struct fake_ipvs fake;
    static struct ld_ipvs_ops ops;

    *why = NULL;
    fake_ipvs_init(&fake);
    if (getenv("FAKE_TABLE") == NULL) {
        alarm(240); /* whatever becomes of the test; a lab's hosts end with it */
    } else {
        ops = *fake.ipvs.ops;
        apply = ops.apply;
        ops.apply = apply_and_show;
        fake.ipvs.ops = &ops;
    }
    *out = &fake.ipvs;
    return 0;
}

/* In the process that checks, which has no table. */
int __wrap_ld_nl_hand_over(struct ld_ipvs *ipvs, const struct ld_sync *sync, const struct ld_table *table,
                           const GArray *connections, unsigned bound_ms);
int __wrap_ld_nl_hand_over(struct ld_ipvs *ipvs, const struct ld_sync *sync, const struct ld_table *table,
                           const GArray *connections, unsigned bound_ms)
{
    (void)ipvs;
    (void)sync;
    (void)table;
    (void)connections;
    (void)bound_ms;
    return 0;
}

#undef HA_RUNDIR
#undef HA_HADIR
#undef HA_VARLIB
#define HA_RUNDIR getenv("FAKE_RUNDIR")
#define HA_HADIR  "/nowhere"
#define HA_VARLIB HA_RUNDIR
#include "ldirectord/main.c"
