/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A text read as ha.cf, and what is said of it. */
#ifndef HA_CF_TRIAL_H
#define HA_CF_TRIAL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "heartbeatd/conf/ha_cf.h"

/* A file to which every case adds its line 4. */
#define BASE "node a b\nucast eth0 10.0.0.1\nauto_failback on\n"

/* What more than one program expects to be said. */
#define DURATION "expected a duration above 0 such as 2, 500ms or 1.5, "
#define NOT_YET_SAID "this version does not act on it yet\n"
#define UCAST "expected an interface and the IPv4 address or name of the peer, "

/* Parses; the messages go to *said. Caller frees both. */
static inline struct hb_config *parse(const char *text, size_t length, const char *local,
                                      char **said)
{
    GString *out = g_string_new(NULL);
    char *copy = g_memdup2(text, length); /* exact size: reading past the end is seen */
    struct hb_config *config;
    struct ha_diags diags;

    ha_diags_init(&diags);
    config = hb_ha_cf_parse("ha.cf", copy, length, local, &diags);
    assert_int_equal(config == NULL, diags.errors > 0);
    ha_diags_print(&diags, out);
    ha_diags_clear(&diags);
    g_free(copy);
    *said = g_string_free(out, FALSE);
    return config;
}

static inline void assert_says(const char *text, const char *expected)
{
    char *said;
    struct hb_config *config = parse(text, strlen(text), NULL, &said);

    assert_string_equal(said, expected);
    g_free(said);
    hb_config_free(config);
}

#endif
