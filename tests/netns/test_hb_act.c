/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses on a real interface, in namespaces made for each case: eth0 here, a
 * neighbour at the other end of its wire that writes down what it is told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "heartbeatd/act/act_inside.h"
#include "heartbeatd/act/frames.h"

/* ---- counting system calls: every one of act goes through these (--wrap) ---- */

static unsigned sends, receives;

ssize_t __real_sendto(int fd, const void *bytes, size_t length, int flags,
                      const struct sockaddr *to, socklen_t to_length);
ssize_t __wrap_sendto(int fd, const void *bytes, size_t length, int flags,
                      const struct sockaddr *to, socklen_t to_length);
ssize_t __real_recvfrom(int fd, void *bytes, size_t length, int flags, struct sockaddr *from,
                        socklen_t *from_length);
ssize_t __wrap_recvfrom(int fd, void *bytes, size_t length, int flags, struct sockaddr *from,
                        socklen_t *from_length);

ssize_t __wrap_sendto(int fd, const void *bytes, size_t length, int flags,
                      const struct sockaddr *to, socklen_t to_length)
{
    sends++;
    return __real_sendto(fd, bytes, length, flags, to, to_length);
}

ssize_t __wrap_recvfrom(int fd, void *bytes, size_t length, int flags, struct sockaddr *from,
                        socklen_t *from_length)
{
    receives++;
    return __real_recvfrom(fd, bytes, length, flags, from, from_length);
}

/* ---- the place ---- */

struct fixture {
    int home_fd, here_fd, neighbour_fd; /* network namespaces */
    int heard_fd;                       /* the neighbour's ear */
    struct ha_watch heard_watch;
    GPtrArray *heard; /* of GBytes */
    char *dir;
    struct ha_loop *loop;
    struct ha_timer bound;
    struct hb_config *config;
    struct hb_haresources *resources;
    struct hb_group *group;
    struct hb_act *act;
    struct hb_rtnl *rtnl;
    uint32_t next_op;
    unsigned answers;
    enum hb_op_result result;
    char *detail;
    bool (*until)(struct fixture *f);
};

static void sh(const char *format, ...) G_GNUC_PRINTF(1, 2);
static void sh(const char *format, ...)
{
    va_list args;
    char *command;

    va_start(args, format);
    command = g_strdup_vprintf(format, args);
    va_end(args);
    if (system(command) != 0)
        fail_msg("%s", command);
    g_free(command);
}

static void enter(int fd)
{
    assert_int_equal(setns(fd, CLONE_NEWNET), 0);
}

static int namespace_new(void)
{
    assert_int_equal(unshare(CLONE_NEWNET), 0);
    return open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
}

static void look(struct fixture *f)
{
    if (f->until != NULL && f->until(f)) {
        f->until = NULL;
        ha_loop_stop(f->loop, 0);
    }
}

static void heard(void *ctx, uint32_t events)
{
    struct fixture *f = ctx;
    uint8_t frame[2048];
    ssize_t got;

    (void)events;
    while ((got = recv(f->heard_fd, frame, sizeof frame, MSG_DONTWAIT)) > 0) {
        unsigned type = (unsigned)frame[12] << 8 | frame[13];

        if (type == 0x0806 || (type == 0x86dd && frame[20] == 58 && frame[54] == 136))
            g_ptr_array_add(f->heard, g_bytes_new(frame, (gsize)got));
    }
    look(f);
}

static void listen_at(struct fixture *f, const char *nic)
{
    struct sockaddr_ll at = {.sll_family = AF_PACKET,
                             .sll_protocol = g_htons(3 /* every protocol */),
                             .sll_ifindex = (int)if_nametoindex(nic)};
    int size = 4 << 20;

    f->heard_fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, g_htons(3));
    assert_true(f->heard_fd >= 0);
    setsockopt(f->heard_fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
    assert_int_equal(bind(f->heard_fd, (struct sockaddr *)&at, sizeof at), 0);
}

static int setup(void **state)
{
    struct fixture *f = g_new0(struct fixture, 1);
    char *resources;

    f->home_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    f->neighbour_fd = namespace_new();
    f->here_fd = namespace_new();
    sh("ip link set lo up && ip link add eth0 type veth peer name peer && "
       "ip link set peer netns /proc/%d/fd/%d && ip addr add 10.0.0.1/24 dev eth0 && "
       "ip addr add 2001:db8::1/64 dev eth0 nodad && ip link set eth0 up",
       (int)getpid(), f->neighbour_fd);
    enter(f->neighbour_fd);
    sh("ip link set peer up");
    listen_at(f, "peer");
    enter(f->here_fd);
    f->heard = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    f->dir = g_dir_make_tmp("hearth-act-XXXXXX", NULL);
    resources = g_build_filename(f->dir, "resource.d", NULL);
    assert_int_equal(g_mkdir(resources, 0755), 0);
    g_free(resources);
    f->loop = ha_loop_new();
    f->heard_watch.fd = -1;
    assert_int_equal(ha_watch_start(f->loop, &f->heard_watch, f->heard_fd, EPOLLIN, heard, f), 0);
    f->config = hb_config_new();
    f->resources = hb_haresources_new();
    f->group = hb_group_new("node1", 1);
    g_ptr_array_add(f->resources->groups, f->group);
    assert_int_equal(hb_rtnl_open(&f->rtnl), 0);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    hb_act_free(f->act);
    hb_rtnl_close(f->rtnl);
    ha_watch_stop(f->loop, &f->heard_watch);
    ha_timer_cancel(f->loop, &f->bound);
    ha_loop_free(f->loop);
    hb_config_free(f->config);
    hb_haresources_free(f->resources);
    enter(f->home_fd);
    close(f->home_fd);
    close(f->here_fd);
    close(f->neighbour_fd);
    close(f->heard_fd);
    g_ptr_array_unref(f->heard);
    sh("rm -rf %s", f->dir);
    g_free(f->dir);
    g_free(f->detail);
    g_free(f);
    return 0;
}

static void answered(void *ctx, uint32_t op_id, enum hb_op_result result, const char *detail)
{
    struct fixture *f = ctx;

    assert_int_equal(op_id, f->next_op);
    f->answers++;
    f->result = result;
    g_free(f->detail);
    f->detail = g_strdup(detail);
    look(f);
}

static void too_late(void *ctx, uint64_t now_ns)
{
    (void)now_ns;
    ha_loop_stop(((struct fixture *)ctx)->loop, 1);
}

static bool wait_until(struct fixture *f, bool (*until)(struct fixture *f), uint64_t bound_ms)
{
    f->until = until;
    if (until != NULL && until(f))
        return true;
    ha_timer_set(f->loop, &f->bound, ha_clock_ns() + bound_ms * HA_NS_PER_MS, too_late, f);
    return ha_loop_run(f->loop) == 0;
}

static void resource(struct fixture *f, const char *name, const char *argument)
{
    struct hb_resource *one = hb_resource_new(name, argument);

    g_ptr_array_add(one->args, g_strdup(argument));
    g_ptr_array_add(f->group->resources, one);
}

static void begin(struct fixture *f)
{
    const struct hb_act_paths paths = {.hadir = f->dir, .initdir = f->dir, .rundir = f->dir};

    assert_int_equal(
        hb_act_new_at(&f->act, &paths, f->loop, f->config, f->resources, "node1", answered, f), 0);
}

static bool is_answered(struct fixture *f)
{
    return f->answers > 0;
}

static enum hb_op_result run(struct fixture *f, enum hb_op op)
{
    struct hb_action action = {.kind = HB_ACT_OP,
                               .op_id = ++f->next_op,
                               .op = op,
                               .last = f->group->resources->len - 1,
                               .deadline_ms = 30000};

    f->answers = 0;
    hb_act_run(f->act, &action);
    assert_int_equal(f->answers, 0); /* never from inside the call */
    assert_true(wait_until(f, is_answered, 60000));
    assert_int_equal(f->answers, 1);
    return f->result;
}

/* What `ip -o addr show` says, blanks made one. */
static char *addresses(const char *options)
{
    char *command = g_strdup_printf("ip -o addr show %s | tr -s ' \\\\' ' '", options);
    char text[16384];
    FILE *pipe = popen(command, "r");
    size_t got = fread(text, 1, sizeof text - 1, pipe);

    text[got] = '\0';
    assert_int_equal(pclose(pipe), 0);
    g_free(command);
    return g_strdup(text);
}

static void assert_shows(const char *options, const char *what, bool expected)
{
    char *text = addresses(options);

    if ((strstr(text, what) != NULL) != expected)
        fail_msg("%s %s in: %s", what, expected ? "is not" : "is", text);
    g_free(text);
}

/* ---- what the neighbour heard ---- */

/* ARP of that operation (1 request, 2 reply) with sender and target text. */
static unsigned count_arps(struct fixture *f, const char *text, unsigned operation)
{
    unsigned count = 0;
    struct ha_addr addr;

    assert_true(ha_addr_parse(&addr, text));
    for (guint i = 0; i < f->heard->len; i++) {
        gsize length = 0;
        const uint8_t *frame = g_bytes_get_data(g_ptr_array_index(f->heard, i), &length);

        if (length >= 42 && frame[12] == 8 && frame[13] == 6 && frame[21] == operation &&
            memcmp(frame + 28, addr.bytes, 4) == 0 && memcmp(frame + 38, addr.bytes, 4) == 0 &&
            memcmp(frame + 6, frame + 22, 6) == 0)
            count++;
    }
    return count;
}

static bool fifty_are_announced(struct fixture *f)
{
    for (unsigned i = 0; i < 50; i++) {
        char text[32];

        snprintf(text, sizeof text, "10.0.0.%u", 100 + i);
        if (count_arps(f, text, 1) == 0 || count_arps(f, text, 2) == 0)
            return false;
    }
    return true;
}

static void fifty_addresses_come_and_go_in_one_batch(void **state)
{
    struct fixture *f = *state;

    for (unsigned i = 0; i < 50; i++) {
        char text[32];

        snprintf(text, sizeof text, "10.0.0.%u/24/eth0", 100 + i);
        resource(f, "IPaddr2", text);
    }
    begin(f);
    assert_int_equal(run(f, HB_OP_STATUS), HB_OP_STOPPED);
    sends = receives = 0;
    assert_int_equal(run(f, HB_OP_START), HB_OP_OK);
    assert_null(f->detail);
    /* Two tables read, one batch: nothing grows with the number of addresses. */
    assert_int_equal(sends, 3);
    assert_in_range(receives, 5, 10);
    assert_int_equal(run(f, HB_OP_STATUS), HB_OP_OK);
    assert_shows("dev eth0", "inet 10.0.0.149/24 brd 10.0.0.255 scope global secondary eth0 ",
                 true);
    assert_true(wait_until(f, fifty_are_announced, 10000));
    assert_int_equal(hb_announce_count(hb_act_announce(f->act)), 50);
    sends = 0;
    assert_int_equal(run(f, HB_OP_STOP), HB_OP_OK);
    assert_int_equal(sends, 3);
    assert_int_equal(run(f, HB_OP_STATUS), HB_OP_STOPPED);
    assert_int_equal(hb_announce_count(hb_act_announce(f->act)), 0);
    assert_shows("dev eth0", "10.0.0.1/24", true);
    assert_shows("dev eth0", "10.0.0.149", false);
}

static void what_is_there_need_not_be_started_and_what_is_gone_not_stopped(void **state)
{
    struct fixture *f = *state;

    resource(f, "IPaddr2", "10.0.0.50/24/eth0");
    begin(f);
    assert_int_equal(run(f, HB_OP_STOP), HB_OP_OK);
    sh("ip addr add 10.0.0.50/32 dev eth0");
    assert_int_equal(run(f, HB_OP_STATUS), HB_OP_OK);
    assert_int_equal(run(f, HB_OP_START), HB_OP_OK);
    assert_int_equal(hb_announce_count(hb_act_announce(f->act)), 1);
    assert_int_equal(run(f, HB_OP_START), HB_OP_OK);
    assert_int_equal(hb_announce_count(hb_act_announce(f->act)), 1);
    assert_int_equal(run(f, HB_OP_STOP), HB_OP_OK);
    assert_shows("dev eth0", "10.0.0.50", false);
    assert_int_equal(run(f, HB_OP_STOP), HB_OP_OK);
}

static void plain_addresses_get_the_lowest_free_label(void **state)
{
    struct fixture *f = *state;

    sh("ip addr add 10.0.0.40/24 dev eth0 label eth0:1");
    resource(f, "IPaddr", "10.0.0.50");
    resource(f, "IPaddr", "10.0.0.51/24/eth0");
    resource(f, "IPaddr", "10.0.0.52/24/eth0:web");
    resource(f, "IPaddr2", "10.0.0.53/24/eth0:db");
    begin(f);
    assert_int_equal(run(f, HB_OP_START), HB_OP_OK);
    assert_shows("", "inet 10.0.0.50/24 brd 10.0.0.255 scope global secondary eth0:0 ", true);
    assert_shows("", "inet 10.0.0.51/24 brd 10.0.0.255 scope global secondary eth0:2 ", true);
    assert_shows("", "inet 10.0.0.52/24 brd 10.0.0.255 scope global secondary eth0:web ", true);
    assert_shows("", "inet 10.0.0.53/24 brd 10.0.0.255 scope global secondary eth0:db ", true);
}

static void interface_and_netmask_are_found_when_not_given(void **state)
{
    struct fixture *f = *state;

    sh("ip addr add 10.0.0.129/26 dev eth0 && ip route add 192.0.2.0/25 dev eth0");
    resource(f, "IPaddr2", "10.0.0.50");
    resource(f, "IPaddr2", "10.0.0.130"); /* the narrower network */
    resource(f, "IPaddr2", "192.0.2.9");  /* by its route */
    resource(f, "IPaddr2", "10.0.0.51/32");
    resource(f, "IPaddr2", "10.0.0.52//eth0");
    resource(f, "IPaddr2", "10.0.0.53/24/10.0.0.127");
    begin(f);
    assert_int_equal(run(f, HB_OP_START), HB_OP_OK);
    assert_shows("dev eth0", "inet 10.0.0.50/24 brd 10.0.0.255 ", true);
    assert_shows("dev eth0", "inet 10.0.0.130/26 brd 10.0.0.191 ", true);
    assert_shows("dev eth0", "inet 192.0.2.9/25 brd 192.0.2.127 ", true);
    assert_shows("dev eth0", "inet 10.0.0.51/32 scope", true);
    assert_shows("dev eth0", "inet 10.0.0.52/24 ", true);
    assert_shows("dev eth0", "inet 10.0.0.53/24 brd 10.0.0.127 ", true);
}

static void assert_start_fails(struct fixture *f, const char *why)
{
    begin(f);
    assert_int_equal(run(f, HB_OP_START), HB_OP_FAILED);
    assert_non_null(f->detail);
    if (strstr(f->detail, why) == NULL)
        fail_msg("expected \"%s\" in: %s", why, f->detail);
    assert_int_equal(run(f, HB_OP_STATUS), HB_OP_STOPPED);
    assert_int_equal(run(f, HB_OP_STOP), HB_OP_OK);
    assert_int_equal(hb_announce_count(hb_act_announce(f->act)), 0);
}

static void a_missing_interface_is_named(void **state)
{
    struct fixture *f = *state;

    resource(f, "IPaddr2", "10.0.0.50/24/eth0");
    resource(f, "IPaddr2", "10.0.0.51/24/eth7");
    assert_start_fails(f, "10.0.0.51: there is no interface eth7");
    assert_shows("dev eth0", "10.0.0.50", false);
}

static void an_interface_that_is_down_is_named(void **state)
{
    struct fixture *f = *state;

    sh("ip link add eth1 type veth peer name other1");
    resource(f, "IPaddr2", "10.1.0.50/24/eth1");
    assert_start_fails(f, "the interface eth1 is down");
}

static void an_address_in_no_network_asks_for_an_interface(void **state)
{
    struct fixture *f = *state;

    sh("ip route add default via 10.0.0.254");
    resource(f, "IPaddr2", "172.16.0.1/24");
    assert_start_fails(f, "name the interface");
}

static void what_cannot_be_read_fails_and_says_so(void **state)
{
    struct fixture *f = *state;

    resource(f, "IPaddr2", "10.0.0.50/24/eth0");
    resource(f, "IPaddr2", "10.0.0/24/eth0");
    assert_start_fails(f, "10.0.0/24/eth0: expected an address");
    assert_shows("dev eth0", "10.0.0.50", false);
}

static void what_the_kernel_refuses_is_told_in_its_words(void **state)
{
    struct fixture *f = *state;

    sh("sysctl -q -w net.ipv6.conf.eth0.disable_ipv6=1");
    resource(f, "IPv6addr", "2001:db8::50/64/eth0");
    assert_start_fails(f, "2001:db8::50: cannot be added to eth0: ");
}

static void an_address_of_a_real_server_moves_and_comes_back(void **state)
{
    struct fixture *f = *state;

    sh("ip addr add 10.0.0.50/32 dev lo label lo:0 && ip addr add 10.0.0.51/32 dev lo && "
       "ip -6 addr add 2001:db8::50/128 dev lo");
    resource(f, "IPaddr2", "10.0.0.50/24/eth0");
    resource(f, "IPaddr", "10.0.0.51/24/eth0");
    resource(f, "IPv6addr", "2001:db8::50/64/eth0");
    resource(f, "IPaddr2", "10.0.0.52/24/eth0");
    begin(f);
    assert_int_equal(run(f, HB_OP_STATUS), HB_OP_STOPPED);
    assert_int_equal(run(f, HB_OP_START), HB_OP_OK);
    assert_shows("dev lo", "10.0.0.5", false);
    assert_shows("dev lo", "2001:db8::50", false);
    assert_shows("dev eth0", "10.0.0.50/24", true);
    assert_shows("dev eth0", "2001:db8::50/64", true);
    assert_int_equal(run(f, HB_OP_STATUS), HB_OP_OK);
    /* A new daemon remembers. */
    hb_act_free(f->act);
    begin(f);
    assert_int_equal(run(f, HB_OP_STATUS), HB_OP_OK);
    assert_int_equal(run(f, HB_OP_STOP), HB_OP_OK);
    assert_int_equal(run(f, HB_OP_STATUS), HB_OP_STOPPED);
    assert_shows("dev lo", "inet 10.0.0.50/32 scope global lo:0 ", true);
    assert_shows("dev lo", "inet 10.0.0.51/32 scope global lo ", true);
    assert_shows("dev lo", "2001:db8::50/128", true);
    assert_shows("dev lo", "10.0.0.52", false);
    assert_shows("dev eth0", "10.0.0.5", false);
    /* And forgets: what was not there is not put there. */
    sh("ip addr del 10.0.0.50/32 dev lo");
    assert_int_equal(run(f, HB_OP_STOP), HB_OP_OK);
    assert_shows("dev lo", "10.0.0.50", false);
}

static void an_address_on_a_tunnel_is_a_real_servers_too(void **state)
{
    struct fixture *f = *state;

    sh("ip link add tun0 type veth peer name other0 && ip link set tun0 arp off up && "
       "ip addr add 10.0.0.50/32 dev tun0");
    resource(f, "IPaddr2", "10.0.0.50/24/eth0");
    begin(f);
    assert_int_equal(run(f, HB_OP_STATUS), HB_OP_STOPPED);
    assert_int_equal(run(f, HB_OP_START), HB_OP_OK);
    assert_shows("dev tun0", "10.0.0.50", false);
    assert_int_equal(run(f, HB_OP_STOP), HB_OP_OK);
    assert_shows("dev tun0", "10.0.0.50/32", true);
}

static void addresses_of_others_survive_the_removal_of_the_first_one(void **state)
{
    struct fixture *f = *state;

    sh("sysctl -q -w net.ipv4.conf.all.promote_secondaries=0 "
       "net.ipv4.conf.eth0.promote_secondaries=0");
    resource(f, "IPaddr2", "10.9.0.50/24/eth0"); /* the first of its network */
    begin(f);
    assert_int_equal(run(f, HB_OP_START), HB_OP_OK);
    sh("ip addr add 10.9.0.60/24 brd + dev eth0 label eth0:x && ip addr add 10.9.0.61/24 dev eth0");
    assert_int_equal(run(f, HB_OP_STOP), HB_OP_OK);
    assert_shows("dev eth0", "10.9.0.50", false);
    assert_shows("dev eth0", "inet 10.9.0.60/24 brd 10.9.0.255 scope global eth0:x ", true);
    assert_shows("dev eth0", "10.9.0.61/24", true);
    assert_shows("dev eth0", "10.0.0.1/24", true);
}

/* ---- announcements ---- */

static bool all_rounds_are_heard(struct fixture *f)
{
    return count_arps(f, "10.0.0.50", 1) >= 7 && count_arps(f, "10.0.0.50", 2) >= 7;
}

static bool never(struct fixture *f)
{
    (void)f;
    return false;
}

static void an_address_is_announced_at_once_and_again(void **state)
{
    struct fixture *f = *state;

    resource(f, "IPaddr2", "10.0.0.50/24/eth0");
    begin(f);
    assert_int_equal(run(f, HB_OP_START), HB_OP_OK);
    /* The first went out before the answer did. */
    assert_true(hb_announce_sent(hb_act_announce(f->act)) >= 2);
    assert_true(wait_until(f, all_rounds_are_heard, 20000));
    assert_int_equal(run(f, HB_OP_STOP), HB_OP_OK);
}

static bool ten_are_heard(struct fixture *f)
{
    return count_arps(f, "10.0.0.50", 1) >= 10;
}

static void a_held_address_is_announced_for_ever_but_not_longer(void **state)
{
    struct fixture *f = *state;
    uint64_t sent;

    resource(f, "IPaddr2", "10.0.0.50/24/eth0");
    begin(f);
    hb_announce_set_refresh((struct hb_announce *)(uintptr_t)hb_act_announce(f->act), 50);
    assert_int_equal(run(f, HB_OP_START), HB_OP_OK);
    assert_true(wait_until(f, ten_are_heard, 20000));
    /* Somebody removes it by hand: we do not call its traffic back. */
    sh("ip addr del 10.0.0.50/24 dev eth0");
    sent = hb_announce_sent(hb_act_announce(f->act));
    assert_false(wait_until(f, never, 300));
    assert_true(hb_announce_sent(hb_act_announce(f->act)) == sent);
    sh("ip addr add 10.0.0.50/24 dev eth0");
    assert_false(wait_until(f, never, 300));
    assert_true(hb_announce_sent(hb_act_announce(f->act)) > sent);
    assert_int_equal(run(f, HB_OP_STOP), HB_OP_OK);
    sent = hb_announce_sent(hb_act_announce(f->act));
    assert_false(wait_until(f, never, 300));
    assert_true(hb_announce_sent(hb_act_announce(f->act)) == sent);
}

static bool advertisement_is_heard(struct fixture *f)
{
    struct ha_addr addr;

    assert_true(ha_addr_parse(&addr, "2001:db8::50"));
    for (guint i = 0; i < f->heard->len; i++) {
        gsize length = 0;
        const uint8_t *frame = g_bytes_get_data(g_ptr_array_index(f->heard, i), &length);

        if (length == 86 && frame[12] == 0x86 && frame[54] == 136 &&
            memcmp(frame + 22, addr.bytes, 16) == 0 && memcmp(frame + 62, addr.bytes, 16) == 0)
            return true;
    }
    return false;
}

static void the_neighbour_learns_an_ipv6_address_from_its_advertisement(void **state)
{
    struct fixture *f = *state;

    /* It has somebody else in mind, and is corrected. */
    enter(f->neighbour_fd);
    sh("ip addr add 2001:db8::2/64 dev peer nodad && "
       "ip -6 neigh add 2001:db8::50 lladdr 02:00:00:00:00:99 dev peer nud stale");
    enter(f->here_fd);
    resource(f, "IPv6addr", "2001:db8::50/64/eth0");
    begin(f);
    assert_int_equal(run(f, HB_OP_START), HB_OP_OK);
    assert_int_equal(run(f, HB_OP_STATUS), HB_OP_OK);
    assert_true(wait_until(f, advertisement_is_heard, 10000));
    enter(f->neighbour_fd);
    sh("for i in $(seq 50); do ip -6 neigh show 2001:db8::50 | grep -q 02:00:00:00:00:99 || exit "
       "0; "
       "sleep 0.1; done; exit 1");
    enter(f->here_fd);
    assert_shows("to 2001:db8::50", "2001:db8::50/64", true);
    assert_shows("to 2001:db8::50", "tentative", false);
    assert_int_equal(run(f, HB_OP_STOP), HB_OP_OK);
    assert_shows("dev eth0", "2001:db8::50", false);
    assert_shows("dev eth0", "2001:db8::1/64", true);
}

static void the_neighbour_learns_an_ipv4_address_from_its_arp(void **state)
{
    struct fixture *f = *state;

    enter(f->neighbour_fd);
    sh("ip addr add 10.0.0.2/24 dev peer && "
       "ip neigh add 10.0.0.50 lladdr 02:00:00:00:00:99 dev peer nud stale");
    enter(f->here_fd);
    resource(f, "IPaddr", "10.0.0.50");
    begin(f);
    assert_int_equal(run(f, HB_OP_START), HB_OP_OK);
    assert_true(wait_until(f, all_rounds_are_heard, 20000));
    enter(f->neighbour_fd);
    sh("for i in $(seq 50); do ip neigh show 10.0.0.50 | grep -q 02:00:00:00:00:99 || exit 0; "
       "sleep 0.1; done; exit 1");
    enter(f->here_fd);
}

/* ---- mixed ---- */

static void scripts_run_alone_and_are_answered_too(void **state)
{
    struct fixture *f = *state;
    char *path = g_build_filename(f->dir, "resource.d", "web", NULL);

    assert_true(g_file_set_contents(path, "#!/bin/sh\n[ $1 = x ] && [ $2 = start ]\n", -1, NULL));
    assert_int_equal(g_chmod(path, 0755), 0);
    resource(f, "web", "x");
    begin(f);
    assert_int_equal(run(f, HB_OP_START), HB_OP_OK);
    assert_int_equal(run(f, HB_OP_STOP), HB_OP_FAILED);
    assert_int_equal(run(f, HB_OP_STATUS), HB_OP_STOPPED);
    assert_int_equal(g_unlink(path), 0);
    assert_int_equal(run(f, HB_OP_START), HB_OP_FAILED);
    assert_non_null(strstr(f->detail, "there is no script web"));
    assert_int_equal(run(f, HB_OP_STATUS), HB_OP_STOPPED);
    g_free(path);
    resource(f, "IPaddr", "10.0.0.50");
    assert_int_equal(run(f, HB_OP_START), HB_OP_FAILED);
}

static void an_administrators_own_script_wins(void **state)
{
    struct fixture *f = *state;
    char *path = g_build_filename(f->dir, "resource.d", "IPaddr", NULL);

    assert_true(g_file_set_contents(path, "#!/bin/sh\nexit 0\n", -1, NULL));
    assert_int_equal(g_chmod(path, 0755), 0);
    g_free(path);
    resource(f, "IPaddr", "10.0.0.50");
    begin(f);
    assert_int_equal(run(f, HB_OP_START), HB_OP_OK);
    assert_shows("dev eth0", "10.0.0.50", false);
}

static void nonsense_is_answered_and_not_done(void **state)
{
    struct fixture *f = *state;
    struct hb_action action = {.op = HB_OP_START, .op_id = ++f->next_op, .group = 9};

    resource(f, "IPaddr", "10.0.0.50");
    begin(f);
    hb_act_run(f->act, &action);
    assert_true(wait_until(f, is_answered, 10000));
    assert_int_equal(f->result, HB_OP_FAILED);
}

static void whoever_leaves_is_not_called_back(void **state)
{
    struct fixture *f = *state;
    struct hb_action action = {.op = HB_OP_START, .op_id = ++f->next_op};

    resource(f, "IPaddr", "10.0.0.50");
    begin(f);
    hb_act_run(f->act, &action);
    hb_act_free(f->act);
    f->act = NULL;
    assert_false(wait_until(f, is_answered, 100));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(fifty_addresses_come_and_go_in_one_batch),
        CASE(what_is_there_need_not_be_started_and_what_is_gone_not_stopped),
        CASE(plain_addresses_get_the_lowest_free_label),
        CASE(interface_and_netmask_are_found_when_not_given),
        CASE(a_missing_interface_is_named),
        CASE(an_interface_that_is_down_is_named),
        CASE(an_address_in_no_network_asks_for_an_interface),
        CASE(what_cannot_be_read_fails_and_says_so),
        CASE(what_the_kernel_refuses_is_told_in_its_words),
        CASE(an_address_of_a_real_server_moves_and_comes_back),
        CASE(an_address_on_a_tunnel_is_a_real_servers_too),
        CASE(addresses_of_others_survive_the_removal_of_the_first_one),
        CASE(an_address_is_announced_at_once_and_again),
        CASE(a_held_address_is_announced_for_ever_but_not_longer),
        CASE(the_neighbour_learns_an_ipv6_address_from_its_advertisement),
        CASE(the_neighbour_learns_an_ipv4_address_from_its_arp),
        CASE(scripts_run_alone_and_are_answered_too),
        CASE(an_administrators_own_script_wins),
        CASE(nonsense_is_answered_and_not_done),
        CASE(whoever_leaves_is_not_called_back),
    };

    /* Namespaces take root; without it there is nothing to be shown. */
    if (geteuid() != 0)
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
