/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes the namespaces, runs operations on the loop, keeps what the neighbour heard. */
#include "tests/netns/act_place.h"

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
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/clock.h"

/* ---- counting system calls: every one of act goes through these (--wrap) ---- */

unsigned place_sends, place_receives, place_refuse_send, place_refuse_receive;

static bool is_refused(unsigned *left, int error)
{
    if (*left == 0 || --*left > 0)
        return false;
    errno = error;
    return true;
}

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
    place_sends++;
    if (is_refused(&place_refuse_send, ENOBUFS))
        return -1;
    return __real_sendto(fd, bytes, length, flags, to, to_length);
}

ssize_t __wrap_recvfrom(int fd, void *bytes, size_t length, int flags, struct sockaddr *from,
                        socklen_t *from_length)
{
    place_receives++;
    if (is_refused(&place_refuse_receive, ENOMEM))
        return -1;
    return __real_recvfrom(fd, bytes, length, flags, from, from_length);
}

/* ---- the place ---- */

void place_sh(const char *format, ...)
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

void place_enter(int fd)
{
    assert_int_equal(setns(fd, CLONE_NEWNET), 0);
}

static int namespace_new(void)
{
    assert_int_equal(unshare(CLONE_NEWNET), 0);
    return open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
}

void place_look(struct place *f)
{
    if (f->until != NULL && f->until(f)) {
        f->until = NULL;
        ha_loop_stop(f->loop, 0);
    }
}

static void heard(void *ctx, uint32_t events)
{
    struct place *f = ctx;
    uint8_t frame[2048];
    ssize_t got;

    (void)events;
    while ((got = recv(f->heard_fd, frame, sizeof frame, MSG_DONTWAIT)) > 0) {
        unsigned type = (unsigned)frame[12] << 8 | frame[13];

        if (type == 0x0806 || (type == 0x86dd && frame[20] == 58 && frame[54] == 136))
            g_ptr_array_add(f->heard, g_bytes_new(frame, (gsize)got));
    }
    place_look(f);
}

static void listen_at(struct place *f, const char *nic)
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

int place_setup(void **state)
{
    struct place *f = g_new0(struct place, 1);
    char *resources;

    f->home_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    f->neighbour_fd = namespace_new();
    f->here_fd = namespace_new();
    place_sh("ip link set lo up && ip link add eth0 type veth peer name peer && "
             "ip link set peer netns /proc/%d/fd/%d && ip addr add 10.0.0.1/24 dev eth0 && "
             "ip addr add 2001:db8::1/64 dev eth0 nodad && ip link set eth0 up",
             (int)getpid(), f->neighbour_fd);
    place_enter(f->neighbour_fd);
    place_sh("ip link set peer up");
    listen_at(f, "peer");
    place_enter(f->here_fd);
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

int place_teardown(void **state)
{
    struct place *f = *state;

    hb_act_free(f->act);
    hb_rtnl_close(f->rtnl);
    ha_watch_stop(f->loop, &f->heard_watch);
    ha_timer_cancel(f->loop, &f->bound);
    ha_loop_free(f->loop);
    hb_config_free(f->config);
    hb_haresources_free(f->resources);
    place_enter(f->home_fd);
    close(f->home_fd);
    close(f->here_fd);
    close(f->neighbour_fd);
    close(f->heard_fd);
    g_ptr_array_unref(f->heard);
    place_sh("rm -rf %s", f->dir);
    g_free(f->dir);
    g_free(f->detail);
    g_free(f);
    return 0;
}

static void answered(void *ctx, uint32_t op_id, enum hb_op_result result, const char *detail)
{
    struct place *f = ctx;

    assert_int_equal(op_id, f->next_op);
    f->answers++;
    f->result = result;
    g_free(f->detail);
    f->detail = g_strdup(detail);
    place_look(f);
}

static void too_late(void *ctx, uint64_t now_ns)
{
    (void)now_ns;
    ha_loop_stop(((struct place *)ctx)->loop, 1);
}

bool place_wait(struct place *f, bool (*until)(struct place *f), uint64_t bound_ms)
{
    f->until = until;
    if (until != NULL && until(f))
        return true;
    ha_timer_set(f->loop, &f->bound, ha_clock_ns() + bound_ms * HA_NS_PER_MS, too_late, f);
    return ha_loop_run(f->loop) == 0;
}

/* The kernel tells of a new link late, up to a second after it is up, and that is looked into. */
void place_count(struct place *f)
{
    unsigned before, spans = 0;

    do {
        before = place_sends;
        (void)place_wait(f, NULL, 1100);
    } while (place_sends != before && spans++ < 10);
    place_sends = place_receives = 0;
}

void place_resource(struct place *f, const char *name, const char *argument)
{
    struct hb_resource *one = hb_resource_new(name, argument);

    g_ptr_array_add(one->args, g_strdup(argument));
    g_ptr_array_add(f->group->resources, one);
}

void place_begin(struct place *f)
{
    const struct hb_act_paths paths = {.hadir = f->dir, .initdir = f->dir, .rundir = f->dir};

    assert_int_equal(
        hb_act_new_at(&f->act, &paths, f->loop, f->config, f->resources, "node1", answered, f), 0);
}

bool place_answered(struct place *f)
{
    return f->answers > 0;
}

enum hb_op_result place_run(struct place *f, enum hb_op op)
{
    struct hb_action action = {.kind = HB_ACT_OP,
                               .op_id = ++f->next_op,
                               .op = op,
                               .last = f->group->resources->len - 1,
                               .deadline_ms = 30000};

    f->answers = 0;
    hb_act_run(f->act, &action);
    assert_int_equal(f->answers, 0); /* never from inside the call */
    assert_true(place_wait(f, place_answered, 60000));
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

void assert_shows(const char *options, const char *what, bool expected)
{
    char *text = addresses(options);

    if ((strstr(text, what) != NULL) != expected)
        fail_msg("%s %s in: %s", what, expected ? "is not" : "is", text);
    g_free(text);
}

/* ---- what the neighbour heard ---- */

/* ARP of that operation (1 request, 2 reply) with sender and target text. */
unsigned place_arps(struct place *f, const char *text, unsigned operation)
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
