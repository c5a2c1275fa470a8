/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Media on real interfaces: two network namespaces joined by a wire. Exits with
 * 77 where none can be made.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "heartbeatd/media/medium.h"
#include "tests/netns/media_place.h"
#include "tests/unit/descriptors.h"

/* ---- cases ---- */

static void ucast_arrives_once_under_the_name_of_its_interface(void **state)
{
    struct media_world *world = *state;

    for (int i = 0; i < SIDES; i++) {
        media_line(&world->sides[i], HB_UCAST, "eth0", "10.9.0.1");
        media_line(&world->sides[i], HB_UCAST, "eth0", "10.9.0.2");
    }
    media_open_both(world);
    media_send_once(world, A, B, "hello");
    media_send_once(world, B, A, "back");
    media_run_for(world, 20);
    /* ha.cf is the same on both; what is for ourselves does not travel. */
    assert_string_equal(world->sides[B].got->str, "eth0:hello eth0:(looped) ");
    assert_string_equal(world->sides[A].got->str, "eth0:(looped) eth0:back ");
    assert_int_equal(media_counts_of(world, A).sent, 1);
    assert_int_equal(media_counts_of(world, A).received, 1);
    assert_int_equal(media_counts_of(world, A).send_errors, 0);
}

/* The wait is far shorter than the look that would find it without the kernel's notice. */
static void a_line_is_used_when_its_address_is_no_longer_ours(void **state)
{
    struct media_world *world = *state;
    char *why = NULL;

    media_line(&world->sides[A], HB_UCAST, "eth0", "10.9.0.1");
    assert_int_equal(media_open_side(world, A, &why), 0);
    hb_media_send(world->sides[A].media, "to nobody", 9);
    assert_int_equal(media_counts_of(world, A).sent, 0);
    media_sh("ip address del 10.9.0.1/24 dev eth0 && ip address add 10.9.0.9/24 dev eth0");
    for (int i = 0; i < 600 && media_counts_of(world, A).sent == 0; i++) {
        media_run_for(world, 50);
        hb_media_send(world->sides[A].media, "to another", 10);
    }
    assert_int_not_equal(media_counts_of(world, A).sent, 0);
}

static void a_burst_arrives_whole_and_in_order(void **state)
{
    struct media_world *world = *state;
    GString *wanted = g_string_new(NULL);

    media_line(&world->sides[A], HB_UCAST, "eth0", "10.9.0.2");
    media_line(&world->sides[B], HB_UCAST, "eth0", "10.9.0.1");
    media_open_both(world);
    for (int i = 0; i < 3 * 64 + 7; i++) { /* rooms and turns of the loop are full, and one is not */
        char text[16];

        snprintf(text, sizeof(text), "%d", i);
        hb_media_send(world->sides[A].media, text, strlen(text));
        g_string_append_printf(wanted, "eth0:%s ", text);
    }
    media_run_for(world, 50);
    for (int i = 0; i < 100 && world->sides[B].got->len < wanted->len; i++) {
        media_run_for(world, 50);
    }
    assert_string_equal(world->sides[B].got->str, wanted->str);
    g_string_free(wanted, TRUE);
}

/* ---- turns of the loop ---- */

#define WAITING (3 * HB_RECEIVE_BURST) /* as many as fit into a socket's buffer */

struct turns {
    struct ha_loop *loop;
    struct ha_timer due;
    unsigned seen, seen_when_due;
};

static void note_due(void *ctx, uint64_t now_ns)
{
    struct turns *turns = ctx;

    (void)now_ns;
    turns->seen_when_due = turns->seen;
}

/* With the first comes something that is due at once. */
static void count_one(void *ctx, const char *link, const void *bytes, size_t length)
{
    struct turns *turns = ctx;

    (void)link, (void)bytes, (void)length;
    if (turns->seen++ == 0) {
        ha_timer_set(turns->loop, &turns->due, ha_clock_ns(), note_due, turns);
    }
}

static void ours(void *ctx, const char *link)
{
    (void)ctx, (void)link;
}

static void what_is_due_waits_for_no_more_than_a_burst(void **state)
{
    static const struct hb_media_calls calls = {.received = count_one, .looped = ours};
    struct media_world *world = *state;
    struct turns turns = {.loop = world->loop};
    char *why = NULL;

    media_line(&world->sides[A], HB_UCAST, "eth0", "10.9.0.2");
    media_line(&world->sides[B], HB_UCAST, "eth0", "10.9.0.1");
    media_enter(B);
    assert_int_equal(hb_media_open(&world->sides[B].media, world->loop, world->sides[B].config,
                                   &calls, &turns, &why),
                     0);
    assert_int_equal(media_open_side(world, A, &why), 0);
    for (int i = 0; i < WAITING; i++) {
        hb_media_send(world->sides[A].media, "x", 1);
    }
    for (int i = 0; i < 100 && turns.seen < WAITING; i++) {
        media_run_for(world, 50);
    }
    assert_int_equal(turns.seen, WAITING);
    /* It may have come up before the rest of the socket or behind one more turn of it. */
    assert_in_range(turns.seen_when_due, 1, 2 * HB_RECEIVE_BURST);
}

static void lines_of_one_interface_share_one_receiving_socket(void **state)
{
    struct media_world *world = *state;
    struct hb_medium *group;

    media_line(&world->sides[A], HB_UCAST, "eth0", "10.9.0.2");
    media_line(&world->sides[A], HB_UCAST, "eth0", "10.9.0.3");
    media_line(&world->sides[A], HB_BCAST, "eth0", NULL);
    group = media_line(&world->sides[A], HB_MCAST, "eth0", "225.0.0.1");
    group->loop = false;
    media_open_both(world);
    media_enter(A);
    assert_int_equal(media_bound_sockets(), 1);
}

static void bcast_reaches_everybody_and_ourselves(void **state)
{
    struct media_world *world = *state;

    media_line(&world->sides[A], HB_BCAST, "eth0", NULL);
    media_line(&world->sides[B], HB_BCAST, "eth0", NULL);
    media_open_both(world);
    media_send_until_seen(world, A, B, "all");
    media_send_until_seen(world, A, A, "all");
}

static void mcast_reaches_the_group_and_ourselves_only_with_loop(void **state)
{
    struct media_world *world = *state;

    media_line(&world->sides[A], HB_MCAST, "eth0", "225.0.0.1");
    media_line(&world->sides[B], HB_MCAST, "eth0", "225.0.0.1")->loop = true;
    media_open_both(world);
    media_send_until_seen(world, A, B, "quiet");
    media_send_until_seen(world, B, A, "loud");
    media_send_until_seen(world, B, B, "loud");
    assert_null(strstr(world->sides[A].got->str, "quiet"));
}

static void ipv6_peers_are_reached(void **state)
{
    struct media_world *world = *state;

    media_enter(A);
    media_sh("ip address add fd09::1/64 dev eth0 nodad");
    media_enter(B);
    media_sh("ip address add fd09::2/64 dev eth0 nodad");
    media_line(&world->sides[A], HB_UCAST, "eth0", "fd09::2");
    media_line(&world->sides[B], HB_UCAST, "eth0", "fd09::1");
    media_open_both(world);
    media_send_until_seen(world, A, B, "six");
}

static void ipv6_groups_and_link_local_peers_are_reached(void **state)
{
    struct media_world *world = *state;

    media_enter(A);
    media_sh("echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_dad && ip -6 address flush dev eth0 && "
             "ip address add fe80::1/64 dev eth0 nodad");
    media_enter(B);
    media_sh("echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_dad && ip -6 address flush dev eth0 && "
             "ip address add fe80::2/64 dev eth0 nodad");
    media_line(&world->sides[A], HB_MCAST, "eth0", "ff02::694");
    media_line(&world->sides[B], HB_MCAST, "eth0", "ff02::694")->loop = true;
    media_line(&world->sides[B], HB_UCAST, "eth0", "fe80::1");
    media_open_both(world);
    media_send_until_seen(world, A, B, "quiet");
    media_send_until_seen(world, B, A, "loud");
    media_send_until_seen(world, B, B, "loud");
    assert_null(strstr(world->sides[A].got->str, "quiet"));
    g_string_truncate(world->sides[A].got, 0);
    media_send_once(world, B, A, "twice"); /* to the group and to the peer: one socket */
    for (int i = 0; i < 600 && strcmp(world->sides[A].got->str, "eth0:twice eth0:twice ") != 0; i++)
        media_run_for(world, 50);
    assert_string_equal(world->sides[A].got->str, "eth0:twice eth0:twice ");
}

static void a_name_is_resolved_at_the_start(void **state)
{
    struct media_world *world = *state;

    media_line(&world->sides[A], HB_UCAST, "eth0", "localhost");
    media_line(&world->sides[B], HB_UCAST, "eth0", "10.9.0.1");
    media_open_both(world);
}

static void nothing_is_heard_from_other_interfaces(void **state)
{
    struct media_world *world = *state;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(694)};
    int fd;

    media_enter(A);
    media_sh("ip link add eth8 type veth peer name eth9 && ip address add 10.8.0.1/24 dev eth8 && "
          "ip link set eth8 up && ip link set eth9 up");
    media_line(&world->sides[A], HB_UCAST, "eth0", "10.9.0.2");
    media_line(&world->sides[B], HB_UCAST, "eth0", "10.9.0.1");
    media_open_both(world);
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    inet_pton(AF_INET, "10.8.0.1", &to.sin_addr);
    assert_int_equal(sendto(fd, "stranger", 8, 0, (struct sockaddr *)&to, sizeof(to)), 8);
    close(fd);
    media_send_until_seen(world, B, A, "friend");
    assert_null(strstr(world->sides[A].got->str, "stranger"));
    media_sh("ip link del eth8");
}

static void an_interface_that_goes_down_is_counted_and_used_again(void **state)
{
    struct media_world *world = *state;

    media_line(&world->sides[A], HB_UCAST, "eth0", "10.9.0.2");
    media_line(&world->sides[B], HB_UCAST, "eth0", "10.9.0.1");
    media_open_both(world);
    media_send_until_seen(world, A, B, "before");
    media_sh("ip link set eth0 down");
    for (int i = 0; i < 100 && media_counts_of(world, A).send_errors == 0; i++) {
        hb_media_send(world->sides[A].media, "x", 1);
        media_run_for(world, 50);
    }
    assert_true(media_counts_of(world, A).send_errors > 0);
    media_sh("ip link set eth0 up");
    media_send_until_seen(world, A, B, "after");
    media_send_until_seen(world, B, A, "back");
}

static void an_interface_that_is_replaced_is_opened_anew(void **state)
{
    struct media_world *world = *state;
    char *why = NULL;

    media_line(&world->sides[A], HB_UCAST, "eth0", "10.9.0.2");
    media_line(&world->sides[A], HB_BCAST, "eth0", NULL);
    media_line(&world->sides[B], HB_UCAST, "eth0", "10.9.0.1");
    media_open_both(world);
    media_send_until_seen(world, A, B, "before");
    media_sh("ip link del eth0");
    hb_media_send(world->sides[A].media, "lost", 4);
    assert_true(media_counts_of(world, A).send_errors > 0);
    media_run_for(world, 1500);
    /* b's media are of a namespace we are not in when the timer looks: only a's are watched. */
    hb_media_close(world->sides[B].media);
    world->sides[B].media = NULL;
    media_plug_in();
    assert_int_equal(media_open_side(world, B, &why), 0);
    media_enter(A);
    media_send_until_seen(world, A, B, "after");
    media_send_until_seen(world, B, A, "back");
    assert_int_equal(media_bound_sockets(), 1);
}

/* As `ss -K` of an administrator does; of the kernel's own accord it is rare. */
static void a_receiving_socket_that_breaks_is_opened_anew(void **state)
{
    struct media_world *world = *state;

    media_sh("ip -6 address flush dev eth0"); /* no notice of it shall help */
    media_line(&world->sides[A], HB_UCAST, "eth0", "10.9.0.2");
    media_line(&world->sides[B], HB_UCAST, "eth0", "10.9.0.1");
    media_open_both(world);
    media_send_until_seen(world, B, A, "one");
    media_enter(A);
    if (system("ss -H -K -u -a 'sport = :694' | grep -q 694") != 0) {
        print_message("this kernel breaks no sockets\n");
        skip();
    }
    media_send_until_seen(world, B, A, "two");
}

static void a_new_broadcast_address_is_noticed(void **state)
{
    struct media_world *world = *state;
    char *why;

    media_line(&world->sides[A], HB_BCAST, "eth0", NULL);
    media_line(&world->sides[B], HB_UCAST, "eth0", "10.9.0.1");
    assert_int_equal(media_open_side(world, B, &why), 0);
    assert_int_equal(media_open_side(world, A, &why), 0);
    media_send_until_seen(world, A, B, "before");
    media_sh("ip address flush dev eth0 && ip address add 10.7.0.1/24 brd + dev eth0");
    media_send_until_seen(world, A, A, "after");
}

static void a_flood_does_not_keep_timers_from_firing(void **state)
{
    struct media_world *world = *state;
    uint64_t before_ns;
    pid_t flooder;

    media_line(&world->sides[A], HB_UCAST, "eth0", "10.9.0.2");
    media_line(&world->sides[B], HB_UCAST, "eth0", "10.9.0.1");
    media_open_both(world);
    media_send_until_seen(world, A, B, "first");
    flooder = fork();
    if (flooder == 0) {
        for (;;) {
            hb_media_send(world->sides[A].media, "f", 1);
        }
    }
    before_ns = ha_clock_ns();
    for (int i = 0; i < 20; i++) {
        media_run_for(world, 10);
    }
    assert_true(ha_clock_ns() - before_ns < 10 * HA_NS_PER_S);
    assert_true(world->sides[B].count > 100);
    kill(flooder, SIGKILL);
    waitpid(flooder, NULL, 0);
}

/* The wait is far shorter than the look that would find it without the kernel's notice. */
static void an_interface_that_is_missing_at_the_start_is_used_when_it_comes(void **state)
{
    struct media_world *world = *state;
    char *why = NULL;

    media_line(&world->sides[A], HB_UCAST, "eth7", "10.7.0.1");
    media_line(&world->sides[A], HB_BCAST, "eth7", NULL);
    media_line(&world->sides[A], HB_UCAST, "eth0", "10.9.0.2");
    assert_int_equal(media_open_side(world, A, &why), 0);
    assert_non_null(strstr(why, "ha.cf:10: ucast eth7 10.7.0.1: there is no network interface"));
    assert_non_null(strstr(why, "ha.cf:11: bcast eth7: there is no network interface"));
    assert_null(strstr(why, "ha.cf:12"));
    g_free(why);
    media_sh("ip link add eth7 type veth peer name eth8 && ip link set eth8 up");
    media_run_for(world, 50);
    media_sh("ip address add 10.7.0.1/24 brd + dev eth7 && ip link set eth7 up");
    for (int i = 0; i < 600 && !strstr(world->sides[A].got->str, "eth7:late"); i++) {
        hb_media_send(world->sides[A].media, "late", 4); /* heard by ourselves */
        media_run_for(world, 50);
    }
    assert_non_null(strstr(world->sides[A].got->str, "eth7:late"));
    media_sh("ip link del eth7");
}

static void where_nothing_else_is_open_a_missing_interface_is_an_error(void **state)
{
    struct media_world *world = *state;
    unsigned before = open_descriptors();
    char *why = NULL;

    media_line(&world->sides[A], HB_UCAST, "eth7", "10.7.0.1");
    assert_int_equal(media_open_side(world, A, &why), -ENODEV);
    assert_string_equal(why, "ha.cf:10: ucast eth7 10.7.0.1: there is no network interface eth7; "
                             "correct the line, or create the interface first (ip link shows those "
                             "there are)");
    assert_int_equal(open_descriptors(), before);
    g_free(why);
}

/* ---- what cannot be opened ---- */

static void every_faulty_line_is_named_with_what_to_do(void **state)
{
    struct media_world *world = *state;
    unsigned before = open_descriptors();
    char *why = NULL;

    media_sh("ip link add eth8 type veth peer name eth9");
    media_line(&world->sides[A], HB_UCAST, "eth0", "10.9.0.2");
    media_line(&world->sides[A], HB_UCAST, "eth7", "10.9.0.2");
    media_line(&world->sides[A], HB_BCAST, "eth8", NULL);
    media_line(&world->sides[A], HB_UCAST, "eth0", "no-such-host.invalid");
    assert_int_equal(media_open_side(world, A, &why), -ENOENT);
    assert_non_null(
        strstr(why, "ha.cf:11: ucast eth7 10.9.0.2: there is no network interface eth7;"));
    assert_non_null(strstr(why, "\nha.cf:12: bcast eth8: the interface eth8 has no broadcast"));
    assert_non_null(strstr(why, "\nha.cf:13: ucast eth0 no-such-host.invalid: cannot resolve"));
    assert_null(strstr(why, "ha.cf:10"));
    assert_int_equal(open_descriptors(), before);
    assert_int_equal(media_bound_sockets(), 0);
    media_sh("ip link del eth8");
    g_free(why);
}

static void a_port_in_use_is_an_error(void **state)
{
    struct media_world *world = *state;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(694)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), one = 1;
    char *why = NULL;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    media_line(&world->sides[A], HB_UCAST, "eth0", "10.9.0.2");
    assert_int_equal(media_open_side(world, A, &why), -EADDRINUSE);
    assert_string_equal(why, "ha.cf:10: ucast eth0 10.9.0.2: UDP port 694 is in use on eth0; stop "
                             "the program that has it (ss -ulnp shows it), or choose another port");
    g_free(why);
    close(fd);
}

static void without_permission_the_message_says_so(void **state)
{
    struct media_world *world = *state;
    pid_t pid;
    int status;

    media_line(&world->sides[A], HB_UCAST, "eth0", "10.9.0.2");
    media_enter(A);
    pid = fork();
    if (pid == 0) {
        char *why = NULL;
        struct hb_media *media;

        if (setgid(65534) < 0 || setuid(65534) < 0) {
            _exit(2);
        }
        if (hb_media_open(&media, world->loop, world->sides[A].config, &media_calls, NULL, &why) !=
            -EACCES) {
            _exit(3);
        }
        _exit(strstr(why, "no permission to use UDP port 694 on eth0; heartbeat has to be "
                          "started by root") == NULL);
    }
    waitpid(pid, &status, 0);
    assert_int_equal(status, 0);
}

static void opening_and_closing_leaves_no_descriptor(void **state)
{
    struct media_world *world = *state;
    unsigned before = open_descriptors();
    char *why;

    media_line(&world->sides[A], HB_UCAST, "eth0", "10.9.0.2");
    media_line(&world->sides[A], HB_BCAST, "eth0", NULL);
    media_line(&world->sides[A], HB_MCAST, "eth0", "225.0.0.1");
    for (int i = 0; i < 10; i++) {
        assert_int_equal(media_open_side(world, A, &why), 0);
        hb_media_close(world->sides[A].media);
    }
    world->sides[A].media = NULL;
    assert_int_equal(open_descriptors(), before);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, media_begin, media_finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(ucast_arrives_once_under_the_name_of_its_interface),
        CASE(a_line_is_used_when_its_address_is_no_longer_ours),
        CASE(a_burst_arrives_whole_and_in_order),
        CASE(what_is_due_waits_for_no_more_than_a_burst),
        CASE(lines_of_one_interface_share_one_receiving_socket),
        CASE(bcast_reaches_everybody_and_ourselves),
        CASE(mcast_reaches_the_group_and_ourselves_only_with_loop),
        CASE(ipv6_peers_are_reached),
        CASE(ipv6_groups_and_link_local_peers_are_reached),
        CASE(a_name_is_resolved_at_the_start),
        CASE(nothing_is_heard_from_other_interfaces),
        CASE(an_interface_that_goes_down_is_counted_and_used_again),
        CASE(an_interface_that_is_replaced_is_opened_anew),
        CASE(a_receiving_socket_that_breaks_is_opened_anew),
        CASE(a_new_broadcast_address_is_noticed),
        CASE(a_flood_does_not_keep_timers_from_firing),
        CASE(an_interface_that_is_missing_at_the_start_is_used_when_it_comes),
        CASE(where_nothing_else_is_open_a_missing_interface_is_an_error),
        CASE(every_faulty_line_is_named_with_what_to_do),
        CASE(a_port_in_use_is_an_error),
        CASE(without_permission_the_message_says_so),
        CASE(opening_and_closing_leaves_no_descriptor),
    };

    if (!media_place()) {
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
