/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guardian LOGFILE PRIORITY: started by heartbeat, and alive as long as it. When
 * heartbeat dies, or shows no sign of life for most of its dead time, this takes
 * off the addresses it held, before another node does as if they were free
 * (doc/states.md, "Guardian"). Small, locked in memory, allocates nothing and
 * writes nothing until that is done. Runs no script and touches no address that
 * is not in the table. Ends with the daemon, or when a new one has taken over.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "heartbeatd/act/guard_table.h"

static struct hb_guard_table *table;
static const char *logfile;

/* ---- after the fact ---- */

static void tell(const char *text)
{
    char line[512], stamp[32];
    struct utsname system;
    time_t seconds = time(NULL);
    struct tm now;
    int fd, length;

    openlog("heartbeat", LOG_PID, LOG_DAEMON);
    syslog(LOG_CRIT, "%s", text);
    closelog();
    if (logfile[0] != '/')
        return;
    localtime_r(&seconds, &now);
    strftime(stamp, sizeof stamp, "%b %d %H:%M:%S", &now);
    uname(&system);
    length = snprintf(line, sizeof line, "%s %.64s heartbeat: [%d]: CRIT: %s\n", stamp,
                      system.nodename, (int)getpid(), text);
    fd = open(logfile, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return;
    if (length > 0)
        (void)!write(fd, line, (size_t)length < sizeof line ? (size_t)length : sizeof line - 1);
    close(fd);
}

static void released(unsigned count, bool dead, uint64_t silent_ns)
{
    char text[256];

    snprintf(text, sizeof text,
             "guardian: heartbeat %s, its last beat was %llu ms ago: took off the %u addresses "
             "that it held",
             dead ? "is dead" : "does not move", (unsigned long long)(silent_ns / 1000000), count);
    tell(text);
}

/* ---- settling in ---- */

static void lock_in(int priority)
{
    const struct sched_param param = {.sched_priority = priority};
#ifndef __SANITIZE_ADDRESS__
    const struct rlimit none = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};

    /* All that is here now, code that has not run yet included; of what comes, the table, only what
     * is used: it is large and mostly empty. */
    (void)setrlimit(RLIMIT_MEMLOCK, &none);
    (void)mlockall(MCL_CURRENT);
    (void)mlockall(MCL_FUTURE | MCL_ONFAULT);
#endif
    if (priority > 0)
        (void)sched_setscheduler(0, SCHED_RR, &param);
}

/* The last to be killed when memory is short. */
static void stay_alive(void)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    if (fd >= 0) {
        (void)!write(fd, "-1000", 5);
        close(fd);
    }
    for (int signo = 1; signo < NSIG; signo++) {
        if (signo != SIGSEGV && signo != SIGBUS && signo != SIGFPE && signo != SIGILL &&
            signo != SIGABRT && signo != SIGCHLD)
            (void)signal(signo, SIG_IGN);
    }
}

static struct hb_guard_table *map_table(void)
{
    struct stat stat;
    struct hb_guard_table *mapped;

    if (fstat(HB_GUARD_FD(HB_GUARD_TABLE), &stat) < 0 || stat.st_size < (off_t)sizeof *mapped)
        return NULL;
    mapped = mmap(NULL, sizeof *mapped, PROT_READ | PROT_WRITE, MAP_SHARED, HB_GUARD_FD(HB_GUARD_TABLE), 0);
    if (mapped == MAP_FAILED || mapped->magic != HB_GUARD_MAGIC)
        return NULL;
    close(HB_GUARD_FD(HB_GUARD_TABLE));
    return mapped;
}

/* ---- watching ---- */

/* Beats that came while we were at it count. */
static void release(int netlink, bool dead)
{
    uint64_t beat_ns, now_ns;

    if (!hb_guard_win(table, dead))
        return;
    now_ns = hb_guard_now_ns();
    if (!hb_guard_overdue(table, dead, now_ns)) {
        atomic_store(&table->state, HB_GUARD_WATCHING);
        return;
    }
    beat_ns = atomic_load(&table->beat_ns);
    released(hb_guard_release(table, netlink), dead, now_ns - beat_ns);
}

/* False: there is nothing left to do here. */
static bool look(int netlink, bool dead, uint64_t now_ns)
{
    if (atomic_load(&table->state) == HB_GUARD_ADOPTED || (dead && hb_guard_empty(table)))
        return false;
    if (!hb_guard_empty(table) && hb_guard_overdue(table, dead, now_ns))
        release(netlink, dead);
    return !(dead && atomic_load(&table->state) == HB_GUARD_RELEASED);
}

static uint64_t next_ns(bool dead, uint64_t now_ns)
{
    uint64_t limit_ns = dead ? atomic_load(&table->death_ns) : atomic_load(&table->stall_ns);
    uint64_t at_ns = atomic_load(&table->beat_ns) + limit_ns;

    /* It has been overdue for long: nothing more is to be done before it moves again. */
    return at_ns > now_ns ? at_ns : now_ns + limit_ns / 4 + 1000000;
}

static void watch(int netlink)
{
    struct pollfd ends[2] = {{.fd = HB_GUARD_FD(HB_GUARD_TIMER), .events = POLLIN},
                             {.fd = HB_GUARD_FD(HB_GUARD_PIDFD), .events = POLLIN}};
    bool dead = false;
    uint64_t ignored;

    while (look(netlink, dead, hb_guard_now_ns())) {
        hb_guard_set_timer(HB_GUARD_FD(HB_GUARD_TIMER), next_ns(dead, hb_guard_now_ns()));
        ends[1].fd = dead ? -1 : HB_GUARD_FD(HB_GUARD_PIDFD);
        if (poll(ends, 2, -1) < 0)
            continue;
        dead = dead || (ends[1].revents != 0);
        if (ends[0].revents != 0)
            (void)!read(HB_GUARD_FD(HB_GUARD_TIMER), &ignored, sizeof ignored);
    }
}

int main(int argc, char **argv)
{
    int netlink;

    if (argc != 3) {
        fputs("guardian: it is heartbeat that starts this\n", stderr);
        return 2;
    }
    logfile = argv[1];
    stay_alive();
    lock_in(atoi(argv[2]));
    table = map_table();
    netlink = hb_guard_socket();
    if (table == NULL || netlink < 0 || chdir("/") < 0)
        return 1;
    watch(netlink);
    return 0;
}
