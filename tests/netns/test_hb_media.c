/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Media on real interfaces: two network namespaces, a and b, joined by a veth
 * pair that is called eth0 on both sides. Exits with 77 where none can be made.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "heartbeatd/media/media.h"

enum { A, B, SIDES };

static int side_ns[SIDES];

struct side {
    struct world *world;
    struct hb_config *config;
    struct hb_media *media;
    GString *got; /* "link:text " per datagram */
    unsigned count;
};

struct world {
    struct ha_loop *loop;
    struct side sides[SIDES];
};

static void enter(int side)
{
    assert_int_equal(setns(side_ns[side], CLONE_NEWNET), 0);
}

static void shell(const char *command)
{
    assert_int_equal(system(command), 0);
}

static unsigned open_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    unsigned count = 0;

    while (readdir(dir)) {
        count++;
    }
    closedir(dir);
    return count;
}

/* Makes the pair from a's side; b keeps the other end. */
static void plug_in(void)
{
    char command[256];

    enter(A);
    snprintf(command, sizeof(command),
             "ip link add eth0 type veth peer name eth0 netns /proc/%d/fd/%d && "
             "ip address add 10.9.0.1/24 brd + dev eth0 && ip link set eth0 up",
             (int)getpid(), side_ns[B]);
    shell(command);
    enter(B);
    shell("ip address add 10.9.0.2/24 brd + dev eth0 && ip link set eth0 up");
    enter(A);
}

static int make_side(void)
{
    int fd;

    if (unshare(CLONE_NEWNET) < 0) {
        return -1;
    }
    fd = open("/proc/self/ns/net", O_RDONLY);
    if (fd >= 0 && system("ip link set lo up") != 0) {
        return -1;
    }
    return fd;
}

/* ---- a world per test ---- */

static int begin(void **state)
{
    struct world *world = g_new0(struct world, 1);

    plug_in();
    world->loop = ha_loop_new();
    for (int i = 0; i < SIDES; i++) {
        world->sides[i].world = world;
        world->sides[i].config = hb_config_new();
        world->sides[i].got = g_string_new(NULL);
    }
    *state = world;
    return 0;
}

static int finish(void **state)
{
    struct world *world = *state;

    for (int i = 0; i < SIDES; i++) {
        hb_media_close(world->sides[i].media);
        hb_config_free(world->sides[i].config);
        g_string_free(world->sides[i].got, TRUE);
    }
    ha_loop_free(world->loop);
    g_free(world);
    enter(A);
    return system("ip link del eth0 2>/dev/null; exit 0");
}

static struct hb_medium *add_line(struct side *side, enum hb_medium_kind kind,
                                  const char *interface, const char *peer)
{
    struct hb_medium *medium = g_new0(struct hb_medium, 1);

    medium->kind = kind;
    medium->interface = g_strdup(interface);
    medium->peer = g_strdup(peer);
    if (peer) {
        ha_addr_parse(&medium->to, peer);
    }
    medium->port = 694;
    medium->ttl = 1;
    medium->line = side->config->media->len + 10;
    g_ptr_array_add(side->config->media, medium);
    return medium;
}

static void received(void *ctx, const char *link, const void *bytes, size_t length)
{
    struct side *side = ctx;

    side->count++;
    g_string_append_printf(side->got, "%s:%.*s ", link, (int)length, (const char *)bytes);
}

static int open_side(struct world *world, int side, char **why)
{
    enter(side);
    return hb_media_open(&world->sides[side].media, world->loop, world->sides[side].config,
                         received, &world->sides[side], why);
}

static void open_both(struct world *world)
{
    char *why = NULL;

    for (int i = SIDES - 1; i >= 0; i--) {
        if (open_side(world, i, &why) < 0) {
            fail_msg("%s", why);
        }
    }
}

static void time_over(void *ctx, uint64_t now_ns)
{
    (void)now_ns;
    ha_loop_stop(ctx, -1);
}

static void run_for(struct world *world, uint64_t ms)
{
    struct ha_timer limit = {0};

    ha_timer_set(world->loop, &limit, ha_clock_ns() + ms * HA_NS_PER_MS, time_over, world->loop);
    ha_loop_run(world->loop);
    ha_timer_cancel(world->loop, &limit);
}

/* Sends from one side, every so many ms, until the other has seen it; a bound, not a speed. */
static void send_each_ms(struct world *world, int from, int to, const char *text, int ms)
{
    for (int i = 0; i < 600; i++) {
        if (i * 50 % ms == 0) {
            hb_media_send(world->sides[from].media, text, strlen(text));
        }
        run_for(world, 50);
        if (strstr(world->sides[to].got->str, text)) {
            return;
        }
    }
    fail_msg("%s never arrived", text);
}

static void send_until_seen(struct world *world, int from, int to, const char *text)
{
    send_each_ms(world, from, to, text, 50);
}

static void send_once(struct world *world, int from, int to, const char *text)
{
    send_each_ms(world, from, to, text, 60000);
}

/* Sockets bound to port 694 in the current namespace. */
static unsigned bound_sockets(void)
{
    char *text, *at;
    unsigned count = 0;

    assert_true(g_file_get_contents("/proc/thread-self/net/udp", &text, NULL, NULL));
    for (at = text; (at = strstr(at, ":02B6 00000000:0000")); at++) {
        count++;
    }
    g_free(text);
    return count;
}

static struct hb_media_counts counts(struct world *world, int side)
{
    struct hb_media_counts out;

    assert_true(hb_media_counts(world->sides[side].media, "eth0", &out));
    return out;
}

/* ---- cases ---- */

static void ucast_arrives_once_under_the_name_of_its_interface(void **state)
{
    struct world *world = *state;

    for (int i = 0; i < SIDES; i++) {
        add_line(&world->sides[i], HB_UCAST, "eth0", "10.9.0.1");
        add_line(&world->sides[i], HB_UCAST, "eth0", "10.9.0.2");
    }
    open_both(world);
    send_once(world, A, B, "hello");
    send_once(world, B, A, "back");
    /* Each hears itself too, as with an identical ha.cf on all nodes. */
    assert_string_equal(world->sides[B].got->str, "eth0:hello eth0:back ");
    assert_string_equal(world->sides[A].got->str, "eth0:hello eth0:back ");
    assert_int_equal(counts(world, A).sent, 2);
    assert_int_equal(counts(world, A).received, 2);
    assert_int_equal(counts(world, A).send_errors, 0);
}

static void lines_of_one_interface_share_one_receiving_socket(void **state)
{
    struct world *world = *state;
    struct hb_medium *group;

    add_line(&world->sides[A], HB_UCAST, "eth0", "10.9.0.2");
    add_line(&world->sides[A], HB_UCAST, "eth0", "10.9.0.3");
    add_line(&world->sides[A], HB_BCAST, "eth0", NULL);
    group = add_line(&world->sides[A], HB_MCAST, "eth0", "225.0.0.1");
    group->loop = false;
    open_both(world);
    enter(A);
    assert_int_equal(bound_sockets(), 1);
}

static void bcast_reaches_everybody_and_ourselves(void **state)
{
    struct world *world = *state;

    add_line(&world->sides[A], HB_BCAST, "eth0", NULL);
    add_line(&world->sides[B], HB_BCAST, "eth0", NULL);
    open_both(world);
    send_until_seen(world, A, B, "all");
    send_until_seen(world, A, A, "all");
}

static void mcast_reaches_the_group_and_ourselves_only_with_loop(void **state)
{
    struct world *world = *state;

    add_line(&world->sides[A], HB_MCAST, "eth0", "225.0.0.1");
    add_line(&world->sides[B], HB_MCAST, "eth0", "225.0.0.1")->loop = true;
    open_both(world);
    send_until_seen(world, A, B, "quiet");
    send_until_seen(world, B, A, "loud");
    send_until_seen(world, B, B, "loud");
    assert_null(strstr(world->sides[A].got->str, "quiet"));
}

static void ipv6_peers_are_reached(void **state)
{
    struct world *world = *state;

    enter(A);
    shell("ip address add fd09::1/64 dev eth0 nodad");
    enter(B);
    shell("ip address add fd09::2/64 dev eth0 nodad");
    add_line(&world->sides[A], HB_UCAST, "eth0", "fd09::2");
    add_line(&world->sides[B], HB_UCAST, "eth0", "fd09::1");
    open_both(world);
    send_until_seen(world, A, B, "six");
}

static void a_name_is_resolved_at_the_start(void **state)
{
    struct world *world = *state;

    add_line(&world->sides[A], HB_UCAST, "eth0", "localhost");
    add_line(&world->sides[B], HB_UCAST, "eth0", "10.9.0.1");
    open_both(world);
}

static void nothing_is_heard_from_other_interfaces(void **state)
{
    struct world *world = *state;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(694)};
    int fd;

    enter(A);
    shell("ip link add eth8 type veth peer name eth9 && ip address add 10.8.0.1/24 dev eth8 && "
          "ip link set eth8 up && ip link set eth9 up");
    add_line(&world->sides[A], HB_UCAST, "eth0", "10.9.0.2");
    add_line(&world->sides[B], HB_UCAST, "eth0", "10.9.0.1");
    open_both(world);
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    inet_pton(AF_INET, "10.8.0.1", &to.sin_addr);
    assert_int_equal(sendto(fd, "stranger", 8, 0, (struct sockaddr *)&to, sizeof(to)), 8);
    close(fd);
    send_until_seen(world, B, A, "friend");
    assert_null(strstr(world->sides[A].got->str, "stranger"));
    shell("ip link del eth8");
}

static void an_interface_that_goes_down_is_counted_and_used_again(void **state)
{
    struct world *world = *state;

    add_line(&world->sides[A], HB_UCAST, "eth0", "10.9.0.2");
    add_line(&world->sides[B], HB_UCAST, "eth0", "10.9.0.1");
    open_both(world);
    send_until_seen(world, A, B, "before");
    shell("ip link set eth0 down");
    for (int i = 0; i < 100 && counts(world, A).send_errors == 0; i++) {
        hb_media_send(world->sides[A].media, "x", 1);
        run_for(world, 50);
    }
    assert_true(counts(world, A).send_errors > 0);
    shell("ip link set eth0 up");
    send_until_seen(world, A, B, "after");
    send_until_seen(world, B, A, "back");
}

static void an_interface_that_is_replaced_is_opened_anew(void **state)
{
    struct world *world = *state;

    add_line(&world->sides[A], HB_UCAST, "eth0", "10.9.0.2");
    add_line(&world->sides[A], HB_BCAST, "eth0", NULL);
    add_line(&world->sides[B], HB_UCAST, "eth0", "10.9.0.1");
    open_both(world);
    send_until_seen(world, A, B, "before");
    shell("ip link del eth0");
    hb_media_send(world->sides[A].media, "lost", 4);
    assert_true(counts(world, A).send_errors > 0);
    run_for(world, 1500);
    /* b's media are of a namespace we are not in when the timer looks: only a's are watched. */
    hb_media_close(world->sides[B].media);
    world->sides[B].media = NULL;
    plug_in();
    open_side(world, B, NULL);
    enter(A);
    send_until_seen(world, A, B, "after");
    send_until_seen(world, B, A, "back");
    assert_int_equal(bound_sockets(), 1);
}

static void a_new_broadcast_address_is_noticed(void **state)
{
    struct world *world = *state;
    char *why;

    add_line(&world->sides[A], HB_BCAST, "eth0", NULL);
    add_line(&world->sides[B], HB_UCAST, "eth0", "10.9.0.1");
    assert_int_equal(open_side(world, B, &why), 0);
    assert_int_equal(open_side(world, A, &why), 0);
    send_until_seen(world, A, B, "before");
    shell("ip address flush dev eth0 && ip address add 10.7.0.1/24 brd + dev eth0");
    send_until_seen(world, A, A, "after");
}

static void a_flood_does_not_keep_timers_from_firing(void **state)
{
    struct world *world = *state;
    uint64_t before_ns;
    pid_t flooder;

    add_line(&world->sides[A], HB_UCAST, "eth0", "10.9.0.2");
    add_line(&world->sides[B], HB_UCAST, "eth0", "10.9.0.1");
    open_both(world);
    send_until_seen(world, A, B, "first");
    flooder = fork();
    if (flooder == 0) {
        for (;;) {
            hb_media_send(world->sides[A].media, "f", 1);
        }
    }
    before_ns = ha_clock_ns();
    for (int i = 0; i < 20; i++) {
        run_for(world, 10);
    }
    assert_true(ha_clock_ns() - before_ns < 10 * HA_NS_PER_S);
    assert_true(world->sides[B].count > 100);
    kill(flooder, SIGKILL);
    waitpid(flooder, NULL, 0);
}

/* ---- what cannot be opened ---- */

static void every_faulty_line_is_named_with_what_to_do(void **state)
{
    struct world *world = *state;
    unsigned before = open_descriptors();
    char *why = NULL;

    shell("ip link add eth8 type veth peer name eth9");
    add_line(&world->sides[A], HB_UCAST, "eth0", "10.9.0.2");
    add_line(&world->sides[A], HB_UCAST, "eth7", "10.9.0.2");
    add_line(&world->sides[A], HB_BCAST, "eth8", NULL);
    add_line(&world->sides[A], HB_UCAST, "eth0", "no-such-host.invalid");
    assert_int_equal(open_side(world, A, &why), -ENODEV);
    assert_non_null(
        strstr(why, "ha.cf:11: ucast eth7 10.9.0.2: there is no network interface eth7;"));
    assert_non_null(strstr(why, "\nha.cf:12: bcast eth8: the interface eth8 has no broadcast"));
    assert_non_null(strstr(why, "\nha.cf:13: ucast eth0 no-such-host.invalid: cannot resolve"));
    assert_null(strstr(why, "ha.cf:10"));
    assert_int_equal(open_descriptors(), before);
    assert_int_equal(bound_sockets(), 0);
    shell("ip link del eth8");
    g_free(why);
}

static void a_port_in_use_is_an_error(void **state)
{
    struct world *world = *state;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(694)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), one = 1;
    char *why = NULL;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    add_line(&world->sides[A], HB_UCAST, "eth0", "10.9.0.2");
    assert_int_equal(open_side(world, A, &why), -EADDRINUSE);
    assert_string_equal(why, "ha.cf:10: ucast eth0 10.9.0.2: UDP port 694 is in use on eth0; stop "
                             "the program that has it (ss -ulnp shows it), or choose another port");
    g_free(why);
    close(fd);
}

static void without_permission_the_message_says_so(void **state)
{
    struct world *world = *state;
    pid_t pid;
    int status;

    add_line(&world->sides[A], HB_UCAST, "eth0", "10.9.0.2");
    enter(A);
    pid = fork();
    if (pid == 0) {
        char *why = NULL;
        struct hb_media *media;

        if (setgid(65534) < 0 || setuid(65534) < 0) {
            _exit(2);
        }
        if (hb_media_open(&media, world->loop, world->sides[A].config, received, NULL, &why) !=
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
    struct world *world = *state;
    unsigned before = open_descriptors();
    char *why;

    add_line(&world->sides[A], HB_UCAST, "eth0", "10.9.0.2");
    add_line(&world->sides[A], HB_BCAST, "eth0", NULL);
    add_line(&world->sides[A], HB_MCAST, "eth0", "225.0.0.1");
    for (int i = 0; i < 10; i++) {
        assert_int_equal(open_side(world, A, &why), 0);
        hb_media_close(world->sides[A].media);
    }
    world->sides[A].media = NULL;
    assert_int_equal(open_descriptors(), before);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(ucast_arrives_once_under_the_name_of_its_interface),
        CASE(lines_of_one_interface_share_one_receiving_socket),
        CASE(bcast_reaches_everybody_and_ourselves),
        CASE(mcast_reaches_the_group_and_ourselves_only_with_loop),
        CASE(ipv6_peers_are_reached),
        CASE(a_name_is_resolved_at_the_start),
        CASE(nothing_is_heard_from_other_interfaces),
        CASE(an_interface_that_goes_down_is_counted_and_used_again),
        CASE(an_interface_that_is_replaced_is_opened_anew),
        CASE(a_new_broadcast_address_is_noticed),
        CASE(a_flood_does_not_keep_timers_from_firing),
        CASE(every_faulty_line_is_named_with_what_to_do),
        CASE(a_port_in_use_is_an_error),
        CASE(without_permission_the_message_says_so),
        CASE(opening_and_closing_leaves_no_descriptor),
    };

    for (int i = 0; i < SIDES; i++) {
        side_ns[i] = make_side();
        if (side_ns[i] < 0) {
            fprintf(stderr, "skipped: cannot make network namespaces (needs root and iproute2)\n");
            return 77;
        }
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
