/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Letting go of root, each time in a process of its own, whose exit status is
 * the answer: identity and capabilities, and what the filter leaves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <linux/capability.h>
#include <linux/netlink.h>
#include <linux/watchdog.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/confine/filter.h"
#include "common/confine/identity.h"

#define NOBODY "nobody"

/* What a story in a process of its own may say beside an errno. */
#define GOOD    0
#define SKIPPED 201

/* The exit status of story, or 255 if it was killed. */
static int apart(int (*story)(void))
{
    int status = 0;
    pid_t pid;

    fflush(NULL);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(story());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static void assert_good(int (*story)(void))
{
    int status = apart(story);

    if (status == SKIPPED)
        skip();
    assert_int_equal(status, GOOD);
}

/* The line of /proc/self/status that begins so, without that; "" if there is none. */
static void own_status(const char *word, char *out, size_t size)
{
    FILE *file = fopen("/proc/self/status", "re");
    char line[256];

    out[0] = '\0';
    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, word, strlen(word)) == 0)
            snprintf(out, size, "%s", line + strlen(word));
    if (file != NULL)
        fclose(file);
}

static bool has_caps(const char *word, uint64_t caps)
{
    char text[256];

    own_status(word, text, sizeof(text));
    return text[0] != '\0' && strtoull(text, NULL, 16) == caps;
}

/* ---- who ---- */

static void a_user_is_found_by_name_and_by_number(void **state)
{
    struct ha_identity root, again, none;

    (void)state;
    assert_int_equal(ha_identity_find(&root, "root"), 0);
    assert_int_equal(root.uid, 0);
    assert_string_equal(root.name, "root");
    assert_true(root.group_count >= 1);
    assert_int_equal(ha_identity_find(&again, "0"), 0);
    assert_string_equal(again.name, "root");
    assert_int_equal(ha_identity_find(&none, "no-such-user-here"), -ENOENT);
    assert_int_equal(ha_identity_find(&none, "4294967295"), -ENOENT);
    assert_int_equal(ha_identity_find(&none, ""), -ENOENT);
}

/* Says it over what this machine has at the path, in a place of our own. */
static bool cover(const char *path, const char *text)
{
    char file[] = "/tmp/hearth-account-XXXXXX";
    int fd = mkstemp(file);
    bool covered = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) &&
                   fchmod(fd, 0644) == 0 && mount(file, path, NULL, MS_BIND, NULL) == 0;

    close(fd);
    unlink(file);
    return covered;
}

static bool in_groups(const struct ha_identity *who, gid_t gid)
{
    for (int i = 0; i < who->group_count; i++)
        if (who->groups[i] == gid)
            return true;
    return false;
}

static GString *passwd_file(void)
{
    return g_string_new("root:x:0:0:root:/root:/bin/sh\nno line\nchecker:x:3001:3002::/:/bin/false\n"
                        "many:x:3100:3100::/:/bin/false\n");
}

static GString *group_file(void)
{
    GString *group = g_string_new("root:x:0:\ncheckers:x:3002:checker\nweb:x:3003:other,checker\n"
                                  "near:x:3004:checker2,hecker\ncrowd:x:3005:");

    for (int i = 0; i < 10000; i++) /* a line longer than what is read at first */
        g_string_append_printf(group, "member%d,", i);
    g_string_append(group, "checker\n");
    for (int i = 0; i < 2 * HA_IDENTITY_GROUPS_MAX; i++)
        g_string_append_printf(group, "group%d:x:%d:many\n", i, 4000 + i);
    return group;
}

static int look_into_files(void)
{
    GString *passwd = passwd_file(), *group = group_file();
    struct ha_identity who;

    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        !cover("/etc/passwd", passwd->str) || !cover("/etc/group", group->str))
        return SKIPPED;
    if (ha_identity_find_here(&who, "checker") != 0 || who.uid != 3001 || who.gid != 3002)
        return 2;
    if (who.group_count != 3 || who.groups[0] != 3002 || !in_groups(&who, 3003) || !in_groups(&who, 3005))
        return 3;
    if (ha_identity_find_here(&who, "3001") != 0 || strcmp(who.name, "checker") != 0 || who.group_count != 3)
        return 4;
    if (ha_identity_find_here(&who, "many") != 0 || who.group_count != HA_IDENTITY_GROUPS_MAX)
        return 5;
    if (ha_identity_find_here(&who, "nobody-at-all") != -ENOENT || ha_identity_find_here(&who, "") != -ENOENT)
        return 6;
    if (ha_identity_find(&who, "checker") != 0 || who.group_count != 3)
        return 7;
    g_string_free(passwd, TRUE);
    g_string_free(group, TRUE);
    return GOOD;
}

static void the_files_say_who_a_user_is_and_his_groups(void **state)
{
    (void)state;
    assert_good(look_into_files);
}

static void the_first_user_that_there_is_counts(void **state)
{
    const char *const names[] = {"no-such-user-here", "root", NOBODY, NULL}, *const none[] = {NULL};
    struct ha_identity who;

    (void)state;
    assert_int_equal(ha_identity_first(&who, names), 0);
    assert_int_equal(who.uid, 0);
    assert_int_equal(ha_identity_first(&who, none), -ENOENT);
}

/* ---- becoming ---- */

/* 0, SKIPPED where there is no other user to be, or 1. */
static int become(uint64_t caps)
{
    struct ha_identity who;
    const char *what;
    int error;

    if (geteuid() != 0 || ha_identity_find(&who, NOBODY) != 0)
        return SKIPPED;
    error = ha_identity_take(&who, caps, &what);
    if (error == -EINVAL)
        return SKIPPED; /* a user namespace with one user */
    if (error != 0)
        fprintf(stderr, "%s: %s\n", what, strerror(-error));
    return error == 0 ? GOOD : 1;
}

static int nothing_of_root_is_left(void)
{
    int status = become(0);
    struct ha_identity who;
    char text[256];

    if (status != GOOD)
        return status;
    ha_identity_find(&who, NOBODY);
    if (getuid() != who.uid || geteuid() != who.uid || getgid() != who.gid || getgroups(0, NULL) != 1)
        return 2;
    if (!has_caps("CapPrm:", 0) || !has_caps("CapEff:", 0) || !has_caps("CapInh:", 0) ||
        !has_caps("CapBnd:", 0) || !has_caps("CapAmb:", 0))
        return 3;
    own_status("NoNewPrivs:", text, sizeof(text));
    if (atoi(text) != 1)
        return 4;
    if (setuid(0) == 0 || setgid(0) == 0)
        return 5;
    return open("/etc/shadow", O_RDONLY) < 0 && errno == EACCES ? GOOD : 6;
}

static void who_has_let_go_of_root_has_nothing_of_it(void **state)
{
    (void)state;
    assert_good(nothing_of_root_is_left);
}

static int one_capability_is_left(void)
{
    int status = become(HA_CAP(CAP_NET_RAW)), fd;

    if (status != GOOD)
        return status;
    if (!has_caps("CapPrm:", HA_CAP(CAP_NET_RAW)) || !has_caps("CapEff:", HA_CAP(CAP_NET_RAW)) ||
        !has_caps("CapBnd:", HA_CAP(CAP_NET_RAW)))
        return 2;
    fd = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
    return fd >= 0 ? GOOD : 3;
}

static void the_capabilities_that_are_named_stay_and_no_others(void **state)
{
    (void)state;
    assert_good(one_capability_is_left);
}

static int who_we_are_stays(void)
{
    uid_t before = geteuid();
    const char *what;

    if (ha_identity_take(NULL, 0, &what) != 0)
        return 1;
    return geteuid() == before && has_caps("CapEff:", 0) && has_caps("CapPrm:", 0) ? GOOD : 2;
}

static void capabilities_can_go_without_the_user(void **state)
{
    (void)state;
    assert_good(who_we_are_stays);
}

static int a_program_as_somebody_else(void)
{
    struct ha_identity who;
    int status = 0;
    pid_t pid;

    if (geteuid() != 0 || ha_identity_find(&who, NOBODY) != 0)
        return SKIPPED;
    pid = fork();
    if (pid == 0) {
        int error = ha_identity_put_on(&who);

        if (error != 0)
            _exit(error == -EINVAL ? SKIPPED : 2);
        execl("/bin/sh", "sh", "-c", "test `id -un` = " NOBODY " && grep -q '^CapEff:.*0000$' /proc/self/status",
              (char *)NULL);
        _exit(3);
    }
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static void a_program_can_be_started_as_somebody_else(void **state)
{
    (void)state;
    assert_good(a_program_as_somebody_else);
}

static int a_program_as_root_without_power(void)
{
    struct ha_identity who;
    int status = 0;
    pid_t pid;

    if (geteuid() != 0 || ha_identity_find(&who, "root") != 0)
        return SKIPPED;
    who.powerless = true;
    pid = fork();
    if (pid == 0) {
        if (ha_identity_put_on(&who) != 0)
            _exit(2);
        execl("/bin/sh", "sh", "-c", "test `id -u` = 0 && grep -q '^CapEff:.*0000000000000000$' /proc/self/status && "
              "grep -q '^CapPrm:.*0000000000000000$' /proc/self/status", (char *)NULL);
        _exit(3);
    }
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static void a_program_can_be_started_as_root_without_power(void **state)
{
    (void)state;
    assert_good(a_program_as_root_without_power);
}

/* ---- the filter ---- */

static int load(unsigned may)
{
    const char *what;
    int error;

    if (ha_identity_take(NULL, 0, &what) != 0)
        return 1;
    error = ha_filter_load(may);
    if (error == -ENOSYS)
        return SKIPPED;
    return error == 0 ? GOOD : 1;
}

static void *add_one(void *number)
{
    ++*(int *)number;
    return NULL;
}

static bool refused(long result, int error)
{
    return result < 0 && errno == error;
}

static int works_with_sockets_and_threads(void)
{
    int status = load(HA_MAY_READ | HA_MAY_CONNECT | HA_MAY_THREADS), number = 1, ends[2];
    pthread_t thread;

    if (status != GOOD)
        return status;
    if (open("/etc/passwd", O_RDONLY) < 0)
        return 2;
    if (socket(AF_INET, SOCK_STREAM, 0) < 0 || socket(AF_UNIX, SOCK_DGRAM, 0) < 0 ||
        socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE) < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
        return 3;
    if (pthread_create(&thread, NULL, add_one, &number) != 0 || pthread_join(thread, NULL) != 0 ||
        number != 2)
        return 4;
    free(malloc(1 << 24));
    return printf("%s", "") == 0 && sched_yield() == 0 ? GOOD : 5;
}

static void what_a_client_needs_goes_on(void **state)
{
    (void)state;
    assert_good(works_with_sockets_and_threads);
}

static int has_no_power(void)
{
    char *argv[] = {"/bin/true", NULL};
    int status = load(HA_MAY_READ | HA_MAY_CONNECT | HA_MAY_THREADS);

    if (status != GOOD)
        return status;
    if (!refused(execv(argv[0], argv), EPERM))
        return 2;
    if (!refused(open("/tmp/no-such-file-here", O_WRONLY | O_CREAT, 0600), ENOSYS) ||
        !refused(open("/dev/null", O_RDWR), ENOSYS) || !refused(unlink("/tmp/no-such-file-here"), ENOSYS))
        return 3;
    if (!refused(socket(AF_PACKET, SOCK_RAW, 0), ENOSYS) ||
        !refused(socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC), ENOSYS))
        return 4;
    if (!refused(unshare(CLONE_NEWUSER), EPERM) || !refused(setgid(getgid()), EPERM))
        return 5;
    return refused(ioctl(0, TIOCSTI, "x"), ENOSYS) ? GOOD : 6;
}

static void no_act_of_power_is_left(void **state)
{
    (void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(HA_COUNTED)
    skip(); /* it may a little more */
#endif
    assert_good(has_no_power);
}

static int starts_no_process(void)
{
    int status = load(HA_MAY_READ | HA_MAY_THREADS);

    if (status != GOOD)
        return status;
    if (fork() >= 0)
        return 2;
    if (!refused(kill(getppid(), 0), EPERM))
        return 3;
    return refused(ptrace(PTRACE_TRACEME, 0, NULL, NULL), EPERM) ? GOOD : 4;
}

static void no_process_is_started_signalled_or_traced(void **state)
{
    (void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(HA_COUNTED)
    skip();
#endif
    assert_good(starts_no_process);
}

/* As a daemon that talks to a network, writes its files behind its loop and tells its clients. */
static int does_a_daemons_work(void)
{
    int status = load(HA_MAY_READ | HA_MAY_WRITE | HA_MAY_FORK | HA_MAY_SIGNAL | HA_MAY_CONNECT | HA_MAY_FRAMES |
                      HA_MAY_HURRY | HA_MAY_DEVICES), ended = 0;
    const struct sched_param usual = {0};
    pid_t pid;

    if (status != GOOD)
        return status;
    pid = fork();
    if (pid == 0) {
        execl("/bin/true", "true", (char *)NULL);
        _exit(errno == EPERM ? 0 : 1);
    }
    if (pid < 0 || waitpid(pid, &ended, 0) != pid || !WIFEXITED(ended) || WEXITSTATUS(ended) != 0)
        return 2;
    if (kill(getpid(), 0) != 0 || sched_setscheduler(0, SCHED_OTHER, &usual) != 0)
        return 3;
    /* that there is no right to a frame or a serial line here is said by others than the filter */
    if (refused(socket(AF_PACKET, SOCK_RAW, 0), ENOSYS) || refused(ioctl(0, TCFLSH, 0), ENOSYS) ||
        refused(ioctl(0, WDIOC_KEEPALIVE, 0), ENOSYS))
        return 4;
    return open("/dev/null", O_RDWR) >= 0 ? GOOD : 5;
}

static void a_daemons_work_is_what_is_left_to_it(void **state)
{
    (void)state;
    assert_good(does_a_daemons_work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_user_is_found_by_name_and_by_number),
        cmocka_unit_test(the_files_say_who_a_user_is_and_his_groups),
        cmocka_unit_test(the_first_user_that_there_is_counts),
        cmocka_unit_test(who_has_let_go_of_root_has_nothing_of_it),
        cmocka_unit_test(the_capabilities_that_are_named_stay_and_no_others),
        cmocka_unit_test(capabilities_can_go_without_the_user),
        cmocka_unit_test(a_program_can_be_started_as_somebody_else),
        cmocka_unit_test(a_program_can_be_started_as_root_without_power),
        cmocka_unit_test(what_a_client_needs_goes_on),
        cmocka_unit_test(no_act_of_power_is_left),
        cmocka_unit_test(no_process_is_started_signalled_or_traced),
        cmocka_unit_test(a_daemons_work_is_what_is_left_to_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
