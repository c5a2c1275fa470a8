/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A library to be preloaded (LD_PRELOAD) that lets one call of the daemon fail, once: the first in a
 * phase that is made from a given place. A place is the class of the call, its name and where it was
 * called from: the innermost frames of the program itself, without those of libraries. So a case means
 * the same in every run, however often and in whatever order things happen. Calls that libraries make
 * inside themselves without their symbol table are not seen (what the C library does for getaddrinfo()).
 *
 *   FAULTS_EXE    the program that is meant, by the last part of its path; others are left alone
 *   FAULTS_STATE  a file of STATE_BYTES that driver and program share; its first byte is the phase
 *   FAULTS_LOG    gets a line for each place that is met: PHASE CLASS CALL PLACE OFFSETS, and a line
 *                 "failed ..." of the same words when it has failed
 *   FAULTS_PLAN   PHASE PLACE: what is to fail; absent: nothing, all is only told
 *   FAULTS_TIMES  so many times, if not once
 *
 * Allocates nothing and takes no lock: it is inside malloc() and between fork() and exec().
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

#define PLACES      65536 /* a power of two */
#define STATE_BYTES (8 + (size_t)PLACES * 8)
/* Frames looked at, and those of the program that tell places apart. */
#define FRAMES      24
#define DEPTH       5

struct state {
    char phase; /* '0': nothing is counted */
    char unused[3];
    _Atomic uint32_t failed;
    _Atomic uint64_t places[PLACES]; /* 0: free */
};

static struct state *state;
static const char *log_path;
static char plan_phase;
static uint64_t plan_place;
static uint32_t times = 1;
static bool kills; /* FAULTS_KILL: the call is not refused, its process dies before it */
static __thread bool inside;

static bool is_meant(const char *name)
{
    char path[512];
    ssize_t length = syscall(SYS_readlink, "/proc/self/exe", path, sizeof(path) - 1);
    const char *last;

    path[length > 0 ? length : 0] = '\0';
    last = strrchr(path, '/');
    return name && last && strcmp(last + 1, name) == 0;
}

static void begin(void) __attribute__((constructor));
static void begin(void)
{
    const char *path = getenv("FAULTS_STATE"), *plan = getenv("FAULTS_PLAN");
    void *frames[FRAMES], *mapped;
    int fd;

    inside = true;
    (void)backtrace(frames, FRAMES); /* loads what it needs */
    if (getenv("FAULTS_TIMES"))
        times = (uint32_t)strtoul(getenv("FAULTS_TIMES"), NULL, 10);
    if (plan && plan[0]) {
        plan_phase = plan[0];
        plan_place = strtoull(plan + 1, NULL, 16);
    }
    kills = getenv("FAULTS_KILL") && getenv("FAULTS_KILL")[0];
    log_path = getenv("FAULTS_LOG");
    if (path && log_path && is_meant(getenv("FAULTS_EXE"))) {
        fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
        mapped = mmap(NULL, sizeof(*state), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        state = mapped == MAP_FAILED ? NULL : mapped;
        syscall(SYS_close, fd);
    }
    inside = false;
}

static uint64_t mix(uint64_t hash, const void *bytes, size_t length)
{
    for (const unsigned char *c = bytes; length > 0; c++, length--)
        hash = (hash ^ *c) * UINT64_C(1099511628211);
    return hash;
}

/* Offsets in the program of who called, innermost first. */
static unsigned callers(uintptr_t offsets[DEPTH])
{
    void *frames[FRAMES];
    int count = backtrace(frames, FRAMES);
    unsigned kept = 0;

    for (int i = 0; i < count && kept < DEPTH; i++) {
        struct dl_find_object found;

        if (_dl_find_object(frames[i], &found) == 0 && found.dlfo_link_map->l_name[0] == '\0')
            offsets[kept++] = (uintptr_t)frames[i] - found.dlfo_link_map->l_addr;
    }
    return kept;
}

static void tell(const char *what, char phase, const char *class, const char *call, uint64_t place,
                 const uintptr_t *offsets, unsigned count)
{
    char line[256];
    int used = snprintf(line, sizeof(line), "%s%c %s %s %016llx ", what, phase, class, call,
                        (unsigned long long)place);
    int fd = (int)syscall(SYS_openat, AT_FDCWD, log_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);

    for (unsigned i = 0; i < count; i++)
        used += snprintf(line + used, sizeof(line) - (size_t)used, "%s0x%lx", i ? "," : "",
                         (unsigned long)offsets[i]);
    line[used++] = '\n';
    if (fd >= 0) {
        (void)syscall(SYS_write, fd, line, (size_t)used);
        syscall(SYS_close, fd);
    }
}

/* False: it was there before. */
static bool met_first(uint64_t key)
{
    for (unsigned i = 0; i < PLACES; i++) {
        _Atomic uint64_t *slot = &state->places[(key + i) % PLACES];
        uint64_t there = 0;

        if (atomic_compare_exchange_strong(slot, &there, key))
            return true;
        if (there == key)
            return false;
    }
    return false;
}

/* Whether this call is to fail; class NULL: never. Also for the table in memory, which knows it as a weak symbol. */
bool faults_fails(const char *class, const char *call);
bool faults_fails(const char *class, const char *call)
{
    uintptr_t offsets[DEPTH];
    unsigned count;
    uint64_t place;
    char phase;
    bool fails = false;
    int error = errno;

    if (!state || inside || !class || (phase = state->phase) <= '0')
        return false;
    inside = true;
    count = callers(offsets);
    place = mix(UINT64_C(14695981039346656037), call, strlen(call));
    place = mix(place, offsets, count * sizeof(*offsets));
    if (met_first(mix(place, &phase, 1) | 1))
        tell("", phase, class, call, place, offsets, count);
    if (place == plan_place && phase == plan_phase && atomic_load(&state->failed) < times &&
        atomic_fetch_add(&state->failed, 1) < times) {
        tell("failed ", phase, class, call, place, offsets, count);
        if (kills)
            /* not kill(), which a process that has let go of root may have forbidden itself */
            (void)syscall(SYS_tgkill, (pid_t)syscall(SYS_getpid), (pid_t)syscall(SYS_gettid), SIGKILL);
        fails = true;
    }
    inside = false;
    errno = error;
    return fails;
}

static const char *of_socket(int fd, const char *class)
{
    int domain = 0;
    socklen_t size = sizeof(domain);

    if (!state || inside)
        return class;
    (void)syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_DOMAIN, &domain, &size);
    return domain == AF_NETLINK ? "netlink" : class;
}

/* ---- the calls ---- */

/* result NAME(parameters): of a class, answers `failure` and `error` when it fails. */
#define CALL(result, name, class, failure, error, parameters, arguments)                             \
    result name parameters;                                                                          \
    result name parameters                                                                           \
    {                                                                                                \
        static result(*real) parameters;                                                             \
                                                                                                     \
        if (!real)                                                                                   \
            real = (result(*) parameters)dlsym(RTLD_NEXT, #name);                                    \
        if (faults_fails(class, #name)) {                                                            \
            errno = error;                                                                           \
            return failure;                                                                          \
        }                                                                                            \
        return real arguments;                                                                       \
    }

/* open() and its like may have a mode. */
#define OPEN(name)                                                                                   \
    int name(const char *path, int flags, ...)                                                       \
    {                                                                                                \
        static int (*real)(const char *, int, ...);                                                  \
        mode_t mode = 0;                                                                             \
        va_list more;                                                                                \
                                                                                                     \
        if (!real)                                                                                   \
            real = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, #name);                         \
        if ((flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE) {                            \
            va_start(more, flags);                                                                   \
            mode = va_arg(more, mode_t);                                                             \
            va_end(more);                                                                            \
        }                                                                                            \
        if (faults_fails("open", #name)) {                                                           \
            errno = EMFILE;                                                                          \
            return -1;                                                                               \
        }                                                                                            \
        return real(path, flags, mode);                                                              \
    }
OPEN(open)
int open64(const char *path, int flags, ...);
OPEN(open64)

CALL(FILE *, fopen, "open", NULL, EMFILE, (const char *path, const char *mode), (path, mode))
CALL(FILE *, fopen64, "open", NULL, EMFILE, (const char *path, const char *mode), (path, mode))
CALL(DIR *, opendir, "open", NULL, EMFILE, (const char *path), (path))
CALL(int, mkostemp, "open", -1, ENOSPC, (char *path, int flags), (path, flags))
CALL(int, memfd_create, "open", -1, EMFILE, (const char *name, unsigned flags), (name, flags))

CALL(int, socket, "socket", -1, EMFILE, (int domain, int type, int protocol), (domain, type, protocol))
CALL(int, socketpair, "socket", -1, EMFILE, (int domain, int type, int protocol, int ends[2]),
     (domain, type, protocol, ends))
CALL(int, accept, "socket", -1, EMFILE, (int fd, struct sockaddr *from, socklen_t *size), (fd, from, size))
CALL(int, accept4, "socket", -1, EMFILE, (int fd, struct sockaddr *from, socklen_t *size, int flags),
     (fd, from, size, flags))
CALL(int, setsockopt, "option", -1, ENOMEM, (int fd, int level, int name, const void *value, socklen_t size),
     (fd, level, name, value, size))
CALL(int, getsockopt, "option", -1, ENOMEM, (int fd, int level, int name, void *value, socklen_t *size),
     (fd, level, name, value, size))
CALL(int, bind, of_socket(fd, "bind"), -1, ENOMEM, (int fd, const struct sockaddr *at, socklen_t size),
     (fd, at, size))
CALL(int, listen, "bind", -1, ENOMEM, (int fd, int backlog), (fd, backlog))
CALL(int, connect, of_socket(fd, "connect"), -1, ENETUNREACH,
     (int fd, const struct sockaddr *to, socklen_t size), (fd, to, size))

CALL(ssize_t, send, of_socket(fd, "send"), -1, ENOBUFS, (int fd, const void *bytes, size_t length, int flags),
     (fd, bytes, length, flags))
CALL(ssize_t, sendto, of_socket(fd, "send"), -1, ENOBUFS,
     (int fd, const void *bytes, size_t length, int flags, const struct sockaddr *to, socklen_t size),
     (fd, bytes, length, flags, to, size))
CALL(ssize_t, sendmsg, of_socket(fd, "send"), -1, ENOBUFS, (int fd, const struct msghdr *msg, int flags),
     (fd, msg, flags))
CALL(int, sendmmsg, of_socket(fd, "send"), -1, ENOBUFS,
     (int fd, struct mmsghdr *msgs, unsigned count, int flags), (fd, msgs, count, flags))
CALL(ssize_t, recv, of_socket(fd, "recv"), -1, ENOMEM, (int fd, void *bytes, size_t length, int flags),
     (fd, bytes, length, flags))
CALL(ssize_t, recvfrom, of_socket(fd, "recv"), -1, ENOMEM,
     (int fd, void *bytes, size_t length, int flags, struct sockaddr *from, socklen_t *size),
     (fd, bytes, length, flags, from, size))
CALL(ssize_t, recvmsg, of_socket(fd, "recv"), -1, ENOMEM, (int fd, struct msghdr *msg, int flags),
     (fd, msg, flags))
CALL(int, recvmmsg, of_socket(fd, "recv"), -1, ENOMEM,
     (int fd, struct mmsghdr *msgs, unsigned count, int flags, struct timespec *within),
     (fd, msgs, count, flags, within))

CALL(pid_t, fork, "fork", -1, EAGAIN, (void), ())
/* These answer the number itself. */
CALL(int, posix_spawn, "fork", EAGAIN, EAGAIN,
     (pid_t *pid, const char *path, const posix_spawn_file_actions_t *plan, const posix_spawnattr_t *how,
      char *const argv[], char *const envp[]), (pid, path, plan, how, argv, envp))
CALL(int, pthread_create, "fork", EAGAIN, EAGAIN,
     (pthread_t *thread, const pthread_attr_t *how, void *(*fn)(void *), void *ctx), (thread, how, fn, ctx))
CALL(int, execv, "exec", -1, ENOMEM, (const char *path, char *const argv[]), (path, argv))
CALL(int, execve, "exec", -1, ENOMEM, (const char *path, char *const argv[], char *const envp[]),
     (path, argv, envp))

CALL(ssize_t, write, "write", -1, ENOSPC, (int fd, const void *bytes, size_t length), (fd, bytes, length))
CALL(ssize_t, writev, "write", -1, ENOSPC, (int fd, const struct iovec *pieces, int count),
     (fd, pieces, count))
CALL(ssize_t, read, "read", -1, EIO, (int fd, void *bytes, size_t length), (fd, bytes, length))
CALL(ssize_t, pread, "read", -1, EIO, (int fd, void *bytes, size_t length, off_t at),
     (fd, bytes, length, at))
CALL(int, rename, "file", -1, EIO, (const char *from, const char *to), (from, to))
CALL(int, fsync, "file", -1, EIO, (int fd), (fd))
CALL(int, ftruncate, "file", -1, ENOSPC, (int fd, off_t length), (fd, length))
/* Answers the number itself. */
CALL(int, posix_fallocate, "file", ENOSPC, ENOSPC, (int fd, off_t at, off_t length), (fd, at, length))
CALL(int, fchmod, "file", -1, EIO, (int fd, mode_t mode), (fd, mode))
CALL(int, fchown, "file", -1, EIO, (int fd, uid_t user, gid_t group), (fd, user, group))
CALL(int, mkdir, "file", -1, ENOSPC, (const char *path, mode_t mode), (path, mode))
CALL(int, mkfifo, "file", -1, ENOSPC, (const char *path, mode_t mode), (path, mode))

CALL(int, pipe2, "handle", -1, EMFILE, (int ends[2], int flags), (ends, flags))
CALL(int, pipe, "handle", -1, EMFILE, (int ends[2]), (ends))
CALL(int, epoll_create1, "handle", -1, EMFILE, (int flags), (flags))
/* Taking one out needs nothing that could be wanting. */
CALL(int, epoll_ctl, what == EPOLL_CTL_DEL ? NULL : "handle", -1, ENOMEM,
     (int poll, int what, int fd, struct epoll_event *event), (poll, what, fd, event))
CALL(int, eventfd, "handle", -1, EMFILE, (unsigned first, int flags), (first, flags))
CALL(int, timerfd_create, "handle", -1, EMFILE, (int clock, int flags), (clock, flags))
CALL(int, signalfd, "handle", -1, EMFILE, (int fd, const sigset_t *signals, int flags), (fd, signals, flags))
CALL(int, pidfd_open, "handle", -1, EMFILE, (pid_t pid, unsigned flags), (pid, flags))
CALL(int, inotify_init1, "handle", -1, EMFILE, (int flags), (flags))
CALL(int, inotify_add_watch, "handle", -1, ENOSPC, (int fd, const char *path, uint32_t mask),
     (fd, path, mask))

/* dlsym() allocates: these go on by their other names. */
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *there, size_t bytes);

void *malloc(size_t bytes)
{
    if (faults_fails("memory", "malloc")) {
        errno = ENOMEM;
        return NULL;
    }
    return __libc_malloc(bytes);
}

void *calloc(size_t count, size_t bytes)
{
    if (faults_fails("memory", "calloc")) {
        errno = ENOMEM;
        return NULL;
    }
    return __libc_calloc(count, bytes);
}

void *realloc(void *there, size_t bytes)
{
    if (faults_fails("memory", "realloc")) {
        errno = ENOMEM;
        return NULL;
    }
    return __libc_realloc(there, bytes);
}

CALL(void *, mmap, "memory", MAP_FAILED, ENOMEM,
     (void *at, size_t bytes, int protection, int flags, int fd, off_t offset),
     (at, bytes, protection, flags, fd, offset))
