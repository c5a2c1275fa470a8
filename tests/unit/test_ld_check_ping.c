/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ping checks in a network namespace of their own, where loopback can be told
 * to ignore echo requests. Needs root: exit 77 without.
 */
#include "tests/unit/check_trial.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

static struct ld_probe ping_probe(int family)
{
    return (struct ld_probe){.type = LD_CHECK_PING, .addr = loopback_of(family), .attempts = 1,
                             .timeout_ms = 5000};
}

static void set_ignore(const char *value)
{
    int fd = open("/proc/sys/net/ipv4/icmp_echo_ignore_all", O_WRONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, value, 1), 1);
    close(fd);
}

static void a_host_that_answers_passes(void **state)
{
    struct ld_probe probe = ping_probe(AF_INET);

    (void)state;
    assert_verdict(ask(&probe, NULL), LD_L3OK);
}

static void a_host_that_answers_over_ipv6_passes(void **state)
{
    struct ld_probe probe = ping_probe(AF_INET6);

    (void)state;
    assert_verdict(ask(&probe, NULL), LD_L3OK);
}

static void connect_checks_of_udp_services_ping(void **state)
{
    struct ld_probe probe = ping_probe(AF_INET);

    (void)state;
    probe.type = LD_CHECK_CONNECT;
    probe.protocol = LD_UDP;
    assert_verdict(ask(&probe, NULL), LD_L3OK);
}

static void silence_ends_at_the_deadline(void **state)
{
    struct ld_probe probe = ping_probe(AF_INET);

    (void)state;
    set_ignore("1");
    probe.timeout_ms = 300;
    probe.attempts = 3;
    assert_verdict(ask(&probe, NULL), LD_L3TOUT);
    set_ignore("0");
}

static void hear_again(void *ctx, uint64_t now_ns)
{
    (void)ctx;
    (void)now_ns;
    set_ignore("0");
}

static void a_later_attempt_may_be_the_one_that_is_answered(void **state)
{
    struct ld_probe probe = ping_probe(AF_INET);
    struct ha_timer timer = {0};
    struct trial trial;

    (void)state;
    set_ignore("1");
    probe.timeout_ms = 30000;
    probe.attempts = 60;
    trial_begin(&trial);
    trial.wanted = 1;
    ld_checks_start(trial.checks, 1, &probe, ha_clock_ns());
    ha_timer_set(trial.loop, &timer, (uint64_t)g_get_monotonic_time() * 1000 + 700000000,
                 hear_again, NULL);
    ha_loop_run(trial.loop);
    assert_verdict(trial.verdict, LD_L3OK);
    assert_true(trial.took_ns > 100000000);
    trial_end(&trial);
}

static void an_address_without_a_route_is_unreachable(void **state)
{
    struct ld_probe probe = ping_probe(AF_INET);

    (void)state;
    assert_true(ha_addr_parse(&probe.addr, "192.0.2.1"));
    assert_verdict(ask(&probe, NULL), LD_L3UNR);
}

static void two_thousand_pings_share_one_socket(void **state)
{
    unsigned before = open_descriptors();
    struct ld_probe probe = ping_probe(AF_INET);
    struct trial trial;

    (void)state;
    probe.timeout_ms = 60000;
    trial_begin(&trial);
    trial.wanted = 2000;
    for (uint32_t id = 0; id < 2000; id++)
        ld_checks_start(trial.checks, id, &probe, ha_clock_ns());
    assert_true(open_descriptors() < before + 10);
    ha_loop_run(trial.loop);
    assert_int_equal(trial.counts[LD_L3OK], 2000);
    trial_end(&trial);
    assert_int_equal(open_descriptors(), before);
}

static bool make_namespace(void)
{
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    int fd;
    bool up;

    if (unshare(CLONE_NEWNET) != 0)
        return false;
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    up = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    if (fd >= 0)
        close(fd);
    return up;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_that_answers_passes),
        cmocka_unit_test(a_host_that_answers_over_ipv6_passes),
        cmocka_unit_test(connect_checks_of_udp_services_ping),
        cmocka_unit_test(silence_ends_at_the_deadline),
        cmocka_unit_test(a_later_attempt_may_be_the_one_that_is_answered),
        cmocka_unit_test(an_address_without_a_route_is_unreachable),
        cmocka_unit_test(two_thousand_pings_share_one_socket),
    };

    alarm(120);
    if (!make_namespace()) {
        print_message("needs root: a network namespace to ping in\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
