/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connect checks and the frame around all checks, against real sockets on loopback. */
#include "tests/unit/check_trial.h"

#include <sys/resource.h>
#include <unistd.h>

#include "tests/fakes/fake_server.h"

static struct ld_probe connect_probe(int family, uint16_t port)
{
    return (struct ld_probe){.type = LD_CHECK_CONNECT, .protocol = LD_TCP, .port = port,
                             .addr = loopback_of(family), .timeout_ms = 5000};
}

static const int families[] = {AF_INET, AF_INET6};

static void a_listening_server_passes(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct fake_server server;
        fake_server_start(&server, families[i], FAKE_SILENT, NULL);
        struct ld_probe probe = connect_probe(families[i], server.port);
        assert_verdict(ask(&probe, NULL), LD_L4OK);
        fake_server_stop(&server);
    }
}

static void a_closed_port_is_a_refusal(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct ld_probe probe = connect_probe(families[i], fake_server_closed_port(families[i]));
        assert_verdict(ask(&probe, NULL), LD_L4CON);
    }
}

static void a_syn_without_answer_ends_at_the_deadline(void **state)
{
    struct fake_server server;
    struct ld_probe probe;
    char *detail;

    (void)state;
    fake_server_start(&server, AF_INET, FAKE_DEAF, NULL);
    probe = connect_probe(AF_INET, server.port);
    probe.timeout_ms = 300;
    assert_verdict(ask(&probe, &detail), LD_L4TOUT);
    assert_string_equal(detail, "300 ms");
    g_free(detail);
    fake_server_stop(&server);
}

static void no_port_is_a_failure_that_says_so(void **state)
{
    struct ld_probe probe = connect_probe(AF_INET, 0);
    char *detail;

    (void)state;
    assert_verdict(ask(&probe, &detail), LD_L4CON);
    assert_non_null(strstr(detail, "no port"));
    g_free(detail);
}

static void a_check_that_does_not_exist_is_answered_too(void **state)
{
    struct ld_probe probe = connect_probe(AF_INET, 80);

    (void)state;
    probe.type = LD_CHECK_NEGOTIATE;
    probe.app = LD_APP_COUNT;
    assert_verdict(ask(&probe, NULL), LD_INTERNAL);
    assert_false(ld_check_supported(LD_CHECK_NEGOTIATE, LD_APP_COUNT));
    assert_true(ld_check_supported(LD_CHECK_COMBINED, LD_APP_HTTPS));
    assert_true(ld_check_supported(LD_CHECK_CONNECT, LD_APP_ORACLE));
    assert_true(ld_check_supported(LD_CHECK_EXTERNAL_PERL, LD_APP_NONE));
    assert_false(ld_check_supported(LD_CHECKTYPE_COUNT, LD_APP_NONE));
}

static void service_none_passes_without_asking(void **state)
{
    struct ld_probe probe = connect_probe(AF_INET, 0);

    (void)state;
    probe.type = LD_CHECK_NEGOTIATE;
    probe.app = LD_APP_NONE;
    assert_true(ld_verdict_passed(ask(&probe, NULL)));
}

static void a_cancelled_check_is_never_told(void **state)
{
    unsigned before = open_descriptors();
    struct fake_server deaf, good;
    struct ld_probe slow, quick;
    struct trial trial;

    (void)state;
    fake_server_start(&deaf, AF_INET, FAKE_DEAF, NULL);
    fake_server_start(&good, AF_INET, FAKE_SILENT, NULL);
    slow = connect_probe(AF_INET, deaf.port);
    slow.timeout_ms = 50;
    quick = connect_probe(AF_INET, 0); /* has ended as soon as it is started, but is not told yet */
    trial_begin(&trial);
    trial.wanted = 1;
    ld_checks_start(trial.checks, 1, &slow, ha_clock_ns());
    ld_checks_start(trial.checks, 2, &quick, ha_clock_ns());
    ld_checks_cancel(trial.checks, 1);
    ld_checks_cancel(trial.checks, 2);
    ld_checks_cancel(trial.checks, 77);
    slow.timeout_ms = 300;
    ld_checks_start(trial.checks, 3, &slow, ha_clock_ns());
    ha_loop_run(trial.loop);
    assert_int_equal(trial.counts[LD_L4TOUT], 1);
    assert_int_equal(trial.counts[LD_L4CON], 0);
    trial_end(&trial);
    fake_server_stop(&deaf);
    fake_server_stop(&good);
    assert_int_equal(open_descriptors(), before);
}

/* Who starts many looks at the clock for some of them only: the time given is the one that counts. */
static void a_check_begins_at_the_time_it_is_given(void **state)
{
    const uint64_t timeout_ns = 20 * HA_NS_PER_S;
    struct fake_server deaf;
    struct ld_probe probe;
    struct trial trial;
    uint64_t before_ns = ha_clock_ns();

    (void)state;
    assert_true(before_ns > timeout_ns);
    fake_server_start(&deaf, AF_INET, FAKE_DEAF, NULL);
    probe = connect_probe(AF_INET, deaf.port);
    probe.timeout_ms = timeout_ns / HA_NS_PER_MS;
    trial_begin(&trial);
    trial.wanted = 1;
    ld_checks_start(trial.checks, 1, &probe, before_ns - timeout_ns);
    ha_loop_run(trial.loop);
    assert_int_equal(trial.counts[LD_L4TOUT], 1);
    assert_true(trial.took_ns >= timeout_ns);
    assert_true(ha_clock_ns() - before_ns < timeout_ns);
    trial_end(&trial);
    fake_server_stop(&deaf);
}

/* We look late_ms beyond the deadline: the answers that are here by then count, and who is silent as long
 * again is given up. */
static void assert_put_off(uint64_t late_ms)
{
    struct fake_server deaf, good;
    struct ld_probe silent, answers;
    struct trial trial;
    uint64_t begun_ns = ha_clock_ns(), since_ns = begun_ns - (1000 + late_ms) * HA_NS_PER_MS;

    fake_server_start(&deaf, AF_INET, FAKE_DEAF, NULL);
    fake_server_start(&good, AF_INET, FAKE_ANSWERS, "");
    silent = connect_probe(AF_INET, deaf.port);
    answers = connect_probe(AF_INET, good.port);
    silent.timeout_ms = answers.timeout_ms = 1000;
    trial_begin(&trial);
    trial.wanted = 2;
    ld_checks_start(trial.checks, 1, &silent, since_ns);
    ld_checks_start(trial.checks, 2, &answers, since_ns);
    ha_loop_run(trial.loop);
    assert_int_equal(trial.counts[LD_L4OK], 1);
    assert_int_equal(trial.counts[LD_L4TOUT], 1);
    assert_true(ha_clock_ns() - begun_ns >= late_ms * HA_NS_PER_MS);
    trial_end(&trial);
    fake_server_stop(&deaf);
    fake_server_stop(&good);
}

static void a_deadline_that_we_missed_ourselves_is_put_off_once(void **state)
{
    (void)state;
    assert_put_off(0);
    assert_put_off(1);
    assert_put_off(300);
}

static void checks_in_flight_end_with_the_room(void **state)
{
    unsigned before = open_descriptors();
    struct fake_server deaf;
    struct ld_probe probe;
    struct trial trial;

    (void)state;
    fake_server_start(&deaf, AF_INET, FAKE_DEAF, NULL);
    probe = connect_probe(AF_INET, deaf.port);
    trial_begin(&trial);
    for (uint32_t id = 0; id < 20; id++)
        ld_checks_start(trial.checks, id, &probe, ha_clock_ns());
    trial_end(&trial);
    fake_server_stop(&deaf);
    assert_int_equal(open_descriptors(), before);
}

static void two_thousand_in_flight_all_get_their_verdict(void **state)
{
    unsigned before = open_descriptors();
    struct fake_server deaf, good;
    struct ld_probe dead, alive;
    struct rlimit files;
    struct trial trial;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    files.rlim_cur = files.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
    assert_true(files.rlim_cur > 2100);
    fake_server_start(&deaf, AF_INET, FAKE_DEAF, NULL);
    fake_server_start(&good, AF_INET, FAKE_SILENT, NULL);
    dead = connect_probe(AF_INET, deaf.port);
    dead.timeout_ms = 2000;
    alive = connect_probe(AF_INET, good.port);
    trial_begin(&trial);
    trial.wanted = 2000;
    for (uint32_t id = 0; id < 2000; id++)
        ld_checks_start(trial.checks, id, id % 2 ? &dead : &alive, ha_clock_ns());
    ha_loop_run(trial.loop);
    assert_int_equal(trial.counts[LD_L4OK], 1000);
    assert_int_equal(trial.counts[LD_L4TOUT], 1000);
    trial_end(&trial);
    fake_server_stop(&deaf);
    fake_server_stop(&good);
    assert_int_equal(open_descriptors(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_listening_server_passes),
        cmocka_unit_test(a_closed_port_is_a_refusal),
        cmocka_unit_test(a_syn_without_answer_ends_at_the_deadline),
        cmocka_unit_test(no_port_is_a_failure_that_says_so),
        cmocka_unit_test(a_check_that_does_not_exist_is_answered_too),
        cmocka_unit_test(service_none_passes_without_asking),
        cmocka_unit_test(a_cancelled_check_is_never_told),
        cmocka_unit_test(a_check_begins_at_the_time_it_is_given),
        cmocka_unit_test(a_deadline_that_we_missed_ourselves_is_put_off_once),
        cmocka_unit_test(checks_in_flight_end_with_the_room),
        cmocka_unit_test(two_thousand_in_flight_all_get_their_verdict),
    };

    alarm(180);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
