/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One check asked and answered, for the tests of check types: a loop of its
 * own, the verdict, and the descriptors counted before and after.
 */
#ifndef CHECK_TRIAL_H
#define CHECK_TRIAL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <glib.h>
#include <string.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "ldirectord/check/check.h"
#include "tests/unit/descriptors.h"

struct trial {
    struct ha_loop *loop;
    struct ld_checks *checks;
    unsigned wanted; /* verdicts until the loop ends */
    unsigned counts[LD_VERDICT_COUNT];
    enum ld_verdict verdict; /* the last */
    char *detail;
    uint64_t took_ns;
    struct ld_advice advice;
};

static inline void trial_verdict(void *ctx, uint32_t check_id, enum ld_verdict verdict,
                                 const char *detail, const struct ld_advice *advice,
                                 uint64_t took_ns, uint64_t now_ns)
{
    struct trial *trial = ctx;

    (void)check_id;
    (void)now_ns;
    trial->counts[verdict]++;
    trial->verdict = verdict;
    g_free(trial->detail);
    trial->detail = g_strdup(detail);
    trial->took_ns = took_ns;
    trial->advice = *advice;
    if (--trial->wanted == 0)
        ha_loop_stop(trial->loop, 0);
}

static inline void trial_begin(struct trial *trial)
{
    memset(trial, 0, sizeof(*trial));
    trial->loop = ha_loop_new();
    assert_non_null(trial->loop);
    assert_int_equal(ld_checks_new(&trial->checks, trial->loop, trial_verdict, trial), 0);
}

static inline void trial_end(struct trial *trial)
{
    ld_checks_free(trial->checks);
    ha_loop_free(trial->loop);
    g_free(trial->detail);
}

static inline struct ha_addr loopback_of(int family)
{
    struct ha_addr addr;

    assert_true(ha_addr_parse(&addr, family == AF_INET6 ? "::1" : "127.0.0.1"));
    return addr;
}

/* Asks once; the verdict. detail, if wanted, is the caller's to free; advice may be NULL. */
static inline enum ld_verdict ask_advice(const struct ld_probe *probe, char **detail,
                                         struct ld_advice *advice)
{
    unsigned before = open_descriptors();
    struct trial trial;
    enum ld_verdict verdict;

    trial_begin(&trial);
    trial.wanted = 1;
    ld_checks_start(trial.checks, 1, probe, ha_clock_ns());
    assert_int_equal(trial.counts[LD_INTERNAL], 0); /* told later, never from inside start */
    ha_loop_run(trial.loop);
    verdict = trial.verdict;
    /* Far past the deadline means that nobody watched it. */
    assert_true(trial.took_ns < ha_ms_to_ns(probe->timeout_ms + 10000));
    if (detail != NULL)
        *detail = g_steal_pointer(&trial.detail);
    if (advice != NULL)
        *advice = trial.advice;
    trial_end(&trial);
    assert_int_equal(open_descriptors(), before);
    return verdict;
}

static inline enum ld_verdict ask(const struct ld_probe *probe, char **detail)
{
    return ask_advice(probe, detail, NULL);
}

static inline void assert_verdict(enum ld_verdict found, enum ld_verdict expected)
{
    assert_string_equal(ld_verdict_code(found), ld_verdict_code(expected));
}

#endif
