/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Client libraries that few configurations need (libcurl, libmariadb, libpq). To
 * load them costs more than all the rest of a start, so the program is not linked
 * with them: they are opened when a configuration, or the first check, asks for
 * one, and stay.
 *
 * late_curl.c and its like define the very functions that the library's own header
 * declares, so that callers call them as ever, types checked; each passes on what
 * it gets. Before its library is open, such a function does nothing and returns 0
 * or NULL.
 */
#ifndef LD_CHECK_LATE_H
#define LD_CHECK_LATE_H

#include <stdbool.h>
#include <stddef.h>

struct ld_late_function {
    const char *name;
    void *into; /* a pointer to a function */
};

struct ld_late {
    const char *file; /* as the dynamic linker looks for it */
    const struct ld_late_function *functions;
    size_t count;
    int open; /* atomic */
};

extern struct ld_late ld_late_curl;
/* Where they are not built in: with no functions. */
extern struct ld_late ld_late_mysql;
extern struct ld_late ld_late_pgsql;

/* Opens it, unless it is open; from any thread. 0, or -ELIBACC: then *why (unless why is NULL) says in a
 * sentence what is missing; g_free() it. */
int ld_late_open(struct ld_late *late, char **why);

/* ---- for those files: a row of a list of functions as a pointer, as an entry, as itself ---- */
#define LD_LATE_POINTER(type, name, parameters, arguments) type(*name) parameters;
#define LD_LATE_ENTRY(type, name, parameters, arguments) {#name, &real.name},
#define LD_LATE_DEFINE(type, name, parameters, arguments) \
    type name parameters                                  \
    {                                                     \
        return real.name != NULL ? real.name arguments : (type)0; \
    }

#endif
