/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * helper PRIORITY: started by heartbeat, which then gives up what root may do;
 * this keeps it. Reads one request at a time from descriptor 3, does it if it is
 * on the list and root's own files allow it (acts.h, rules.h), and answers.
 * Knows no key, hears nothing of the network, and ends with the daemon; what it
 * has started goes on, but programs of respawn lines, which end with it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/conf/diag.h"
#include "common/conf/lines.h"
#include "common/run/control.h"
#include "common/run/file.h"
#include "common/run/log.h"
#include "common/run/trust.h"
#include "heartbeatd/act/agents.h"
#include "heartbeatd/conf/ha_cf.h"
#include "heartbeatd/conf/haresources.h"
#include "heartbeatd/daemon/hb_log.h"
#include "heartbeatd/daemon/node_name.h"
#include "heartbeatd/daemon/realtime.h"
#include "heartbeatd/power/acts.h"

#define SOCKET_FD 3

/* ---- root's files ---- */

static struct stat ha_cf_read, haresources_read;

static bool same(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static char *read_text(const char *name, size_t *length, struct stat *stat)
{
    char *path = g_build_filename(HA_HADIR, name, NULL), *text;

    (void)ha_file_read(path, HA_CONF_MAX, &text, length, stat);
    g_free(path);
    return text;
}

/* Not what everybody may write. */
static bool are_roots(void)
{
    struct ha_diags diags;
    bool good;

    ha_diags_init(&diags);
    ha_trust_file(HA_HADIR "/ha.cf", HA_ERROR, (struct ha_trust_at){.file = "ha.cf"}, &diags);
    ha_trust_file(HA_HADIR "/haresources", HA_ERROR, (struct ha_trust_at){.file = "haresources"}, &diags);
    good = diags.errors == 0;
    ha_diags_clear(&diags);
    return good;
}

/* What is wrong in them the daemon has told already: it does not take them over either. */
static void read_files(struct hb_acts *acts)
{
    struct hb_haresources *resources = NULL;
    struct hb_config *config = NULL;
    struct ha_diags diags;
    size_t length, resources_length;
    char *text, *resources_text, *node;

    ha_diags_init(&diags);
    node = hb_local_node(&diags);
    text = read_text("ha.cf", &length, &ha_cf_read);
    resources_text = read_text("haresources", &resources_length, &haresources_read);
    if (text != NULL && are_roots())
        config = hb_ha_cf_parse("ha.cf", text, length, node, &diags);
    if (config != NULL && resources_text != NULL)
        resources = hb_haresources_parse("haresources", resources_text, resources_length, config,
                                         &diags);
    if (config != NULL) {
        hb_log_setup(config, false, 0);
        hb_rules_learn(acts->rules, config, resources, node != NULL ? node : "");
    }
    hb_haresources_free(resources);
    ha_diags_clear(&diags);
    g_free(resources_text);
    g_free(text);
    g_free(node);
}

static bool changed(const char *name, const struct stat *before)
{
    char *path = g_build_filename(HA_HADIR, name, NULL);
    struct stat now;
    bool other = stat(path, &now) == 0 && !same(&now, before);

    g_free(path);
    return other;
}

static bool learn(struct hb_acts *acts)
{
    if (!changed("ha.cf", &ha_cf_read) && !changed("haresources", &haresources_read))
        return false;
    read_files(acts);
    return true;
}

/* ---- requests and answers ---- */

static void take_fds(struct msghdr *message, int fds[HB_POWER_FDS_MAX])
{
    size_t taken = 0;

    for (size_t i = 0; i < HB_POWER_FDS_MAX; i++)
        fds[i] = -1;
    for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at != NULL; at = CMSG_NXTHDR(message, at)) {
        size_t count = at->cmsg_level == SOL_SOCKET && at->cmsg_type == SCM_RIGHTS
                           ? (at->cmsg_len - CMSG_LEN(0)) / sizeof(int)
                           : 0;

        for (size_t i = 0; i < count; i++) {
            int fd;

            memcpy(&fd, CMSG_DATA(at) + i * sizeof fd, sizeof fd);
            if (taken < HB_POWER_FDS_MAX)
                fds[taken++] = fd;
            else
                close(fd);
        }
    }
}

static void send_answer(const GByteArray *answer, int fd)
{
    struct iovec part = {answer->data, answer->len};
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {{0}};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

    if (fd >= 0) {
        struct cmsghdr *header;

        message.msg_control = control.bytes;
        message.msg_controllen = sizeof control.bytes;
        header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(header), &fd, sizeof fd);
    }
    /* Who does not read its answers loses them. */
    (void)!sendmsg(SOCKET_FD, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* False: there is nobody any more. */
static bool serve(struct hb_acts *acts, uint8_t *bytes, GByteArray *answer)
{
    struct hb_request request = {0};
    struct iovec part = {bytes, HB_POWER_BYTES_MAX};
    union {
        char bytes[CMSG_SPACE(HB_POWER_FDS_MAX * sizeof(int))];
        struct cmsghdr align;
    } control = {{0}};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    ssize_t got = recvmsg(SOCKET_FD, &message, MSG_CMSG_CLOEXEC);
    int fd = -1;

    if (got <= 0)
        return got < 0 && errno == EINTR;
    take_fds(&message, request.fds);
    if ((message.msg_flags & MSG_TRUNC) == 0 &&
        hb_power_read_head(bytes, (size_t)got, &request.head, &request.body)) {
        hb_acts_do(acts, &request, answer, &fd);
        send_answer(answer, fd);
    }
    for (int i = 0; i < HB_POWER_FDS_MAX; i++) {
        if (request.fds[i] >= 0)
            close(request.fds[i]);
    }
    if (fd >= 0)
        close(fd);
    return true;
}

/* ---- life ---- */

/* Nobody's signals but the kernel's are for us: what ends us is the daemon's end. */
static int hold_signals(void)
{
    sigset_t all, ended;

    sigfillset(&all);
    sigemptyset(&ended);
    sigaddset(&ended, SIGCHLD);
    if (sigprocmask(SIG_SETMASK, &all, NULL) < 0)
        return -1;
    return signalfd(-1, &ended, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Addresses wait for us: as urgent as the daemon, and never paged out. */
static void be_quick(int priority)
{
    const struct sched_param param = {.sched_priority = priority};

    (void)hb_realtime_lock(); /* what cannot be had the daemon has told */
    if (priority > 0)
        (void)sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &param);
}

static void find_daemon(struct hb_acts *acts)
{
    const struct passwd *user = getpwnam(HA_USER);

    if (user != NULL) {
        acts->uid = user->pw_uid;
        acts->gid = user->pw_gid;
    }
}

static void say_ready(GByteArray *answer)
{
    hb_power_begin_message(answer, HB_POWER_OPEN, 0);
    (void)hb_power_finish(answer);
    send_answer(answer, -1);
}

static void run(struct hb_acts *acts, int signals)
{
    struct pollfd ends[] = {{.fd = SOCKET_FD, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
    uint8_t *bytes = g_malloc(HB_POWER_BYTES_MAX);
    GByteArray *answer = g_byte_array_new();
    struct signalfd_siginfo ignored;

    say_ready(answer);
    do {
        ends[0].revents = ends[1].revents = 0;
        if (poll(ends, G_N_ELEMENTS(ends), -1) < 0)
            continue;
        while (ends[1].revents != 0 && read(signals, &ignored, sizeof ignored) > 0) {
        }
        if (ends[1].revents != 0)
            hb_children_look(acts->children);
    } while (ends[0].revents == 0 || serve(acts, bytes, answer));
    g_byte_array_free(answer, TRUE);
    g_free(bytes);
}

int main(int argc, char **argv)
{
    struct hb_acts acts = {.learn = learn, .paths = hb_act_installed()};
    int signals, type = 0;
    socklen_t length = sizeof type;

    if (argc != 2 || getsockopt(SOCKET_FD, SOL_SOCKET, SO_TYPE, &type, &length) < 0 ||
        type != SOCK_SEQPACKET) {
        fputs("helper: it is heartbeat that starts this\n", stderr);
        return 2;
    }
    (void)fcntl(SOCKET_FD, F_SETFD, FD_CLOEXEC);
    umask(022);
    signals = hold_signals();
    if (signals < 0 || chdir("/") < 0)
        return 1;
    find_daemon(&acts);
    acts.rules = hb_rules_new(acts.paths);
    acts.children = hb_children_new();
    read_files(&acts);
    (void)hb_rtnl_open(&acts.rtnl); /* or when it is wanted */
    be_quick(atoi(argv[1]));
    run(&acts, signals);
    hb_children_free(acts.children);
    hb_rules_free(acts.rules);
    hb_rtnl_close(acts.rtnl);
    return 0;
}
