/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/fakes/fake_ipvs: the fake refuses what the kernel refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "tests/fakes/fake_ipvs.h"

struct world {
    struct fake_ipvs fake;
    struct ld_table *mine; /* what operations point into */
    struct ld_vs *vs;
    GArray *ops;
    int last_error;
};

static void see_error(void *ctx, const struct ld_op *op, int error)
{
    struct world *world = ctx;

    (void)op;
    world->last_error = error;
}

static int setup(void **state)
{
    struct world *world = g_new0(struct world, 1);
    struct ld_service_id id = {.protocol = LD_TCP, .port = 80};

    ha_addr_parse(&id.addr, "10.0.0.1");
    fake_ipvs_init(&world->fake);
    world->mine = ld_table_new();
    world->vs = ld_table_add(world->mine, &id);
    strcpy(world->vs->scheduler, "rr");
    world->ops = g_array_new(FALSE, TRUE, sizeof(struct ld_op));
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;

    fake_ipvs_clear(&world->fake);
    ld_table_free(world->mine);
    g_array_free(world->ops, TRUE);
    g_free(world);
    return 0;
}

static struct ld_dest server(const char *addr, uint16_t port)
{
    struct ld_dest dest = {.port = port, .weight = 1};

    assert_true(ha_addr_parse(&dest.addr, addr));
    return dest;
}

static void assert_apply(struct world *world, enum ld_op_kind kind, const struct ld_dest *dest,
                         int error)
{
    struct ld_op op = {.kind = kind, .vs = world->vs, .dest = dest};

    g_array_set_size(world->ops, 0);
    g_array_append_val(world->ops, op);
    world->last_error = 1;
    assert_int_equal(world->fake.ipvs.ops->apply(&world->fake.ipvs, world->ops, see_error, world),
                     error != 0);
    assert_int_equal(world->last_error, error);
}

static void it_refuses_what_the_kernel_refuses(void **state)
{
    struct world *world = *state;
    struct ld_dest one = server("10.1.0.1", 80), other = server("10.1.0.2", 8080);

    assert_apply(world, LD_OP_ADD_DEST, &one, -ESRCH);
    assert_apply(world, LD_OP_EDIT_SERVICE, NULL, -ESRCH);
    assert_apply(world, LD_OP_DEL_SERVICE, NULL, -ESRCH);
    assert_apply(world, LD_OP_ADD_SERVICE, NULL, 0);
    assert_apply(world, LD_OP_ADD_SERVICE, NULL, -EEXIST);
    assert_apply(world, LD_OP_EDIT_DEST, &one, -ENOENT);
    assert_apply(world, LD_OP_DEL_DEST, &one, -ENOENT);
    assert_apply(world, LD_OP_ADD_DEST, &one, 0);
    assert_apply(world, LD_OP_ADD_DEST, &one, -EEXIST);
    assert_apply(world, LD_OP_ADD_DEST, &other, -EINVAL);
    other.method = LD_MASQ;
    other.lower = 5;
    assert_apply(world, LD_OP_ADD_DEST, &other, -ERANGE);
    other.upper = 10;
    assert_apply(world, LD_OP_ADD_DEST, &other, 0);
    assert_apply(world, LD_OP_DEL_SERVICE, NULL, 0);
    assert_int_equal(world->fake.table->services->len, 0);
}

static void it_fails_on_request(void **state)
{
    struct world *world = *state;

    world->fake.fail_next = 1;
    assert_apply(world, LD_OP_ADD_SERVICE, NULL, -ENOMEM);
    world->fake.missing_scheduler = "rr";
    assert_apply(world, LD_OP_ADD_SERVICE, NULL, -ENOENT);
    world->fake.missing_scheduler = NULL;
    assert_apply(world, LD_OP_ADD_SERVICE, NULL, 0);
}

static void it_sees_a_server_deleted_and_added_again(void **state)
{
    struct world *world = *state;
    struct ld_dest one = server("10.1.0.1", 80);
    struct ld_op again[] = {{.kind = LD_OP_DEL_DEST, .vs = world->vs, .dest = &one},
                            {.kind = LD_OP_ADD_DEST, .vs = world->vs, .dest = &one}};

    assert_apply(world, LD_OP_ADD_SERVICE, NULL, 0);
    assert_apply(world, LD_OP_ADD_DEST, &one, 0);
    assert_int_equal(world->fake.replaced, 0);
    g_array_set_size(world->ops, 0);
    g_array_append_vals(world->ops, again, 2);
    assert_int_equal(world->fake.ipvs.ops->apply(&world->fake.ipvs, world->ops, NULL, NULL), 0);
    assert_int_equal(world->fake.replaced, 1);
}

static void what_is_read_is_equal_until_something_differs(void **state)
{
    struct world *world = *state;
    struct ld_dest one = server("10.1.0.1", 80);
    GHashTable *ours = g_hash_table_new(ld_service_id_key_hash, ld_service_id_key_equal);
    struct ld_table *read, *empty = ld_table_new();
    char *why;

    assert_apply(world, LD_OP_ADD_SERVICE, NULL, 0);
    assert_apply(world, LD_OP_ADD_DEST, &one, 0);
    assert_int_equal(world->fake.ipvs.ops->read(&world->fake.ipvs, NULL, &read), 0);
    assert_true(fake_ipvs_equal(world->fake.table, read, ours, &why));
    assert_true(fake_ipvs_equal(world->fake.table, empty, ours, &why));
    g_hash_table_add(ours, &world->vs->id);
    assert_false(fake_ipvs_equal(world->fake.table, empty, ours, &why));
    g_free(why);
    one.weight = 7;
    assert_apply(world, LD_OP_EDIT_DEST, &one, 0);
    assert_false(fake_ipvs_equal(world->fake.table, read, ours, &why));
    assert_string_equal(why, "tcp:10.0.0.1:80: 10.1.0.1:80: other settings");
    g_free(why);
    g_hash_table_destroy(ours);
    ld_table_free(read);
    ld_table_free(empty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_refuses_what_the_kernel_refuses, setup, teardown),
        cmocka_unit_test_setup_teardown(it_fails_on_request, setup, teardown),
        cmocka_unit_test_setup_teardown(it_sees_a_server_deleted_and_added_again, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_read_is_equal_until_something_differs, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
