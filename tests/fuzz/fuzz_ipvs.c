/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's IPVS table as generic netlink tells it: the first byte says what
 * is asked (the whole table, changes, the synchronisation).
 */
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <netinet/in.h>

#include "ldirectord/ipvs/ipvs.h"
#include "tests/fuzz/fuzz_netlink.h"

#define FAMILY 0x1c

int __wrap_genl_connect(struct nl_sock *sock);
int __wrap_genl_ctrl_resolve(struct nl_sock *sock, const char *name);
int __wrap_nl_socket_get_fd(const struct nl_sock *sock);
int __wrap_nl_socket_set_buffer_size(struct nl_sock *sock, int in, int out);

int __wrap_genl_connect(struct nl_sock *sock)
{
    (void)sock;
    return 0;
}

int __wrap_genl_ctrl_resolve(struct nl_sock *sock, const char *name)
{
    (void)sock, (void)name;
    return FAMILY;
}

int __wrap_nl_socket_get_fd(const struct nl_sock *sock)
{
    (void)sock;
    return -1;
}

int __wrap_nl_socket_set_buffer_size(struct nl_sock *sock, int in, int out)
{
    (void)sock, (void)in, (void)out;
    return 0;
}

/* Opening asks, too, and is answered so. */
static const uint8_t version[] = {32, 0, 28, 0, 0, 0, FAMILY, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                  14, 1, 0, 0, 8, 0, 1, 0, 1, 2, 1, 0, 0, 0, 0, 0};

static struct ld_ipvs *open_it(void)
{
    struct ld_ipvs *ipvs = NULL;
    char *why = NULL;

    kernel_says = (struct fuzz_rest){version, sizeof(version)};
    fuzz_must(ld_ipvs_netlink_open(&ipvs, &why) == 0);
    return ipvs;
}

static void applied(void *ctx, const struct ld_op *op, int error)
{
    char *text = ld_ipvs_error_text(op, error);

    (void)ctx;
    fuzz_must(error <= 0 && text != NULL);
    g_free(text);
}

/* As if nothing were there yet of what was read. */
static void change(struct ld_ipvs *ipvs, const struct ld_table *table)
{
    struct ld_table *empty = ld_table_new();
    GArray *ops = g_array_new(FALSE, FALSE, sizeof(struct ld_op));

    ld_table_diff(empty, table, NULL, ops);
    (void)ipvs->ops->apply(ipvs, ops, applied, NULL);
    g_array_unref(ops);
    ld_table_free(empty);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ld_ipvs *ipvs = open_it();
    struct ld_sync sync = {.role = LD_SYNC_BOTH, .interface = "eth0", .id = 7, .port = 8848};
    struct ld_table *table = NULL;

    kernel_says = (struct fuzz_rest){data, size};
    if (fuzz_byte(&kernel_says) % 2 == 0) {
        if (ipvs->ops->read(ipvs, NULL, &table) == 0) {
            change(ipvs, table);
            ld_table_free(table);
        }
    } else {
        (void)ipvs->ops->sync(ipvs, &sync);
    }
    ipvs->ops->close(ipvs);
    return 0;
}
