/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ldirectord.cf is watched: each edit is told once, however an editor goes about it, wherever the file
 * is, and whether the kernel tells of it or not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/time.h"
#include "ldirectord/config_watch.h"
#include "tests/unit/loop_wait.h"

static struct place {
    char *top, *folder, *file;
    struct ha_loop *loop;
    struct ld_content content;
    struct ld_config_watch *watch;
    unsigned told;
    bool readable; /* what was told of could be read */
} place;

static void read_it(void)
{
    struct ha_diags diags;
    struct ld_config *config;

    ha_diags_init(&diags);
    config = ld_config_load(place.file, &place.content, LD_LOOK_FILES, &diags);
    place.readable = config != NULL;
    ld_config_free(config);
    ha_diags_clear(&diags);
}

static void tell(void *ctx)
{
    (void)ctx;
    place.told++;
    read_it();
}

static int begin(void **state)
{
    (void)state;
    memset(&place, 0, sizeof(place));
    place.top = g_dir_make_tmp("watch-XXXXXX", NULL);
    place.folder = g_build_filename(place.top, "ha.d", NULL);
    place.file = g_build_filename(place.folder, "ldirectord.cf", NULL);
    assert_int_equal(g_mkdir(place.folder, 0755), 0);
    place.loop = ha_loop_new();
    return 0;
}

static int end(void **state)
{
    char *line = g_strdup_printf("rm -r '%s'", place.top);

    (void)state;
    ld_config_watch_stop(place.watch);
    ha_loop_free(place.loop);
    assert_int_equal(system(line), 0);
    g_free(line);
    g_free(place.top);
    g_free(place.folder);
    g_free(place.file);
    return 0;
}

static char *at(const char *name)
{
    return g_build_filename(place.top, name, NULL);
}

/* In place, as a shell does. */
static void fill(const char *path, const char *text)
{
    FILE *out = fopen(path, "w");

    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    fclose(out);
}

static void start(void)
{
    read_it();
    place.watch = ld_config_watch_start(place.loop, place.file, &place.content, tell, NULL);
}

static bool was_told(const void *times)
{
    return place.told >= GPOINTER_TO_UINT(times);
}

/* At least so often; assert_quiet() sees to the rest. */
static void assert_told(unsigned times)
{
    if (!loop_wait(place.loop, was_told, GUINT_TO_POINTER(times), 20 * HA_NS_PER_S))
        fail_msg("not told %u times within 20 s, but %u", times, place.told);
    assert_true(place.readable);
}

#define TWO_LOOKS_MS 4500

static void assert_quiet(unsigned times, unsigned for_ms)
{
    (void)loop_wait(place.loop, NULL, NULL, ha_ms_to_ns(for_ms));
    assert_int_equal(place.told, times);
}

/* ---- cases ---- */

static void an_edit_is_told_once_however_it_is_made(void **state)
{
    char *other = g_strconcat(place.file, ".new", NULL), *backup = g_strconcat(place.file, "~", NULL);

    (void)state;
    fill(place.file, "checkinterval=1\n");
    start();
    fill(place.file, "checkinterval=2\n");
    assert_told(1);
    fill(other, "checkinterval=3\n");
    assert_int_equal(g_rename(other, place.file), 0);
    assert_told(2);
    assert_int_equal(g_rename(place.file, backup), 0); /* as an editor that keeps a backup */
    fill(place.file, "checkinterval=4\n");
    assert_told(3);
    fill(place.file, "checkinterval=5\n");
    assert_told(4);
    assert_quiet(4, TWO_LOOKS_MS);
    g_free(backup);
    g_free(other);
}

/* inotify on the folder says nothing of what a link in it leads to. */
static void an_edit_that_the_kernel_does_not_tell_of_is_found(void **state)
{
    char *there = at("there");

    (void)state;
    fill(there, "checkinterval=1\n");
    assert_int_equal(symlink(there, place.file), 0);
    start();
    fill(there, "checkinterval=2\n");
    assert_told(1);
    assert_quiet(1, TWO_LOOKS_MS);
    g_free(there);
}

static void found(void *ctx)
{
    struct ld_config_watch **by_looking = ctx;

    assert_int_equal(place.told, 1);
    place.told++;
    ld_config_watch_stop(*by_looking);
    *by_looking = NULL;
}

/* Else whoever looks at a link to the same file would find it first. */
static void the_kernel_tells_before_anybody_finds_it_by_looking(void **state)
{
    struct ld_config_watch *by_looking;
    struct ld_content content;
    char *link = at("link");

    (void)state;
    fill(place.file, "checkinterval=1\n");
    assert_int_equal(symlink(place.file, link), 0);
    read_it();
    content = place.content;
    by_looking = ld_config_watch_start(place.loop, link, &content, found, &by_looking);
    start(); /* and so would look after it */
    fill(place.file, "checkinterval=2\n");
    assert_told(2);
    assert_null(by_looking);
    g_free(link);
}

/* The folder that inotify watches is another one then. */
static void a_folder_that_goes_and_comes_back_is_followed(void **state)
{
    char *away = at("away");

    (void)state;
    fill(place.file, "checkinterval=1\n");
    start();
    assert_int_equal(g_rename(place.folder, away), 0);
    assert_quiet(0, 500);
    assert_int_equal(g_mkdir(place.folder, 0755), 0);
    fill(place.file, "checkinterval=2\n");
    assert_told(1);
    g_free(away);
}

/* Whoever asked for it meanwhile has found nothing, and knows the file of before still. */
static void a_file_that_is_back_as_it_was_is_no_edit(void **state)
{
    char *away = at("away");

    (void)state;
    fill(place.file, "checkinterval=1\n");
    start();
    assert_int_equal(g_rename(place.file, away), 0);
    read_it();
    assert_false(place.readable);
    assert_int_equal(g_rename(away, place.file), 0);
    assert_quiet(0, 500);
    fill(place.file, "checkinterval=2\n");
    assert_told(1);
    g_free(away);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        CASE(an_edit_is_told_once_however_it_is_made),
        CASE(an_edit_that_the_kernel_does_not_tell_of_is_found),
        CASE(the_kernel_tells_before_anybody_finds_it_by_looking),
        CASE(a_folder_that_goes_and_comes_back_is_followed),
        CASE(a_file_that_is_back_as_it_was_is_no_edit),
    };

    alarm(240);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
