/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's IPVS goes while we run, and returns with another number for its
 * family, as a module does that is removed and loaded again. The kernel here
 * knows one family or none, and answers everything else with -ENOENT as the real
 * one does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/ip_vs.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <string.h>
#include <sys/socket.h>

#include "ldirectord/ipvs/ipvs.h"

#define NOT_THERE 0

static struct {
    int family;       /* NOT_THERE: none */
    GByteArray *said; /* waits to be received */
    unsigned heard;   /* requests to a family that is not there */
    unsigned added;   /* services */
    unsigned worked;  /* changes */
    unsigned refuses; /* the change of that number */
    unsigned answers; /* datagrams */
} kernel;

int __wrap_genl_connect(struct nl_sock *sock);
int __wrap_genl_ctrl_resolve(struct nl_sock *sock, const char *name);
int __wrap_nl_socket_get_fd(const struct nl_sock *sock);
int __wrap_nl_socket_set_buffer_size(struct nl_sock *sock, int in, int out);
int __wrap_setsockopt(int fd, int level, int option, const void *value, socklen_t size);
ssize_t __wrap_send(int fd, const void *bytes, size_t length, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *message, int flags);

int __wrap_genl_connect(struct nl_sock *sock)
{
    (void)sock;
    return 0;
}

int __wrap_genl_ctrl_resolve(struct nl_sock *sock, const char *name)
{
    (void)sock;
    assert_string_equal(name, IPVS_GENL_NAME);
    return kernel.family == NOT_THERE ? -NLE_OBJ_NOTFOUND : kernel.family;
}

int __wrap_nl_socket_get_fd(const struct nl_sock *sock)
{
    (void)sock;
    return 77;
}

int __wrap_nl_socket_set_buffer_size(struct nl_sock *sock, int in, int out)
{
    (void)sock, (void)in, (void)out;
    return 0;
}

int __wrap_setsockopt(int fd, int level, int option, const void *value, socklen_t size)
{
    (void)fd, (void)level, (void)option, (void)value, (void)size;
    return 0;
}

static void say(const struct nlmsghdr *to, uint16_t type, const void *payload, size_t length)
{
    struct nlmsghdr header = {.nlmsg_len = (uint32_t)(NLMSG_HDRLEN + length),
                              .nlmsg_type = type,
                              .nlmsg_seq = to->nlmsg_seq};

    g_byte_array_append(kernel.said, (const guint8 *)&header, sizeof(header));
    g_byte_array_append(kernel.said, payload, (guint)length);
    kernel.answers++;
    while (kernel.said->len % NLMSG_ALIGNTO != 0)
        g_byte_array_append(kernel.said, (const guint8 *)"", 1);
}

static void answer(const struct nlmsghdr *asked)
{
    const struct genlmsghdr *genl = (const void *)((const uint8_t *)asked + NLMSG_HDRLEN);
    struct nlmsgerr error = {.msg = *asked};
    struct {
        struct genlmsghdr genl;
        struct nlattr attr;
        uint32_t version;
    } info = {.genl = {.cmd = IPVS_CMD_SET_INFO, .version = 1},
              .attr = {.nla_len = 8, .nla_type = IPVS_INFO_ATTR_VERSION},
              .version = 0x10201};
    int done = 0;

    if (kernel.family == NOT_THERE || asked->nlmsg_type != kernel.family) {
        kernel.heard++;
        error.error = -ENOENT;
        say(asked, NLMSG_ERROR, &error, sizeof(error));
    } else if (genl->cmd == IPVS_CMD_GET_INFO) {
        say(asked, asked->nlmsg_type, &info, sizeof(info));
    } else if (asked->nlmsg_flags & NLM_F_DUMP) {
        say(asked, NLMSG_DONE, &done, sizeof(done));
    } else {
        kernel.worked++;
        kernel.added += genl->cmd == IPVS_CMD_NEW_SERVICE;
        error.error = kernel.worked == kernel.refuses ? -EEXIST : 0;
        if (error.error != 0 || asked->nlmsg_flags & NLM_F_ACK)
            say(asked, NLMSG_ERROR, &error, sizeof(error));
    }
}

ssize_t __wrap_send(int fd, const void *bytes, size_t length, int flags)
{
    const struct nlmsghdr *header;

    (void)fd, (void)flags;
    for (size_t at = 0; at < length; at += NLMSG_ALIGN(header->nlmsg_len)) {
        header = (const void *)((const uint8_t *)bytes + at);
        assert_in_range(header->nlmsg_len, NLMSG_HDRLEN, length - at);
        answer(header);
    }
    return (ssize_t)length;
}

ssize_t __wrap_recvmsg(int fd, struct msghdr *message, int flags)
{
    size_t length = kernel.said->len;

    (void)fd, (void)flags;
    if (length == 0) {
        errno = EAGAIN;
        return -1;
    }
    assert_true(length <= message->msg_iov[0].iov_len);
    memcpy(message->msg_iov[0].iov_base, kernel.said->data, length);
    memset(message->msg_name, 0, message->msg_namelen);
    message->msg_flags = 0;
    g_byte_array_set_size(kernel.said, 0);
    return (ssize_t)length;
}

/* ---- cases ---- */

static int begin(void **state)
{
    struct ld_ipvs *ipvs;
    char *why;

    kernel.family = 0x1c;
    kernel.heard = kernel.added = kernel.worked = kernel.refuses = kernel.answers = 0;
    kernel.said = g_byte_array_new();
    assert_int_equal(ld_ipvs_netlink_open(&ipvs, &why), 0);
    *state = ipvs;
    return 0;
}

static int finish(void **state)
{
    struct ld_ipvs *ipvs = *state;

    ipvs->ops->close(ipvs);
    g_byte_array_unref(kernel.said);
    return 0;
}

static void assert_reads(struct ld_ipvs *ipvs, int status)
{
    struct ld_table *table = NULL;

    assert_int_equal(ipvs->ops->read(ipvs, NULL, &table), status);
    assert_int_equal(table != NULL, status == 0);
    ld_table_free(table);
}

struct results {
    int of[8];
    unsigned count;
};

static void note_each(void *ctx, const struct ld_op *op, int error)
{
    struct results *results = ctx;

    (void)op;
    assert_true(results->count < G_N_ELEMENTS(results->of));
    results->of[results->count++] = error;
}

/* What becomes of a service and three servers that are to be added. */
static struct results add_servers(struct ld_ipvs *ipvs)
{
    struct ld_service_id id = {.protocol = LD_TCP, .port = 80};
    struct ld_table *wanted = ld_table_new(), *empty = ld_table_new();
    GArray *ops = g_array_new(FALSE, FALSE, sizeof(struct ld_op));
    struct results results = {.count = 0};
    struct ld_vs *vs;

    assert_true(ha_addr_parse(&id.addr, "10.0.0.100"));
    vs = ld_table_add(wanted, &id);
    strcpy(vs->scheduler, "rr");
    for (uint16_t port = 1; port <= 3; port++) {
        struct ld_dest dest = {.addr = id.addr, .port = port, .method = LD_MASQ, .weight = 1};

        g_array_append_val(vs->dests, dest);
    }
    ld_table_diff(empty, wanted, NULL, ops);
    assert_int_equal(ops->len, 4);
    kernel.answers = 0;
    assert_int_equal(ipvs->ops->apply(ipvs, ops, note_each, &results), kernel.refuses != 0);
    assert_int_equal(results.count, 4);
    g_array_free(ops, TRUE);
    ld_table_free(wanted);
    ld_table_free(empty);
    return results;
}

static void note_result(void *ctx, const struct ld_op *op, int error)
{
    (void)op;
    *(int *)ctx = error;
}

/* What becomes of a service that is to be added. */
static int add_service(struct ld_ipvs *ipvs)
{
    struct ld_service_id id = {.protocol = LD_TCP, .port = 80};
    struct ld_table *wanted = ld_table_new(), *empty = ld_table_new();
    GArray *ops = g_array_new(FALSE, FALSE, sizeof(struct ld_op));
    int result = 1;

    assert_true(ha_addr_parse(&id.addr, "10.0.0.100"));
    strcpy(ld_table_add(wanted, &id)->scheduler, "rr");
    ld_table_diff(empty, wanted, NULL, ops);
    assert_int_equal(ops->len, 1);
    (void)ipvs->ops->apply(ipvs, ops, note_result, &result);
    g_array_free(ops, TRUE);
    ld_table_free(wanted);
    ld_table_free(empty);
    return result;
}

static void a_module_that_is_gone_is_told_as_that(void **state)
{
    kernel.family = NOT_THERE;
    assert_reads(*state, -ENODEV);
    assert_reads(*state, -ENODEV);
    assert_int_equal(add_service(*state), -ENODEV);
}

/* The number may be another family's by now. */
static void nothing_is_said_to_a_number_that_was_refused(void **state)
{
    kernel.family = NOT_THERE;
    assert_reads(*state, -ENODEV);
    assert_int_equal(kernel.heard, 1);
    assert_reads(*state, -ENODEV);
    (void)add_service(*state);
    assert_int_equal(kernel.heard, 1);
}

static void one_that_returns_with_another_number_is_used_again(void **state)
{
    kernel.family = NOT_THERE;
    assert_reads(*state, -ENODEV);
    kernel.family = 0x25;
    assert_reads(*state, 0);
    assert_int_equal(add_service(*state), 0);
    assert_int_equal(kernel.added, 1);
}

static void one_that_went_and_returned_between_two_readings_is_no_error(void **state)
{
    assert_reads(*state, 0);
    kernel.family = 0x26;
    assert_reads(*state, 0);
    assert_int_equal(add_service(*state), 0);
}

/* It is asked for one answer, to the last. */
static void what_the_kernel_says_nothing_of_is_done(void **state)
{
    struct results results = add_servers(*state);

    for (unsigned i = 0; i < results.count; i++)
        assert_int_equal(results.of[i], 0);
    assert_int_equal(kernel.worked, 4);
    assert_int_equal(kernel.answers, 1);
}

static void what_it_refuses_it_says(void **state)
{
    for (unsigned refused = 1; refused <= 4; refused++) {
        struct results results;

        kernel.worked = 0;
        kernel.refuses = refused;
        results = add_servers(*state);
        for (unsigned i = 0; i < results.count; i++)
            assert_int_equal(results.of[i], i + 1 == refused ? -EEXIST : 0);
        assert_int_equal(kernel.answers, refused < 4 ? 2 : 1);
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_module_that_is_gone_is_told_as_that),
        CASE(nothing_is_said_to_a_number_that_was_refused),
        CASE(one_that_returns_with_another_number_is_used_again),
        CASE(one_that_went_and_returned_between_two_readings_is_no_error),
        CASE(what_the_kernel_says_nothing_of_is_done),
        CASE(what_it_refuses_it_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
