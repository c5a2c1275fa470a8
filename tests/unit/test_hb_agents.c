/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Agents, with real scripts in a directory of their own, the nasty ones included. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <glib/gstdio.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "heartbeatd/act/agents.h"
#include "heartbeatd/act/resolve.h"

struct fixture {
    char *dir, *hadir, *initdir;
    struct hb_act_paths paths;
    struct ha_loop *loop;
    struct ha_timer bound;
    char **environment;
    unsigned answers;
    enum hb_op_result result;
    char *detail;
};

static int setup(void **state)
{
    struct fixture *f = g_new0(struct fixture, 1);
    struct hb_config *config = hb_config_new();
    char *path;

    f->dir = g_dir_make_tmp("hearth-agents-XXXXXX", NULL);
    f->hadir = g_build_filename(f->dir, "ha.d", NULL);
    f->initdir = g_build_filename(f->dir, "init.d", NULL);
    path = g_build_filename(f->hadir, "resource.d", NULL);
    g_mkdir_with_parents(path, 0755);
    g_mkdir_with_parents(f->initdir, 0755);
    g_free(path);
    f->paths = (struct hb_act_paths){
        .hadir = f->hadir, .initdir = f->initdir, .rundir = f->dir};
    f->loop = ha_loop_new();
    f->environment = hb_agent_environment(&f->paths, config, "node1");
    hb_config_free(config);
    *state = f;
    return f->loop == NULL;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    const char *const rm[] = {"rm", "-rf", f->dir, NULL};

    ha_timer_cancel(f->loop, &f->bound);
    ha_loop_free(f->loop);
    g_spawn_sync(NULL, (char **)(uintptr_t)rm, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                 NULL, NULL);
    g_strfreev(f->environment);
    g_free(f->detail);
    g_free(f->hadir);
    g_free(f->initdir);
    g_free(f->dir);
    g_free(f);
    return 0;
}

static char *put_script(const char *dir, const char *name, const char *body, mode_t mode)
{
    char *path = g_build_filename(dir, name, NULL);
    char *text = g_strdup_printf("#!/bin/sh\n%s\n", body);

    assert_true(g_file_set_contents(path, text, -1, NULL));
    assert_int_equal(chmod(path, mode), 0);
    g_free(text);
    return path;
}

static void put_resource(struct fixture *f, const char *name, const char *body)
{
    char *dir = g_build_filename(f->hadir, "resource.d", NULL);

    g_free(put_script(dir, name, body, 0755));
    g_free(dir);
}

static void answered(void *ctx, enum hb_op_result result, const char *detail)
{
    struct fixture *f = ctx;

    f->answers++;
    f->result = result;
    g_free(f->detail);
    f->detail = g_strdup(detail);
    ha_loop_stop(f->loop, 0);
}

static void too_late(void *ctx, uint64_t now_ns)
{
    (void)now_ns;
    ha_loop_stop(((struct fixture *)ctx)->loop, 1);
}

static enum hb_op_result run_for(struct fixture *f, const char *name, const char *arg,
                                 enum hb_op op, uint64_t deadline_ms)
{
    struct hb_resource resource = {.name = (char *)(uintptr_t)name,
                                   .args = g_ptr_array_new(),
                                   .text = (char *)(uintptr_t)name};
    unsigned before = f->answers;

    if (arg != NULL)
        g_ptr_array_add(resource.args, (void *)(uintptr_t)arg);
    assert_non_null(hb_agent_start(f->loop, &f->paths, f->environment, &resource, op, deadline_ms,
                                   answered, f));
    assert_int_equal(f->answers, before); /* never from inside the call */
    ha_timer_set(f->loop, &f->bound, ha_clock_ns() + 60 * HA_NS_PER_S, too_late, f);
    assert_int_equal(ha_loop_run(f->loop), 0);
    assert_int_equal(f->answers, before + 1);
    g_ptr_array_free(resource.args, TRUE);
    return f->result;
}

static enum hb_op_result run(struct fixture *f, const char *name, enum hb_op op)
{
    return run_for(f, name, NULL, op, 30000);
}

/* ---- finding ---- */

static void assert_found_in(struct fixture *f, const char *name, const char *dir)
{
    char *found = hb_agent_find(&f->paths, name, NULL);
    char *expected = g_build_filename(dir, name, NULL);

    assert_non_null(found);
    assert_string_equal(found, expected);
    g_free(found);
    g_free(expected);
}

static void resource_d_comes_before_init_d(void **state)
{
    struct fixture *f = *state;
    char *resources = g_build_filename(f->hadir, "resource.d", NULL);

    g_free(put_script(f->initdir, "web", "exit 0", 0755));
    assert_found_in(f, "web", f->initdir);
    put_resource(f, "web", "exit 0");
    assert_found_in(f, "web", resources);
    g_free(resources);
}

static void what_is_no_executable_file_is_passed_over_and_named(void **state)
{
    struct fixture *f = *state;
    char *resources = g_build_filename(f->hadir, "resource.d", NULL);
    char *path = put_script(resources, "web", "exit 0", 0644), *why = NULL;

    assert_null(hb_agent_find(&f->paths, "web", &why));
    assert_non_null(strstr(why, path));
    assert_non_null(strstr(why, "not executable"));
    g_free(why);
    g_free(put_script(f->initdir, "web", "exit 0", 0755));
    assert_found_in(f, "web", f->initdir);
    g_free(path);
    path = g_build_filename(resources, "dir", NULL);
    assert_int_equal(g_mkdir(path, 0755), 0);
    assert_null(hb_agent_find(&f->paths, "dir", &why));
    assert_non_null(strstr(why, "not a regular file"));
    g_free(why);
    g_free(path);
    g_free(resources);
}

static void nothing_is_found_outside_the_two_directories(void **state)
{
    static const char *const names[] = {"../init.d/web", "/bin/sh", "..", ".", "", "#", "nothing"};
    struct fixture *f = *state;

    g_free(put_script(f->initdir, "web", "exit 0", 0755));
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        char *why = NULL;

        assert_null(hb_agent_find(&f->paths, names[i], &why));
        assert_non_null(strstr(why, "there is no script"));
        g_free(why);
    }
}

/* ---- native or not ---- */

static bool is_native(struct fixture *f, const char *name)
{
    struct hb_haresources *resources = hb_haresources_new();
    struct hb_group *group = hb_group_new("node1", 1);
    struct hb_resource *resource = hb_resource_new(name, name);
    bool native;

    g_ptr_array_add(group->resources, resource);
    g_ptr_array_add(resources->groups, group);
    hb_resolve(&f->paths, resources);
    native = resource->native;
    hb_haresources_free(resources);
    return native;
}

static void addresses_are_native_until_somebody_puts_his_own_script_there(void **state)
{
    struct fixture *f = *state;

    assert_true(is_native(f, "IPaddr"));
    assert_true(is_native(f, "IPaddr2"));
    assert_true(is_native(f, "IPv6addr"));
    assert_false(is_native(f, "Filesystem"));
    put_resource(f, "IPaddr", "exit 0");
    assert_false(is_native(f, "IPaddr"));
    assert_true(is_native(f, "IPaddr2"));
    put_resource(f, "IPaddr", "# " HB_AGENT_MARKER "\nexit 0");
    assert_true(is_native(f, "IPaddr"));
    put_resource(f, "IPaddr2", "OCF_TYPE=IPaddr2\nra_execocf $2");
    assert_true(is_native(f, "IPaddr2"));
}

static void a_script_that_cannot_run_overrides_nothing(void **state)
{
    struct fixture *f = *state;
    char *resources = g_build_filename(f->hadir, "resource.d", NULL);

    g_free(put_script(resources, "IPaddr", "exit 0", 0644));
    assert_true(is_native(f, "IPaddr"));
    g_free(resources);
}

static void the_scripts_that_we_ship_leave_addresses_to_the_daemon(void **state)
{
    static const char *const ours[] = {"IPaddr", "IPaddr2", "IPv6addr"};
    struct hb_act_paths paths = {.hadir = TOP_SRCDIR, .initdir = "/nowhere"};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(ours); i++) {
        char *path = g_build_filename(TOP_SRCDIR, "resource.d", ours[i], NULL);

        assert_int_equal(access(path, X_OK), 0);
        assert_false(hb_agent_overrides(&paths, ours[i]));
        g_free(path);
    }
}

/* ---- judging ---- */

static void status_is_what_the_script_says(void **state)
{
    static const struct {
        const char *output;
        bool running;
    } cases[] = {
        {"running", true},
        {"Running", true},
        {"httpd (pid 12) is running...", true},
        {"OK", true},
        {"INFO:  Running OK\n", true},
        {"not running", false},
        {"Not Running", false},
        {"NOT running", false},
        {"httpd is not currently running", false},
        {"INFO:  Resource is stopped\n", false},
        {"stopped", false},
        {"", false},
        {"RUNNING", false},
        {"ok", false},
        {"it is up", false},
        {"nothing running", true},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        if (hb_agent_says_running(cases[i].output) != cases[i].running)
            fail_msg("%s", cases[i].output);
    }
}

static void status_looks_at_the_text_and_not_at_the_exit_status(void **state)
{
    struct fixture *f = *state;

    put_resource(f, "says", "[ \"$1\" = status ] && echo running; exit 3");
    assert_int_equal(run(f, "says", HB_OP_STATUS), HB_OP_OK);
    put_resource(f, "says", "exit 0");
    assert_int_equal(run(f, "says", HB_OP_STATUS), HB_OP_STOPPED);
    put_resource(f, "says", "echo running >&2; exit 0");
    assert_int_equal(run(f, "says", HB_OP_STATUS), HB_OP_STOPPED);
}

static void start_and_stop_look_at_the_exit_status(void **state)
{
    struct fixture *f = *state;

    put_resource(f, "web",
                 "case $2 in start) echo started; exit 0;; esac; echo 'no disk' >&2; exit 4");
    assert_int_equal(run_for(f, "web", "arg", HB_OP_START, 30000), HB_OP_OK);
    assert_null(f->detail);
    assert_int_equal(run_for(f, "web", "arg", HB_OP_STOP, 30000), HB_OP_FAILED);
    assert_non_null(strstr(f->detail, "web stop"));
    assert_non_null(strstr(f->detail, "4"));
    assert_non_null(strstr(f->detail, "no disk"));
}

static void scripts_find_the_environment_of_heartbeat(void **state)
{
    struct fixture *f = *state;
    struct hb_config *config = hb_config_new();
    struct hb_directive *directive = g_new0(struct hb_directive, 1), *env;
    char *body;

    directive->name = g_strdup("deadtime");
    directive->text = g_strdup("10");
    env = g_new0(struct hb_directive, 1);
    env->name = g_strdup("env");
    env->text = g_strdup("SITE=north");
    g_ptr_array_add(config->directives, directive);
    g_ptr_array_add(config->directives, env);
    g_strfreev(f->environment);
    f->environment = hb_agent_environment(&f->paths, config, "node1");
    hb_config_free(config);
    body = g_strdup_printf("[ \"$HA_CURHOST\" = node1 ] && [ \"$HA_deadtime\" = 10 ] && "
                           "[ \"$HA_SITE\" = north ] && [ \"$HA_DIR\" = %s ] && "
                           "[ \"$HA_RESOURCEDIR\" = %s/resource.d ] && "
                           "[ \"$HA_FUNCS\" = %s/shellfuncs ] && [ \"$LC_ALL\" = C ] && "
                           "[ -n \"$OCF_ROOT\" ] && [ -n \"$HA_DATEFMT\" ] && "
                           "[ -n \"$HA_BIN\" ] && [ -n \"$PATH\" ] && "
                           "[ \"$(readlink /proc/self/fd/0)\" = /dev/null ] && echo running",
                           f->hadir, f->hadir, f->hadir);
    put_resource(f, "env", body);
    g_free(body);
    assert_int_equal(run(f, "env", HB_OP_STATUS), HB_OP_OK);
}

/* ---- nasty ones ---- */

static void a_script_that_hangs_is_ended_at_its_deadline(void **state)
{
    struct fixture *f = *state;

    put_resource(f, "hang", "trap '' TERM; echo waiting; sleep 1000 & wait; sleep 1000");
    assert_int_equal(run_for(f, "hang", NULL, HB_OP_START, 200), HB_OP_TIMED_OUT);
    assert_non_null(f->detail);
    assert_int_equal(run_for(f, "hang", NULL, HB_OP_STATUS, 200), HB_OP_TIMED_OUT);
}

static void a_script_that_forks_away_delays_nobody(void **state)
{
    struct fixture *f = *state;

    put_resource(f, "daemon", "[ $1 = status ] && echo running; sleep 30 & echo $! > \"$0.pid\"");
    assert_int_equal(run_for(f, "daemon", NULL, HB_OP_START, 20000), HB_OP_OK);
    assert_int_equal(run_for(f, "daemon", NULL, HB_OP_STATUS, 20000), HB_OP_OK);
}

static void a_script_that_floods_is_read_to_its_end_and_cut(void **state)
{
    struct fixture *f = *state;

    put_resource(f, "flood", "echo running; yes flood | head -c 3000000; exit 0");
    assert_int_equal(run(f, "flood", HB_OP_STATUS), HB_OP_OK);
    assert_int_equal(run(f, "flood", HB_OP_START), HB_OP_OK);
}

static void a_script_that_is_killed_has_failed(void **state)
{
    struct fixture *f = *state;

    put_resource(f, "dies", "echo running; kill -9 $$");
    assert_int_equal(run(f, "dies", HB_OP_START), HB_OP_FAILED);
    assert_int_equal(run(f, "dies", HB_OP_STATUS), HB_OP_FAILED);
    assert_non_null(strstr(f->detail, "9"));
}

static void a_script_that_is_no_program_has_failed(void **state)
{
    struct fixture *f = *state;
    char *resources = g_build_filename(f->hadir, "resource.d", NULL);
    char *path = g_build_filename(resources, "junk", NULL);

    assert_true(g_file_set_contents(path, "#!/no/such/interpreter\n", -1, NULL));
    assert_int_equal(chmod(path, 0755), 0);
    assert_int_equal(run(f, "junk", HB_OP_START), HB_OP_FAILED);
    assert_non_null(f->detail);
    g_free(path);
    g_free(resources);
}

static void a_script_that_vanished_has_failed(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(run(f, "gone", HB_OP_START), HB_OP_FAILED);
    assert_non_null(strstr(f->detail, "gone start"));
}

static void control_bytes_of_a_script_do_not_reach_the_log(void **state)
{
    struct fixture *f = *state;

    put_resource(f, "rude", "printf '\\033[2Jboo\\n'; exit 1");
    assert_int_equal(run(f, "rude", HB_OP_START), HB_OP_FAILED);
    assert_null(strchr(f->detail, '\033'));
    assert_non_null(strstr(f->detail, "boo"));
}

static void an_abandoned_script_never_answers(void **state)
{
    struct fixture *f = *state;
    struct hb_resource resource = {.name = (char *)(uintptr_t) "slow",
                                   .args = g_ptr_array_new(),
                                   .text = (char *)(uintptr_t) "slow"};
    struct hb_agent_run *run_;

    put_resource(f, "slow", "sleep 1000");
    run_ = hb_agent_start(f->loop, &f->paths, f->environment, &resource, HB_OP_START, 60000,
                          answered, f);
    assert_non_null(run_);
    hb_agent_abandon(run_);
    ha_timer_set(f->loop, &f->bound, ha_clock_ns() + 300 * HA_NS_PER_MS, too_late, f);
    assert_int_equal(ha_loop_run(f->loop), 1);
    assert_int_equal(f->answers, 0);
    g_ptr_array_free(resource.args, TRUE);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(resource_d_comes_before_init_d),
        CASE(what_is_no_executable_file_is_passed_over_and_named),
        CASE(nothing_is_found_outside_the_two_directories),
        CASE(addresses_are_native_until_somebody_puts_his_own_script_there),
        CASE(a_script_that_cannot_run_overrides_nothing),
        CASE(the_scripts_that_we_ship_leave_addresses_to_the_daemon),
        CASE(status_is_what_the_script_says),
        CASE(status_looks_at_the_text_and_not_at_the_exit_status),
        CASE(start_and_stop_look_at_the_exit_status),
        CASE(scripts_find_the_environment_of_heartbeat),
        CASE(a_script_that_hangs_is_ended_at_its_deadline),
        CASE(a_script_that_forks_away_delays_nobody),
        CASE(a_script_that_floods_is_read_to_its_end_and_cut),
        CASE(a_script_that_is_killed_has_failed),
        CASE(a_script_that_is_no_program_has_failed),
        CASE(a_script_that_vanished_has_failed),
        CASE(control_bytes_of_a_script_do_not_reach_the_log),
        CASE(an_abandoned_script_never_answers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
