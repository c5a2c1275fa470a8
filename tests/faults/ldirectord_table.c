/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ldirectord as it is, but for the kernel's table, which is the tests' own in its memory (linked with
 * --wrap): for fault injection on a kernel without IPVS. Each request to the table may be made to fail
 * like a system call (shim.c), and every change goes to the file FAULTS_TABLE names, a line each, so that
 * the driver sees what becomes of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/fakes/fake_ipvs.h"

/* Of the preloaded library, if there is one. */
bool faults_fails(const char *class, const char *call) __attribute__((weak));
int __wrap_ld_ipvs_netlink_open(struct ld_ipvs **out, char **why);
int __real_ld_nl_hand_over(struct ld_ipvs *ipvs, const struct ld_sync *sync, const struct ld_table *table,
                           const GArray *connections, unsigned bound_ms);
int __wrap_ld_nl_hand_over(struct ld_ipvs *ipvs, const struct ld_sync *sync, const struct ld_table *table,
                           const GArray *connections, unsigned bound_ms);

static struct fake_ipvs fake;
static const struct ld_ipvs_ops *inner;

static bool fails(const char *call)
{
    return faults_fails != NULL && faults_fails("netlink", call);
}

/* System calls of our own, which are not the daemon's to fail. */
static void write_table(void)
{
    const char *path = getenv("FAULTS_TABLE");
    char text[HA_ADDR_TEXT];
    GString *all = g_string_new(NULL);
    int fd;

    for (guint i = 0; path != NULL && i < fake.table->services->len; i++) {
        const struct ld_vs *vs = fake.table->services->pdata[i];
        char *service = ld_service_id_text(&vs->id);

        for (guint j = 0; j < vs->dests->len; j++) {
            const struct ld_dest *dest = &g_array_index(vs->dests, struct ld_dest, j);

            g_string_append_printf(all, "%s %s %d\n", service,
                                   ha_addr_port_text(&dest->addr, dest->port, text),
                                   (int)dest->weight);
        }
        g_free(service);
    }
    fd = path != NULL ? (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0666) : -1;
    if (fd >= 0) {
        (void)syscall(SYS_write, fd, all->str, all->len);
        syscall(SYS_close, fd);
    }
    g_string_free(all, TRUE);
}

/* "tcp:ADDRESS:PORT" or "ADDRESS:PORT". */
static bool read_place(const char *text, struct ha_addr *addr, uint16_t *port)
{
    const char *colon = strrchr(text, ':');
    char *host = colon ? g_strndup(text, (gsize)(colon - text)) : g_strdup("");
    bool good = ha_addr_parse(addr, host);

    *port = colon ? (uint16_t)strtoul(colon + 1, NULL, 10) : 0;
    g_free(host);
    return good;
}

/* A kernel's table outlives who wrote it. */
static void read_table(void)
{
    const char *path = getenv("FAULTS_TABLE");
    char text[65536];
    int fd = path != NULL ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY) : -1;
    ssize_t length = fd < 0 ? 0 : syscall(SYS_read, fd, text, sizeof(text) - 1);
    char **lines;

    if (fd >= 0)
        syscall(SYS_close, fd);
    text[length > 0 ? length : 0] = '\0';
    lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        char **words = g_strsplit(*line, " ", 3);
        struct ld_service_id id = {.protocol = LD_TCP};
        struct ld_dest dest = {.method = LD_MASQ};

        if (g_strv_length(words) == 3 && g_str_has_prefix(words[0], "tcp:") &&
            read_place(words[0] + 4, &id.addr, &id.port) && read_place(words[1], &dest.addr, &dest.port)) {
            struct ld_vs *vs = ld_table_find(fake.table, &id);

            if (vs == NULL)
                vs = ld_table_add(fake.table, &id);
            g_strlcpy(vs->scheduler, "wrr", sizeof(vs->scheduler));
            dest.weight = (uint32_t)strtoul(words[2], NULL, 10);
            g_array_append_val(vs->dests, dest);
        }
        g_strfreev(words);
    }
    g_strfreev(lines);
}

static void note_op(const struct ld_op *op, int error)
{
    const char *path = getenv("FAULTS_TABLE_OPS");
    char text[HA_ADDR_TEXT] = "-", line[256];
    char *service = ld_service_id_text(&op->vs->id);
    int length, fd = path != NULL ? (int)syscall(SYS_openat, AT_FDCWD, path,
                                                 O_WRONLY | O_CREAT | O_APPEND, 0666) : -1;

    if (op->dest != NULL)
        ha_addr_port_text(&op->dest->addr, op->dest->port, text);
    length = snprintf(line, sizeof(line), "%d %s %s %d\n", (int)op->kind, service, text, error);
    if (fd >= 0) {
        (void)syscall(SYS_write, fd, line, (size_t)MIN(length, (int)sizeof(line) - 1));
        syscall(SYS_close, fd);
    }
    g_free(service);
}

static int table_read(struct ld_ipvs *ipvs, const struct ld_portion *portion, struct ld_table **out)
{
    return fails("ipvs_read") ? -ENOMEM : inner->read(ipvs, portion, out);
}

struct told {
    ld_ipvs_fn fn;
    void *ctx;
};

static void tell(void *ctx, const struct ld_op *op, int error)
{
    const struct told *told = ctx;

    note_op(op, error);
    if (told->fn != NULL)
        told->fn(told->ctx, op, error);
}

/* Either the whole request, whose operations then fail each, or its first operation. */
static int table_apply(struct ld_ipvs *ipvs, const GArray *ops, ld_ipvs_fn fn, void *ctx)
{
    struct told told = {.fn = fn, .ctx = ctx};
    int status;

    if (ops->len > 0 && fails("ipvs_apply"))
        fake.fail_next = ops->len;
    else if (ops->len > 1 && fails("ipvs_apply_first"))
        fake.fail_next = 1;
    status = inner->apply(ipvs, ops, tell, &told);
    write_table();
    return status;
}

static int table_sync(struct ld_ipvs *ipvs, const struct ld_sync *wanted)
{
    return fails("ipvs_sync") ? -ENOMEM : inner->sync(ipvs, wanted);
}

static int table_switch(struct ld_ipvs *ipvs, const char *name, bool on)
{
    return fails("ipvs_switch") ? -EACCES : inner->set_switch(ipvs, name, on);
}

static void table_close(struct ld_ipvs *ipvs)
{
    inner->close(ipvs);
}

static const struct ld_ipvs_ops ops = {
    .name = "table in memory",
    .read = table_read,
    .apply = table_apply,
    .sync = table_sync,
    .set_switch = table_switch,
    .close = table_close,
};

/* By the process that checks, as it is; but that this kernel shows no connections is no fault here. */
int __wrap_ld_nl_hand_over(struct ld_ipvs *ipvs, const struct ld_sync *sync, const struct ld_table *table,
                           const GArray *connections, unsigned bound_ms)
{
    int told = fails("ipvs_hand_over") ? -ENODEV : __real_ld_nl_hand_over(ipvs, sync, table, connections, bound_ms);

    return told == -ENOENT ? 0 : told;
}

int __wrap_ld_ipvs_netlink_open(struct ld_ipvs **out, char **why)
{
    if (fails("ipvs_open")) {
        *why = g_strdup("cannot open a netlink socket: Cannot allocate memory");
        return -ENOMEM;
    }
    fake_ipvs_init(&fake);
    read_table();
    inner = fake.ipvs.ops;
    fake.ipvs.ops = &ops;
    *out = &fake.ipvs;
    return 0;
}
