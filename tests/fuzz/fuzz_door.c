/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the process that checks may say at the keeper's door, once it is somebody else's: the input is
 * frames, each a byte of which socket, one of the kind, one of descriptors (a text in memory, which is the
 * frame itself or empty), two of the length, and so many bytes. Nothing is done that the configuration below does
 * not say.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/confine/bulk.h"
#include "common/run/log.h"
#include "ldirectord/conf/ld_cf.h"
#include "ldirectord/config_file.h"
#include "ldirectord/door/power.h"
#include "ldirectord/door/words.h"
#include "ldirectord/keeper.h"
#include "tests/fakes/fake_names.h"
#include "tests/fuzz/fuzz.h"

static const char cf[] = "callback=\"/cb\"\nexpire_nodest_conn=yes\nmaintenancedir=/m\nexecute=other\n"
                         "syncdaemon=eth1 7\nemailalert=\"ops@example.org\"\n"
                         "virtual=10.0.0.9:80\n\treal=10.0.0.1:80 masq\n\tfallback=127.0.0.1:80\n"
                         "\tfallbackcommand=/fall\n\tmonitorfile=/mon\n\tscheduler=rr\n"
                         "virtual=10.0.0.9:25\n\treal=10.0.0.1:25 masq\n\tchecktype=external\n"
                         "\tcheckcommand=/check\n\tscheduler=rr\n";

void __wrap_ha_log(enum ha_level level, const char *format, ...);
int __wrap_ha_frame_send(int fd, const struct ha_frame *frame, int timeout_ms);
struct ha_child *__wrap_ha_child_start(struct ha_loop *loop, const struct ha_child_spec *spec,
                                       ha_child_fn fn, void *ctx);
int __wrap_ld_power_open(enum ld_file file, const char *path);
int __wrap_ld_power_watch(enum ld_folder folder, const char *path);
int __wrap_ld_power_socket(enum ld_socket kind, int family, uint16_t port);
int __wrap_ld_config_read(const char *path, struct ld_content *content, GBytes **text);

void __wrap_ha_log(enum ha_level level, const char *format, ...)
{
    (void)level, (void)format;
}

int __wrap_ha_frame_send(int fd, const struct ha_frame *frame, int timeout_ms)
{
    (void)fd, (void)timeout_ms;
    fuzz_must(frame->length <= HA_FRAME_BYTES_MAX && frame->fd_count <= HA_FRAME_FDS_MAX);
    return 0;
}

static bool is_one_of(const char *text, const char *const *texts)
{
    for (; *texts != NULL; texts++)
        if (text != NULL && strcmp(text, *texts) == 0)
            return true;
    return false;
}

struct ha_child *__wrap_ha_child_start(struct ha_loop *loop, const struct ha_child_spec *spec,
                                       ha_child_fn fn, void *ctx)
{
    static const char *const programs[] = {"/check", "/cb", "/bin/sh", "/sbin/ldirectord",
                                           "/usr/bin/getent", "/usr/sbin/sendmail",
                                           "/usr/lib/sendmail", NULL};
    static const char *const commands[] = {"/fall start 10.0.0.9:80 tcp", "/fall stop 10.0.0.9:80 tcp",
                                           NULL};

    (void)loop, (void)fn, (void)ctx;
    fuzz_must(is_one_of(spec->path, programs) && strcmp(spec->path, spec->argv[0]) == 0);
    fuzz_must(spec->deadline_ms > 0 && spec->output_max <= LD_OUTPUT_MAX);
    if (strcmp(spec->path, "/bin/sh") == 0)
        fuzz_must(strcmp(spec->argv[1], "-c") == 0 && is_one_of(spec->argv[2], commands));
    if (strcmp(spec->path, "/check") == 0)
        fuzz_must(strcmp(spec->argv[2], "25") == 0 && strcmp(spec->argv[3], "10.0.0.1") == 0);
    errno = EAGAIN;
    return NULL;
}

int __wrap_ld_power_open(enum ld_file file, const char *path)
{
    static const char *const paths[LD_FILE_COUNT][2] = {
        [LD_FILE_CONFIG] = {"/cf"},   [LD_FILE_ORDERS] = {NULL}, [LD_FILE_LOG] = {LD_LOGFILE},
        [LD_FILE_MONITOR] = {"/mon"}, [LD_FILE_MAINTENANCE] = {"/m"}};

    fuzz_must(file < LD_FILE_COUNT && is_one_of(path, paths[file]));
    return -ENOENT;
}

int __wrap_ld_power_watch(enum ld_folder folder, const char *path)
{
    static const char *const paths[] = {"/cf", "/m", NULL};

    fuzz_must(folder < LD_FOLDER_COUNT && is_one_of(path, paths));
    return -ENOENT;
}

int __wrap_ld_power_socket(enum ld_socket kind, int family, uint16_t port)
{
    (void)kind, (void)family, (void)port;
    fuzz_must(!"no check takes a raw socket");
    return -EPERM;
}

int __wrap_ld_config_read(const char *path, struct ld_content *content, GBytes **text)
{
    fuzz_must(strcmp(path, "/cf") == 0);
    *text = g_bytes_new_static(cf, strlen(cf));
    g_strlcpy(content->digest, "same", sizeof(content->digest));
    return 0;
}

/* ---- the kernel's table ---- */

static int read_none(struct ld_ipvs *ipvs, const struct ld_portion *portion, struct ld_table **out)
{
    (void)ipvs, (void)portion;
    *out = ld_table_new();
    return 0;
}

static int apply_some(struct ld_ipvs *ipvs, const GArray *ops, ld_ipvs_fn fn, void *ctx)
{
    (void)ipvs;
    for (guint i = 0; i < ops->len; i++) {
        const struct ld_op *op = &g_array_index(ops, struct ld_op, i);

        fuzz_must(op->vs->id.protocol == LD_TCP && (op->vs->id.port == 80 || op->vs->id.port == 25));
        if (op->kind == LD_OP_ADD_DEST)
            fuzz_must(op->dest->addr.family == AF_INET && op->dest->port == op->vs->id.port);
        if (op->kind == LD_OP_ADD_SERVICE)
            fuzz_must(strcmp(op->vs->scheduler, "rr") == 0);
        fn(ctx, op, 0);
    }
    return 0;
}

static int sync_it(struct ld_ipvs *ipvs, const struct ld_sync *wanted)
{
    (void)ipvs;
    fuzz_must(wanted->role == LD_SYNC_NONE || strcmp(wanted->interface, "eth1") == 0);
    return 0;
}

static int switch_it(struct ld_ipvs *ipvs, const char *name, bool on)
{
    (void)ipvs;
    fuzz_must(strcmp(name, "expire_nodest_conn") == 0 && on);
    return 0;
}

static void close_none(struct ld_ipvs *ipvs)
{
    (void)ipvs;
}

static int open_table(struct ld_ipvs **out, char **why)
{
    static const struct ld_ipvs_ops ops = {.read = read_none, .apply = apply_some, .sync = sync_it,
                                           .set_switch = switch_it, .close = close_none};
    static struct ld_ipvs ipvs = {.ops = &ops};

    (void)why;
    *out = &ipvs;
    return 0;
}

/* ---- frames ---- */

static void say(struct ld_keeper *keeper, struct fuzz_rest *rest)
{
    uint8_t socket = fuzz_byte(rest), kind = fuzz_byte(rest), fds = fuzz_byte(rest);
    size_t length = fuzz_byte(rest);
    struct ha_frame frame = {.kind = kind, .number = kind};

    length |= (size_t)fuzz_byte(rest) << 8;
    frame.bytes = rest->at;
    frame.length = length < rest->left ? length : rest->left;
    rest->at += frame.length;
    rest->left -= frame.length;
    if (fds & 1)
        frame.fds[frame.fd_count++] = fds & 2 ? open("/dev/null", O_RDONLY | O_CLOEXEC)
                                              : ha_bulk_make(frame.bytes, fds & 4 ? 0 : frame.length);
    if (socket & 1)
        ld_keeper_ordered(keeper, &frame);
    else
        ld_keeper_asked(keeper, &frame);
    ha_frame_close(&frame);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ld_keeper_settings settings = {.path = "/cf", .program = "/sbin/ldirectord",
                                          .open_ipvs = open_table};
    struct fuzz_rest rest = {.at = data, .left = size};
    struct ha_loop *loop = ha_loop_new();
    int ask[2], run[2];
    struct ld_keeper *keeper;
    struct ha_diags diags;

    ha_diags_init(&diags);
    settings.config = ld_cf_parse("/cf", cf, strlen(cf), &fake_names, &diags);
    fuzz_must(settings.config != NULL);
    ha_diags_clear(&diags);
    fuzz_must(ha_frame_pair(ask) == 0 && ha_frame_pair(run) == 0);
    fuzz_must(ld_keeper_new(&keeper, loop, &settings, ask[1], run[1]) == 0);
    while (rest.left > 0)
        say(keeper, &rest);
    ld_keeper_free(keeper);
    ha_loop_free(loop);
    for (int i = 0; i < 2; i++) {
        close(ask[i]);
        close(run[i]);
    }
    return 0;
}
