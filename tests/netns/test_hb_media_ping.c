/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ping lines on a real wire: A asks, B's kernel answers, or the test in its
 * place with answers that are not quite right. Exits with 77 where there are no
 * namespaces.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <linux/icmp.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/netns/media_place.h"
#include "tests/unit/descriptors.h"

#define HELLO "hello" /* an odd number of bytes: checksums have a last one */

/* An echo message with HELLO inside. */
struct echo {
    uint8_t type, code;
    uint16_t checksum, ident, number;
    char data[sizeof(HELLO) - 1];
} __attribute__((packed));

static struct hb_medium *ping_line(struct media_side *side, const char *name, const char *hosts)
{
    struct hb_medium *medium = media_line(side, HB_PING, name, NULL);
    char **words = g_strsplit(hosts, " ", -1);

    medium->hosts = g_ptr_array_new_with_free_func(g_free);
    for (char **word = words; *word; word++) {
        g_ptr_array_add(medium->hosts, g_strdup(*word));
    }
    g_strfreev(words);
    return medium;
}

static void open_a(struct media_world *world)
{
    char *why = NULL;

    if (media_open_side(world, A, &why) < 0) {
        fail_msg("%s", why);
    }
}

static void ask(struct media_world *world, const char *link)
{
    hb_media_ping(world->sides[A].media, link, HELLO, strlen(HELLO));
}

/* Asks again and again until that many answers came. */
static void ask_until(struct media_world *world, const char *link, unsigned count)
{
    for (int i = 0; i < 600 && world->sides[A].count < count; i++) {
        ask(world, link);
        media_run_for(world, 50);
    }
    assert_true(world->sides[A].count >= count);
}

static void the_answer_is_what_was_sent(void **state)
{
    struct media_world *world = *state;

    ping_line(&world->sides[A], "10.9.0.2", "10.9.0.2");
    open_a(world);
    ask_until(world, "10.9.0.2", 1);
    assert_true(g_str_has_prefix(world->sides[A].got->str, "10.9.0.2:" HELLO " "));
}

static void ipv6_hosts_answer(void **state)
{
    struct media_world *world = *state;

    media_enter(A);
    media_sh("ip address add fd09::1/64 dev eth0 nodad");
    media_enter(B);
    media_sh("ip address add fd09::2/64 dev eth0 nodad");
    ping_line(&world->sides[A], "six", "fd09::2");
    open_a(world);
    ask_until(world, "six", 1);
    assert_true(g_str_has_prefix(world->sides[A].got->str, "six:" HELLO " "));
}

static void of_a_group_the_first_answer_counts(void **state)
{
    struct media_world *world = *state;
    unsigned asked = 0;

    ping_line(&world->sides[A], "group", "10.9.0.2 10.9.0.1 10.9.0.77");
    open_a(world);
    while (asked < 20) {
        ask(world, "group");
        asked++;
        for (int i = 0; i < 600 && world->sides[A].count < asked; i++) {
            media_run_for(world, 20); /* for our own address, or for B's */
        }
        assert_int_equal(world->sides[A].count, asked);
    }
}

static void beats_do_not_go_to_ping_lines(void **state)
{
    struct media_world *world = *state;
    struct hb_media_counts counts;

    ping_line(&world->sides[A], "host", "10.9.0.2");
    media_line(&world->sides[A], HB_UCAST, "eth0", "10.9.0.2");
    open_a(world);
    hb_media_send(world->sides[A].media, "beat", 4);
    assert_true(hb_media_counts(world->sides[A].media, "host", &counts));
    assert_int_equal(counts.sent, 0);
    ask(world, "host");
    ask(world, "nobody");
    assert_true(hb_media_counts(world->sides[A].media, "host", &counts));
    assert_int_equal(counts.sent, 1);
}

/* ---- answers that are not ---- */

/* Whether this request is among what B's wire brought. */
static bool caught(int fd, uint16_t number, struct echo *out)
{
    uint8_t packet[256];
    ssize_t got;

    while ((got = recv(fd, packet, sizeof(packet), MSG_DONTWAIT)) > 0) {
        if ((size_t)got == sizeof(struct iphdr) + sizeof(*out) &&
            packet[sizeof(struct iphdr)] == ICMP_ECHO) {
            memcpy(out, packet + sizeof(struct iphdr), sizeof(*out));
            if (out->number == number) {
                return true;
            }
        }
    }
    return false;
}

/* The newest request: only the last few are remembered, and B's wire may be slow at first. */
static void catch_request(struct media_world *world, int fd, struct echo *out)
{
    for (uint16_t number = 1; number < 20; number++) {
        ask(world, "10.9.0.2");
        for (int i = 0; i < 60; i++) {
            media_run_for(world, 50);
            if (caught(fd, number, out)) {
                return;
            }
        }
    }
    fail_msg("no request arrived");
}

static void send_reply(int fd, struct echo reply, size_t length)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x0a090001)};
    uint8_t bytes[sizeof(reply) + 1] = {0};
    uint32_t sum = 0;

    reply.checksum = 0;
    memcpy(bytes, &reply, sizeof(reply));
    for (size_t i = 0; i < length; i += 2) {
        sum += (uint32_t)bytes[i] | (uint32_t)bytes[i + 1] << 8;
    }
    sum = (sum & 0xffff) + (sum >> 16);
    sum = ~((sum & 0xffff) + (sum >> 16));
    bytes[2] = (uint8_t)sum;
    bytes[3] = (uint8_t)(sum >> 8);
    assert_int_equal(sendto(fd, bytes, length, 0, (struct sockaddr *)&to, sizeof(to)), length);
}

static void an_answer_that_is_not_ours_is_refused(void **state)
{
    struct media_world *world = *state;
    struct sockaddr_in stranger = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x0a090003)};
    struct echo request, reply;
    int fd, strange_fd;

    media_enter(B);
    media_sh("echo 1 >/proc/sys/net/ipv4/icmp_echo_ignore_all");
    media_sh("ip address add 10.9.0.3/24 dev eth0");
    fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
    strange_fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
    assert_int_equal(bind(strange_fd, (struct sockaddr *)&stranger, sizeof(stranger)), 0);
    ping_line(&world->sides[A], "10.9.0.2", "10.9.0.2");
    open_a(world);
    catch_request(world, fd, &request);
    assert_memory_equal(request.data, HELLO, strlen(HELLO));
    assert_int_equal(request.ident, (uint16_t)getpid());
    request.type = ICMP_ECHOREPLY;

    reply = request;
    reply.ident++;
    send_reply(fd, reply, sizeof(reply));
    reply = request;
    reply.number += 100; /* never asked */
    send_reply(fd, reply, sizeof(reply));
    reply = request;
    reply.code = 1;
    send_reply(fd, reply, sizeof(reply));
    reply = request;
    reply.data[0] ^= 1;
    send_reply(fd, reply, sizeof(reply));
    send_reply(fd, request, sizeof(request) - 1);
    send_reply(fd, request, 8);
    send_reply(strange_fd, request, sizeof(request));
    media_run_for(world, 200);
    assert_int_equal(world->sides[A].count, 0);

    send_reply(fd, request, sizeof(request));
    send_reply(fd, request, sizeof(request)); /* the same once more */
    for (int i = 0; i < 600 && world->sides[A].count == 0; i++) {
        media_run_for(world, 50);
    }
    media_run_for(world, 100);
    assert_int_equal(world->sides[A].count, 1);

    for (int i = 0; i < 16; i++) { /* too old by now */
        ask(world, "10.9.0.2");
    }
    request.number -= 1;
    send_reply(fd, request, sizeof(request));
    media_run_for(world, 200);
    assert_int_equal(world->sides[A].count, 1);
    close(fd);
    close(strange_fd);
    media_enter(B);
    media_sh("echo 0 >/proc/sys/net/ipv4/icmp_echo_ignore_all");
}

static void opening_and_closing_leaves_no_descriptor(void **state)
{
    struct media_world *world = *state;
    unsigned before = open_descriptors();

    ping_line(&world->sides[A], "mixed", "10.9.0.2 fd09::2 localhost");
    for (int i = 0; i < 5; i++) {
        open_a(world);
        ask(world, "mixed");
        hb_media_close(world->sides[A].media);
    }
    world->sides[A].media = NULL;
    assert_int_equal(open_descriptors(), before);
}

static void a_host_without_address_is_named(void **state)
{
    struct media_world *world = *state;
    char *why = NULL;

    ping_line(&world->sides[A], "no-such-host.invalid", "no-such-host.invalid");
    assert_true(media_open_side(world, A, &why) < 0);
    assert_non_null(strstr(why, "ha.cf:10: ping no-such-host.invalid: cannot resolve"));
    g_free(why);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, media_begin, media_finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_answer_is_what_was_sent),
        CASE(ipv6_hosts_answer),
        CASE(of_a_group_the_first_answer_counts),
        CASE(beats_do_not_go_to_ping_lines),
        CASE(an_answer_that_is_not_ours_is_refused),
        CASE(opening_and_closing_leaves_no_descriptor),
        CASE(a_host_without_address_is_named),
    };

    if (!media_place()) {
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
