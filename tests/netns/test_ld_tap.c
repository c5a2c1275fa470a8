/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections that begin are seen at a director's interfaces, and nothing else is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ldirectord/door/tap.h"

#define HERE   "10.9.0.1"
#define THERE  "10.9.0.2"
#define HERE6  "2001:db8::1"
#define THERE6 "2001:db8::2"
#define PORT   8080

#define NEIGHBOUR(address, mac) "ip neigh replace " address " lladdr " mac " nud permanent dev eth0 && "
#define HERE_MAC  "02:00:00:00:00:0a"
#define THERE_MAC "02:00:00:00:00:0b"

static const uint8_t there_mac[6] = {2, 0, 0, 0, 0, 0x0b};
static int here_ns, there_ns;

/* ---- the place: here is tapped, there is the other end of the wire ---- */

static void enter(int ns)
{
    assert_int_equal(setns(ns, CLONE_NEWNET), 0);
}

static int make_namespace(void)
{
    if (unshare(CLONE_NEWNET) != 0 || system("ip link set lo up") != 0)
        return -1;
    return open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
}

/* With neighbours that are known beforehand, and links that are up: no packet is sent twice. */
static bool make_place(void)
{
    char command[512];

    there_ns = make_namespace();
    here_ns = there_ns < 0 ? -1 : make_namespace();
    if (here_ns < 0)
        return false;
    snprintf(command, sizeof(command),
             "ip link add eth0 address " HERE_MAC " type veth peer name eth0 address " THERE_MAC
             " netns /proc/%d/fd/%d",
             (int)getpid(), there_ns);
    return system(command) == 0 && setns(there_ns, CLONE_NEWNET) == 0 &&
           system("ip link set eth0 up && ip addr add " THERE "/24 dev eth0 && "
                  "ip addr add " THERE6 "/64 dev eth0 nodad && " NEIGHBOUR(HERE, HERE_MAC)
                  NEIGHBOUR(HERE6, HERE_MAC) ":") == 0 &&
           setns(here_ns, CLONE_NEWNET) == 0 &&
           system("ip link set eth0 up && ip addr add " HERE "/24 dev eth0 && "
                  "ip addr add " HERE6 "/64 dev eth0 nodad && " NEIGHBOUR(THERE, THERE_MAC)
                  NEIGHBOUR(THERE6, THERE_MAC)
                  "for i in $(seq 250); do ip link show eth0 | grep -q 'state UP' && exit 0; "
                  "sleep 0.02; done; exit 1") == 0;
}

struct tapped {
    int fd;
    GArray *seen;
};

static int begin(void **state)
{
    struct tapped *f = g_new0(struct tapped, 1);

    enter(here_ns);
    f->fd = ld_tap_open();
    assert_true(f->fd >= 0);
    f->seen = g_array_new(FALSE, FALSE, sizeof(struct ld_opening_record));
    *state = f;
    return 0;
}

static int finish(void **state)
{
    struct tapped *f = *state;

    enter(here_ns);
    close(f->fd);
    g_array_free(f->seen, TRUE);
    g_free(f);
    return 0;
}

static const struct ld_opening_record *seen(const struct tapped *f, guint i)
{
    return &g_array_index(f->seen, struct ld_opening_record, i);
}

/* ---- connections ---- */

static socklen_t address_of(struct sockaddr_storage *out, const char *text, uint16_t port)
{
    struct sockaddr_in *four = (struct sockaddr_in *)out;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;

    memset(out, 0, sizeof(*out));
    if (strchr(text, ':') == NULL) {
        four->sin_family = AF_INET;
        four->sin_port = htons(port);
        assert_int_equal(inet_pton(AF_INET, text, &four->sin_addr), 1);
        return sizeof(*four);
    }
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(port);
    assert_int_equal(inet_pton(AF_INET6, text, &six->sin6_addr), 1);
    return sizeof(*six);
}

static int socket_at(int ns, const char *text, uint16_t port, int type)
{
    struct sockaddr_storage at;
    socklen_t length = address_of(&at, text, port);
    int fd, yes = 1;

    enter(ns);
    fd = socket(at.ss_family, type, 0);
    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    assert_int_equal(bind(fd, (struct sockaddr *)&at, length), 0);
    enter(here_ns);
    return fd;
}

static void say(int from, int to)
{
    char byte = 'x';

    assert_int_equal(send(from, &byte, 1, 0), 1);
    assert_int_equal(recv(to, &byte, 1, 0), 1);
}

/* A whole life: both begin, say something, and end. Returns the client's port. */
static uint16_t talk(int client_ns, const char *client, int server_ns, const char *server)
{
    struct sockaddr_storage to, own;
    socklen_t length = address_of(&to, server, PORT), own_length = sizeof(own);
    int listening = socket_at(server_ns, server, PORT, SOCK_STREAM);
    int calling = socket_at(client_ns, client, 0, SOCK_STREAM), accepted;
    char byte;

    assert_int_equal(listen(listening, 1), 0);
    assert_int_equal(connect(calling, (struct sockaddr *)&to, length), 0);
    accepted = accept(listening, NULL, NULL);
    assert_true(accepted >= 0);
    say(calling, accepted);
    say(accepted, calling);
    assert_int_equal(getsockname(calling, (struct sockaddr *)&own, &own_length), 0);
    assert_int_equal(shutdown(calling, SHUT_WR), 0);
    assert_int_equal(recv(accepted, &byte, 1, 0), 0);
    close(accepted);
    assert_int_equal(recv(calling, &byte, 1, 0), 0);
    close(calling);
    close(listening);
    return ntohs(own.ss_family == AF_INET ? ((struct sockaddr_in *)&own)->sin_port
                                          : ((struct sockaddr_in6 *)&own)->sin6_port);
}

static void talk_udp(const char *here, const char *there)
{
    struct sockaddr_storage to;
    int mine = socket_at(here_ns, here, PORT, SOCK_DGRAM);
    int other = socket_at(there_ns, there, PORT, SOCK_DGRAM);

    assert_int_equal(connect(mine, (struct sockaddr *)&to, address_of(&to, there, PORT)), 0);
    assert_int_equal(connect(other, (struct sockaddr *)&to, address_of(&to, here, PORT)), 0);
    say(mine, other);
    say(other, mine);
    close(mine);
    close(other);
}

static void assert_is(const struct ld_opening_record *record, bool leaves, const char *from,
                      uint16_t from_port, const char *to)
{
    bool six = strchr(from, ':') != NULL;
    int family = six ? AF_INET6 : AF_INET;
    size_t size = six ? 16 : 4, at = six ? 8 : 12, header = six ? 40 : 20;
    const uint8_t ports[4] = {(uint8_t)(from_port >> 8), (uint8_t)from_port, PORT >> 8, PORT & 0xff};
    const uint8_t *packet = record->packet;
    uint8_t address[16];

    assert_int_equal(record->leaves, leaves);
    assert_int_equal(record->has_mac, leaves);
    if (leaves)
        assert_memory_equal(record->mac, there_mac, sizeof(there_mac));
    assert_in_range(record->length, header + 20, LD_OPENING_PACKET);
    assert_int_equal(packet[0], six ? 0x60 : 0x45);
    assert_int_equal(packet[six ? 6 : 9], IPPROTO_TCP);
    assert_int_equal(inet_pton(family, from, address), 1);
    assert_memory_equal(packet + at, address, size);
    assert_int_equal(inet_pton(family, to, address), 1);
    assert_memory_equal(packet + at + size, address, size);
    assert_memory_equal(packet + header, ports, sizeof(ports));
    assert_int_equal(packet[header + 13] & 0x12, 0x02);
}

/* ---- packets made by hand ---- */

struct syn {
    uint8_t bytes[40];
};

static struct syn syn_of(const char *from, const char *to, uint16_t number)
{
    struct syn syn = {{0x45, 0, 0, 40, (uint8_t)(number >> 8), (uint8_t)number, 0, 0, 64, IPPROTO_TCP}};
    uint32_t sum = 0;

    assert_int_equal(inet_pton(AF_INET, from, syn.bytes + 12), 1);
    assert_int_equal(inet_pton(AF_INET, to, syn.bytes + 16), 1);
    for (int i = 0; i < 20; i += 2)
        sum += (uint32_t)syn.bytes[i] << 8 | syn.bytes[i + 1];
    sum = (sum & 0xffff) + (sum >> 16);
    sum = ~(sum + (sum >> 16));
    syn.bytes[10] = (uint8_t)(sum >> 8);
    syn.bytes[11] = (uint8_t)sum;
    syn.bytes[20] = (uint8_t)(number >> 8);
    syn.bytes[21] = (uint8_t)number;
    syn.bytes[23] = 9;
    syn.bytes[32] = 0x50;
    syn.bytes[33] = 0x02;
    return syn;
}

static int raw_at(int ns)
{
    int fd;

    enter(ns);
    fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
    enter(here_ns);
    assert_true(fd >= 0);
    return fd;
}

static void send_raw(int fd, const char *to, const struct syn *syn)
{
    struct sockaddr_storage at;

    assert_int_equal(sendto(fd, syn, sizeof(*syn), 0, (struct sockaddr *)&at, address_of(&at, to, 0)),
                     sizeof(*syn));
}

/* They leave: what leaves is at the tap before the call returns, and none is lost before. */
static void send_many(unsigned count)
{
    int fd = raw_at(here_ns);

    for (unsigned i = 0; i < count; i++) {
        struct syn syn = syn_of(HERE, THERE, (uint16_t)(1000 + i));

        send_raw(fd, THERE, &syn);
    }
    close(fd);
}

/* ---- the cases ---- */

static void one_that_comes_in_is_seen_once(void **state)
{
    struct tapped *f = *state;
    uint16_t port = talk(there_ns, THERE, here_ns, HERE);

    assert_int_equal(ld_tap_take(f->fd, f->seen), 0);
    assert_int_equal(f->seen->len, 1);
    assert_is(seen(f, 0), false, THERE, port, HERE);
    assert_int_equal(ld_tap_take(f->fd, f->seen), 0);
    assert_int_equal(f->seen->len, 1);
}

static void one_that_leaves_is_seen_once_with_whom_it_was_sent_to(void **state)
{
    struct tapped *f = *state;
    uint16_t port = talk(here_ns, HERE, there_ns, THERE);

    assert_int_equal(ld_tap_take(f->fd, f->seen), 0);
    assert_int_equal(f->seen->len, 1);
    assert_is(seen(f, 0), true, HERE, port, THERE);
}

static void those_of_ipv6_too(void **state)
{
    struct tapped *f = *state;
    uint16_t in = talk(there_ns, THERE6, here_ns, HERE6), out = talk(here_ns, HERE6, there_ns, THERE6);

    assert_int_equal(ld_tap_take(f->fd, f->seen), 0);
    assert_int_equal(f->seen->len, 2);
    assert_is(seen(f, 0), false, THERE6, in, HERE6);
    assert_is(seen(f, 1), true, HERE6, out, THERE6);
}

static void datagrams_are_not_seen(void **state)
{
    struct tapped *f = *state;

    talk_udp(HERE, THERE);
    talk_udp(HERE6, THERE6);
    assert_int_equal(ld_tap_take(f->fd, f->seen), 0);
    assert_int_equal(f->seen->len, 0);
}

static void what_stays_within_the_machine_is_not_seen(void **state)
{
    struct tapped *f = *state;

    talk(here_ns, "127.0.0.1", here_ns, "127.0.0.1");
    talk(here_ns, "::1", here_ns, "::1");
    talk(here_ns, HERE, here_ns, HERE);
    assert_int_equal(ld_tap_take(f->fd, f->seen), 0);
    assert_int_equal(f->seen->len, 0);
}

static void a_packet_is_passed_on_as_it_is(void **state)
{
    struct tapped *f = *state;
    int fd = raw_at(there_ns);
    struct syn syn = syn_of(THERE, HERE, 4321);

    send_raw(fd, HERE, &syn);
    close(fd);
    for (unsigned i = 0; i < 500 && f->seen->len == 0; i++) {
        assert_int_equal(ld_tap_take(f->fd, f->seen), 0);
        g_usleep(10000);
    }
    assert_int_equal(f->seen->len, 1);
    assert_int_equal(seen(f, 0)->length, sizeof(syn));
    assert_memory_equal(seen(f, 0)->packet, syn.bytes, sizeof(syn));
}

static void only_what_begins_a_connection_is_seen(void **state)
{
    static const uint8_t flags[] = {0x00, 0x12, 0x10, 0x11, 0x04, 0x14, 0x01};
    struct tapped *f = *state;
    int fd = raw_at(here_ns);
    struct syn syn;

    for (size_t i = 0; i < sizeof(flags); i++) {
        syn = syn_of(HERE, THERE, 1000);
        syn.bytes[33] = flags[i];
        send_raw(fd, THERE, &syn);
    }
    syn = syn_of(HERE, THERE, 1000);
    syn.bytes[7] = 5; /* the middle of a larger one */
    send_raw(fd, THERE, &syn);
    syn = syn_of(HERE, THERE, 1000);
    syn.bytes[9] = IPPROTO_UDP;
    send_raw(fd, THERE, &syn);
    assert_int_equal(ld_tap_take(f->fd, f->seen), 0);
    assert_int_equal(f->seen->len, 0);
    syn = syn_of(HERE, THERE, 1000);
    syn.bytes[33] = 0xc2; /* with an offer of congestion notification */
    send_raw(fd, THERE, &syn);
    close(fd);
    assert_int_equal(ld_tap_take(f->fd, f->seen), 0);
    assert_int_equal(f->seen->len, 1);
}

static void as_many_as_are_asked_for_are_all(void **state)
{
    struct tapped *f = *state;

    send_many(LD_TAP_MAX);
    assert_int_equal(ld_tap_take(f->fd, f->seen), 0);
    assert_int_equal(f->seen->len, LD_TAP_MAX);
    for (guint i = 0; i < LD_TAP_MAX; i++)
        assert_int_equal(seen(f, i)->packet[20] << 8 | seen(f, i)->packet[21], 1000 + i);
}

static void more_are_said_to_be_more(void **state)
{
    struct tapped *f = *state;

    send_many(5000);
    assert_int_equal(ld_tap_take(f->fd, f->seen), -EOVERFLOW);
    assert_int_equal(f->seen->len, LD_TAP_MAX);
    assert_int_equal(ld_tap_take(f->fd, f->seen), 0);
    assert_int_equal(f->seen->len, 5000);
}

static void those_that_are_lost_are_told_of_once(void **state)
{
    struct tapped *f = *state;
    int little = 16384;
    guint len;

    assert_int_equal(setsockopt(f->fd, SOL_SOCKET, SO_RCVBUF, &little, sizeof(little)), 0);
    send_many(1000);
    assert_int_equal(ld_tap_take(f->fd, f->seen), -EOVERFLOW);
    assert_in_range(f->seen->len, 1, 999);
    len = f->seen->len;
    assert_int_equal(ld_tap_take(f->fd, f->seen), 0);
    assert_int_equal(f->seen->len, len);
}

/* Its packets have no link header, so that the network header is somewhere else. */
static void an_interface_without_link_header_is_seen_too(void **state)
{
    struct tapped *f = *state;
    struct ifreq request = {.ifr_name = "tun0", .ifr_flags = IFF_TUN | IFF_NO_PI};
    int tun = open("/dev/net/tun", O_RDWR | O_CLOEXEC), raw;
    struct syn in = syn_of("10.8.0.2", "10.8.0.1", 77), out = syn_of("10.8.0.1", "10.8.0.2", 78);

    if (tun < 0 || ioctl(tun, TUNSETIFF, &request) != 0)
        skip();
    assert_int_equal(system("ip addr add 10.8.0.1/24 dev tun0 && ip link set tun0 up"), 0);
    raw = raw_at(here_ns);
    send_raw(raw, "10.8.0.2", &out);
    close(raw);
    assert_int_equal(write(tun, &in, sizeof(in)), sizeof(in));
    for (unsigned i = 0; i < 500 && f->seen->len < 2; i++) {
        assert_int_equal(ld_tap_take(f->fd, f->seen), 0);
        g_usleep(10000);
    }
    close(tun);
    assert_int_equal(f->seen->len, 2);
    assert_int_equal(seen(f, 0)->leaves, 1);
    assert_int_equal(seen(f, 0)->has_mac, 0);
    assert_int_equal(seen(f, 0)->length, sizeof(out));
    assert_memory_equal(seen(f, 0)->packet, out.bytes, sizeof(out));
    assert_int_equal(seen(f, 1)->leaves, 0);
    assert_int_equal(seen(f, 1)->length, sizeof(in));
    assert_memory_equal(seen(f, 1)->packet, in.bytes, sizeof(in));
}

static void nobody_takes_the_filter_off(void **state)
{
    struct tapped *f = *state;
    int unused = 0;

    assert_int_equal(setsockopt(f->fd, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof(unused)), -1);
    assert_int_equal(errno, EPERM);
}

static void it_is_closed_on_exec_and_does_not_block(void **state)
{
    struct tapped *f = *state;
    char byte;

    assert_true(fcntl(f->fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(recv(f->fd, &byte, 1, 0), -1);
    assert_int_equal(errno, EAGAIN);
}

static void what_is_no_tap_is_an_error(void **state)
{
    struct tapped *f = *state;
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    assert_int_equal(ld_tap_take(fd, f->seen), -ENOTSOCK);
    assert_int_equal(f->seen->len, 0);
    close(fd);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(one_that_comes_in_is_seen_once),
        CASE(one_that_leaves_is_seen_once_with_whom_it_was_sent_to),
        CASE(those_of_ipv6_too),
        CASE(datagrams_are_not_seen),
        CASE(what_stays_within_the_machine_is_not_seen),
        CASE(a_packet_is_passed_on_as_it_is),
        CASE(only_what_begins_a_connection_is_seen),
        CASE(as_many_as_are_asked_for_are_all),
        CASE(more_are_said_to_be_more),
        CASE(those_that_are_lost_are_told_of_once),
        CASE(an_interface_without_link_header_is_seen_too),
        CASE(nobody_takes_the_filter_off),
        CASE(it_is_closed_on_exec_and_does_not_block),
        CASE(what_is_no_tap_is_an_error),
    };

    /* Namespaces take root; without it there is nothing to be shown. */
    if (geteuid() != 0 || !make_place())
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
