/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's IPVS table over generic netlink: open, read whole, apply a list
 * of operations. Keeps nothing between calls but the socket, decides nothing,
 * and never runs ipvsadm.
 *
 * Operations travel in batches: many requests in one send, which the kernel
 * works off one after the other before send() returns. It says what it refused,
 * matched by sequence number, and that it has done the last one, which alone
 * asks for that: what it has said nothing of by then is done. A batch is kept
 * small enough for all answers to fit into the receive buffer.
 *
 * The module may be removed while we run, and return with another number for
 * its family: a number that is refused is forgotten and asked for again at the
 * next reading. Nothing is loaded then: who removed it may have meant it.
 */
#include "ldirectord/ipvs/ipvs.h"

#include <errno.h>
#include <linux/ip_vs.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "common/run/nl_error.h"
#include "ldirectord/ipvs/ipvs_message.h"
#include "ldirectord/ipvs/ipvs_module.h"
#include "ldirectord/ipvs/ipvs_netlink_inside.h"

#define BATCH_MAX     128
#define SOCKET_BUFFER (1 << 20)
/* The kernel answers at once; this only keeps a fault from becoming a hang. */
#define ANSWER_MAX_S  5
/* Answers in a row that are none of ours before a read is given up. */
#define STRAY_MAX     1000

/* libnl's errors, as far as one can mean anything to us. */
static int errno_of_nl(int error)
{
    switch (-error) {
    case NLE_NOMEM:
        return -ENOMEM;
    case NLE_OBJ_NOTFOUND:
        return -ENOENT;
    case NLE_PERM:
    case NLE_NOACCESS:
        return -EPERM;
    case NLE_AF_NOSUPPORT:
    case NLE_PROTO_MISMATCH:
        return -EAFNOSUPPORT;
    default:
        return -EIO;
    }
}

int ld_nl_begin(struct netlink_ipvs *nl, uint8_t command, int flags)
{
    struct nlmsghdr *header = nlmsg_hdr(nl->message);

    if (nl->family <= 0)
        return -ENODEV;
    /* libnl has no "empty this message": its length is all there is to it. */
    header->nlmsg_len = NLMSG_HDRLEN;
    header->nlmsg_type = nl->family;
    header->nlmsg_flags = NLM_F_REQUEST | flags;
    header->nlmsg_seq = ++nl->sequence;
    header->nlmsg_pid = 0;
    struct genlmsghdr *genl = nlmsg_reserve(nl->message, sizeof(*genl), NLMSG_ALIGNTO);
    if (genl == NULL)
        return -EMSGSIZE;
    *genl = (struct genlmsghdr){.cmd = command, .version = IPVS_GENL_VERSION};
    return 0;
}

static int send_bytes(struct netlink_ipvs *nl, const void *bytes, size_t length)
{
    ssize_t sent;

    do {
        sent = send(nl_socket_get_fd(nl->sock), bytes, length, 0);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0)
        return -errno;
    return (size_t)sent == length ? 0 : -EIO;
}

/* Only the kernel is heard: a datagram of another sender, or a cut one, is dropped as if empty. */
static ssize_t receive(struct netlink_ipvs *nl)
{
    struct sockaddr_nl from = {0};
    struct iovec space = {.iov_base = nl->answer, .iov_len = sizeof(nl->answer)};
    struct msghdr message = {
        .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &space, .msg_iovlen = 1};
    ssize_t length;

    do {
        length = recvmsg(nl_socket_get_fd(nl->sock), &message, 0);
    } while (length < 0 && errno == EINTR);
    if (length < 0)
        return errno == EAGAIN ? -ETIMEDOUT : -errno;
    if (message.msg_namelen != sizeof(from) || from.nl_pid != 0)
        return 0;
    return message.msg_flags & MSG_TRUNC ? -EMSGSIZE : length;
}

/* ---- one request, a dump of answers ---- */

/* Walks one datagram. 1 when the dump is over, 0 when more is to come, else negative errno. */
static int take_dump(struct netlink_ipvs *nl, ssize_t length, ld_nl_answer_fn fn, void *ctx, int *first)
{
    struct nlmsghdr *header = (struct nlmsghdr *)nl->answer;
    int left = (int)length;

    for (; nlmsg_ok(header, left); header = nlmsg_next(header, &left)) {
        if (header->nlmsg_seq != nl->sequence)
            continue;
        if (header->nlmsg_type == NLMSG_DONE)
            return 1;
        if (header->nlmsg_type == NLMSG_ERROR) {
            int error = ha_nl_error(header);
            return error == 0 ? 1 : error;
        }
        if (header->nlmsg_type != nl->family)
            continue;
        int error = fn(ctx, header);
        if (error != 0 && *first == 0)
            *first = error;
        if (!(header->nlmsg_flags & NLM_F_MULTI))
            return 1;
    }
    return 0;
}

int ld_nl_ask(struct netlink_ipvs *nl, ld_nl_answer_fn fn, void *ctx)
{
    struct nlmsghdr *header = nlmsg_hdr(nl->message);
    int first = 0, stray = 0;
    int status = send_bytes(nl, header, header->nlmsg_len);

    if (status != 0)
        return status;
    do {
        ssize_t length = receive(nl);
        if (length < 0)
            return (int)length;
        if (length == 0 && ++stray > STRAY_MAX)
            return -EBADMSG;
        status = take_dump(nl, length, fn, ctx, &first);
    } while (status == 0);
    return status < 0 ? status : first;
}

/* ---- read ---- */

static int take_service(void *ctx, struct nlmsghdr *header)
{
    struct ld_table *table = ctx;
    struct ld_vs said, *vs;
    int error;

    memset(&said, 0, sizeof(said));
    error = ld_ipvs_get_service(header, &said);
    if (error == -EPROTONOSUPPORT)
        return 0;
    if (error != 0)
        return error;
    if (table->services->len >= LD_SERVICES_MAX)
        return -E2BIG;
    vs = ld_table_add(table, &said.id);
    if (vs == NULL)
        return 0; /* told twice: the table moved under the dump */
    memcpy(vs->scheduler, said.scheduler, sizeof(vs->scheduler));
    vs->flags = said.flags;
    vs->timeout_s = said.timeout_s;
    vs->netmask = said.netmask;
    return 0;
}

struct dest_reader {
    struct ld_vs *vs;
    GHashTable *seen; /* of "address port" as GBytes; a service may have thousands */
};

static int take_dest(void *ctx, struct nlmsghdr *header)
{
    struct dest_reader *reader = ctx;
    struct ld_dest dest;
    struct {
        struct ha_addr addr;
        uint16_t port;
    } key;
    int error = ld_ipvs_get_dest(header, reader->vs, &dest);

    if (error != 0)
        return error;
    if (reader->vs->dests->len >= LD_REALS_MAX)
        return -E2BIG;
    memset(&key, 0, sizeof(key));
    key.addr = dest.addr;
    key.port = dest.port;
    if (g_hash_table_add(reader->seen, g_bytes_new(&key, sizeof(key))))
        g_array_append_val(reader->vs->dests, dest);
    return 0;
}

static int read_dests(struct netlink_ipvs *nl, struct ld_vs *vs)
{
    struct dest_reader reader = {.vs = vs};
    int error = ld_nl_begin(nl, IPVS_CMD_GET_DEST, NLM_F_DUMP);

    if (error == 0)
        error = ld_ipvs_put_service_key(nl->message, &vs->id);
    if (error != 0)
        return error;
    reader.seen = g_hash_table_new_full(g_bytes_hash, g_bytes_equal,
                                        (GDestroyNotify)g_bytes_unref, NULL);
    error = ld_nl_ask(nl, take_dest, &reader);
    g_hash_table_destroy(reader.seen);
    return error;
}

static int read_services(struct netlink_ipvs *nl, struct ld_table *table)
{
    int error = ld_nl_begin(nl, IPVS_CMD_GET_SERVICE, NLM_F_DUMP);

    return error != 0 ? error : ld_nl_ask(nl, take_service, table);
}

/* Nothing if it is not there. */
static int read_service(struct netlink_ipvs *nl, const struct ld_service_id *id,
                        struct ld_table *table)
{
    int error = ld_nl_begin(nl, IPVS_CMD_GET_SERVICE, 0);

    if (error == 0)
        error = ld_ipvs_put_service_key(nl->message, id);
    if (error == 0)
        error = ld_nl_ask(nl, take_service, table);
    return error == -ESRCH ? 0 : error;
}

static int read_portion(struct netlink_ipvs *nl, const struct ld_portion *portion,
                        struct ld_table **out)
{
    struct ld_table *table = ld_table_new();
    int error = 0;

    if (!portion || portion->whole)
        error = read_services(nl, table);
    else
        for (guint i = 0; error == 0 && i < portion->ids->len; i++)
            error = read_service(nl, portion->ids->pdata[i], table);
    for (guint i = 0; error == 0 && i < table->services->len; i++)
        error = read_dests(nl, g_ptr_array_index(table->services, i));
    if (error != 0) {
        ld_table_free(table);
        return error;
    }
    *out = table;
    return 0;
}

/* The one -ENOENT that a reading can meet is that of a family that is not there. */
static int netlink_read(struct ld_ipvs *ipvs, const struct ld_portion *portion,
                        struct ld_table **out)
{
    struct netlink_ipvs *nl = (struct netlink_ipvs *)ipvs;
    int error;

    *out = NULL;
    error = read_portion(nl, portion, out);
    if (error != -ENOENT && error != -ENODEV)
        return error;
    nl->family = genl_ctrl_resolve(nl->sock, IPVS_GENL_NAME);
    if (nl->family <= 0)
        return -ENODEV;
    error = read_portion(nl, portion, out);
    return error == -ENOENT ? -ENODEV : error;
}

/* ---- apply ---- */

#define UNANSWERED 1

/* Puts as many operations as fit into the batch. Returns how many; results of what cannot even be
 * written are known at once. *last becomes the one that asks for an answer, if there is one. */
static guint batch_fill(struct netlink_ipvs *nl, const GArray *ops, guint from, int *results, guint *last)
{
    guint count = 0, last_at = 0;

    g_byte_array_set_size(nl->batch, 0);
    for (; count < BATCH_MAX && from + count < ops->len; count++) {
        const struct ld_op *op = &g_array_index(ops, struct ld_op, from + count);
        struct nlmsghdr *header = nlmsg_hdr(nl->message);
        int error = ld_nl_begin(nl, ld_ipvs_command(op->kind), 0);

        if (error == 0)
            error = ld_ipvs_put_op(nl->message, op);
        results[count] = error == 0 ? UNANSWERED : error;
        if (error != 0)
            continue;
        *last = count;
        last_at = nl->batch->len;
        g_byte_array_append(nl->batch, (guint8 *)header, NLMSG_ALIGN(header->nlmsg_len));
    }
    if (nl->batch->len > 0)
        ((struct nlmsghdr *)(nl->batch->data + last_at))->nlmsg_flags |= NLM_F_ACK;
    return count;
}

/* Walks one datagram; true if it has an answer to one of these. */
static bool batch_take(struct netlink_ipvs *nl, ssize_t length, uint32_t base, int *results, guint count)
{
    struct nlmsghdr *header = (struct nlmsghdr *)nl->answer;
    int left = (int)length;
    bool answered = false;

    for (; nlmsg_ok(header, left); header = nlmsg_next(header, &left)) {
        uint32_t index = header->nlmsg_seq - base;

        if (header->nlmsg_type != NLMSG_ERROR || index >= count || results[index] != UNANSWERED)
            continue;
        results[index] = ha_nl_error(header);
        answered = true;
    }
    return answered;
}

/* Whatever goes wrong with the socket becomes the result of what is still unanswered: the caller
 * reads the table again before the next change anyway. */
static void batch_run(struct netlink_ipvs *nl, uint32_t base, int *results, guint count, guint last)
{
    guint stray = 0;
    int error = last == BATCH_MAX ? 0 : send_bytes(nl, nl->batch->data, nl->batch->len);

    while (error == 0 && last < BATCH_MAX && results[last] == UNANSWERED) {
        ssize_t length = receive(nl);

        if (length < 0)
            error = (int)length;
        else if (!batch_take(nl, length, base, results, count) && ++stray > STRAY_MAX)
            error = -EBADMSG;
    }
    for (guint i = 0; i < count; i++)
        if (results[i] == UNANSWERED)
            results[i] = error;
}

static int netlink_apply(struct ld_ipvs *ipvs, const GArray *ops, ld_ipvs_fn fn, void *ctx)
{
    struct netlink_ipvs *nl = (struct netlink_ipvs *)ipvs;
    int results[BATCH_MAX], failed = 0;
    guint count;

    for (guint from = 0; from < ops->len; from += count) {
        uint32_t base = nl->sequence + 1;
        guint last = BATCH_MAX;

        count = batch_fill(nl, ops, from, results, &last);
        batch_run(nl, base, results, count, last);
        for (guint i = 0; i < count; i++) {
            failed += results[i] != 0;
            if (fn != NULL)
                fn(ctx, &g_array_index(ops, struct ld_op, from + i), results[i]);
        }
    }
    return failed;
}

/* ---- open and close ---- */

static void netlink_close(struct ld_ipvs *ipvs)
{
    struct netlink_ipvs *nl = (struct netlink_ipvs *)ipvs;

    if (nl == NULL)
        return;
    if (nl->message != NULL)
        nlmsg_free(nl->message);
    if (nl->batch != NULL)
        g_byte_array_unref(nl->batch);
    if (nl->sock != NULL)
        nl_socket_free(nl->sock);
    g_free(nl);
}

static const struct ld_ipvs_ops netlink_ops = {
    .name = "netlink",
    .read = netlink_read,
    .apply = netlink_apply,
    .sync = ld_nl_sync,
    .hand_over = ld_nl_hand_over,
    .untaken = ld_nl_untaken,
    .set_switch = ld_nl_set_switch,
    .close = netlink_close,
};

static int find_family(struct netlink_ipvs *nl)
{
    nl->family = genl_ctrl_resolve(nl->sock, IPVS_GENL_NAME);
    if (nl->family < 0 && ld_ipvs_load_module())
        nl->family = genl_ctrl_resolve(nl->sock, IPVS_GENL_NAME);
    return nl->family < 0 ? errno_of_nl(nl->family) : 0;
}

static int take_info(void *ctx, struct nlmsghdr *header)
{
    struct nlattr *found[IPVS_INFO_ATTR_MAX + 1];

    if (!genlmsg_valid_hdr(header, 0) ||
        genlmsg_parse(header, 0, found, IPVS_INFO_ATTR_MAX, NULL) < 0 ||
        found[IPVS_INFO_ATTR_VERSION] == NULL || nla_len(found[IPVS_INFO_ATTR_VERSION]) < 4)
        return -EBADMSG;
    *(uint32_t *)ctx = nla_get_u32(found[IPVS_INFO_ATTR_VERSION]);
    return 0;
}

/* A harmless privileged question, so that want of permission shows now and not at the first
 * change. */
static int check_permission(struct netlink_ipvs *nl)
{
    uint32_t version = 0;
    int error = ld_nl_begin(nl, IPVS_CMD_GET_INFO, 0);

    return error != 0 ? error : ld_nl_ask(nl, take_info, &version);
}

static int connect_socket(struct netlink_ipvs *nl)
{
    struct timeval longest = {.tv_sec = ANSWER_MAX_S};
    int error = genl_connect(nl->sock);

    if (error < 0)
        return errno_of_nl(error);
    nl_socket_set_buffer_size(nl->sock, SOCKET_BUFFER, SOCKET_BUFFER);
    if (setsockopt(nl_socket_get_fd(nl->sock), SOL_SOCKET, SO_RCVTIMEO, &longest,
                   sizeof(longest)) != 0)
        return -errno;
    return 0;
}

static char *explain(int error, bool have_family)
{
    if (error == -EPERM || error == -EACCES)
        return g_strdup("no permission to use IPVS: run as root (CAP_NET_ADMIN is needed)");
    if (!have_family)
        return g_strdup_printf("the kernel has no IPVS, and its module could not be loaded (%s): "
                               "see what \"modprobe ip_vs\" says, or use a kernel that has it",
                               g_strerror(-error));
    return g_strdup_printf("the kernel's IPVS does not answer: %s", g_strerror(-error));
}

int ld_ipvs_netlink_open(struct ld_ipvs **out, char **why)
{
    struct netlink_ipvs *nl = g_new0(struct netlink_ipvs, 1);
    bool have_family = false;
    int error = -ENOMEM;

    *out = NULL;
    *why = NULL;
    nl->base.ops = &netlink_ops;
    nl->batch = g_byte_array_new();
    nl->message = nlmsg_alloc_size(LD_IPVS_MESSAGE_MAX);
    nl->sock = nl_socket_alloc();
    if (nl->message != NULL && nl->sock != NULL)
        error = connect_socket(nl);
    if (error == 0)
        error = find_family(nl);
    have_family = error == 0;
    if (error == 0)
        error = check_permission(nl);
    if (error != 0) {
        *why = explain(error, have_family);
        netlink_close(&nl->base);
        return error;
    }
    *out = &nl->base;
    return 0;
}
