/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names that one process looked up mean the same in another, which asks nobody. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "ldirectord/door/names_told.h"

static bool one_host(void *ctx, const char *name, int family, struct ha_addr *out)
{
    (void)ctx;
    return family == AF_INET && strcmp(name, "web1") == 0 && ha_addr_parse(out, "10.0.0.1");
}

static bool one_port(void *ctx, const char *name, const char *protocol, uint16_t *out)
{
    (void)ctx;
    (void)protocol;
    *out = 80;
    return strcmp(name, "http") == 0;
}

static void names_mean_what_was_said_of_them_and_nothing_else(void **state)
{
    const struct ld_names below = {.host = one_host, .port = one_port};
    struct ld_names_told told = {.below = &below, .notes = g_byte_array_new()};
    struct ld_names noting = ld_names_noting(&told), noted;
    struct ld_names_noted notes;
    struct ha_addr addr;
    uint16_t port = 0;

    (void)state;
    assert_true(noting.host(noting.ctx, "web1", AF_INET, &addr));
    assert_false(noting.host(noting.ctx, "web2", AF_INET, &addr));
    assert_true(noting.port(noting.ctx, "http", NULL, &port));
    assert_true(ld_names_noted_read(&notes, told.notes->data, told.notes->len));
    noted = ld_names_of_notes(&notes);
    memset(&addr, 0, sizeof(addr));
    assert_true(noted.host(noted.ctx, "web1", AF_INET, &addr));
    assert_int_equal(addr.family, AF_INET);
    assert_false(noted.host(noted.ctx, "web1", AF_INET6, &addr));
    assert_false(noted.host(noted.ctx, "web2", AF_INET, &addr));
    assert_true(noted.host(noted.ctx, "10.0.0.7", AF_INET, &addr));
    assert_true(noted.port(noted.ctx, "http", NULL, &port));
    assert_false(noted.port(noted.ctx, "http", "udp", &port));
    ld_names_noted_clear(&notes);
    assert_false(ld_names_noted_read(&notes, "\4\1", 2));
    ld_names_noted_clear(&notes);
    g_byte_array_unref(told.notes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_mean_what_was_said_of_them_and_nothing_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
