/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What benches leave behind, as values: samples gathered to rows (one for each
 * bench, thing measured and who was measured), their statistics, and the
 * targets they are held against. No I/O; texts are handed in.
 *
 * A sample is a line  BENCH <tab> WHO <tab> WHAT <tab> UNIT <tab> VALUE. Less
 * is better for every unit. A WHAT that ends in a number ("VIPs 50") is one
 * size of many.
 */
#ifndef BENCH_SAMPLES_H
#define BENCH_SAMPLES_H

#include <glib.h>
#include <stdbool.h>

struct bench_row {
    char *bench, *what, *unit, *who;
    GArray *values; /* of double; ascending after bench_sort() */
};

enum bench_statistic { BENCH_MEDIAN, BENCH_P99, BENCH_WORST, BENCH_MEAN, BENCH_STATISTIC_COUNT };
extern const char *const bench_statistic_names[BENCH_STATISTIC_COUNT];

/* At most `limit`, or `limit` times what `of` has in the same run. */
struct bench_target {
    char *bench, *what;
    enum bench_statistic statistic;
    double limit;
    char *of; /* NULL: limit is absolute */
};

enum bench_verdict { BENCH_REACHED, BENCH_MISSED, BENCH_OPEN /* something was not measured */ };

/* Each is given a whole file; false: *wrong (caller frees) says which line is none. */
bool bench_read_samples(GPtrArray *rows, const char *text, char **wrong);
bool bench_read_targets(GPtrArray *targets, const char *text, char **wrong);
GPtrArray *bench_rows_new(void);    /* of struct bench_row */
GPtrArray *bench_targets_new(void); /* of struct bench_target */

/* In the order of first appearance of bench and what; among these ours first, the floor last. */
void bench_sort(GPtrArray *rows);
/* NULL: not measured. */
const struct bench_row *bench_find(const GPtrArray *rows, const char *bench, const char *what,
                                   const char *who);
/* Of a sorted row, which is never empty. */
double bench_statistic(const struct bench_row *row, enum bench_statistic statistic);
/* The limit as a value of the row's unit; false: that peer was not measured. */
bool bench_limit(const GPtrArray *rows, const struct bench_target *target, double *limit);
/* *value: what Hearth has there, unless the verdict is BENCH_OPEN for want of it. */
enum bench_verdict bench_judge(const GPtrArray *rows, const struct bench_target *target,
                               double *value);
/* The number that a WHAT ends in, and how long the words before it are; false: there is none. */
bool bench_size_of(const char *what, double *size, size_t *words);

#endif
