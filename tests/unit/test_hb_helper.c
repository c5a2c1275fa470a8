/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The helper's acts, asked for by somebody who forges requests; and what becomes of its children. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/run/child.h"
#include "common/run/log.h"
#include "heartbeatd/power/acts.h"
#include "tests/unit/helper_rules.h"

static bool nothing_new(struct hb_acts *acts)
{
    (void)acts;
    return false;
}

static int acts_new(void **state)
{
    struct hb_acts *acts = g_new0(struct hb_acts, 1);

    acts->rules = helper_rules();
    acts->children = hb_children_new();
    acts->learn = nothing_new;
    acts->paths = &helper_paths;
    *state = acts;
    return 0;
}

static int acts_free(void **state)
{
    struct hb_acts *acts = *state;

    hb_children_free(acts->children);
    hb_rules_free(acts->rules);
    hb_rtnl_close(acts->rtnl);
    g_free(acts);
    return 0;
}

/* The error of the answer. */
static int ask(struct hb_acts *acts, enum hb_power_act act, const void *bytes, size_t length)
{
    struct hb_request request = {.head = {.magic = HB_POWER_MAGIC, .act = act, .number = 5},
                                 .body = {bytes, length}, .fds = {-1, -1, -1}};
    GByteArray *out = g_byte_array_new();
    struct hb_power_head head;
    struct hb_power_body body;
    int fd;

    hb_acts_do(acts, &request, out, &fd);
    assert_true(hb_power_read_head(out->data, out->len, &head, &body));
    assert_int_equal(head.number, 5);
    assert_int_equal(head.act, act);
    assert_int_equal(fd, -1);
    g_byte_array_free(out, TRUE);
    return head.error;
}

static int ask_signal(struct hb_acts *acts, enum hb_power_act act, int pid, int signo)
{
    const struct hb_power_signal what = {.pid = pid, .signo = signo};

    return ask(acts, act, &what, sizeof what);
}

static void no_act_is_done_for_bytes_that_make_no_sense(void **state)
{
    static const uint8_t rubbish[700] = {1, 2, 3};
    struct hb_acts *acts = *state;

    for (int act = 1; act < HB_POWER_ACT_END; act++) {
        assert_int_not_equal(ask(acts, (enum hb_power_act)act, rubbish, 3), 0);
        assert_int_not_equal(ask(acts, (enum hb_power_act)act, rubbish, sizeof rubbish), 0);
    }
    assert_int_equal(hb_children_count(acts->children), 0);
    assert_true(acts->refused > 0);
}

static void a_program_that_no_file_names_is_refused_and_counted(void **state)
{
    char *const argv[] = {(char *)"/bin/sh", (char *)"-c", (char *)"kill 1", NULL};
    const struct ha_child_spec spec = {.path = argv[0], .argv = argv};
    GByteArray *bytes = g_byte_array_new();
    struct hb_acts *acts = *state;

    hb_power_put_start(bytes, &spec);
    assert_int_equal(ask(acts, HB_POWER_START, bytes->data, bytes->len), -EPERM);
    assert_int_equal(acts->refused, 1);
    g_byte_array_set_size(bytes, 0);
    hb_power_put_text(bytes, "root");
    hb_power_put_text(bytes, "/bin/sh");
    assert_int_equal(ask(acts, HB_POWER_PROGRAM, bytes->data, bytes->len), -EPERM);
    assert_int_equal(acts->refused, 2);
    g_byte_array_free(bytes, TRUE);
}

static void a_file_that_ha_cf_does_not_name_is_not_opened(void **state)
{
    const struct hb_power_kind of = {.kind = HB_POWER_CONF};
    GByteArray *bytes = g_byte_array_new();

    hb_power_put(bytes, &of, sizeof of);
    hb_power_put_text(bytes, "/etc/shadow");
    assert_int_equal(ask(*state, HB_POWER_OPEN, bytes->data, bytes->len), -EPERM);
    g_byte_array_free(bytes, TRUE);
}

static void nobody_but_its_children_is_signalled(void **state)
{
    assert_int_equal(ask_signal(*state, HB_POWER_SIGNAL, 1, SIGTERM), -ESRCH);
    assert_int_equal(ask_signal(*state, HB_POWER_SIGNAL, getpid(), SIGCONT), -ESRCH);
    assert_int_equal(ask_signal(*state, HB_POWER_SIGNAL, -1, SIGTERM), -ESRCH);
    assert_int_equal(ask_signal(*state, HB_POWER_REAP, 1, 0), -ESRCH);
    assert_int_equal(ask_signal(*state, HB_POWER_DIRECTOR, getpid(), SIGTERM), -EPERM);
    assert_int_equal(ask_signal(*state, HB_POWER_DIRECTOR, 1, SIGTERM), -EBADMSG);
    assert_int_equal(ask_signal(*state, HB_POWER_DIRECTOR, getpid(), SIGSTOP), -EBADMSG);
}

/* ---- children ---- */

static pid_t sleeper(struct hb_children *children, int *end_fd)
{
    pid_t pid;

    assert_int_equal(hb_children_prepare(children, end_fd), 0);
    pid = fork();
    if (pid == 0) {
        setpgid(0, 0);
        pause();
        _exit(0);
    }
    setpgid(pid, pid);
    hb_children_started(children, pid);
    return pid;
}

static int wait_for_end(struct hb_children *children, int end_fd)
{
    struct pollfd ended = {.fd = end_fd, .events = POLLIN};
    int status = -1;

    for (int i = 0; i < 500 && poll(&ended, 1, 10) == 0; i++)
        hb_children_look(children);
    assert_int_equal(read(end_fd, &status, sizeof status), sizeof status);
    close(end_fd);
    return status;
}

static void a_childs_end_is_told_and_its_number_kept_until_it_is_reaped(void **state)
{
    struct hb_acts *acts = *state;
    int end_fd, status;
    pid_t pid = sleeper(acts->children, &end_fd);

    assert_int_equal(hb_children_signal(acts->children, pid, SIGSTOP), -EINVAL);
    assert_int_equal(hb_children_signal(acts->children, pid, SIGTERM), 0);
    status = wait_for_end(acts->children, end_fd);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGTERM);
    assert_int_equal(kill(pid, 0), 0);
    assert_int_equal(hb_children_reap(acts->children, pid), 0);
    assert_int_equal(hb_children_count(acts->children), 0);
    assert_int_equal(hb_children_reap(acts->children, pid), -ESRCH);
    assert_int_equal(hb_children_signal(acts->children, pid, SIGTERM), -ESRCH);
}

static void one_that_is_reaped_while_it_runs_is_forgotten_at_its_end(void **state)
{
    struct hb_acts *acts = *state;
    int end_fd;
    pid_t pid = sleeper(acts->children, &end_fd);

    assert_int_equal(hb_children_signal(acts->children, pid, SIGKILL), 0);
    assert_int_equal(hb_children_reap(acts->children, pid), 0);
    assert_int_equal(hb_children_signal(acts->children, pid, SIGKILL), -ESRCH);
    assert_true(WIFSIGNALED(wait_for_end(acts->children, end_fd)));
    assert_int_equal(hb_children_count(acts->children), 0);
}

static void one_that_could_not_be_started_leaves_nothing(void **state)
{
    struct hb_acts *acts = *state;
    char byte;
    int end_fd;

    assert_int_equal(hb_children_prepare(acts->children, &end_fd), 0);
    hb_children_started(acts->children, 0);
    assert_int_equal(hb_children_count(acts->children), 0);
    assert_int_equal(read(end_fd, &byte, 1), 0);
    close(end_fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_act_is_done_for_bytes_that_make_no_sense, acts_new, acts_free),
        cmocka_unit_test_setup_teardown(a_program_that_no_file_names_is_refused_and_counted, acts_new,
                                        acts_free),
        cmocka_unit_test_setup_teardown(a_file_that_ha_cf_does_not_name_is_not_opened, acts_new, acts_free),
        cmocka_unit_test_setup_teardown(nobody_but_its_children_is_signalled, acts_new, acts_free),
        cmocka_unit_test_setup_teardown(a_childs_end_is_told_and_its_number_kept_until_it_is_reaped,
                                        acts_new, acts_free),
        cmocka_unit_test_setup_teardown(one_that_is_reaped_while_it_runs_is_forgotten_at_its_end, acts_new,
                                        acts_free),
        cmocka_unit_test_setup_teardown(one_that_could_not_be_started_leaves_nothing, acts_new, acts_free),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
