/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A house that keeps ldirectord warm (warm_house.h). */
#include "tests/unit/warm_house.h"

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
#include "common/run/log.h"
#include "tests/unit/descriptors.h"

#define PROGRAM TOP_BUILDDIR "/tests/fakes/fake_ldirectord"

struct house house;

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

void house_wait(bool (*holds)(void), const char *sentence)
{
    struct wait wait = {.holds = holds, .until_ns = ha_clock_ns() + 20 * HA_NS_PER_S};

    ha_timer_set(house.loop, &wait.timer, ha_clock_ns(), check, &wait);
    if (ha_loop_run(house.loop) != 0)
        fail_msg("not within 20 s: %s", sentence);
}

/* ---- what can be seen ---- */

bool house_state(struct ha_director_state *state)
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

bool house_stands_by(void)
{
    struct ha_director_state state;

    return house_state(&state) && state.standby;
}

pid_t house_pid(void)
{
    struct ha_director_state state;

    assert_true(house_state(&state));
    return state.pid;
}

struct hb_warm_member *house_member(void)
{
    return g_ptr_array_index(house.warm->members, 0);
}

bool house_known(void)
{
    return house_member()->pid > 0 && house_member()->order == NULL;
}

bool house_logged(const char *text)
{
    char *all = NULL;
    bool found = g_file_get_contents(house.log, &all, NULL, NULL) && strstr(all, text) != NULL;

    g_free(all);
    return found;
}

/* ---- setting up ---- */

void house_add_group(const char *name, const char *argument)
{
    struct hb_group *group = hb_group_new("left", 1);
    char *text = g_strdup_printf("%s::%s", name, argument);
    struct hb_resource *resource = hb_resource_new(name, text);

    g_ptr_array_add(resource->args, g_strdup(argument));
    g_ptr_array_add(group->resources, resource);
    g_ptr_array_add(house.resources->groups, group);
    g_free(text);
}

void house_write(const char *path, const char *text, int mode)
{
    assert_true(g_file_set_contents(path, text, -1, NULL));
    assert_int_equal(g_chmod(path, mode), 0);
}

int house_begin(void **state)
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
    house_write(house.file, text, 0644);
    ha_log_setup(&(struct ha_log_settings){.ident = "heartbeat", .file = house.log,
                                           .level = HA_LOG_INFO, .syslog_facility = -1});
    house.descriptors = open_descriptors();
    house.program = g_canonicalize_filename(PROGRAM, NULL);
    house.paths = (struct hb_act_paths){.hadir = house.dir, .initdir = house.dir, .rundir = house.dir,
                                        .ldirectord = house.program, .piddir = house.dir};
    house.loop = ha_loop_new();
    house.resources = hb_haresources_new();
    house_add_group("ldirectord", house.file);
    house.warm = NULL;
    house.answers = 0;
    g_free(folder);
    g_free(text);
    g_free(name);
    return 0;
}

void house_furnish(void)
{
    house.warm = hb_warm_new(house.loop, &house.paths, NULL, house.resources);
}

int house_end(void **state)
{
    struct ha_director_state left;
    char *command = g_strdup_printf("rm -rf '%s' 2>/dev/null", house.dir);

    (void)state;
    hb_warm_free(house.warm);
    if (house_state(&left)) {
        kill(left.pid, SIGKILL);
        while (kill(left.pid, 0) == 0 && house_state(&left))
            g_usleep(10000);
    }
    hb_haresources_free(house.resources);
    ha_loop_free(house.loop);
    if (open_descriptors() != house.descriptors)
        fail_msg("%u descriptors, and %u before", open_descriptors(), house.descriptors);
    ha_log_close();
    /* One that was told to end may write its last line just now. */
    for (unsigned tries = 0; system(command) != 0; tries++) {
        assert_true(tries < 500);
        g_usleep(10000);
    }
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

struct hb_warm_op *house_begin_op(unsigned group, enum hb_op op)
{
    const struct hb_group *its = g_ptr_array_index(house.resources->groups, group);
    struct hb_action action = {.kind = HB_ACT_OP, .op = op, .group = group, .deadline_ms = 20000};

    house.answers = 0;
    return hb_warm_run(house.warm, g_ptr_array_index(its->resources, 0), &action, op_ended, NULL);
}

void house_run(unsigned group, enum hb_op op)
{
    house_begin_op(group, op);
    assert_int_equal(house.answers, 0);
    WAIT(is_answered);
    assert_int_equal(house.answers, 1);
}

/* Kept warm, and known. */
void house_ready(void)
{
    house_furnish();
    assert_non_null(house.warm);
    for (unsigned i = 0; i < house.resources->groups->len; i++)
        hb_warm_wish(house.warm, i, HB_WARM_READY);
    WAIT(house_known);
}

void house_take(unsigned group)
{
    hb_warm_wish(house.warm, group, HB_WARM_IN_USE);
    assert_op(group, HB_OP_START, HB_OP_OK);
}

/* As a command of an administrator. */
void house_call(const char *word)
{
    char *command = g_strdup_printf("'%s' '%s' %s >/dev/null 2>&1", house.program, house.file, word);

    assert_int_equal(system(command), 0);
    g_free(command);
}

void assert_shown(const char *expected)
{
    const struct hb_group *group = g_ptr_array_index(house.resources->groups, 0);
    pid_t pid;

    assert_string_equal(hb_warm_state(house.warm, g_ptr_array_index(group->resources, 0), &pid),
                        expected);
    assert_int_equal(pid, strcmp(expected, "not running") == 0 ? 0 : house_pid());
}
