/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The report of a run of benches: a table to stdout, report.json, and data and
 * scripts for gnuplot (NAME.dat, NAME.gp, which makes NAME.svg): the
 * distribution of what was measured often, and cost against size.
 *
 * usage: report --out DIR [--counts-only] FACTS TARGETS SAMPLES
 *
 * --counts-only, for tests: targets on counts are asserted and all others are
 * not even shown. Exit status 1 if one is missed.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/show/writer.h"
#include "tests/bench/samples.h"

#define DISTRIBUTION_FROM 20 /* values */

struct report {
    const char *out;
    bool counts_only;
    char *facts;
    GPtrArray *rows, *targets;
};

static const char *const verdict_names[] = {
    [BENCH_REACHED] = "reached", [BENCH_MISSED] = "missed", [BENCH_OPEN] = "open"};

static bool same_thing(const struct bench_row *a, const struct bench_row *b)
{
    return strcmp(a->bench, b->bench) == 0 && strcmp(a->what, b->what) == 0;
}

/* Four figures that count, without an exponent. */
static const char *figure(double value, char *into, size_t size)
{
    double size_of = fabs(value);
    int digits = size_of >= 1000 ? 0 : size_of >= 100 ? 1 : size_of >= 10 ? 2 : 3;

    if (value == floor(value) && size_of < 1e9)
        digits = 0;
    g_snprintf(into, (gulong)size, "%.*f", digits, value);
    return into;
}
#define FIGURE(value) figure((value), (char[32]){0}, 32)

/* ---- the table ---- */

static bool is_shown(const struct report *report, const struct bench_target *target)
{
    const struct bench_row *row = bench_find(report->rows, target->bench, target->what, "hearth");

    return !report->counts_only || (row != NULL && strcmp(row->unit, "count") == 0);
}

static void print_targets(const struct report *report, const struct bench_row *of)
{
    for (guint i = 0; i < report->targets->len; i++) {
        const struct bench_target *target = report->targets->pdata[i];
        double value = 0, limit;

        if (strcmp(target->bench, of->bench) != 0 || strcmp(target->what, of->what) != 0 ||
            !is_shown(report, target))
            continue;
        printf("  %-26s %s: %s at most ", "", verdict_names[bench_judge(report->rows, target, &value)],
               bench_statistic_names[target->statistic]);
        if (target->of != NULL)
            printf("%g x %s", target->limit, target->of);
        if (target->of != NULL && bench_limit(report->rows, target, &limit))
            printf(" = %s", FIGURE(limit));
        if (target->of == NULL)
            printf("%g", target->limit);
        putchar('\n');
    }
}

static void print_row(const struct report *report, const struct bench_row *row, bool first)
{
    const struct bench_row *ours = bench_find(report->rows, row->bench, row->what, "hearth");
    char *name = first ? g_strdup_printf("%s, %s", row->what, row->unit) : g_strdup("");

    printf("  %-26s %-11s %10s %10s %10s %7u", name, row->who,
           FIGURE(bench_statistic(row, BENCH_MEDIAN)), FIGURE(bench_statistic(row, BENCH_P99)),
           FIGURE(bench_statistic(row, BENCH_WORST)), row->values->len);
    if (ours != NULL && ours != row && bench_statistic(ours, BENCH_MEDIAN) > 0)
        printf("  %s x ours",
               FIGURE(bench_statistic(row, BENCH_MEDIAN) / bench_statistic(ours, BENCH_MEDIAN)));
    putchar('\n');
    g_free(name);
}

static void print_table(const struct report *report)
{
    const char *bench = "";

    printf("  %-26s %-11s %10s %10s %10s %7s\n", "", "who", "median", "p99", "worst", "count");
    for (guint i = 0; i < report->rows->len; i++) {
        const struct bench_row *row = report->rows->pdata[i];
        bool last = i + 1 == report->rows->len || !same_thing(row, report->rows->pdata[i + 1]);

        if (strcmp(bench, row->bench) != 0)
            printf("%s\n", row->bench);
        bench = row->bench;
        print_row(report, row, i == 0 || !same_thing(row, report->rows->pdata[i - 1]));
        if (last)
            print_targets(report, row);
    }
}

/* In a smoke run nothing but a count may fail; what it counts must have been counted. */
static int counts_missed(const struct report *report)
{
    int missed = 0;
    double value;

    for (guint i = 0; i < report->targets->len; i++) {
        const struct bench_target *target = report->targets->pdata[i];

        if (is_shown(report, target) &&
            bench_judge(report->rows, target, &value) == BENCH_MISSED) {
            fprintf(stderr, "report: %s: %s: %g, which is to be at most %g\n", target->bench,
                    target->what, value, target->limit);
            missed++;
        }
    }
    return missed;
}

/* ---- JSON ---- */

static void show_facts(struct ha_writer *writer, const char *facts)
{
    char **lines = g_strsplit(facts, "\n", -1);

    ha_show_list(writer, "facts");
    for (char **line = lines; *line != NULL; line++) {
        char **field = g_strsplit(*line, "\t", 2);

        if (field[0] != NULL && field[1] != NULL) {
            ha_show_object(writer, NULL);
            ha_show_text(writer, "about", field[0]);
            ha_show_text(writer, "is", field[1]);
            ha_show_end(writer);
        }
        g_strfreev(field);
    }
    ha_show_end(writer);
    g_strfreev(lines);
}

static void show_row(struct ha_writer *writer, const struct bench_row *row)
{
    ha_show_object(writer, NULL);
    ha_show_text(writer, "bench", row->bench);
    ha_show_text(writer, "what", row->what);
    ha_show_text(writer, "unit", row->unit);
    ha_show_text(writer, "who", row->who);
    ha_show_count(writer, "count", row->values->len);
    for (unsigned i = 0; i < BENCH_STATISTIC_COUNT; i++)
        ha_show_decimal(writer, bench_statistic_names[i],
                        bench_statistic(row, (enum bench_statistic)i));
    ha_show_list(writer, "values");
    for (guint i = 0; i < row->values->len; i++)
        ha_show_decimal(writer, NULL, g_array_index(row->values, double, i));
    ha_show_end(writer);
    ha_show_end(writer);
}

static void show_target(struct ha_writer *writer, const struct report *report,
                        const struct bench_target *target)
{
    double value = 0, limit;

    ha_show_object(writer, NULL);
    ha_show_text(writer, "bench", target->bench);
    ha_show_text(writer, "what", target->what);
    ha_show_text(writer, "statistic", bench_statistic_names[target->statistic]);
    if (target->of != NULL)
        ha_show_decimal(writer, "times", target->limit);
    ha_show_text(writer, "of", target->of);
    if (bench_limit(report->rows, target, &limit))
        ha_show_decimal(writer, "limit", limit);
    ha_show_text(writer, "verdict", verdict_names[bench_judge(report->rows, target, &value)]);
    ha_show_end(writer);
}

static bool save(const struct report *report, const char *name, GString *text)
{
    char *path = g_build_filename(report->out, name, NULL);
    GError *error = NULL;
    bool saved = g_file_set_contents(path, text->str, (gssize)text->len, &error);

    if (!saved)
        fprintf(stderr, "report: %s\n", error->message);
    g_clear_error(&error);
    g_free(path);
    g_string_free(text, TRUE);
    return saved;
}

static bool write_json(const struct report *report)
{
    GString *out = g_string_new(NULL);
    struct ha_writer writer;

    ha_writer_begin(&writer, &ha_writer_json, out);
    show_facts(&writer, report->facts);
    ha_show_list(&writer, "rows");
    for (guint i = 0; i < report->rows->len; i++)
        show_row(&writer, report->rows->pdata[i]);
    ha_show_end(&writer);
    ha_show_list(&writer, "targets");
    for (guint i = 0; i < report->targets->len; i++)
        show_target(&writer, report, report->targets->pdata[i]);
    ha_show_end(&writer);
    ha_writer_finish(&writer);
    return save(report, "report.json", out);
}

/* ---- plots ---- */

/* BENCH-WHAT as a file name, and as a title that gnuplot takes as it is. */
static char *plot_name(const char *bench, const char *what)
{
    char *name = g_strdup_printf("%s-%s", bench, what);

    return g_strcanon(name, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS, '-');
}

static void head(GString *script, const struct report *report, const char *name, const char *title)
{
    char *shown = g_strdelimit(g_strdup(title), "\"\\", ' ');

    g_string_append_printf(script,
                           "set terminal svg size 800,480 noenhanced background 'white'\n"
                           "set output \"%s/%s.svg\"\nset title \"%s\"\nset grid\n",
                           report->out, name, shown);
    g_free(shown);
}

/* One curve for each block of NAME.dat; curves are already titled. */
static void plot(GString *script, const struct report *report, const char *name, const char *style,
                 const GPtrArray *titles)
{
    for (guint i = 0; i < titles->len; i++)
        g_string_append_printf(script, "%s \"%s/%s.dat\" index %u with %s title \"%s\"",
                               i == 0 ? "plot" : ",", report->out, name, i, style,
                               (const char *)titles->pdata[i]);
    g_string_append_c(script, '\n');
}

static bool save_plot(const struct report *report, const char *name, GString *script, GString *data)
{
    char *file = g_strconcat(name, ".gp", NULL);
    bool saved = save(report, file, script);

    g_free(file);
    file = g_strconcat(name, ".dat", NULL);
    saved = save(report, file, data) && saved;
    g_free(file);
    return saved;
}

/* Which share of all took no longer, for all who were measured from row `from` on. */
static bool plot_distribution(const struct report *report, guint from)
{
    const struct bench_row *first = report->rows->pdata[from];
    char *name = plot_name(first->bench, first->what);
    char *title = g_strdup_printf("%s: %s", first->bench, first->what);
    GString *script = g_string_new(NULL), *data = g_string_new(NULL);
    GPtrArray *titles = g_ptr_array_new();
    bool saved;

    for (guint i = from; i < report->rows->len; i++) {
        const struct bench_row *row = report->rows->pdata[i];

        if (!same_thing(first, row))
            break;
        g_ptr_array_add(titles, row->who);
        for (guint j = 0; j < row->values->len; j++)
            g_string_append_printf(data, "%.6g %.6g\n", g_array_index(row->values, double, j),
                                   100.0 * (j + 1) / row->values->len);
        g_string_append(data, "\n\n");
    }
    head(script, report, name, title);
    g_string_append_printf(script,
                           "set xlabel \"%s\"\nset ylabel \"%% that took no longer\"\n"
                           "set yrange [0:100]\nset key bottom right\n%s",
                           first->unit,
                           g_array_index(first->values, double, 0) > 0 ? "set logscale x\n" : "");
    plot(script, report, name, "steps lw 2", titles);
    saved = save_plot(report, name, script, data);
    g_ptr_array_free(titles, TRUE);
    g_free(title);
    g_free(name);
    return saved;
}

/* The rows of one who that differ from `like` in their size only: size, median and p99 each. */
static unsigned sizes_of(const struct report *report, const struct bench_row *like, size_t words,
                         const char *who, GString *data)
{
    unsigned found = 0;

    for (guint i = 0; i < report->rows->len; i++) {
        const struct bench_row *row = report->rows->pdata[i];
        size_t its_words;
        double size;

        if (strcmp(row->bench, like->bench) != 0 || strcmp(row->who, who) != 0 ||
            strcmp(row->unit, like->unit) != 0 || !bench_size_of(row->what, &size, &its_words) ||
            its_words != words || strncmp(row->what, like->what, words) != 0)
            continue;
        g_string_append_printf(data, "%g %.6g %.6g\n", size, bench_statistic(row, BENCH_MEDIAN),
                               bench_statistic(row, BENCH_P99));
        found++;
    }
    if (found > 0)
        g_string_append(data, "\n\n");
    return found;
}

static bool plot_sizes(const struct report *report, const struct bench_row *like, size_t words)
{
    static const char *const who[] = {"hearth", "heartbeat", "perl", "keepalived", "floor"};
    char *what = g_strndup(like->what, words), *name = plot_name(like->bench, what);
    char *title = g_strdup_printf("%s: median against %s", like->bench, what);
    GString *script = g_string_new(NULL), *data = g_string_new(NULL);
    GPtrArray *titles = g_ptr_array_new();
    bool saved = true;
    unsigned most = 0;

    for (unsigned i = 0; i < G_N_ELEMENTS(who); i++) {
        unsigned found = sizes_of(report, like, words, who[i], data);

        if (found > 0)
            g_ptr_array_add(titles, (char *)who[i]);
        most = MAX(most, found);
    }
    if (most >= 2) {
        head(script, report, name, title);
        g_string_append_printf(script,
                               "set xlabel \"%s\"\nset ylabel \"%s\"\nset logscale xy\n"
                               "set key top left\n",
                               what, like->unit);
        plot(script, report, name, "linespoints lw 2 pt 7", titles);
        saved = save_plot(report, name, script, data);
    } else {
        g_string_free(script, TRUE);
        g_string_free(data, TRUE);
    }
    g_ptr_array_free(titles, TRUE);
    g_free(title);
    g_free(name);
    g_free(what);
    return saved;
}

/* What is counted, and hopefully never happens, has no distribution. */
static bool is_time(const struct bench_row *row)
{
    return strcmp(row->unit, "count") != 0 && strcmp(row->unit, "times") != 0;
}

static bool write_plots(const struct report *report)
{
    GHashTable *done = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    bool good = true;

    for (guint i = 0; i < report->rows->len; i++) {
        const struct bench_row *row = report->rows->pdata[i];
        size_t words;
        double size;

        if ((i == 0 || !same_thing(row, report->rows->pdata[i - 1])) &&
            row->values->len >= DISTRIBUTION_FROM && is_time(row))
            good = plot_distribution(report, i) && good;
        if (bench_size_of(row->what, &size, &words) &&
            g_hash_table_add(done, g_strdup_printf("%s\t%.*s\t%s", row->bench, (int)words,
                                                   row->what, row->unit)))
            good = plot_sizes(report, row, words) && good;
    }
    g_hash_table_destroy(done);
    return good;
}

/* ---- main ---- */

static char *contents(const char *path)
{
    GError *error = NULL;
    char *text = NULL;

    if (!g_file_get_contents(path, &text, NULL, &error)) {
        fprintf(stderr, "report: %s\n", error->message);
        exit(2);
    }
    return text;
}

static void read_all(struct report *report, char **path)
{
    char *targets = contents(path[1]), *samples = contents(path[2]), *wrong = NULL;

    report->facts = contents(path[0]);
    report->rows = bench_rows_new();
    report->targets = bench_targets_new();
    if (!bench_read_targets(report->targets, targets, &wrong) ||
        !bench_read_samples(report->rows, samples, &wrong)) {
        fprintf(stderr, "report: %s\n", wrong);
        exit(2);
    }
    bench_sort(report->rows);
    g_free(targets);
    g_free(samples);
}

int main(int argc, char **argv)
{
    struct report report = {.out = NULL};
    int at = 1, status;

    for (; at < argc && argv[at][0] == '-'; at++) {
        if (strcmp(argv[at], "--counts-only") == 0)
            report.counts_only = true;
        else if (strcmp(argv[at], "--out") == 0 && at + 1 < argc)
            report.out = argv[++at];
    }
    if (report.out == NULL || argc - at != 3) {
        fprintf(stderr, "usage: report --out DIR [--counts-only] FACTS TARGETS SAMPLES\n");
        return 2;
    }
    read_all(&report, argv + at);
    fputs(report.facts, stdout);
    print_table(&report);
    status = write_json(&report) && write_plots(&report) ? 0 : 2;
    if (report.counts_only && counts_missed(&report) > 0)
        status = 1;
    g_ptr_array_free(report.rows, TRUE);
    g_ptr_array_free(report.targets, TRUE);
    g_free(report.facts);
    return status;
}
