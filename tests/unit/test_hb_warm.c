/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Standbys of ldirectord as heartbeat keeps them: the real loop, real processes
 * of the real program, only without a kernel's table (fakes/fake_ldirectord.c).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "common/run/director.h"
#include "common/run/log.h"
#include "heartbeatd/act/warm_inside.h"
#include "tests/unit/descriptors.h"

#define PROGRAM TOP_BUILDDIR "/tests/fakes/fake_ldirectord"

static struct house {
    char *dir, *file, *log;
    char *program;
    struct ha_loop *loop;
    struct hb_act_paths paths;
    struct hb_haresources *resources;
    struct hb_warm *warm;
    unsigned descriptors;
    /* the last operation's */
    unsigned answers;
    bool reached;
    enum hb_op_result result;
} house;

/* ---- time ---- */

struct wait {
    struct ha_timer timer;
    bool (*holds)(void);
    uint64_t until_ns;
};

static void check(void *ctx, uint64_t now_ns)
{
    struct wait *wait = ctx;

    if (wait->holds())
        ha_loop_stop(house.loop, 0);
    else if (now_ns > wait->until_ns)
        ha_loop_stop(house.loop, 1);
    else
        ha_timer_set(house.loop, &wait->timer, now_ns + 10 * HA_NS_PER_MS, check, wait);
}

static void wait_until(bool (*holds)(void), const char *sentence)
{
    struct wait wait = {.holds = holds, .until_ns = ha_clock_ns() + 20 * HA_NS_PER_S};

    ha_timer_set(house.loop, &wait.timer, ha_clock_ns(), check, &wait);
    if (ha_loop_run(house.loop) != 0)
        fail_msg("not within 20 s: %s", sentence);
}
#define WAIT(holds) wait_until(holds, #holds)

/* ---- what can be seen from outside ---- */

static bool state_of(struct ha_director_state *state)
{
    char *words[] = {(char *)HA_DIRECTOR_STATUS, NULL}, name[HA_DIRECTOR_SOCKET_MAX];
    GString *answer = g_string_new(NULL);
    int status = 0;
    bool known;

    ha_director_socket(ha_director_instance(house.file), name);
    known = ha_control_ask(name, words, 5000, &status, answer) == 0 &&
            ha_director_state_read(answer->str, state);
    g_string_free(answer, TRUE);
    return known;
}

static bool stands_by(void)
{
    struct ha_director_state state;

    return state_of(&state) && state.standby;
}

static bool is_active(void)
{
    struct ha_director_state state;

    return state_of(&state) && !state.standby;
}

static bool nobody_runs(void)
{
    struct ha_director_state state;

    return !state_of(&state);
}

static pid_t pid_of_it(void)
{
    struct ha_director_state state;

    assert_true(state_of(&state));
    return state.pid;
}

static struct hb_warm_member *member(void)
{
    return g_ptr_array_index(house.warm->members, 0);
}

/* The manager has found it, and its process is the one that answers. */
static bool is_known(void)
{
    return member()->pid > 0 && member()->order == NULL;
}

static bool is_forgotten(void)
{
    return member()->pid == 0;
}

static bool is_being_started(void)
{
    return member()->starting != NULL;
}

static bool is_given_up(void)
{
    return member()->hopeless;
}

static bool was_tried(void)
{
    return member()->tries > 0;
}

static bool was_tried_again(void)
{
    return member()->tries > 1;
}

static bool logged(const char *text)
{
    char *all = NULL;
    bool found = g_file_get_contents(house.log, &all, NULL, NULL) && strstr(all, text) != NULL;

    g_free(all);
    return found;
}

/* ---- setting up ---- */

static void add_group(const char *name, const char *argument)
{
    struct hb_group *group = hb_group_new("left", 1);
    char *text = g_strdup_printf("%s::%s", name, argument);
    struct hb_resource *resource = hb_resource_new(name, text);

    g_ptr_array_add(resource->args, g_strdup(argument));
    g_ptr_array_add(group->resources, resource);
    g_ptr_array_add(house.resources->groups, group);
    g_free(text);
}

static void write_file(const char *path, const char *text, int mode)
{
    assert_true(g_file_set_contents(path, text, -1, NULL));
    assert_int_equal(g_chmod(path, mode), 0);
}

static int begin(void **state)
{
    static unsigned number;
    char *name = g_strdup_printf("warm-%d-%u.cf", (int)getpid(), number++), *text, *folder;

    (void)state;
    house.dir = g_dir_make_tmp("warm-XXXXXX", NULL);
    house.file = g_build_filename(house.dir, name, NULL);
    house.log = g_build_filename(house.dir, "log", NULL);
    folder = g_build_filename(house.dir, "resource.d", NULL);
    g_mkdir(folder, 0755);
    g_setenv("FAKE_RUNDIR", house.dir, TRUE);
    text = g_strdup_printf("logfile=\"%s\"\nvirtual=10.9.0.1:80\n\treal=127.0.0.1:80 masq\n"
                           "\tchecktype=on\n", house.log);
    write_file(house.file, text, 0644);
    ha_log_setup(&(struct ha_log_settings){.ident = "heartbeat", .file = house.log,
                                           .level = HA_LOG_INFO, .syslog_facility = -1});
    house.descriptors = open_descriptors();
    house.program = g_canonicalize_filename(PROGRAM, NULL);
    house.paths = (struct hb_act_paths){.hadir = house.dir, .initdir = house.dir, .rundir = house.dir,
                                        .ldirectord = house.program, .piddir = house.dir};
    house.loop = ha_loop_new();
    house.resources = hb_haresources_new();
    add_group("ldirectord", house.file);
    house.warm = NULL;
    house.answers = 0;
    g_free(folder);
    g_free(text);
    g_free(name);
    return 0;
}

static void furnish(void)
{
    house.warm = hb_warm_new(house.loop, &house.paths, NULL, house.resources);
}

static int end(void **state)
{
    struct ha_director_state left;
    char *command = g_strdup_printf("rm -rf '%s'", house.dir);

    (void)state;
    hb_warm_free(house.warm);
    if (state_of(&left)) {
        kill(left.pid, SIGKILL);
        while (kill(left.pid, 0) == 0 && state_of(&left))
            g_usleep(10000);
    }
    hb_haresources_free(house.resources);
    ha_loop_free(house.loop);
    if (open_descriptors() != house.descriptors)
        fail_msg("%u descriptors, and %u before", open_descriptors(), house.descriptors);
    ha_log_close();
    assert_int_equal(system(command), 0);
    g_free(command);
    g_free(house.program);
    g_free(house.log);
    g_free(house.file);
    g_free(house.dir);
    return 0;
}

/* ---- acting ---- */

static void op_ended(void *ctx, bool reached, enum hb_op_result result, const char *detail)
{
    (void)ctx;
    (void)detail;
    house.answers++;
    house.reached = reached;
    house.result = result;
}

static bool is_answered(void)
{
    return house.answers > 0;
}

static struct hb_warm_op *begin_op(unsigned group, enum hb_op op)
{
    const struct hb_group *its = g_ptr_array_index(house.resources->groups, group);
    struct hb_action action = {.kind = HB_ACT_OP, .op = op, .group = group, .deadline_ms = 20000};

    house.answers = 0;
    return hb_warm_run(house.warm, g_ptr_array_index(its->resources, 0), &action, op_ended, NULL);
}

static void run(unsigned group, enum hb_op op)
{
    begin_op(group, op);
    assert_int_equal(house.answers, 0);
    WAIT(is_answered);
    assert_int_equal(house.answers, 1);
}

#define assert_op(group, op, expected)            \
    do {                                          \
        run(group, op);                           \
        assert_true(house.reached);               \
        assert_int_equal(house.result, expected); \
    } while (0)

/* Kept warm, and known. */
static void make_ready(void)
{
    furnish();
    assert_non_null(house.warm);
    for (unsigned i = 0; i < house.resources->groups->len; i++)
        hb_warm_wish(house.warm, i, HB_WARM_READY);
    WAIT(is_known);
}

static void take_group(unsigned group)
{
    hb_warm_wish(house.warm, group, HB_WARM_IN_USE);
    assert_op(group, HB_OP_START, HB_OP_OK);
}

/* As a command of an administrator. */
static void call_program(const char *word)
{
    char *command = g_strdup_printf("'%s' '%s' %s >/dev/null 2>&1", house.program, house.file, word);

    assert_int_equal(system(command), 0);
    g_free(command);
}

static void assert_shown(const char *expected)
{
    const struct hb_group *group = g_ptr_array_index(house.resources->groups, 0);
    pid_t pid;

    assert_string_equal(hb_warm_state(house.warm, g_ptr_array_index(group->resources, 0), &pid),
                        expected);
    assert_int_equal(pid, strcmp(expected, "not running") == 0 ? 0 : pid_of_it());
}

/* ---- cases ---- */

static void it_runs_in_standby_where_the_group_is_not_held(void **state)
{
    (void)state;
    make_ready();
    assert_true(stands_by());
    assert_shown("in standby");
}

static void a_takeover_starts_no_process(void **state)
{
    pid_t pid;

    (void)state;
    make_ready();
    pid = pid_of_it();
    assert_op(0, HB_OP_STATUS, HB_OP_STOPPED);
    take_group(0);
    assert_true(is_active());
    assert_int_equal(pid_of_it(), pid);
    assert_shown("active");
    assert_op(0, HB_OP_STATUS, HB_OP_OK);
    assert_op(0, HB_OP_START, HB_OP_OK);
    assert_op(0, HB_OP_STOP, HB_OP_OK);
    assert_true(stands_by());
    assert_op(0, HB_OP_STATUS, HB_OP_STOPPED);
    assert_op(0, HB_OP_STOP, HB_OP_OK);
    assert_int_equal(pid_of_it(), pid);
}

static void a_start_waits_for_the_standby_that_is_being_started(void **state)
{
    (void)state;
    furnish();
    hb_warm_wish(house.warm, 0, HB_WARM_IN_USE);
    WAIT(is_being_started);
    assert_op(0, HB_OP_START, HB_OP_OK);
    assert_true(is_active());
}

static void one_that_dies_is_started_again_as_it_was(void **state)
{
    pid_t pid;

    (void)state;
    make_ready();
    kill(pid = pid_of_it(), SIGKILL);
    WAIT(nobody_runs);
    WAIT(is_forgotten);
    assert_shown("not running");
    WAIT(stands_by);
    WAIT(is_known);
    assert_int_not_equal(pid_of_it(), pid);
    assert_true(logged("has died; it is started again in 1 s"));
    take_group(0);
    kill(pid_of_it(), SIGKILL);
    WAIT(nobody_runs);
    WAIT(is_active);
    assert_true(logged("has died, and its group is held here; it is started again in 2 s"));
}

static void one_that_somebody_stopped_is_left_alone_for_a_while(void **state)
{
    (void)state;
    make_ready();
    call_program("stop");
    assert_true(nobody_runs());
    WAIT(is_forgotten);
    assert_true(logged("was stopped, but not by heartbeat; it is started again in 30 s"));
    call_program("standby"); /* by the same hand */
    take_group(0);
    assert_true(is_active());
}

static void it_ends_when_heartbeat_leaves(void **state)
{
    (void)state;
    make_ready();
    hb_warm_wish(house.warm, 0, HB_WARM_OFF);
    WAIT(nobody_runs);
    assert_false(logged("started again"));
}

static void where_the_group_is_held_its_stop_ends_it_then(void **state)
{
    (void)state;
    make_ready();
    take_group(0);
    hb_warm_wish(house.warm, 0, HB_WARM_OFF);
    assert_true(is_active());
    assert_op(0, HB_OP_STOP, HB_OP_OK);
    assert_true(nobody_runs());
}

static void a_file_in_two_groups_serves_while_either_is_held(void **state)
{
    (void)state;
    add_group("ldirectord", house.file);
    make_ready();
    assert_int_equal(house.warm->members->len, 1);
    assert_true(logged("stands in more than one group"));
    take_group(0);
    assert_op(1, HB_OP_STATUS, HB_OP_STOPPED);
    take_group(1);
    assert_op(0, HB_OP_STOP, HB_OP_OK);
    assert_true(is_active());
    assert_op(0, HB_OP_STATUS, HB_OP_STOPPED);
    assert_op(1, HB_OP_STATUS, HB_OP_OK);
    assert_op(1, HB_OP_STOP, HB_OP_OK);
    assert_true(stands_by());
}

static void another_haresources_ends_what_it_does_not_name(void **state)
{
    struct hb_haresources *none = hb_haresources_new();
    const unsigned same[] = {0};
    pid_t pid;

    (void)state;
    make_ready();
    pid = pid_of_it();
    hb_warm_renew(house.warm, house.resources, same);
    assert_int_equal(pid_of_it(), pid);
    hb_warm_renew(house.warm, none, NULL);
    WAIT(nobody_runs);
    WAIT(is_forgotten);
    hb_warm_renew(house.warm, house.resources, same);
    hb_warm_wish(house.warm, 0, HB_WARM_READY);
    WAIT(is_known);
    assert_true(stands_by());
    hb_haresources_free(none);
}

static void two_files_are_two_processes(void **state)
{
    (void)state;
    add_group("ldirectord", "/nowhere/other.cf");
    furnish();
    assert_int_equal(house.warm->members->len, 2);
}

static void one_found_active_where_nothing_is_held_is_told_to_stand_by(void **state)
{
    pid_t pid;

    (void)state;
    call_program("start");
    pid = pid_of_it();
    make_ready();
    WAIT(stands_by);
    assert_int_equal(pid_of_it(), pid);
}

static void one_found_active_where_the_group_goes_up_runs(void **state)
{
    (void)state;
    call_program("start");
    furnish();
    hb_warm_wish(house.warm, 0, HB_WARM_IN_USE);
    assert_op(0, HB_OP_STATUS, HB_OP_OK);
    WAIT(is_known);
    assert_true(is_active());
}

static void one_that_serves_an_inherited_group_does_so_after_its_death(void **state)
{
    (void)state;
    call_program("start");
    furnish();
    hb_warm_wish(house.warm, 0, HB_WARM_IN_USE); /* held, and nobody asks again */
    WAIT(is_known);
    kill(pid_of_it(), SIGKILL);
    WAIT(is_forgotten);
    WAIT(is_active);
}

static void whom_nobody_can_reach_is_the_scripts(void **state)
{
    (void)state;
    furnish();
    run(0, HB_OP_START);
    assert_false(house.reached);
    run(0, HB_OP_STATUS);
    assert_false(house.reached);
}

static void a_program_that_knows_no_standby_is_the_scripts(void **state)
{
    char *other = g_build_filename(house.dir, "ldirectord", NULL);

    (void)state;
    write_file(other, "#!/bin/sh\nexit 255\n", 0755);
    house.paths.ldirectord = other;
    furnish();
    hb_warm_wish(house.warm, 0, HB_WARM_READY);
    WAIT(is_given_up);
    assert_true(logged("is left to the resource script"));
    run(0, HB_OP_START);
    assert_false(house.reached);
    hb_warm_free(g_steal_pointer(&house.warm));
    g_free(other);
}

static void a_broken_file_is_told_and_tried_again(void **state)
{
    (void)state;
    write_file(house.file, "nonsense\n", 0644);
    furnish();
    hb_warm_wish(house.warm, 0, HB_WARM_READY);
    WAIT(was_tried);
    assert_true(logged("cannot be kept warm: exit status 2"));
    assert_true(logged("reading file"));
    WAIT(was_tried_again);
    assert_false(logged("tried again in 2 s")); /* the same once more is no news */
}

static void somebodys_own_script_wins(void **state)
{
    char *script = g_build_filename(house.dir, "resource.d", "ldirectord", NULL);

    (void)state;
    write_file(script, "#!/bin/sh\n# mine\n", 0755);
    furnish();
    assert_null(house.warm);
    write_file(script, "#!/bin/sh\n# " HB_AGENT_MARKER "\n", 0755);
    furnish();
    assert_non_null(house.warm);
    hb_warm_free(g_steal_pointer(&house.warm));
    g_unlink(script);
    assert_int_equal(symlink(house.program, script), 0); /* as Debian's package has it */
    furnish();
    assert_non_null(house.warm);
    g_free(script);
}

static void one_that_hangs_is_killed_and_started_again(void **state)
{
    pid_t pid;

    (void)state;
    furnish();
    house.warm->look_ms = 200;
    house.warm->check_ms = 100;
    hb_warm_wish(house.warm, 0, HB_WARM_READY);
    WAIT(is_known);
    kill(pid = pid_of_it(), SIGSTOP);
    WAIT(is_forgotten);
    assert_true(logged("does not answer: it is killed"));
    WAIT(is_known);
    assert_true(stands_by());
    assert_int_not_equal(pid_of_it(), pid);
}

static bool has_drifted(void)
{
    return member()->drifted;
}

static void one_that_somebody_activates_is_named_and_stays_so(void **state)
{
    (void)state;
    furnish();
    house.warm->check_ms = 100;
    hb_warm_wish(house.warm, 0, HB_WARM_READY);
    WAIT(is_known);
    call_program("start");
    WAIT(has_drifted);
    assert_true(logged("is active: not by heartbeat, and its group is not held here"));
    assert_true(is_active());
    hb_warm_wish(house.warm, 0, HB_WARM_IN_USE);
    assert_op(0, HB_OP_STATUS, HB_OP_OK);
    call_program("standby");
    WAIT(has_drifted);
    assert_true(logged("is in standby: not by heartbeat, and its group is held here"));
    assert_op(0, HB_OP_STATUS, HB_OP_STOPPED);
}

static void an_order_can_be_abandoned(void **state)
{
    (void)state;
    make_ready();
    hb_warm_abandon(begin_op(0, HB_OP_START));
    assert_op(0, HB_OP_STOP, HB_OP_OK);
    assert_true(stands_by());
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        CASE(it_runs_in_standby_where_the_group_is_not_held),
        CASE(a_takeover_starts_no_process),
        CASE(a_start_waits_for_the_standby_that_is_being_started),
        CASE(one_that_dies_is_started_again_as_it_was),
        CASE(one_that_somebody_stopped_is_left_alone_for_a_while),
        CASE(it_ends_when_heartbeat_leaves),
        CASE(where_the_group_is_held_its_stop_ends_it_then),
        CASE(a_file_in_two_groups_serves_while_either_is_held),
        CASE(another_haresources_ends_what_it_does_not_name),
        CASE(two_files_are_two_processes),
        CASE(one_found_active_where_nothing_is_held_is_told_to_stand_by),
        CASE(one_found_active_where_the_group_goes_up_runs),
        CASE(one_that_serves_an_inherited_group_does_so_after_its_death),
        CASE(whom_nobody_can_reach_is_the_scripts),
        CASE(a_program_that_knows_no_standby_is_the_scripts),
        CASE(a_broken_file_is_told_and_tried_again),
        CASE(somebodys_own_script_wins),
        CASE(one_that_hangs_is_killed_and_started_again),
        CASE(one_that_somebody_activates_is_named_and_stays_so),
        CASE(an_order_can_be_abandoned),
    };

    alarm(240);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
