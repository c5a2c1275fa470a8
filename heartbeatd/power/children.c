/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The helper's children (children.h): an array, for they are few. */
#include "heartbeatd/power/children.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct child {
    pid_t pid;
    int end_fd;  /* -1: its end has been told */
    bool reaped; /* as soon as it has ended */
};

struct hb_children {
    GArray *list; /* of struct child */
    int end_fd;   /* of the one being started; -1: none */
};

struct hb_children *hb_children_new(void)
{
    struct hb_children *children = g_new0(struct hb_children, 1);

    children->list = g_array_new(FALSE, FALSE, sizeof(struct child));
    children->end_fd = -1;
    return children;
}

static struct child *at(const struct hb_children *children, guint i)
{
    return &g_array_index(children->list, struct child, i);
}

void hb_children_free(struct hb_children *children)
{
    for (guint i = 0; i < children->list->len; i++) {
        if (at(children, i)->end_fd >= 0)
            close(at(children, i)->end_fd);
    }
    g_array_free(children->list, TRUE);
    g_free(children);
}

int hb_children_prepare(struct hb_children *children, int *read_fd)
{
    int ends[2];

    if (children->list->len >= HB_CHILDREN_MAX)
        return -EAGAIN;
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
        return -errno;
    *read_fd = ends[0];
    children->end_fd = ends[1];
    return 0;
}

void hb_children_started(struct hb_children *children, pid_t pid)
{
    struct child child = {.pid = pid, .end_fd = children->end_fd};

    children->end_fd = -1;
    if (pid > 0)
        g_array_append_val(children->list, child);
    else
        close(child.end_fd);
}

/* As waitpid() would have it; -1: it runs. */
static int end_of(pid_t pid)
{
    siginfo_t info = {0};

    if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
        return SIGKILL; /* it is not ours, which cannot be */
    if (info.si_pid == 0)
        return -1;
    return info.si_code == CLD_EXITED ? W_EXITCODE(info.si_status, 0) : info.si_status;
}

static bool has_ended(struct child *child)
{
    int status = child->end_fd >= 0 ? end_of(child->pid) : 0;

    if (status < 0)
        return false;
    if (child->end_fd >= 0) {
        /* An empty pipe has room for it. */
        (void)!write(child->end_fd, &status, sizeof status);
        close(child->end_fd);
        child->end_fd = -1;
    }
    return true;
}

/* True: it is forgotten. */
static bool settle(struct hb_children *children, guint i)
{
    struct child *child = at(children, i);

    if (!has_ended(child) || !child->reaped)
        return false;
    (void)waitpid(child->pid, NULL, WNOHANG);
    g_array_remove_index_fast(children->list, i);
    return true;
}

void hb_children_look(struct hb_children *children)
{
    for (guint i = 0; i < children->list->len;) {
        if (!settle(children, i))
            i++;
    }
}

static bool find(const struct hb_children *children, pid_t pid, guint *index)
{
    for (*index = 0; *index < children->list->len; ++*index) {
        if (at(children, *index)->pid == pid && !at(children, *index)->reaped)
            return true;
    }
    return false;
}

/* To its group; one that was started just now may not have one yet. */
int hb_children_signal(struct hb_children *children, pid_t pid, int signo)
{
    guint i;

    if (signo != SIGTERM && signo != SIGKILL && signo != SIGCONT)
        return -EINVAL;
    if (pid <= 0 || !find(children, pid, &i))
        return -ESRCH;
    if (kill(-pid, signo) < 0 && kill(pid, signo) < 0)
        return -errno;
    return 0;
}

int hb_children_reap(struct hb_children *children, pid_t pid)
{
    guint i;

    if (pid <= 0 || !find(children, pid, &i))
        return -ESRCH;
    at(children, i)->reaped = true;
    (void)settle(children, i);
    return 0;
}

size_t hb_children_count(const struct hb_children *children)
{
    return children->list->len;
}
