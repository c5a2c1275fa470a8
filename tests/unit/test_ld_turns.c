/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ldirectord/core/turns: the last transitions of a server, on their own and as the core notes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/core_story.h"

static void the_newest_is_first_and_the_eleventh_forgotten(void **state)
{
    struct ld_turns *turns = NULL;

    (void)state;
    assert_null(ld_turns_at(turns, 0));
    for (unsigned i = 1; i <= 47; i++) {
        char detail[16];

        g_snprintf(detail, sizeof(detail), "number %u", i);
        ld_turns_add(&turns, &(struct ld_turn){.at_ns = i, .up = i % 2, .detail = detail});
        for (unsigned j = 0; j < MIN(i, LD_TURNS_MAX); j++) {
            assert_int_equal(ld_turns_at(turns, j)->at_ns, i - j);
            g_snprintf(detail, sizeof(detail), "number %u", i - j);
            assert_string_equal(ld_turns_at(turns, j)->detail, detail);
        }
        assert_null(ld_turns_at(turns, MIN(i, LD_TURNS_MAX)));
    }
    ld_turns_free(turns);
}

static void a_long_detail_is_cut(void **state)
{
    struct ld_turns *turns = NULL;
    char *detail = g_strnfill(1000, 'x');

    (void)state;
    ld_turns_add(&turns, &(struct ld_turn){.detail = detail});
    assert_int_equal(strlen(ld_turns_at(turns, 0)->detail), LD_TURN_DETAIL_MAX);
    g_free(detail);
    ld_turns_free(turns);
}

struct seen {
    GString *text;
    uint64_t answered_ns;
};

static void see(void *ctx, const struct ld_real_view *view)
{
    struct seen *seen = ctx;
    const struct ld_turn *turn;
    char addr[HA_ADDR_TEXT];

    g_string_append_printf(seen->text, "%s%s:", seen->text->len > 0 ? "; " : "",
                           ha_addr_text(&view->real->addr, addr));
    for (unsigned i = 0; (turn = ld_turns_at(view->turns, i)) != NULL; i++)
        g_string_append_printf(seen->text, " %s %s", turn->up ? "up" : "down",
                               ld_verdict_code(turn->verdict));
    seen->answered_ns = MAX(seen->answered_ns, view->answered_ns);
}

static void the_core_notes_what_happened_to_each_server_over_reloads(void **state)
{
    struct fake_director director;
    struct seen seen = {.text = g_string_new(NULL)};

    (void)state;
    start_healthy(&director, pair());
    interval(&director, "10.1.0.1", LD_L4CON);
    assert_logged(&director, "Real server down: 10.1.0.1:80 (tcp:10.0.0.1:80): L4CON, connection "
                             "refused or reset (0.0 ms)");
    fake_director_reload(&director, pair());
    interval(&director, "10.1.0.1", LD_L7STS); /* down before, down now: no transition */
    interval(&director, NULL, LD_L7OK);
    ld_core_view(director.core, see, &seen);
    assert_string_equal(seen.text->str, "10.1.0.1: up L7OK down L4CON up L7OK; 10.1.0.2: up L7OK");
    assert_int_equal(seen.answered_ns, director.now_ns);
    g_string_free(seen.text, TRUE);
    end(&director);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_is_first_and_the_eleventh_forgotten),
        cmocka_unit_test(a_long_detail_is_cut),
        cmocka_unit_test(the_core_notes_what_happened_to_each_server_over_reloads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
