/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opens a client library whole or not at all. */
#include "ldirectord/check/late.h"

#include <dlfcn.h>
#include <errno.h>
#include <glib.h>
#include <string.h>

/* The loop's thread and the one that reads a configuration may want the same one. */
static GMutex opening;

static void forget_functions(const struct ld_late *late)
{
    for (size_t i = 0; i < late->count; i++)
        memset(late->functions[i].into, 0, sizeof(void *));
}

static bool find_functions(const struct ld_late *late, void *library)
{
    for (size_t i = 0; i < late->count; i++) {
        void *found = dlsym(library, late->functions[i].name);

        if (found == NULL)
            return false;
        memcpy(late->functions[i].into, &found, sizeof(found));
    }
    return true;
}

/* Found lazily, as by a program that is linked with it; for nobody but us. */
static int open_it(struct ld_late *late, char **why)
{
    void *library = dlopen(late->file, RTLD_LAZY | RTLD_LOCAL);

    if (library != NULL && find_functions(late, library)) {
        g_atomic_int_set(&late->open, 1);
        return 0;
    }
    if (why != NULL)
        *why = g_strdup_printf("the library it takes cannot be used: %s", dlerror());
    if (library != NULL) {
        forget_functions(late);
        dlclose(library);
    }
    return -ELIBACC;
}

int ld_late_open(struct ld_late *late, char **why)
{
    int error = 0;

    if (g_atomic_int_get(&late->open))
        return 0;
    g_mutex_lock(&opening);
    if (!g_atomic_int_get(&late->open))
        error = open_it(late, why);
    g_mutex_unlock(&opening);
    return error;
}
