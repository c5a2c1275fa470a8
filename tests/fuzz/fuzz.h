/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What fuzz targets share (tests/fuzz/README.md). A target is one function: it
 * takes any bytes, hands them to one parser, and returns. What must not be is
 * an abort, by a sanitizer or by fuzz_must().
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* True of whatever input: said with the line, for there is no debugger where this ends. */
#define fuzz_must(what)                                                                        \
    do {                                                                                       \
        if (!(what)) {                                                                         \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #what);               \
            abort();                                                                           \
        }                                                                                      \
    } while (0)

/* The rest of an input that says several things, one after the other. */
struct fuzz_rest {
    const uint8_t *at;
    size_t left;
};

/* The next byte; 0 when there is none left. */
static inline uint8_t fuzz_byte(struct fuzz_rest *rest)
{
    if (rest->left == 0)
        return 0;
    rest->left--;
    return *rest->at++;
}

/* Up to the separator, which goes, too, or all that is left. False: nothing was left. */
static inline int fuzz_until(struct fuzz_rest *rest, uint8_t separator, struct fuzz_rest *piece)
{
    const uint8_t *end = rest->left > 0 ? memchr(rest->at, separator, rest->left) : NULL;

    if (rest->left == 0)
        return 0;
    piece->at = rest->at;
    piece->left = end != NULL ? (size_t)(end - rest->at) : rest->left;
    rest->at += piece->left + (end != NULL);
    rest->left -= piece->left + (end != NULL);
    return 1;
}

#endif
