/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages out of a fifo: lines, marks, bounds, and what a writer may do to the reader. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/run/clock.h"
#include "heartbeatd/daemon/fifo.h"

struct trial {
    char *dir, *path;
    struct ha_loop *loop;
    struct hb_fifo *fifo;
    GString *got; /* "t=a|x=y\n" for each message */
    unsigned wanted, count;
};

static void heard(void *ctx, struct hb_msg *msg)
{
    struct trial *trial = ctx;

    for (size_t i = 0; i < hb_msg_count(msg); i++) {
        const struct hb_field *field = hb_msg_at(msg, i);

        g_string_append_printf(trial->got, "%s%s=%s", i > 0 ? "|" : "", field->name,
                               (const char *)field->value);
    }
    g_string_append_c(trial->got, '\n');
    if (++trial->count == trial->wanted)
        ha_loop_stop(trial->loop, 0);
}

static int begin(void **state)
{
    struct trial *trial = g_new0(struct trial, 1);

    trial->dir = g_dir_make_tmp("fifo-XXXXXX", NULL);
    trial->path = g_build_filename(trial->dir, "fifo", NULL);
    trial->loop = ha_loop_new();
    trial->got = g_string_new(NULL);
    *state = trial;
    return hb_fifo_open(&trial->fifo, trial->loop, trial->path, heard, trial);
}

static int end(void **state)
{
    struct trial *trial = *state;

    hb_fifo_close(trial->fifo);
    ha_loop_free(trial->loop);
    unlink(trial->path);
    rmdir(trial->dir);
    g_string_free(trial->got, TRUE);
    g_free(trial->path);
    g_free(trial->dir);
    g_free(trial);
    return 0;
}

static void feed(struct trial *trial, const char *text)
{
    hb_fifo_feed(trial->fifo, text, strlen(text));
}

static void blanks_before_a_line_do_not_count(void **state)
{
    struct trial *trial = *state;

    feed(trial, ">>>\n\t t=custom\n  colour=light blue \n\n<<<\n");
    assert_string_equal(trial->got->str, "t=custom|colour=light blue \n");
}

static void a_message_may_come_in_any_pieces(void **state)
{
    struct trial *trial = *state;
    const char *text = ">>>\nt=a\nx=1\n<<<\n>>>\nt=b\n<<<\n";

    for (const char *at = text; *at != '\0'; at++)
        hb_fifo_feed(trial->fifo, at, 1);
    assert_string_equal(trial->got->str, "t=a|x=1\nt=b\n");
}

static void what_is_outside_the_marks_is_passed_over(void **state)
{
    struct trial *trial = *state;

    feed(trial, "t=no\n<<<\n>>>\nt=yes\n<<<\nt=no\n");
    assert_string_equal(trial->got->str, "t=yes\n");
}

static void a_message_cut_short_spoils_no_other(void **state)
{
    struct trial *trial = *state;

    feed(trial, ">>>\nt=cut\n>>>\nt=whole\n<<<\n");
    assert_string_equal(trial->got->str, "t=whole\n");
}

static void a_line_without_a_name_drops_the_message(void **state)
{
    struct trial *trial = *state;

    feed(trial, ">>>\nt=a\nwhat is this\n<<<\n>>>\nt=b\n<<<\n");
    assert_string_equal(trial->got->str, "t=b\n");
}

static void what_is_too_long_is_dropped_whole(void **state)
{
    struct trial *trial = *state;
    char *blob = g_strnfill(1000, 'x');

    feed(trial, ">>>\nt=lines\n");
    for (int i = 0; i < HB_FIFO_LINES_MAX; i++)
        feed(trial, "a=b\n");
    feed(trial, "<<<\n>>>\nt=bytes\n");
    for (int i = 0; i < 40; i++) {
        feed(trial, "a=");
        feed(trial, blob);
        feed(trial, "\n");
    }
    feed(trial, "<<<\n>>>\nt=line\na=");
    for (int i = 0; i < 40; i++)
        feed(trial, blob);
    feed(trial, "\n<<<\n>>>\nt=good\n<<<\n");
    assert_string_equal(trial->got->str, "t=good\n");
    g_free(blob);
}

static void only_its_owner_can_write_and_writers_may_come_and_go(void **state)
{
    struct trial *trial = *state;
    struct stat st;

    assert_int_equal(stat(trial->path, &st), 0);
    assert_true(S_ISFIFO(st.st_mode));
    assert_int_equal(st.st_mode & 07777, 0600);
    trial->wanted = 2;
    for (int i = 0; i < 2; i++) {
        int fd = open(trial->path, O_WRONLY | O_NONBLOCK);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, ">>>\nt=a\n<<<\n", 12), 12);
        close(fd);
    }
    assert_int_equal(ha_loop_run(trial->loop), 0);
    assert_string_equal(trial->got->str, "t=a\nt=a\n");
}

static void more_than_fifty_a_second_have_to_wait(void **state)
{
    struct trial *trial = *state;
    int fd = open(trial->path, O_WRONLY | O_NONBLOCK);
    uint64_t before_ns = ha_clock_ns();

    for (int i = 0; i < 200; i++)
        assert_int_equal(write(fd, ">>>\nt=a\n<<<\n", 12), 12);
    trial->wanted = 200;
    assert_int_equal(ha_loop_run(trial->loop), 0);
    assert_true(ha_clock_ns() - before_ns >= UINT64_C(1000000000));
    close(fd);
}

static void a_plain_file_of_its_name_goes_and_a_directory_does_not(void **state)
{
    struct trial *trial = *state;
    struct hb_fifo *other;
    struct stat st;

    hb_fifo_close(trial->fifo);
    unlink(trial->path);
    assert_true(g_file_set_contents(trial->path, "left", 4, NULL));
    assert_int_equal(hb_fifo_open(&trial->fifo, trial->loop, trial->path, heard, trial), 0);
    assert_int_equal(stat(trial->path, &st), 0);
    assert_true(S_ISFIFO(st.st_mode));
    assert_true(hb_fifo_open(&other, trial->loop, trial->dir, heard, trial) < 0);
    assert_null(other);
}

#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, begin, end)

int main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(blanks_before_a_line_do_not_count),
        CASE(a_message_may_come_in_any_pieces),
        CASE(what_is_outside_the_marks_is_passed_over),
        CASE(a_message_cut_short_spoils_no_other),
        CASE(a_line_without_a_name_drops_the_message),
        CASE(what_is_too_long_is_dropped_whole),
        CASE(only_its_owner_can_write_and_writers_may_come_and_go),
        CASE(more_than_fifty_a_second_have_to_wait),
        CASE(a_plain_file_of_its_name_goes_and_a_directory_does_not),
    };

    return cmocka_run_group_tests(cases, NULL, NULL);
}
