/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is done with root's power (acts.h). Waits for nothing: rtnetlink answers
 * at once, and what is started is looked after by its pipe.
 */
#include "heartbeatd/power/acts.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/run/child.h"
#include "common/run/clock.h"
#include "common/run/control.h"
#include "common/run/daemon.h"
#include "common/run/log.h"
#include "heartbeatd/act/guard_table.h"
#include "heartbeatd/act/neighbours.h"
#include "heartbeatd/api/listen.h"
#include "heartbeatd/daemon/fifo.h"
#include "heartbeatd/daemon/guardian_start.h"
#include "heartbeatd/daemon/paths.h"
#include "heartbeatd/daemon/program_start.h"

#define REFUSALS_LOGGED 10 /* a minute */

static struct ha_log_limit refusals;

/* ---- refusing ---- */

static int refuse(struct hb_acts *acts, const char *what, const char *which, const char *why)
{
    unsigned dropped;

    acts->refused++;
    if (ha_log_allowed(&refusals, ha_clock_ns(), REFUSALS_LOGGED, &dropped)) {
        char *shown = ha_log_clean(which, strlen(which), 200);

        ha_log(HA_LOG_ERROR, "the helper refuses to %s %s: %s", what, shown, why);
        g_free(shown);
    }
    return -EPERM;
}

/* ---- the network ---- */

static int get_rtnl(struct hb_acts *acts)
{
    return acts->rtnl != NULL ? 0 : hb_rtnl_open(&acts->rtnl);
}

static int do_changes(struct hb_acts *acts, struct hb_request *request, GByteArray *out)
{
    struct hb_change changes[HB_POWER_CHANGES_MAX];
    size_t count;
    int error = get_rtnl(acts);

    if (!hb_power_read_changes(&request->body, changes, &count))
        return -EBADMSG;
    if (error != 0)
        return error;
    (void)hb_rtnl_apply(acts->rtnl, changes, count);
    for (size_t i = 0; i < count; i++) {
        int32_t one = changes[i].error;

        hb_power_put(out, &one, sizeof one);
    }
    return 0;
}

static int do_route(struct hb_acts *acts, struct hb_request *request)
{
    uint8_t message[HB_POWER_ROUTE_MAX] __attribute__((aligned(8)));
    int error = get_rtnl(acts);

    if (!hb_power_read_route(&request->body, message))
        return -EBADMSG;
    return error != 0 ? error
                      : hb_rtnl_add_route_again(acts->rtnl, (const struct nlmsghdr *)(void *)message);
}

static int do_neighbours(struct hb_request *request)
{
    struct hb_kernel_address addresses[HB_POWER_CHANGES_MAX];
    size_t count;

    if (!hb_power_read_addresses(&request->body, addresses, &count))
        return -EBADMSG;
    hb_neighbours_forget(addresses, count);
    return 0;
}

static int do_release(struct hb_request *request, GByteArray *out)
{
    struct hb_guard_table *table = MAP_FAILED;
    struct stat stat;
    uint32_t count = 0;
    int netlink;

    if (!hb_power_done(&request->body) || request->fds[0] < 0 || fstat(request->fds[0], &stat) < 0 ||
        !S_ISREG(stat.st_mode) || stat.st_size != (off_t)sizeof *table)
        return -EBADMSG;
    netlink = hb_guard_socket();
    if (netlink < 0)
        return netlink;
    table = mmap(NULL, sizeof *table, PROT_READ | PROT_WRITE, MAP_SHARED, request->fds[0], 0);
    if (table != MAP_FAILED) {
        if (table->magic == HB_GUARD_MAGIC)
            count = hb_guard_release(table, netlink);
        munmap(table, sizeof *table);
    }
    close(netlink);
    hb_power_put(out, &count, sizeof count);
    return table == MAP_FAILED ? -EBADMSG : 0;
}

/* ---- programs ---- */

static bool is_out_of_reach(const struct hb_acts *acts, const struct stat *stat)
{
    return hb_rules_owner(&(struct hb_owner){acts->uid, acts->gid},
                          &(struct hb_owner){stat->st_uid, stat->st_gid}, stat->st_mode);
}

/* Neither the file nor its folder may be the daemon's to change, or everybody's. */
static const char *look_at_file(const struct hb_acts *acts, const char *path)
{
    char *folder = g_path_get_dirname(path);
    struct stat file, around;
    const char *why = NULL;

    if (stat(path, &file) < 0 || stat(folder, &around) < 0)
        why = g_strerror(errno);
    else if (!S_ISREG(file.st_mode) || !is_out_of_reach(acts, &file))
        why = "everybody or " HA_USER " may write it (chown root:root and chmod go-w it)";
    else if (!is_out_of_reach(acts, &around))
        why = "everybody or " HA_USER " may write to its folder (chown root:root and chmod go-w it)";
    g_free(folder);
    return why;
}

/* A program whose file is gone fails as one that does not exist. */
static int check_file(struct hb_acts *acts, const char *path)
{
    const char *why = look_at_file(acts, path);

    if (why == NULL)
        return 0;
    if (access(path, F_OK) < 0)
        return -errno;
    return refuse(acts, "run", path, why);
}

static int open_text(const char *text)
{
    size_t length = strlen(text);
    int fd = memfd_create("input", MFD_CLOEXEC);

    if (fd >= 0 && (write(fd, text, length) != (ssize_t)length || lseek(fd, 0, SEEK_SET) < 0)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static int spawn(struct hb_acts *acts, const struct hb_power_start *start, int output_fd, pid_t *pid)
{
    char **environment = hb_rules_environment(acts->rules, (char *const *)start->envp->pdata);
    struct ha_child_spec spec = {.path = start->path,
                                 .argv = (char *const *)start->argv->pdata,
                                 .envp = environment,
                                 .deadline_ms = 1, /* kept by the daemon */
                                 .merge_stderr = start->merge_stderr};
    int input_fd = start->input != NULL ? open_text(start->input) : -1;
    int error = start->input != NULL && input_fd < 0 ? errno
                                                     : ha_spawn(&spec, output_fd, input_fd, pid);

    if (input_fd >= 0)
        close(input_fd);
    g_strfreev(environment);
    return -error;
}

static void answer_started(GByteArray *out, pid_t pid)
{
    int32_t number = pid;

    hb_power_put(out, &number, sizeof number);
}

/* After hb_children_prepare(); error: it could not be started. */
static int started(struct hb_acts *acts, int error, pid_t pid, GByteArray *out, int *fd)
{
    hb_children_started(acts->children, error == 0 ? pid : 0);
    if (error == 0) {
        answer_started(out, pid);
    } else {
        close(*fd);
        *fd = -1;
    }
    return error;
}

static int start_checked(struct hb_acts *acts, struct hb_power_start *start, int output_fd,
                         GByteArray *out, int *fd)
{
    const char *why = hb_rules_start(acts->rules, start);
    pid_t pid = 0;
    int error;

    if (why != NULL && acts->learn(acts))
        why = hb_rules_start(acts->rules, start);
    if (why != NULL)
        return refuse(acts, "run", start->path, why);
    error = check_file(acts, start->path);
    if (error == 0)
        error = hb_children_prepare(acts->children, fd);
    if (error != 0)
        return error;
    error = spawn(acts, start, output_fd, &pid);
    return started(acts, error, pid, out, fd);
}

static int do_start(struct hb_acts *acts, struct hb_request *request, GByteArray *out, int *fd)
{
    struct hb_power_start start;
    int error = -EBADMSG;

    if (hb_power_read_start(&request->body, &start))
        error = start_checked(acts, &start, request->fds[0], out, fd);
    hb_power_start_clear(&start);
    return error;
}

/* One that is run as root is looked at as a script is. */
static int check_program(struct hb_acts *acts, const char *user, const char *command)
{
    char *path = g_strndup(command, strcspn(command, " \t"));
    uid_t uid;
    gid_t gid;
    int error = 0;

    if (hb_program_user(user, &uid, &gid) && uid == 0)
        error = check_file(acts, path);
    g_free(path);
    return error;
}

static int do_program(struct hb_acts *acts, struct hb_request *request, GByteArray *out, int *fd)
{
    const char *user, *command, *why;
    char **environment;
    pid_t pid = 0;
    int error;

    if (!hb_power_take_text(&request->body, &user) || !hb_power_take_text(&request->body, &command) ||
        !hb_power_done(&request->body))
        return -EBADMSG;
    why = hb_rules_program(acts->rules, user, command);
    if (why != NULL && acts->learn(acts))
        why = hb_rules_program(acts->rules, user, command);
    if (why != NULL)
        return refuse(acts, "run", command, why);
    error = check_program(acts, user, command);
    if (error == 0)
        error = hb_children_prepare(acts->children, fd);
    if (error != 0)
        return error;
    environment = hb_rules_environment(acts->rules, NULL);
    error = hb_program_start(user, command, environment, &pid);
    g_strfreev(environment);
    return started(acts, error, pid, out, fd);
}

static int do_guardian(struct hb_acts *acts, struct hb_request *request, GByteArray *out, int *fd)
{
    const char *logfile, *why;
    int32_t priority;
    pid_t pid;
    int error;

    if (!hb_power_take(&request->body, &priority, sizeof priority) ||
        !hb_power_take_text(&request->body, &logfile) || !hb_power_done(&request->body) ||
        request->fds[HB_GUARD_FDS - 1] < 0)
        return -EBADMSG;
    why = hb_rules_guardian(acts->rules, priority, logfile);
    if (why != NULL && acts->learn(acts))
        why = hb_rules_guardian(acts->rules, priority, logfile);
    if (why != NULL)
        return refuse(acts, "start a guardian that logs to", logfile, why);
    error = hb_children_prepare(acts->children, fd);
    if (error != 0)
        return error;
    pid = hb_guardian_start(request->fds, logfile, priority);
    return started(acts, pid < 0 ? -errno : 0, pid, out, fd);
}

static int take_signal(struct hb_request *request, struct hb_power_signal *what)
{
    return hb_power_take(&request->body, what, sizeof *what) && hb_power_done(&request->body) ? 0
                                                                                             : -EBADMSG;
}

/* Of whatever file it is run: one that was replaced meanwhile is still one. */
static bool is_director(const struct hb_acts *acts, pid_t pid)
{
    char link[64], path[4096];
    ssize_t length;

    snprintf(link, sizeof link, "/proc/%d/exe", (int)pid);
    length = readlink(link, path, sizeof path - 1);
    path[length > 0 ? length : 0] = '\0';
    if (g_str_has_suffix(path, " (deleted)"))
        path[length - (ssize_t)strlen(" (deleted)")] = '\0';
    return acts->paths->ldirectord != NULL && strcmp(path, acts->paths->ldirectord) == 0;
}

static int do_director(struct hb_acts *acts, struct hb_request *request)
{
    struct hb_power_signal what;
    int error = take_signal(request, &what), fd;

    if (error != 0 || what.pid <= 1 || (what.signo != SIGTERM && what.signo != SIGKILL))
        return -EBADMSG;
    fd = (int)syscall(SYS_pidfd_open, what.pid, 0);
    if (fd < 0)
        return -errno;
    /* The number is held by the descriptor now. */
    if (!is_director(acts, what.pid))
        error = refuse(acts, "signal", "a process", "it is no ldirectord");
    else if (syscall(SYS_pidfd_send_signal, fd, what.signo, NULL, 0) < 0)
        error = -errno;
    close(fd);
    return error;
}

/* ---- files ---- */

/* A log that is a link is followed if root has made the link. The daemon may append to it by itself from
 * then on. */
static int open_log(const struct hb_acts *acts, const char *path)
{
    int flags = hb_power_flags(HB_POWER_LOG), fd = open(path, flags | O_NOFOLLOW, 0644);
    struct stat stat;

    if (fd < 0 && errno == ELOOP && lstat(path, &stat) == 0 && stat.st_uid == 0)
        return open(path, flags, 0644);
    if (fd >= 0 && acts->uid != 0 && fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode) &&
        stat.st_nlink == 1 && stat.st_uid == 0)
        (void)!fchown(fd, acts->uid, (gid_t)-1);
    return fd;
}

static int do_open(struct hb_acts *acts, struct hb_request *request, int *fd)
{
    struct hb_power_kind of;
    const char *path, *why;

    if (!hb_power_take(&request->body, &of, sizeof of) || of.kind == 0 || of.kind >= HB_POWER_FILE_END ||
        !hb_power_take_text(&request->body, &path) || !hb_power_done(&request->body))
        return -EBADMSG;
    why = hb_rules_open(acts->rules, (enum hb_power_file)of.kind, path);
    if (why != NULL && acts->learn(acts))
        why = hb_rules_open(acts->rules, (enum hb_power_file)of.kind, path);
    if (why != NULL)
        return refuse(acts, "open", path, why);
    if (of.kind == HB_POWER_FIFO || of.kind == HB_POWER_GUARDED) {
        *fd = of.kind == HB_POWER_FIFO ? hb_fifo_make(path) : hb_guard_file(path);
        return MIN(*fd, 0);
    }
    *fd = of.kind == HB_POWER_LOG ? open_log(acts, path)
                                  : open(path, hb_power_flags((enum hb_power_file)of.kind));
    return *fd < 0 ? -errno : 0;
}

static int do_listen(struct hb_request *request, int *fd)
{
    if (!hb_power_done(&request->body))
        return -EBADMSG;
    *fd = hb_api_listen_at(HB_API_SOCKET);
    return *fd < 0 ? *fd : 0;
}

static int do_clear(struct hb_request *request)
{
    struct hb_power_kind of;

    if (!hb_power_take(&request->body, &of, sizeof of) || !hb_power_done(&request->body))
        return -EBADMSG;
    switch (of.kind) {
    case HB_POWER_PIDFILE:
        ha_pidfile_remove(HB_PIDFILE, getppid());
        return 0;
    case HB_POWER_REGISTER:
        return unlink(HB_API_SOCKET) < 0 ? -errno : 0;
    case HB_POWER_GUARDED:
        return unlink(HB_GUARD_PATH) < 0 ? -errno : 0;
    default:
        return -EBADMSG;
    }
}

static int do_reboot(struct hb_request *request)
{
    if (!hb_power_done(&request->body))
        return -EBADMSG;
    reboot(RB_AUTOBOOT);
    return -errno;
}

/* ---- all of them ---- */

static int carry_out(struct hb_acts *acts, struct hb_request *request, GByteArray *out, int *fd)
{
    struct hb_power_signal what;

    switch (request->head.act) {
    case HB_POWER_CHANGES:
        return do_changes(acts, request, out);
    case HB_POWER_ROUTE:
        return do_route(acts, request);
    case HB_POWER_NEIGHBOURS:
        return do_neighbours(request);
    case HB_POWER_START:
        return do_start(acts, request, out, fd);
    case HB_POWER_PROGRAM:
        return do_program(acts, request, out, fd);
    case HB_POWER_GUARDIAN:
        return do_guardian(acts, request, out, fd);
    case HB_POWER_SIGNAL:
        return take_signal(request, &what) < 0
                   ? -EBADMSG
                   : hb_children_signal(acts->children, what.pid, what.signo);
    case HB_POWER_REAP:
        return take_signal(request, &what) < 0 ? -EBADMSG
                                               : hb_children_reap(acts->children, what.pid);
    case HB_POWER_DIRECTOR:
        return do_director(acts, request);
    case HB_POWER_OPEN:
        return do_open(acts, request, fd);
    case HB_POWER_LISTEN:
        return do_listen(request, fd);
    case HB_POWER_CLEAR:
        return do_clear(request);
    case HB_POWER_RELEASE:
        return do_release(request, out);
    case HB_POWER_REBOOT:
        return do_reboot(request);
    default:
        return -EOPNOTSUPP;
    }
}

void hb_acts_do(struct hb_acts *acts, struct hb_request *request, GByteArray *out, int *fd)
{
    int error;

    *fd = -1;
    hb_power_begin_message(out, (enum hb_power_act)request->head.act, request->head.number);
    error = carry_out(acts, request, out, fd);
    if (error == -EBADMSG)
        (void)refuse(acts, "do", "what was asked", "the request makes no sense");
    ((struct hb_power_head *)(void *)out->data)->error = error;
    (void)hb_power_finish(out);
}
