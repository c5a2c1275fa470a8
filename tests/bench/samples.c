/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Samples, rows and targets; see the header. */
#include "tests/bench/samples.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const bench_statistic_names[BENCH_STATISTIC_COUNT] = {"median", "p99", "worst", "mean"};

/* In the order they are shown. */
static const char *const known[] = {"hearth", "heartbeat", "perl", "keepalived", "floor"};

static void row_free(void *data)
{
    struct bench_row *row = data;

    g_free(row->bench);
    g_free(row->what);
    g_free(row->unit);
    g_free(row->who);
    g_array_free(row->values, TRUE);
    g_free(row);
}

static void target_free(void *data)
{
    struct bench_target *target = data;

    g_free(target->bench);
    g_free(target->what);
    g_free(target->of);
    g_free(target);
}

GPtrArray *bench_rows_new(void)
{
    return g_ptr_array_new_with_free_func(row_free);
}

GPtrArray *bench_targets_new(void)
{
    return g_ptr_array_new_with_free_func(target_free);
}

static unsigned rank_of(const char *who)
{
    unsigned rank = 0;

    while (rank < G_N_ELEMENTS(known) && strcmp(known[rank], who) != 0)
        rank++;
    return rank;
}

static bool number(const char *text, double *value)
{
    char *end;

    *value = g_ascii_strtod(text, &end);
    return end != text && *end == '\0' && isfinite(*value);
}

const struct bench_row *bench_find(const GPtrArray *rows, const char *bench, const char *what,
                                   const char *who)
{
    for (guint i = 0; i < rows->len; i++) {
        const struct bench_row *row = rows->pdata[i];

        if (strcmp(row->bench, bench) == 0 && strcmp(row->what, what) == 0 &&
            strcmp(row->who, who) == 0)
            return row;
    }
    return NULL;
}

static bool add_sample(GPtrArray *rows, char **field)
{
    struct bench_row *row;
    double value;

    if (g_strv_length(field) != 5 || !number(field[4], &value) ||
        rank_of(field[1]) == G_N_ELEMENTS(known))
        return false;
    row = (struct bench_row *)bench_find(rows, field[0], field[2], field[1]);
    if (row == NULL) {
        row = g_new0(struct bench_row, 1);
        row->bench = g_strdup(field[0]);
        row->who = g_strdup(field[1]);
        row->what = g_strdup(field[2]);
        row->unit = g_strdup(field[3]);
        row->values = g_array_new(FALSE, FALSE, sizeof(double));
        g_ptr_array_add(rows, row);
    }
    if (strcmp(row->unit, field[3]) != 0)
        return false;
    g_array_append_val(row->values, value);
    return true;
}

/* "5", or "1.7 floor". */
static bool read_limit(struct bench_target *target, const char *text)
{
    char **words = g_strsplit(text, " ", 2);
    bool good = number(words[0] != NULL ? words[0] : "", &target->limit);

    if (good && words[1] != NULL) {
        target->of = g_strdup(words[1]);
        good = rank_of(target->of) < G_N_ELEMENTS(known);
    }
    g_strfreev(words);
    return good;
}

static bool add_target(GPtrArray *targets, char **field)
{
    struct bench_target *target;
    unsigned statistic = 0;

    if (g_strv_length(field) != 4)
        return false;
    while (statistic < BENCH_STATISTIC_COUNT &&
           strcmp(bench_statistic_names[statistic], field[2]) != 0)
        statistic++;
    target = g_new0(struct bench_target, 1);
    if (statistic == BENCH_STATISTIC_COUNT || !read_limit(target, field[3])) {
        target_free(target);
        return false;
    }
    target->bench = g_strdup(field[0]);
    target->what = g_strdup(field[1]);
    target->statistic = (enum bench_statistic)statistic;
    g_ptr_array_add(targets, target);
    return true;
}

static bool read_lines(GPtrArray *into, const char *text, bool (*add)(GPtrArray *, char **),
                       char **wrong)
{
    char **lines = g_strsplit(text, "\n", -1);
    bool good = true;

    for (char **line = lines; good && *line != NULL; line++) {
        char **field = g_strsplit(*line, "\t", -1);

        if (**line != '\0' && !add(into, field)) {
            *wrong = g_strdup_printf("line %d: %s", (int)(line - lines) + 1, *line);
            good = false;
        }
        g_strfreev(field);
    }
    g_strfreev(lines);
    return good;
}

bool bench_read_samples(GPtrArray *rows, const char *text, char **wrong)
{
    return read_lines(rows, text, add_sample, wrong);
}

bool bench_read_targets(GPtrArray *targets, const char *text, char **wrong)
{
    return read_lines(targets, text, add_target, wrong);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

void bench_sort(GPtrArray *rows)
{
    for (guint i = 0; i < rows->len; i++) {
        struct bench_row *row = rows->pdata[i];
        guint at = i;

        g_array_sort(row->values, by_value);
        /* Up to its like, and behind those of them that rank before it. */
        for (guint j = i; j > 0; j--) {
            const struct bench_row *other = rows->pdata[j - 1];

            if (strcmp(other->bench, row->bench) == 0 && strcmp(other->what, row->what) == 0) {
                at = rank_of(row->who) < rank_of(other->who) ? j - 1 : j;
                if (at == j)
                    break;
            }
        }
        memmove(&rows->pdata[at + 1], &rows->pdata[at], (i - at) * sizeof(void *));
        rows->pdata[at] = row;
    }
}

double bench_statistic(const struct bench_row *row, enum bench_statistic statistic)
{
    const double *values = (const double *)(const void *)row->values->data;
    guint n = row->values->len;
    double sum = 0;

    switch (statistic) {
    case BENCH_MEDIAN:
        return (values[(n - 1) / 2] + values[n / 2]) / 2;
    case BENCH_P99:
        return values[(guint)ceil(0.99 * n) - 1];
    case BENCH_WORST:
        return values[n - 1];
    case BENCH_MEAN:
    case BENCH_STATISTIC_COUNT:
        break;
    }
    for (guint i = 0; i < n; i++)
        sum += values[i];
    return sum / n;
}

bool bench_limit(const GPtrArray *rows, const struct bench_target *target, double *limit)
{
    const struct bench_row *peer;

    *limit = target->limit;
    if (target->of == NULL)
        return true;
    peer = bench_find(rows, target->bench, target->what, target->of);
    if (peer != NULL)
        *limit *= bench_statistic(peer, target->statistic);
    return peer != NULL;
}

enum bench_verdict bench_judge(const GPtrArray *rows, const struct bench_target *target,
                               double *value)
{
    const struct bench_row *row = bench_find(rows, target->bench, target->what, "hearth");
    double limit;

    if (row == NULL)
        return BENCH_OPEN;
    *value = bench_statistic(row, target->statistic);
    if (!bench_limit(rows, target, &limit))
        return BENCH_OPEN;
    return *value <= limit ? BENCH_REACHED : BENCH_MISSED;
}

bool bench_size_of(const char *what, double *size, size_t *words)
{
    const char *last = strrchr(what, ' ');

    if (last == NULL || !number(last + 1, size))
        return false;
    *words = (size_t)(last - what);
    return true;
}
