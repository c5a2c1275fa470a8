/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keeper, told to run programs by one who means ill: those of the configuration are run, as it says. */
#include "tests/unit/keeper_house.h"

static bool run_in_house(char *const *argv, struct ha_child_result *result)
{
    const struct ha_child_spec spec = {.path = argv[0], .argv = argv, .deadline_ms = 10000, .output_max = 100};
    GByteArray *bytes = nothing();
    struct ha_frame frame = {.kind = LD_WORD_RUN, .number = ++house.number}, got;
    struct ha_unpack in;
    int error = -EAGAIN;

    assert_true(ld_put_spec(bytes, &spec));
    frame.bytes = bytes->data;
    frame.length = bytes->len;
    assert_int_equal(ha_frame_send(house.run[0], &frame, 0), 0);
    g_byte_array_unref(bytes);
    for (int i = 0; i < 10000 && error == -EAGAIN; i++) {
        turn();
        error = ha_frame_receive(house.run[0], &got, house.space, 0);
    }
    assert_int_equal(error, 0);
    assert_int_equal(got.kind, LD_WORD_ENDED);
    assert_int_equal(got.number, house.number);
    in = ha_unpack_begin(got.bytes, got.length);
    result->end = ha_unpack_u8(&in);
    result->code = (int)ha_unpack_u32(&in);
    ha_unpack_u8(&in);
    result->output = (const char *)in.at;
    result->output_len = in.left;
    return result->end != HA_CHILD_FAILED;
}

static void assert_refused(char *const *argv)
{
    struct ha_child_result result;
    unsigned before = ld_keeper_refusals(house.keeper);

    assert_false(run_in_house(argv, &result));
    assert_int_equal(result.code, EACCES);
    assert_int_equal(ld_keeper_refusals(house.keeper), before + 1);
}

static void the_check_of_the_configuration_is_run_for_its_servers(void **state)
{
    char *check = in_house("check");
    char *argv[] = {check, "10.0.0.9", "25", "10.0.0.1", "25", NULL};
    struct ha_child_result result;

    (void)state;
    assert_true(run_in_house(argv, &result));
    assert_int_equal(result.end, HA_CHILD_EXITED);
    assert_int_equal(result.code, 3);
    assert_int_equal(result.output_len, strlen("10.0.0.9 25 10.0.0.1 25\n"));
    g_free(check);
}

static void no_other_program_is_run(void **state)
{
    char *check = in_house("check");
    char *const rows[][8] = {
        {"/bin/sh", NULL},
        {"/bin/sh", "-c", "id", NULL},
        {"/bin/sh", "-c", "/bin/fall start 10.0.0.9:80 tcp; id", NULL},
        {"/bin/sh", "-c", "/bin/fall start 10.0.0.9:25 tcp", NULL},
        {check, NULL},
        {check, "10.0.0.9", "25", "10.0.0.2", "25", NULL},
        {check, "10.0.0.9", "80", "10.0.0.1", "80", NULL},
        {check, "10.0.0.9", "25", "10.0.0.1", "25", "more", NULL},
        {check, "10.0.0.9", "25", "10.0.0.1 ", "25", NULL},
        {"/usr/bin/getent", "hosts", "10.0.0.1", NULL},
        {"/usr/sbin/sendmail", "-t", "-i", "-f", "root", NULL},
        {"/usr/bin/perl", "-e", "system(\"id\")", "--", check, NULL},
        {"/usr/sbin/ldirectord", "other", "start", NULL},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        assert_refused(rows[i]);
    g_free(check);
}

static void the_callback_is_run_with_the_file_and_nothing_else(void **state)
{
    char *callback = in_house("callback");
    char *good[] = {callback, house.file, NULL}, *bad[] = {callback, "/etc/passwd", NULL};
    struct ha_child_result result;

    (void)state;
    write_file("callback", "#!/bin/sh\nexit 0\n");
    g_chmod(callback, 0755);
    assert_true(run_in_house(good, &result));
    assert_refused(bad);
    g_free(callback);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(the_check_of_the_configuration_is_run_for_its_servers),
        STORY(no_other_program_is_run),
        STORY(the_callback_is_run_with_the_file_and_nothing_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
