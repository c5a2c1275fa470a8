/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lists of names by purpose, and rules where a call's arguments decide. Names
 * that the machine or libseccomp does not know are passed over: the lists hold
 * those of all machines.
 */
#include "common/confine/filter.h"

#include <errno.h>

#include "config.h"

#ifdef HAVE_SECCOMP

#include <fcntl.h>
#include <glib.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <linux/sockios.h>
#include <linux/watchdog.h>
#include <seccomp.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#if defined(__SANITIZE_ADDRESS__) || defined(HA_COUNTED) /* tests/coverage: counters are files, too */
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

static const char *const always[] = {
    /* descriptors that are there */
    "read", "readv", "pread64", "preadv", "preadv2", "write", "writev", "pwrite64", "pwritev",
    "pwritev2", "close", "close_range", "lseek", "_llseek", "dup", "dup2", "dup3", "fcntl", "fcntl64",
    "fstat", "fstat64", "pipe", "pipe2", "eventfd", "eventfd2", "memfd_create", "ftruncate",
    "ftruncate64", "fsync", "fdatasync",
    /* waiting */
    "poll", "ppoll", "ppoll_time64", "select", "_newselect", "pselect6", "pselect6_time64",
    "epoll_create", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2",
    "signalfd", "signalfd4", "timerfd_create", "timerfd_settime", "timerfd_settime64",
    "timerfd_gettime", "timerfd_gettime64", "nanosleep", "clock_nanosleep", "clock_nanosleep_time64",
    "pause", "wait4", "waitid", "restart_syscall",
    /* time */
    "time", "times", "gettimeofday", "clock_gettime", "clock_gettime64", "clock_getres",
    "clock_getres_time64", "getitimer", "setitimer", "alarm",
    /* memory */
    "brk", "mmap", "mmap2", "munmap", "mremap", "mprotect", "madvise", "mincore", "msync", "mlock",
    "mlock2", "munlock", "mlockall", "munlockall", "membarrier", "map_shadow_stack",
    /* threads that are there */
    "futex", "futex_time64", "futex_waitv", "set_robust_list", "get_robust_list", "set_tid_address",
    "rseq", "sched_yield", "sched_getaffinity", "sched_getparam", "sched_getscheduler",
    "sched_get_priority_max", "sched_get_priority_min", "getcpu", "arch_prctl", "set_thread_area",
    "get_thread_area", "prctl",
    /* signals */
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigpending", "rt_sigtimedwait",
    "rt_sigtimedwait_time64", "rt_sigsuspend", "sigaction", "sigprocmask", "sigreturn", "sigsuspend",
    "sigaltstack", "tgkill", "tkill",
    /* who and where we are */
    "getpid", "getppid", "gettid", "getpgid", "getpgrp", "getsid", "getuid", "getuid32", "geteuid",
    "geteuid32", "getgid", "getgid32", "getegid", "getegid32", "getresuid", "getresuid32", "getresgid",
    "getresgid32", "getgroups", "getgroups32", "getrlimit", "ugetrlimit", "setrlimit", "prlimit64",
    "getrusage", "getpriority", "uname", "sysinfo", "capget", "getrandom", "umask", "exit",
    "exit_group", NULL};

static const char *const reading[] = {
    "access", "faccessat", "faccessat2", "stat", "stat64", "lstat", "lstat64", "newfstatat",
    "fstatat64", "statx", "statfs", "statfs64", "fstatfs", "fstatfs64", "readlink", "readlinkat",
    "getdents", "getdents64", "getcwd", "chdir", "fchdir", "flock", "fadvise64", "fadvise64_64",
    "arm_fadvise64_64", "readahead", "inotify_init", "inotify_init1", "inotify_add_watch",
    "inotify_rm_watch", NULL};

static const char *const writing[] = {
    "open", "openat", "creat", "mkdir", "mkdirat", "rmdir", "unlink", "unlinkat", "rename", "renameat",
    "renameat2", "link", "linkat", "symlink", "symlinkat", "chmod", "fchmod", "fchmodat", "fchmodat2",
    "chown", "chown32", "fchown", "fchown32", "lchown", "lchown32", "fchownat", "utime", "utimes",
    "utimensat", "utimensat_time64", "truncate", "truncate64", "fallocate", "sync_file_range", NULL};

static const char *const connecting[] = {
    "socketpair", "socketcall", "connect", "bind", "listen", "accept", "accept4", "getsockname",
    "getpeername", "getsockopt", "setsockopt", "send", "sendto", "sendmsg", "sendmmsg", "recv",
    "recvfrom", "recvmsg", "recvmmsg", "recvmmsg_time64", "shutdown", "sendfile", "sendfile64", NULL};

static const char *const forking[] = {"fork", "vfork", NULL};

static const char *const signalling[] = {"kill", "pidfd_open", "pidfd_send_signal", NULL};

static const char *const hurrying[] = {"sched_setscheduler", "sched_setparam", "setpriority", NULL};

/* Named, so that who meets one is told that he may not, rather than that there is none. */
static const char *const power[] = {
    "execve", "execveat", "fork", "vfork", "kill", "ptrace", "process_vm_readv", "process_vm_writev",
    "pidfd_getfd", "kcmp", "mount", "umount", "umount2", "pivot_root", "chroot", "setns", "unshare",
    "open_by_handle_at", "bpf", "perf_event_open", "userfaultfd", "init_module", "finit_module",
    "delete_module", "kexec_load", "kexec_file_load", "reboot", "swapon", "swapoff", "add_key",
    "request_key", "keyctl", "iopl", "ioperm", "acct", "quotactl", "settimeofday", "clock_settime",
    "clock_adjtime", "adjtimex", "sethostname", "setdomainname", "syslog", "setuid", "setgid",
    "setreuid", "setregid", "setresuid", "setresgid", "setgroups", "setfsuid", "setfsgid", "capset",
    "seccomp", "personality", "mknod", "mknodat", NULL};

static const char *const sanitizer[] = {
    "clone", "ptrace", "kill", "process_vm_readv", "personality", "open", "openat", "mkdir",
    "getdents64", "readlink", "sched_setaffinity", NULL};

/* The first error stays. */
struct building {
    scmp_filter_ctx filter;
    int error;
};

/* The same call with the same action twice is no error: lists may overlap. */
static void note(struct building *building, int error)
{
    if (error != 0 && error != -EEXIST && building->error == 0)
        building->error = error;
}

static void add(struct building *building, uint32_t action, const char *const *names)
{
    for (; *names != NULL; names++) {
        int number = seccomp_syscall_resolve_name(*names);

        if (number != __NR_SCMP_ERROR)
            note(building, seccomp_rule_add(building->filter, action, number, 0));
    }
}

/* A rule with conditions; names unknown to the machine are passed over. */
static void add_if(struct building *building, uint32_t action, const char *name, unsigned count,
                   const struct scmp_arg_cmp *conditions)
{
    int number = seccomp_syscall_resolve_name(name);

    if (number != __NR_SCMP_ERROR)
        note(building, seccomp_rule_add_array(building->filter, action, number, count, conditions));
}

static bool has_name(const char *const *names, const char *name)
{
    for (; *names != NULL; names++)
        if (g_strcmp0(*names, name) == 0)
            return true;
    return false;
}

static bool is_allowed(const char *name, unsigned may)
{
    return (may & HA_MAY_FORK && has_name(forking, name)) ||
           (may & HA_MAY_SIGNAL && has_name(signalling, name)) || (SANITIZED && has_name(sanitizer, name));
}

/* What another list allows is not refused. */
static void add_power(struct building *building, unsigned may)
{
    for (const char *const *name = power; *name != NULL; name++) {
        const char *const one[] = {*name, NULL};

        if (!is_allowed(*name, may))
            add(building, SCMP_ACT_ERRNO(EPERM), one);
    }
}

static struct scmp_arg_cmp is(unsigned place, scmp_datum_t value)
{
    return (struct scmp_arg_cmp){.arg = place, .op = SCMP_CMP_EQ, .datum_a = value, .datum_b = 0};
}

/* What the mask leaves of it. */
static struct scmp_arg_cmp is_within(unsigned place, scmp_datum_t mask, scmp_datum_t value)
{
    return (struct scmp_arg_cmp){.arg = place, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};
}

static void add_sockets(struct building *building)
{
    static const int families[] = {AF_UNIX, AF_INET, AF_INET6};
    const struct scmp_arg_cmp route[] = {is(0, AF_NETLINK), is(2, NETLINK_ROUTE)};

    for (size_t i = 0; i < G_N_ELEMENTS(families); i++) {
        const struct scmp_arg_cmp family = is(0, (scmp_datum_t)families[i]);

        add_if(building, SCMP_ACT_ALLOW, "socket", 1, &family);
    }
    add_if(building, SCMP_ACT_ALLOW, "socket", G_N_ELEMENTS(route), route);
}

static void add_frames(struct building *building)
{
    const struct scmp_arg_cmp packet = is(0, AF_PACKET);

    add_if(building, SCMP_ACT_ALLOW, "socket", 1, &packet);
}

static void add_reading(struct building *building)
{
    const scmp_datum_t change = O_ACCMODE | O_CREAT | O_TRUNC;
    const struct scmp_arg_cmp open_flags = is_within(1, change, O_RDONLY);
    const struct scmp_arg_cmp openat_flags = is_within(2, change, O_RDONLY);

    add_if(building, SCMP_ACT_ALLOW, "open", 1, &open_flags);
    add_if(building, SCMP_ACT_ALLOW, "openat", 1, &openat_flags);
}

#define NEW_SPACES (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | \
                    CLONE_NEWPID | CLONE_NEWNET)

/* clone3() has its flags in memory, where no filter looks; without it glibc takes clone(). */
static void add_clone(struct building *building, unsigned may)
{
    scmp_datum_t mask = NEW_SPACES | CLONE_THREAD, wanted = CLONE_THREAD;
#ifdef __s390x__
    unsigned place = 1;
#else
    unsigned place = 0;
#endif
    struct scmp_arg_cmp flags;

    if (may & HA_MAY_FORK) {
        mask = NEW_SPACES;
        wanted = 0;
    }
    flags = is_within(place, mask, wanted);
    if (may & (HA_MAY_THREADS | HA_MAY_FORK))
        add_if(building, SCMP_ACT_ALLOW, "clone", 1, &flags);
}

static void add_ioctls(struct building *building, const scmp_datum_t *requests, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct scmp_arg_cmp one = is_within(1, 0xffffffff, requests[i]);

        add_if(building, SCMP_ACT_ALLOW, "ioctl", 1, &one);
    }
}

/* Questions about sockets and terminals, and whether to wait; nothing that puts words into the mouth of
 * the terminal we were started from. The kernel looks at the low half of the number alone, so do we. */
static void add_ioctl(struct building *building, unsigned may)
{
    static const scmp_datum_t questions[] = {FIONREAD, FIONBIO, FIOCLEX, FIONCLEX, TCGETS, TIOCGWINSZ,
                                             TIOCOUTQ};
    static const scmp_datum_t settings[] = {TCSETS, TCSETSW, TCSETSF, TCFLSH, WDIOC_SETTIMEOUT,
                                            WDIOC_KEEPALIVE, WDIOC_SETOPTIONS};
    const struct scmp_arg_cmp sockets = is_within(1, 0xffffff00, SIOCGIFNAME & ~0xff);

    add_ioctls(building, questions, G_N_ELEMENTS(questions));
    if (may & HA_MAY_DEVICES)
        add_ioctls(building, settings, G_N_ELEMENTS(settings));
    add_if(building, SCMP_ACT_ALLOW, "ioctl", 1, &sockets);
}

static void fill(struct building *building, unsigned may)
{
    /* Sorted as a tree: a call costs a handful of comparisons. No mitigation that slows all else down. */
    seccomp_attr_set(building->filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    seccomp_attr_set(building->filter, SCMP_FLTATR_CTL_SSB, 1);
    note(building, seccomp_attr_set(building->filter, SCMP_FLTATR_CTL_NNP, 0));
    seccomp_attr_set(building->filter, SCMP_FLTATR_API_SYSRAWRC, 1); /* the kernel's own error */
    add(building, SCMP_ACT_ALLOW, always);
    add_ioctl(building, may);
    if (may & (HA_MAY_READ | HA_MAY_WRITE))
        add(building, SCMP_ACT_ALLOW, reading);
    if (may & HA_MAY_WRITE)
        add(building, SCMP_ACT_ALLOW, writing);
    else if (may & HA_MAY_READ && !SANITIZED)
        add_reading(building);
    if (may & HA_MAY_CONNECT) {
        add(building, SCMP_ACT_ALLOW, connecting);
        add_sockets(building);
    }
    if (may & HA_MAY_FRAMES)
        add_frames(building);
    if (may & HA_MAY_FORK)
        add(building, SCMP_ACT_ALLOW, forking);
    if (may & HA_MAY_SIGNAL)
        add(building, SCMP_ACT_ALLOW, signalling);
    if (may & HA_MAY_HURRY)
        add(building, SCMP_ACT_ALLOW, hurrying);
    if (SANITIZED)
        add(building, SCMP_ACT_ALLOW, sanitizer);
    else
        add_clone(building, may);
    add_power(building, may);
}

int ha_filter_load(unsigned may)
{
    struct building building = {.filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS))};

    if (building.filter == NULL)
        return -ENOMEM;
    fill(&building, may);
    if (building.error == 0)
        building.error = seccomp_load(building.filter);
    seccomp_release(building.filter);
    /* Kernels without filters say that they do not know the word. */
    return building.error == -EINVAL ? -ENOSYS : building.error;
}

#else

int ha_filter_load(unsigned may)
{
    (void)may;
    return -ENOSYS;
}

#endif
