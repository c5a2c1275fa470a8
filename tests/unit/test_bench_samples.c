/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a report of benches says must be what was measured. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/bench/samples.h"

static GPtrArray *rows_of(const char *text)
{
    GPtrArray *rows = bench_rows_new();
    char *wrong = NULL;

    assert_true(bench_read_samples(rows, text, &wrong));
    bench_sort(rows);
    return rows;
}

static GPtrArray *numbers_to(int last)
{
    GString *text = g_string_new(NULL);
    GPtrArray *rows;

    for (int i = last; i > 0; i--)
        g_string_append_printf(text, "b\thearth\tw\tms\t%d\n", i);
    rows = rows_of(text->str);
    g_string_free(text, TRUE);
    return rows;
}

static void assert_statistics(int numbers, double median, double p99, double worst)
{
    GPtrArray *rows = numbers_to(numbers);
    const struct bench_row *row = bench_find(rows, "b", "w", "hearth");

    assert_true(bench_statistic(row, BENCH_MEDIAN) == median);
    assert_true(bench_statistic(row, BENCH_P99) == p99);
    assert_true(bench_statistic(row, BENCH_WORST) == worst);
    g_ptr_array_free(rows, TRUE);
}

static void p99_is_the_value_that_99_of_100_do_not_exceed(void **state)
{
    (void)state;
    assert_statistics(1, 1, 1, 1);
    assert_statistics(2, 1.5, 2, 2);
    assert_statistics(100, 50.5, 99, 100);
    assert_statistics(1000, 500.5, 990, 1000);
}

static void rows_stand_as_they_came_with_ours_first_and_the_floor_last(void **state)
{
    static const char *const order[] = {"x hearth", "x keepalived", "x floor", "y hearth"};
    GPtrArray *rows = rows_of("b\tfloor\tx\tms\t1\nb\thearth\ty\tms\t1\n"
                              "b\tkeepalived\tx\tms\t1\nb\thearth\tx\tms\t1\n");

    (void)state;
    assert_int_equal(rows->len, G_N_ELEMENTS(order));
    for (guint i = 0; i < rows->len; i++) {
        const struct bench_row *row = rows->pdata[i];
        char *got = g_strdup_printf("%s %s", row->what, row->who);

        assert_string_equal(got, order[i]);
        g_free(got);
    }
    g_ptr_array_free(rows, TRUE);
}

static void a_line_that_is_no_sample_is_named(void **state)
{
    static const char *const lines[] = {"b\thearth\tw\tms\n", "b\thearth\tw\tms\t\n",
                                        "b\thearth\tw\tms\t1x\n", "b\thearth\tw\tms\tnan\n",
                                        "b\tpacemaker\tw\tms\t1\n",
                                        "b\thearth\tw\tms\t1\nb\thearth\tw\tus\t1\n"};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        GPtrArray *rows = bench_rows_new();
        char *wrong = NULL;

        assert_false(bench_read_samples(rows, lines[i], &wrong));
        assert_non_null(wrong);
        g_free(wrong);
        g_ptr_array_free(rows, TRUE);
    }
}

static enum bench_verdict judged(const char *target_line, double *value)
{
    GPtrArray *rows = rows_of("b\thearth\tw\tms\t4\nb\tfloor\tw\tms\t2\n");
    GPtrArray *targets = bench_targets_new();
    enum bench_verdict verdict;
    char *wrong = NULL;

    assert_true(bench_read_targets(targets, target_line, &wrong));
    assert_int_equal(targets->len, 1);
    verdict = bench_judge(rows, targets->pdata[0], value);
    g_ptr_array_free(targets, TRUE);
    g_ptr_array_free(rows, TRUE);
    return verdict;
}

static void a_target_is_a_value_or_a_ratio_to_a_peer_of_the_same_run(void **state)
{
    double value = 0;

    (void)state;
    assert_int_equal(judged("b\tw\tmedian\t4\n", &value), BENCH_REACHED);
    assert_true(value == 4);
    assert_int_equal(judged("b\tw\tmedian\t3.9\n", &value), BENCH_MISSED);
    assert_int_equal(judged("b\tw\tworst\t2 floor\n", &value), BENCH_REACHED);
    assert_int_equal(judged("b\tw\tp99\t1.7 floor\n", &value), BENCH_MISSED);
    assert_int_equal(judged("b\tw\tmean\t1 keepalived\n", &value), BENCH_OPEN);
    assert_int_equal(judged("b\tother\tmean\t1\n", &value), BENCH_OPEN);
}

static void a_line_that_is_no_target_is_named(void **state)
{
    static const char *const lines[] = {"b\tw\tmedian\n", "b\tw\tmode\t1\n", "b\tw\tmedian\tlittle\n",
                                        "b\tw\tmedian\t1 pacemaker\n"};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        GPtrArray *targets = bench_targets_new();
        char *wrong = NULL;

        assert_false(bench_read_targets(targets, lines[i], &wrong));
        g_free(wrong);
        g_ptr_array_free(targets, TRUE);
    }
}

static void a_number_at_the_end_of_what_was_measured_is_its_size(void **state)
{
    double size = 0;
    size_t words = 0;

    (void)state;
    assert_true(bench_size_of("crash, VIPs 50", &size, &words));
    assert_true(size == 50);
    assert_int_equal(words, sizeof "crash, VIPs" - 1);
    assert_false(bench_size_of("50", &size, &words));
    assert_false(bench_size_of("sha1", &size, &words));
    assert_false(bench_size_of("50 VIPs", &size, &words));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p99_is_the_value_that_99_of_100_do_not_exceed),
        cmocka_unit_test(rows_stand_as_they_came_with_ours_first_and_the_floor_last),
        cmocka_unit_test(a_line_that_is_no_sample_is_named),
        cmocka_unit_test(a_target_is_a_value_or_a_ratio_to_a_peer_of_the_same_run),
        cmocka_unit_test(a_line_that_is_no_target_is_named),
        cmocka_unit_test(a_number_at_the_end_of_what_was_measured_is_its_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
