/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files written behind the loop's back. The disk is slow while a file called
 * "gate" is not there: this program has an fsync() of its own, which waits for
 * that, and notes each call.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/behind.h"
#include "common/run/clock.h"
#include "tests/unit/descriptors.h"

/* A disk that is never quick again is given up after so long. */
#define SLOWEST_MS 20000

static char *dir, *gate, *syncs, *path;

int fsync(int fd)
{
    int note = open(syncs, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

    (void)fd;
    (void)!write(note, "x", 1);
    close(note);
    for (int i = 0; i < SLOWEST_MS && access(gate, F_OK) != 0; i++)
        usleep(1000);
    return 0;
}

struct story {
    struct ha_loop *loop;
    struct ha_behind *behind;
    struct ha_timer limit, look;
    bool (*until)(const struct story *story);
    int errors, error;
    unsigned descriptors;
};

static void failed(void *ctx, int error)
{
    struct story *story = ctx;

    story->errors++;
    story->error = error;
}

static int begin(void **state)
{
    static struct story story;

    story = (struct story){.descriptors = open_descriptors()};
    dir = g_dir_make_tmp("behind-XXXXXX", NULL);
    gate = g_build_filename(dir, "gate", NULL);
    syncs = g_build_filename(dir, "syncs", NULL);
    path = g_build_filename(dir, "file", NULL);
    story.loop = ha_loop_new();
    *state = &story;
    return 0;
}

static int end(void **state)
{
    struct story *story = *state;

    ha_behind_free(story->behind, SLOWEST_MS);
    ha_timer_cancel(story->loop, &story->limit);
    ha_timer_cancel(story->loop, &story->look);
    ha_loop_free(story->loop);
    assert_int_equal(open_descriptors(), story->descriptors);
    g_unlink(gate);
    g_unlink(syncs);
    g_unlink(path);
    assert_int_equal(g_rmdir(dir), 0); /* and nothing else was in it */
    g_free(dir);
    g_free(gate);
    g_free(syncs);
    g_free(path);
    return 0;
}

static void disk_is_quick(void)
{
    assert_true(g_file_set_contents(gate, "", 0, NULL));
}

static void give(struct story *story, const char *text)
{
    ha_behind_write(story->behind, text, strlen(text));
}

static void too_late(void *ctx, uint64_t now_ns)
{
    (void)now_ns;
    ha_loop_stop(ctx, 1);
}

static void look(void *ctx, uint64_t now_ns)
{
    struct story *story = ctx;

    if (story->until(story))
        ha_loop_stop(story->loop, 0);
    else
        ha_timer_set(story->loop, &story->look, now_ns + HA_NS_PER_MS, look, story);
}

static bool run_until(struct story *story, bool (*until)(const struct story *), uint64_t bound_ms)
{
    story->until = until;
    ha_timer_set(story->loop, &story->limit, ha_clock_ns() + ha_ms_to_ns(bound_ms), too_late,
                 story->loop);
    ha_timer_set(story->loop, &story->look, 1, look, story);
    return ha_loop_run(story->loop) == 0;
}

static bool is_through(const struct story *story)
{
    return ha_behind_pending(story->behind) == NULL;
}

static bool is_syncing(const struct story *story)
{
    (void)story;
    return access(syncs, F_OK) == 0;
}

static void assert_file(const char *name, const char *expected)
{
    char *text = NULL;

    assert_true(g_file_get_contents(name, &text, NULL, NULL));
    assert_string_equal(text, expected);
    g_free(text);
}

static void what_is_given_comes_to_the_file(void **state)
{
    struct story *story = *state;
    GStatBuf st;

    disk_is_quick();
    story->behind = ha_behind_new(story->loop, path, 0640, failed, story);
    assert_null(ha_behind_pending(story->behind));
    give(story, "one\n");
    assert_string_equal(ha_behind_pending(story->behind), "one\n");
    assert_true(run_until(story, is_through, 30000));
    assert_file(path, "one\n");
    assert_int_equal(g_stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_int_equal(story->errors, 0);
}

static void a_slow_disk_delays_nobody_and_the_last_word_counts(void **state)
{
    struct story *story = *state;

    story->behind = ha_behind_new(story->loop, path, 0600, failed, story);
    give(story, "first");
    assert_true(run_until(story, is_syncing, 30000));
    give(story, "second");
    give(story, "third");
    assert_false(run_until(story, is_through, 50)); /* and the loop runs */
    assert_int_not_equal(access(path, F_OK), 0);
    assert_string_equal(ha_behind_pending(story->behind), "third");
    disk_is_quick();
    assert_true(run_until(story, is_through, 30000));
    assert_file(path, "third");
    assert_file(syncs, "xxxx"); /* file and folder, twice: the second was never written */
}

static void a_failure_is_told_and_the_next_write_may_succeed(void **state)
{
    struct story *story = *state;
    char *folder = g_build_filename(dir, "folder", NULL);
    char *inside = g_build_filename(folder, "file", NULL);

    disk_is_quick();
    story->behind = ha_behind_new(story->loop, inside, 0600, failed, story);
    give(story, "one");
    assert_true(run_until(story, is_through, 30000));
    assert_int_equal(story->errors, 1);
    assert_int_equal(story->error, -ENOENT);
    assert_int_equal(g_mkdir(folder, 0700), 0);
    give(story, "two");
    assert_true(run_until(story, is_through, 30000));
    assert_file(inside, "two");
    assert_int_equal(story->errors, 1);
    g_unlink(inside);
    assert_int_equal(g_rmdir(folder), 0);
    g_free(inside);
    g_free(folder);
}

static bool has_come(const struct story *story)
{
    (void)story;
    return access(path, F_OK) == 0;
}

/* In place of the file there is a folder, which cannot be replaced by one. */
static void what_failed_is_tried_again_and_told_once(void **state)
{
    struct story *story = *state;

    disk_is_quick();
    story->behind = ha_behind_new(story->loop, path, 0600, failed, story);
    assert_int_equal(g_mkdir(path, 0700), 0);
    give(story, "one");
    assert_true(run_until(story, is_through, 30000));
    assert_int_equal(story->errors, 1);
    assert_int_equal(g_rmdir(path), 0);
    assert_true(run_until(story, has_come, 4 * HA_BEHIND_RETRY_MS));
    assert_file(path, "one");
    assert_int_equal(story->errors, 1);
}

static void the_end_waits_for_the_last_word(void **state)
{
    struct story *story = *state;

    story->behind = ha_behind_new(story->loop, path, 0600, failed, story);
    give(story, "first");
    assert_true(run_until(story, is_syncing, 30000));
    give(story, "last");
    disk_is_quick();
    ha_behind_free(story->behind, 2 * SLOWEST_MS);
    story->behind = NULL;
    assert_file(path, "last");
}

/* The folder is the last to be synced. */
static bool is_there(const struct story *story)
{
    GStatBuf st;

    (void)story;
    return access(path, F_OK) == 0 && g_stat(syncs, &st) == 0 && st.st_size == 2;
}

static void but_not_for_ever(void **state)
{
    struct story *story = *state;

    story->behind = ha_behind_new(story->loop, path, 0600, failed, story);
    give(story, "first");
    assert_true(run_until(story, is_syncing, 30000));
    give(story, "last");
    ha_behind_free(story->behind, 100); /* with the gate shut it comes back all the same */
    story->behind = NULL;
    assert_int_not_equal(access(path, F_OK), 0);
    disk_is_quick();
    assert_true(run_until(story, is_there, 30000)); /* what was under way goes on without us */
    assert_file(path, "first");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(what_is_given_comes_to_the_file),
        CASE(a_slow_disk_delays_nobody_and_the_last_word_counts),
        CASE(a_failure_is_told_and_the_next_write_may_succeed),
        CASE(what_failed_is_tried_again_and_told_once),
        CASE(the_end_waits_for_the_last_word),
        CASE(but_not_for_ever),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
