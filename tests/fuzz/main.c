/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A plain main for a fuzz target, so that gcc, valgrind and AFL++ can run it:
 * each file named on the command line, or in a directory named there, is one
 * input. With no name: all of the target's corpus. libFuzzer brings its own.
 */
#include "tests/fuzz/fuzz.h"

#ifndef FUZZ_LIBFUZZER
#include <errno.h>
#include <glib.h>

static unsigned inputs;

/* In memory of just that size, for whoever watches its ends. */
static void run_file(const char *path)
{
    GError *error = NULL;
    char *text;
    gsize length;
    uint8_t *exact;

    if (!g_file_get_contents(path, &text, &length, &error)) {
        fprintf(stderr, "%s\n", error->message);
        exit(2);
    }
    exact = malloc(length > 0 ? length : 1);
    if (exact == NULL)
        exit(2);
    memcpy(exact, text, length);
    g_free(text);
    if (g_getenv("FUZZ_VERBOSE") != NULL)
        fprintf(stderr, "%s\n", path);
    (void)LLVMFuzzerTestOneInput(exact, length);
    free(exact);
    inputs++;
}

static void run(const char *path)
{
    GDir *dir;
    const char *name;

    if (!g_file_test(path, G_FILE_TEST_IS_DIR)) {
        run_file(path);
        return;
    }
    dir = g_dir_open(path, 0, NULL);
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        char *inside = g_build_filename(path, name, NULL);

        run(inside);
        g_free(inside);
    }
    if (dir != NULL)
        g_dir_close(dir);
}

int main(int argc, char **argv)
{
    const char *name = strstr(program_invocation_short_name, "fuzz_");
    char *corpus;

    for (int i = 1; i < argc; i++)
        run(argv[i]);
    if (argc == 1 && name != NULL) {
        corpus = g_build_filename(TOP_SRCDIR, "tests", "fuzz", "corpus", name + strlen("fuzz_"), NULL);
        run(corpus);
        g_free(corpus);
    }
    printf("%u inputs\n", inputs);
    return inputs == 0;
}
#endif
