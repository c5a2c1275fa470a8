/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is asked at the door, a function a word: reads the question to its end,
 * asks the configuration, acts, answers. A question that makes no sense is
 * -EBADMSG, one that no line of the configuration stands behind -EACCES.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/confine/bulk.h"
#include "common/run/clock.h"
#include "common/run/daemon.h"
#include "common/run/file.h"
#include "common/run/secret.h"
#include "ldirectord/check/next_hop.h"
#include "ldirectord/conf/ld_cf.h"
#include "ldirectord/config_file.h"
#include "ldirectord/door/names_told.h"
#include "ldirectord/door/tap.h"
#include "ldirectord/keeper_inside.h"

/* One that does not take its answers has stopped to live. */
#define ANSWER_MS 5000
#define ORDERS_MAX ((size_t)1 << 20)
#define NOTES_MAX  ((size_t)64 << 20)
/* Who lets a director get ready and then does not let go. */
#define TAP_NS     (5 * HA_NS_PER_S)

struct answer {
    GByteArray *bytes;
    int fd; /* -1: none; closed when it is sent */
};

static void send_answer(struct ld_keeper *keeper, const struct ha_frame *question, int status,
                        const struct answer *answer)
{
    struct ha_frame frame = {.kind = question->kind, .number = question->number, .status = status};
    int error;

    frame.bytes = answer->bytes->data;
    frame.length = answer->bytes->len;
    if (answer->fd >= 0)
        frame.fds[frame.fd_count++] = answer->fd;
    error = ha_frame_send(keeper->ask_fd, &frame, ANSWER_MS);
    if (error != 0 && error != -EPIPE)
        ha_log(HA_LOG_ERROR, "the process that checks (pid %d) takes no answer: %s",
               (int)keeper->set.daemon, g_strerror(-error));
}

/* ---- the kernel's table ---- */

static int open_table(struct ld_keeper *keeper, const struct ha_frame *question, struct answer *answer)
{
    char *why = NULL;
    int error;

    (void)question;
    if (keeper->ipvs != NULL)
        return 0;
    error = keeper->set.open_ipvs(&keeper->ipvs, &why);
    if (why != NULL)
        ha_pack_text(answer->bytes, why);
    g_free(why);
    return error;
}

static bool get_portion(struct ha_unpack in, bool *whole, struct ld_portion *portion)
{
    struct ld_service_id id;

    *whole = ha_unpack_u8(&in) != 0;
    while (!in.bad && in.left > 0 && portion->ids->len < LD_IDS_MAX)
        if (ld_get_id(&in, &id))
            g_ptr_array_add(portion->ids, g_memdup2(&id, sizeof(id)));
    return ha_unpack_end(&in);
}

/* All frames but the last are sent from here. */
static void put_table(struct ld_keeper *keeper, const struct ha_frame *question,
                      const struct ld_table *table, struct answer *answer)
{
    struct ld_table_place next = {0};

    while (!ld_put_table(answer->bytes, table, &next)) {
        send_answer(keeper, question, LD_MORE, answer);
        g_byte_array_set_size(answer->bytes, 0);
    }
}

static int read_table(struct ld_keeper *keeper, const struct ha_frame *question, struct answer *answer)
{
    struct ld_table *table = NULL;
    struct ld_portion portion;
    bool whole;
    int error = -EBADMSG;

    ld_portion_init(&portion);
    if (get_portion(ha_unpack_begin(question->bytes, question->length), &whole, &portion))
        error = keeper->ipvs == NULL ? -ENOTCONN
                                     : keeper->ipvs->ops->read(keeper->ipvs, whole ? NULL : &portion, &table);
    if (error == 0)
        put_table(keeper, question, table, answer);
    ld_table_free(table);
    ld_portion_clear(&portion);
    return error;
}

struct applying {
    int results[LD_OPS_MAX];
    guint places[LD_OPS_MAX]; /* of the operations that are allowed */
    guint next;
};

static void applied(void *ctx, const struct ld_op *op, int error)
{
    struct applying *applying = ctx;

    (void)op;
    applying->results[applying->places[applying->next++]] = error;
}

static void refuse_op(struct ld_keeper *keeper, const struct ld_op *op)
{
    char *text = ld_ipvs_error_text(op, -EACCES);

    ld_keeper_refuse(keeper, text);
    g_free(text);
}

static int apply(struct ld_keeper *keeper, const struct ha_frame *question, struct answer *answer)
{
    struct applying applying = {.next = 0};
    GArray *allowed;
    struct ld_op_list list;
    int status;

    if (!ld_get_ops(ha_unpack_begin(question->bytes, question->length), &list))
        return -EBADMSG;
    allowed = g_array_new(FALSE, FALSE, sizeof(struct ld_op));
    for (guint i = 0; i < list.ops->len; i++) {
        const struct ld_op *op = &g_array_index(list.ops, struct ld_op, i);

        applying.results[i] = -EACCES;
        if (ld_allowed_op(keeper->allowed, op)) {
            applying.places[allowed->len] = i;
            g_array_append_val(allowed, *op);
        } else {
            refuse_op(keeper, op);
        }
    }
    status = keeper->ipvs == NULL ? -ENOTCONN
                                  : keeper->ipvs->ops->apply(keeper->ipvs, allowed, applied, &applying);
    for (guint i = 0; i < list.ops->len; i++)
        ha_pack_u32(answer->bytes, (uint32_t)applying.results[i]);
    g_array_free(allowed, TRUE);
    ld_op_list_clear(&list);
    return MIN(status, 0);
}

static int synchronise(struct ld_keeper *keeper, const struct ha_frame *question, struct answer *answer)
{
    struct ha_unpack in = ha_unpack_begin(question->bytes, question->length);
    struct ld_sync wanted;

    (void)answer;
    if (!ld_get_sync(&in, &wanted))
        return -EBADMSG;
    if (!ld_allowed_sync(keeper->allowed, &wanted))
        return -EACCES;
    return keeper->ipvs == NULL ? -ENOTCONN : keeper->ipvs->ops->sync(keeper->ipvs, &wanted);
}

static int set_switch(struct ld_keeper *keeper, const struct ha_frame *question, struct answer *answer)
{
    struct ha_unpack in = ha_unpack_begin(question->bytes, question->length);
    bool on = ha_unpack_u8(&in) != 0;
    const char *name = ha_unpack_text(&in);

    (void)answer;
    if (name == NULL || !ha_unpack_end(&in))
        return -EBADMSG;
    if (!ld_allowed_switch(keeper->allowed, name, on))
        return -EACCES;
    return keeper->ipvs == NULL ? -ENOTCONN : keeper->ipvs->ops->set_switch(keeper->ipvs, name, on);
}

/* ---- descriptors ---- */

static int give(struct answer *answer, int fd)
{
    answer->fd = MAX(fd, -1);
    return MIN(fd, 0);
}

static int open_file(struct ld_keeper *keeper, const struct ha_frame *question, struct answer *answer)
{
    struct ha_unpack in = ha_unpack_begin(question->bytes, question->length);
    unsigned file = ha_unpack_u8(&in);
    const char *path = ha_unpack_text(&in);

    if (file >= LD_FILE_COUNT || !ha_unpack_end(&in))
        return -EBADMSG;
    if (file == LD_FILE_CONFIG)
        path = keeper->set.path;
    else if (file == LD_FILE_ORDERS)
        path = keeper->set.orders_file;
    else
        path = ld_allowed_file(keeper->allowed, file, path);
    return path == NULL ? -EACCES : give(answer, ld_power_open(file, path));
}

static int watch_folder(struct ld_keeper *keeper, const struct ha_frame *question, struct answer *answer)
{
    struct ha_unpack in = ha_unpack_begin(question->bytes, question->length);
    unsigned folder = ha_unpack_u8(&in);
    const char *path;

    if (folder >= LD_FOLDER_COUNT || !ha_unpack_end(&in))
        return -EBADMSG;
    path = folder == LD_FOLDER_CONFIG ? keeper->set.path
                                      : ld_allowed_file(keeper->allowed, LD_FILE_MAINTENANCE, NULL);
    return path == NULL ? -EACCES : give(answer, ld_power_watch(folder, path));
}

static int open_socket(struct ld_keeper *keeper, const struct ha_frame *question, struct answer *answer)
{
    struct ha_unpack in = ha_unpack_begin(question->bytes, question->length);
    unsigned kind = ha_unpack_u8(&in);
    int family = ha_unpack_u8(&in) == 6 ? AF_INET6 : AF_INET;
    uint16_t port = ha_unpack_u16(&in);

    if (kind >= LD_SOCKET_COUNT || !ha_unpack_end(&in))
        return -EBADMSG;
    if (!ld_allowed_socket(keeper->allowed, kind))
        return -EACCES;
    return give(answer, ld_power_socket(kind, family, port));
}

static int use_neighbour(struct ld_keeper *keeper, const struct ha_frame *question, struct answer *answer)
{
    struct ha_unpack in = ha_unpack_begin(question->bytes, question->length);
    struct ha_addr host;

    (void)answer;
    ha_unpack_addr(&in, &host);
    if (host.family == AF_UNSPEC || !ha_unpack_end(&in))
        return -EBADMSG;
    if (!ld_allowed_neighbour(keeper->allowed, &host))
        return -EACCES;
    if (keeper->route_fd < 0)
        keeper->route_fd = ld_next_hop_open();
    return keeper->route_fd < 0 ? keeper->route_fd : ld_next_hop_use(keeper->route_fd, &host);
}

/* ---- connections that begin ---- */

static void end_tap(struct ld_keeper *keeper)
{
    ha_timer_cancel(keeper->loop, &keeper->tap_end);
    if (keeper->tap_fd >= 0)
        close(keeper->tap_fd);
    keeper->tap_fd = -1;
}

static void nobody_asked(void *ctx, uint64_t now_ns)
{
    (void)now_ns;
    end_tap(ctx);
}

static int tap(struct ld_keeper *keeper, const struct ha_frame *question, struct answer *answer)
{
    (void)question;
    (void)answer;
    if (!ld_allowed_tap(keeper->allowed))
        return -EACCES;
    end_tap(keeper);
    keeper->tap_fd = ld_tap_open();
    if (keeper->tap_fd >= 0)
        ha_timer_set(keeper->loop, &keeper->tap_end, ha_clock_ns() + TAP_NS, nobody_asked, keeper);
    return MIN(keeper->tap_fd, 0);
}

/* Nothing of them is looked into here. All frames but the last are sent from here. */
static int tapped(struct ld_keeper *keeper, const struct ha_frame *question, struct answer *answer)
{
    GArray *records = g_array_new(FALSE, FALSE, sizeof(struct ld_opening_record));
    int error = keeper->tap_fd < 0 ? -ENOENT : ld_tap_take(keeper->tap_fd, records);

    end_tap(keeper);
    for (guint i = 0; error == 0 && i < records->len; i++) {
        if (answer->bytes->len + sizeof(struct ld_opening_record) > HA_FRAME_BYTES_MAX) {
            send_answer(keeper, question, LD_MORE, answer);
            g_byte_array_set_size(answer->bytes, 0);
        }
        ha_pack_bytes(answer->bytes, &g_array_index(records, struct ld_opening_record, i),
                      sizeof(struct ld_opening_record));
    }
    g_array_free(records, TRUE);
    return error == -EBADMSG ? -EIO : error; /* it is not the question that made no sense */
}

/* ---- orders that are kept ---- */

static void not_kept(void *ctx, int error)
{
    const struct ld_keeper *keeper = ctx;

    ha_log(HA_LOG_WARNING, "cannot keep the orders in %s: %s", keeper->set.orders_file,
           g_strerror(-error));
}

static int keep(struct ld_keeper *keeper, const struct ha_frame *question, struct answer *answer)
{
    size_t length;
    char *text;
    int error;

    (void)answer;
    if (keeper->set.orders_file == NULL)
        return -EACCES;
    if (question->fd_count == 0)
        return unlink(keeper->set.orders_file) != 0 && errno != ENOENT ? -errno : 0;
    error = ha_bulk_read(question->fds[0], ORDERS_MAX, &text, &length);
    if (error != 0)
        return error;
    if (keeper->kept == NULL)
        keeper->kept = ha_behind_new(keeper->loop, keeper->set.orders_file, 0600, not_kept, keeper);
    ha_behind_write(keeper->kept, text, length);
    g_free(text);
    return 0;
}

/* ---- another configuration ---- */

static void put_diags(GByteArray *out, const struct ha_diags *diags)
{
    for (guint i = 0; i < diags->list->len; i++) {
        const struct ha_diag *diag = diags->list->pdata[i];

        if (out->len + strlen(diag->text) + 64 > HA_FRAME_BYTES_MAX)
            return; /* the first of too many */
        ha_pack_u8(out, diag->severity == HA_WARNING);
        ha_pack_u32(out, diag->line);
        ha_pack_u32(out, diag->column);
        ha_pack_text(out, diag->text);
    }
}

/* The other half has found the text without fault and told of its warnings. */
static struct ld_config *parse_text(const struct ld_config *prior, const struct ld_keeper *keeper,
                                    GBytes *text, const struct ld_names *names)
{
    struct ld_config *config;
    struct ha_diags diags;

    ha_diags_init(&diags);
    config = ld_cf_parse_again(prior, keeper->set.path, text, names, &diags);
    if (diags.errors > 0)
        g_clear_pointer(&config, ld_config_free);
    ha_diags_clear(&diags);
    return config;
}

/* What has to do with this machine is said here. */
static void take_prepared(struct ld_keeper *keeper, struct ld_config *config, const struct stat *stat,
                          unsigned looks, GByteArray *out)
{
    struct ha_diags diags;

    ha_diags_init(&diags);
    ld_config_look(keeper->set.path, stat, config, looks, &diags);
    put_diags(out, &diags);
    if (diags.errors == 0)
        keeper->prepared = config;
    else
        ld_config_free(config);
    ha_diags_clear(&diags);
}

static int read_file_again(const struct ld_config *prior, struct ld_keeper *keeper, const char *digest,
                           unsigned looks, const struct ld_names *names, GByteArray *out)
{
    struct ld_content content = {.digest = ""};
    struct ld_config *config = NULL;
    GBytes *text;
    int error = ld_config_read(keeper->set.path, &content, &text);

    if (error != 0)
        return error;
    if (strcmp(content.digest, digest) != 0)
        error = -EAGAIN;
    else if ((config = parse_text(prior, keeper, text, names)) == NULL)
        error = -EBADMSG;
    g_bytes_unref(text);
    if (config != NULL)
        take_prepared(keeper, config, &content.stat, looks, out);
    return error;
}

static int prepare(struct ld_keeper *keeper, const struct ha_frame *question, struct answer *answer)
{
    struct ha_unpack in = ha_unpack_begin(question->bytes, question->length);
    unsigned looks = ha_unpack_u32(&in) | LD_LOOK_FILES; /* what others may write is not believed */
    const char *digest = ha_unpack_text(&in);
    struct ld_config *before;
    struct ld_names_noted noted;
    struct ld_names names;
    size_t length;
    char *notes;
    int error;

    if (digest == NULL || !ha_unpack_end(&in) || question->fd_count == 0)
        return -EBADMSG;
    error = ha_bulk_read(question->fds[0], NOTES_MAX, &notes, &length);
    if (error != 0)
        return error;
    error = ld_names_noted_read(&noted, notes, length) ? 0 : -EBADMSG;
    g_free(notes);
    names = ld_names_of_notes(&noted);
    before = g_steal_pointer(&keeper->prepared);
    if (error == 0)
        error = read_file_again(before != NULL ? before : ld_allowed_now(keeper->allowed), keeper, digest,
                                looks, &names, answer->bytes);
    ld_config_free(before);
    ld_names_noted_clear(&noted);
    ha_secret_stack();
    return error;
}

static int commit(struct ld_keeper *keeper, const struct ha_frame *question, struct answer *answer)
{
    (void)question;
    (void)answer;
    if (keeper->prepared == NULL)
        return -ENOENT;
    ld_allowed_config(keeper->allowed, g_steal_pointer(&keeper->prepared));
    ld_keeper_take_script_user(keeper);
    return 0;
}

/* ---- the end ---- */

static int remove_pid_file(struct ld_keeper *keeper, const struct ha_frame *question, struct answer *answer)
{
    (void)question;
    (void)answer;
    if (keeper->set.pid_file == NULL)
        return -EACCES;
    ha_pidfile_remove(keeper->set.pid_file, keeper->set.daemon);
    return 0;
}

static int say_bye(struct ld_keeper *keeper, const struct ha_frame *question, struct answer *answer)
{
    (void)question;
    (void)answer;
    keeper->bye = true;
    return 0;
}

/* ---- which ---- */

static const struct {
    const char *name;
    int (*act)(struct ld_keeper *keeper, const struct ha_frame *question, struct answer *answer);
} acts[] = {
    [LD_WORD_IPVS] = {"to open the kernel's table", open_table},
    [LD_WORD_READ] = {"to read the kernel's table", read_table},
    [LD_WORD_APPLY] = {"to change the kernel's table", apply},
    [LD_WORD_SYNC] = {"to change the connection synchronisation", synchronise},
    [LD_WORD_SWITCH] = {"to set a switch of the kernel's", set_switch},
    [LD_WORD_OPEN] = {"to open a file", open_file},
    [LD_WORD_WATCH] = {"to watch a folder", watch_folder},
    [LD_WORD_SOCKET] = {"to open a raw socket", open_socket},
    [LD_WORD_NEIGHBOUR] = {"to look for a neighbour", use_neighbour},
    [LD_WORD_TAP] = {"to watch for connections that begin", tap},
    [LD_WORD_TAPPED] = {"to have connections that began", tapped},
    [LD_WORD_KEEP] = {"to keep orders", keep},
    [LD_WORD_PREPARE] = {"to read the configuration", prepare},
    [LD_WORD_COMMIT] = {"to take the configuration", commit},
    [LD_WORD_PID_GONE] = {"to remove the pid file", remove_pid_file},
    [LD_WORD_BYE] = {"to say goodbye", say_bye},
};

void ld_keeper_asked(struct ld_keeper *keeper, struct ha_frame *question)
{
    struct answer answer = {.bytes = g_byte_array_new(), .fd = -1};
    bool known = question->kind < G_N_ELEMENTS(acts) && acts[question->kind].act != NULL;
    int status = known ? acts[question->kind].act(keeper, question, &answer) : -ENOSYS;

    if (status == -EBADMSG || status == -EACCES || status == -ENOSYS)
        ld_keeper_refuse(keeper, known ? acts[question->kind].name : "what nobody knows");
    send_answer(keeper, question, status, &answer);
    if (answer.fd >= 0)
        close(answer.fd);
    g_byte_array_unref(answer.bytes);
}
