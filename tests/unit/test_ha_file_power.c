/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The power fails while a state file is written: after each call to the system,
 * and with each of them failing, every state is looked at in which a disk may
 * come up again. The disk here keeps no promise that was not asked for: what was
 * written is there up to any byte, or as zeros, until fsync() of the file; names
 * that were made, replaced or removed are there or not, each for itself, until
 * fsync() of the directory. In all of them the file is the old one or the new one
 * whole, and the new one once the writer was told that it is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/run/file.h"

#define PATH      "/state/hb_generation"
#define OLD       "     1700000001\n"
#define NEW       "     1700000002\n"
#define FILE_FD   1000
#define FOLDER_FD 1001

static struct disk {
    GString *text;    /* of the temporary file, as the program sees it */
    size_t safe;      /* of it, whatever happens */
    bool there;       /* the temporary name, as the program sees it */
    bool replaced;    /* the file is the new one, as the program sees it */
    bool replacement; /* that is safe, too */
    bool meant;       /* a call of the writer under test, and not of the C library's */
    unsigned calls, fails_at;
    size_t piece; /* what a write takes at most */
    bool told;    /* the writer has been told that it is done */
} disk;

static unsigned states;

/* ---- what may be there after the cut ---- */

static void assert_whole(const char *text, size_t length, bool may_be_old)
{
    states++;
    if (may_be_old && length == strlen(OLD) && memcmp(text, OLD, length) == 0)
        return;
    assert_int_equal(length, strlen(NEW));
    assert_memory_equal(text, NEW, length);
}

static void power_fails(void)
{
    char *zeros = g_malloc0(disk.text->len + 1);

    if (!disk.replacement)
        assert_whole(OLD, strlen(OLD), !disk.told);
    if (disk.replaced) {
        for (size_t length = disk.safe; length <= disk.text->len; length++) {
            memcpy(zeros, disk.text->str, disk.safe);
            assert_whole(disk.text->str, length, false);
            assert_whole(disk.safe < length ? zeros : disk.text->str, length, false);
        }
    }
    g_free(zeros);
}

/* ---- the calls ---- */

int __wrap_mkostemp(char *path, int flags);
int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
ssize_t __real_write(int fd, const void *bytes, size_t length);
ssize_t __wrap_write(int fd, const void *bytes, size_t length);
int __wrap_fchmod(int fd, mode_t mode);
int __wrap_fsync(int fd);
int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_rename(const char *from, const char *to);
int __wrap_unlink(const char *path);

/* Each call is a moment at which the power may have failed. */
static bool fails(int error)
{
    power_fails();
    errno = error;
    return ++disk.calls == disk.fails_at;
}

int __wrap_mkostemp(char *path, int flags)
{
    (void)flags;
    assert_true(g_str_has_prefix(path, PATH "."));
    if (fails(ENOSPC))
        return -1;
    disk.there = true;
    return FILE_FD;
}

int __wrap_open(const char *path, int flags, ...)
{
    if (!disk.meant)
        return __real_open(path, flags);
    assert_string_equal(path, "/state");
    return fails(EMFILE) ? -1 : FOLDER_FD;
}

ssize_t __wrap_write(int fd, const void *bytes, size_t length)
{
    if (fd != FILE_FD)
        return __real_write(fd, bytes, length);
    if (fails(ENOSPC))
        return -1;
    length = MIN(length, disk.piece);
    g_string_append_len(disk.text, bytes, (gssize)length);
    return (ssize_t)length;
}

int __wrap_fchmod(int fd, mode_t mode)
{
    assert_int_equal(fd, FILE_FD);
    assert_int_equal(mode, 0644);
    return fails(EIO) ? -1 : 0;
}

int __wrap_fsync(int fd)
{
    if (fails(EIO))
        return -1;
    if (fd == FILE_FD)
        disk.safe = disk.text->len;
    else
        disk.replacement = disk.replaced;
    return 0;
}

int __wrap_close(int fd)
{
    if (fd != FILE_FD && fd != FOLDER_FD)
        return __real_close(fd);
    return fails(EIO) ? -1 : 0;
}

int __wrap_rename(const char *from, const char *to)
{
    assert_true(disk.there && g_str_has_prefix(from, PATH "."));
    assert_string_equal(to, PATH);
    if (fails(EIO))
        return -1;
    disk.replaced = true;
    disk.there = false;
    return 0;
}

int __wrap_unlink(const char *path)
{
    assert_true(g_str_has_prefix(path, PATH "."));
    power_fails();
    disk.there = false;
    return 0;
}

/* ---- cases ---- */

/* What the writer answers if its call of that number fails (0: none). */
static int written(unsigned fails_at, size_t piece)
{
    int status;

    disk = (struct disk){.text = g_string_new(NULL), .fails_at = fails_at, .piece = piece};
    disk.meant = true;
    status = ha_file_write(PATH, NEW, strlen(NEW), 0644);
    disk.meant = false;
    disk.told = status == 0;
    power_fails();
    assert_false(disk.there);
    g_string_free(disk.text, TRUE);
    return status;
}

static void at_any_call_the_file_is_the_old_one_or_the_new_one(void **state)
{
    (void)state;
    for (size_t piece = 1; piece <= strlen(NEW); piece++)
        assert_int_equal(written(0, piece), 0);
    assert_true(states > 100);
}

static void when_it_was_told_that_it_is_there_it_is(void **state)
{
    (void)state;
    assert_int_equal(written(0, 4096), 0);
    assert_true(disk.replaced && disk.replacement);
}

static void so_it_is_when_a_call_fails(void **state)
{
    unsigned calls;

    (void)state;
    assert_int_equal(written(0, 7), 0);
    calls = disk.calls;
    assert_true(calls > 8);
    /* Closing the folder is the last, and of no consequence. */
    for (unsigned i = 1; i < calls; i++)
        assert_true(written(i, 7) < 0);
    print_message("%u states of the disk\n", states);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_any_call_the_file_is_the_old_one_or_the_new_one),
        cmocka_unit_test(when_it_was_told_that_it_is_there_it_is),
        cmocka_unit_test(so_it_is_when_a_call_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
