/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole files: bounds, odd kinds of files, all or nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/run/file.h"

static char directory[] = "/tmp/test_ha_file.XXXXXX";

static char *in_directory(const char *name)
{
    return g_build_filename(directory, name, NULL);
}

static unsigned files_in_directory(void)
{
    GDir *dir = g_dir_open(directory, 0, NULL);
    unsigned count = 0;

    while (g_dir_read_name(dir)) {
        count++;
    }
    g_dir_close(dir);
    return count;
}

static void assert_read(const char *path, size_t max, int status)
{
    char *text = (char *)1;
    size_t length = 77;

    assert_int_equal(ha_file_read(path, max, &text, &length, NULL), status);
    if (status < 0) {
        assert_null(text);
        assert_int_equal(length, 0);
    }
    g_free(text);
}

static void what_is_written_is_read_back_with_its_mode(void **state)
{
    char *path = in_directory("file"), *text;
    struct stat stat;
    size_t length;

    (void)state;
    assert_int_equal(ha_file_write(path, "a\0b", 3, 0600), 0);
    assert_int_equal(ha_file_read(path, 100, &text, &length, &stat), 0);
    assert_int_equal(length, 3);
    assert_memory_equal(text, "a\0b\0", 4);
    assert_int_equal(stat.st_mode & 07777, 0600);
    g_free(text);
    assert_int_equal(ha_file_write(path, "new", 3, 0644), 0);
    assert_int_equal(ha_file_read(path, 3, &text, &length, &stat), 0);
    assert_string_equal(text, "new");
    assert_int_equal(stat.st_mode & 07777, 0644);
    assert_int_equal(files_in_directory(), 1);
    g_free(text);
    g_unlink(path);
    g_free(path);
}

static void the_bound_is_exact(void **state)
{
    char *path = in_directory("big");
    char *bytes = g_malloc0(100000);

    (void)state;
    assert_int_equal(ha_file_write(path, bytes, 100000, 0644), 0);
    assert_read(path, 100000, 0);
    assert_read(path, 99999, -EFBIG);
    assert_read(path, 0, -EFBIG);
    assert_int_equal(ha_file_write(path, "", 0, 0644), 0);
    assert_read(path, 0, 0);
    g_unlink(path);
    g_free(bytes);
    g_free(path);
}

static void a_file_of_unknown_size_is_read_whole(void **state)
{
    char *text;
    size_t length;

    (void)state;
    assert_int_equal(ha_file_read("/proc/self/status", 100000, &text, &length, NULL), 0);
    assert_true(length > 100);
    assert_non_null(strstr(text, "Pid:"));
    g_free(text);
}

static void what_is_not_a_regular_file_is_refused_without_waiting(void **state)
{
    char *fifo = in_directory("fifo"), *missing = in_directory("missing");

    (void)state;
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_read(fifo, 100, -EINVAL);
    assert_read("/dev/null", 100, -EINVAL);
    assert_read(directory, 100, -EISDIR);
    assert_read(missing, 100, -ENOENT);
    g_unlink(fifo);
    g_free(fifo);
    g_free(missing);
}

static void a_write_that_fails_leaves_nothing_behind(void **state)
{
    char *sub = in_directory("sub"), *missing = in_directory("missing/file");
    unsigned before;

    (void)state;
    assert_int_equal(g_mkdir(sub, 0700), 0);
    before = files_in_directory();
    assert_int_equal(ha_file_write(sub, "x", 1, 0600), -EISDIR);
    assert_int_equal(ha_file_write(missing, "x", 1, 0600), -ENOENT);
    assert_int_equal(files_in_directory(), before);
    g_rmdir(sub);
    g_free(sub);
    g_free(missing);
}

static void what_killed_writers_left_is_swept_and_nothing_else(void **state)
{
    static const char *const there[] = {"file", "file.new-aB3xY9", "file.backup", "file.new-1",
                                        "other.new-aB3xY9", "file.new-aB3xY9z"};
    char *path = in_directory("file");

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(there); i++) {
        char *one = in_directory(there[i]);

        assert_true(g_file_set_contents(one, "x", 1, NULL));
        g_free(one);
    }
    ha_file_sweep(path);
    for (size_t i = 0; i < G_N_ELEMENTS(there); i++) {
        char *one = in_directory(there[i]);

        assert_int_equal(g_unlink(one), i == 1 ? -1 : 0);
        g_free(one);
    }
    ha_file_sweep("/nowhere/at/all");
    g_free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_back_with_its_mode),
        cmocka_unit_test(the_bound_is_exact),
        cmocka_unit_test(a_file_of_unknown_size_is_read_whole),
        cmocka_unit_test(what_is_not_a_regular_file_is_refused_without_waiting),
        cmocka_unit_test(a_write_that_fails_leaves_nothing_behind),
        cmocka_unit_test(what_killed_writers_left_is_swept_and_nothing_else),
    };
    int failed;

    if (!mkdtemp(directory)) {
        return 1;
    }
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    g_rmdir(directory);
    return failed;
}
