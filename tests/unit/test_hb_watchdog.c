/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the watchdog's device is written, and when it is let go. A file stands for the device: the
 * bytes are the same, and a real one is in the lab (last-resorts). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <glib.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "heartbeatd/act/watchdog.h"

static char path[] = "/tmp/test_hb_watchdog.XXXXXX";

static int make_file(void **state)
{
    int fd;

    (void)state;
    g_strlcpy(path + sizeof path - 7, "XXXXXX", 7);
    fd = g_mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
    (void)state;
    return g_unlink(path);
}

static void assert_written(const char *bytes, gsize length)
{
    char *text;
    gsize found;

    assert_true(g_file_get_contents(path, &text, &found, NULL));
    assert_int_equal(found, length);
    assert_memory_equal(text, bytes, length);
    g_free(text);
}

static void the_timeout_is_the_dead_time_and_a_bit_in_whole_seconds(void **state)
{
    (void)state;
    assert_int_equal(hb_watchdog_timeout_s(2000), 3);
    assert_int_equal(hb_watchdog_timeout_s(1990), 2);
    assert_int_equal(hb_watchdog_timeout_s(500), 1);
    assert_int_equal(hb_watchdog_timeout_s(30000), 31);
}

static void an_orderly_end_disarms_it(void **state)
{
    int fd = hb_watchdog_open(path, 2000);

    (void)state;
    assert_true(fd >= 0);
    hb_watchdog_pet(fd);
    hb_watchdog_pet(fd);
    hb_watchdog_close(fd, true);
    assert_written("\0\0\0V", 4);
}

static void any_other_end_leaves_it_armed(void **state)
{
    int fd = hb_watchdog_open(path, 2000);

    (void)state;
    hb_watchdog_pet(fd);
    hb_watchdog_close(fd, false);
    assert_written("\0\0", 2);
}

static void without_a_device_everything_goes_on(void **state)
{
    int fd = hb_watchdog_open("/nowhere/watchdog", 2000);

    (void)state;
    assert_int_equal(fd, -1);
    hb_watchdog_pet(fd);
    hb_watchdog_close(fd, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_timeout_is_the_dead_time_and_a_bit_in_whole_seconds),
        cmocka_unit_test_setup_teardown(an_orderly_end_disarms_it, make_file, remove_file),
        cmocka_unit_test_setup_teardown(any_other_end_leaves_it_armed, make_file, remove_file),
        cmocka_unit_test(without_a_device_everything_goes_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
