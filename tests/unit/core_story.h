/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests that tell lives of a director have in common: a pair of web servers. */
#ifndef CORE_STORY_H
#define CORE_STORY_H

#include <string.h>

#include "common/base/time.h"
#include "tests/fakes/fake_director.h"

#define assert_table(director, expected)                                                          \
    do {                                                                                          \
        char *table_ = fake_director_table(director);                                             \
        assert_string_equal(table_, expected);                                                    \
        g_free(table_);                                                                           \
    } while (0)

#define assert_logged(director, text) assert_non_null(strstr((director)->log->str, text))
#define assert_not_logged(director, text) assert_null(strstr((director)->log->str, text))

/* 10.0.0.1:80, http, two gate servers, checked every 10 s. */
static inline struct ld_config *pair(void)
{
    struct ld_config *config = ld_config_new();
    struct ld_service *service = fake_service(config, "10.0.0.1", 80);

    fake_real(service, "10.1.0.1", 80, LD_GATE, 1);
    fake_real(service, "10.1.0.2", 80, LD_GATE, 2);
    return config;
}

static inline struct ld_service *first(const struct ld_config *config)
{
    return config->services->pdata[0];
}

static inline void start(struct fake_director *director, struct ld_config *config)
{
    fake_director_init(director, config, 1);
    fake_director_start(director);
}

/* Started, all servers answered once and well. */
static inline void start_healthy(struct fake_director *director, struct ld_config *config)
{
    start(director, config);
    fake_director_pass(director, HA_NS_PER_S);
    assert_true(fake_director_answer(director, NULL, LD_L7OK) > 0);
    g_string_truncate(director->log, 0);
}

/* One interval in which addr answers with verdict and all others well. */
static inline void interval(struct fake_director *director, const char *addr, enum ld_verdict verdict)
{
    fake_director_pass(director, 10 * HA_NS_PER_S);
    if (addr)
        assert_true(fake_director_answer(director, addr, verdict) > 0);
    fake_director_answer(director, NULL, LD_L7OK);
}

static inline void end(struct fake_director *director)
{
    if (director->broken)
        fail_msg("%s", director->broken);
    fake_director_clear(director);
}

#endif
