/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asks every server of an ldirectord.cf once, as ldirectord would, and prints a
 * line for each: the real server, up or down, and the verdict. For scenarios that
 * hold verdicts against the original's where there is no kernel table to look at.
 *
 *   check_config FILE
 */
#include <inttypes.h>
#include <stdio.h>

#include "ldirectord/check/check.h"
#include "ldirectord/config_file.h"
#include "ldirectord/core/probe.h"

struct asking {
    struct ha_loop *loop;
    GPtrArray *questions; /* of struct ld_question *; the id of a check is the place + 1 */
    guint left;
};

static void told(void *ctx, uint32_t check_id, enum ld_verdict verdict, const char *detail,
                 const struct ld_advice *advice, uint64_t took_ns)
{
    struct asking *asking = ctx;
    const struct ld_probe *probe =
        ld_question_probe(g_ptr_array_index(asking->questions, check_id - 1));
    char where[HA_ADDR_TEXT];

    (void)advice;
    printf("%s %s %s %" PRIu64 " ms %s\n", ha_addr_port_text(&probe->addr, probe->port, where),
           ld_verdict_passed(verdict) ? "up" : "down", ld_verdict_code(verdict), took_ns / 1000000,
           detail != NULL ? detail : "-");
    if (--asking->left == 0)
        ha_loop_stop(asking->loop, 0);
}

static void collect(struct asking *asking, const struct ld_config *config)
{
    for (guint i = 0; i < config->services->len; i++) {
        const struct ld_service *service = config->services->pdata[i];

        for (guint j = 0; j < service->reals->len; j++) {
            struct ld_question *question = ld_question_new(service, service->reals->pdata[j]);

            if (question != NULL)
                g_ptr_array_add(asking->questions, question);
        }
    }
}

int main(int argc, char **argv)
{
    struct asking asking = {.loop = ha_loop_new()};
    struct ld_config *config = NULL;
    struct ld_content content;
    struct ld_checks *checks;
    struct ha_diags diags;

    ha_diags_init(&diags);
    if (argc == 2 && asking.loop != NULL)
        config = ld_config_load(argv[1], &content, LD_LOOK_FILES, &diags);
    ha_diags_clear(&diags);
    if (config == NULL || ld_checks_new(&checks, asking.loop, told, &asking) != 0) {
        fprintf(stderr, "usage: check_config FILE (a valid ldirectord.cf)\n");
        return 2;
    }
    asking.questions = g_ptr_array_new_with_free_func((GDestroyNotify)ld_question_free);
    collect(&asking, config);
    asking.left = asking.questions->len;
    for (guint i = 0; i < asking.questions->len; i++)
        ld_checks_start(checks, i + 1, ld_question_probe(g_ptr_array_index(asking.questions, i)));
    if (asking.left > 0)
        ha_loop_run(asking.loop);
    ld_checks_free(checks);
    g_ptr_array_free(asking.questions, TRUE);
    ld_config_free(config);
    ha_loop_free(asking.loop);
    return 0;
}
