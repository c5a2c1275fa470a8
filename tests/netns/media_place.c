/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two namespaces with a wire between them (media_place.h).
 */
#include "tests/netns/media_place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/clock.h"

static int side_ns[SIDES];

void media_enter(int side)
{
    assert_int_equal(setns(side_ns[side], CLONE_NEWNET), 0);
}

void media_sh(const char *command)
{
    assert_int_equal(system(command), 0);
}

void media_plug_in(void)
{
    char command[256];

    media_enter(A);
    snprintf(command, sizeof(command),
             "ip link add eth0 type veth peer name eth0 netns /proc/%d/fd/%d && "
             "ip address add 10.9.0.1/24 brd + dev eth0 && ip link set eth0 up",
             (int)getpid(), side_ns[B]);
    media_sh(command);
    media_enter(B);
    media_sh("ip address add 10.9.0.2/24 brd + dev eth0 && ip link set eth0 up");
    media_enter(A);
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

int media_begin(void **state)
{
    struct media_world *world = g_new0(struct media_world, 1);

    media_plug_in();
    world->loop = ha_loop_new();
    for (int i = 0; i < SIDES; i++) {
        world->sides[i].world = world;
        world->sides[i].config = hb_config_new();
        world->sides[i].got = g_string_new(NULL);
    }
    *state = world;
    return 0;
}

int media_finish(void **state)
{
    struct media_world *world = *state;

    for (int i = 0; i < SIDES; i++) {
        hb_media_close(world->sides[i].media);
        hb_config_free(world->sides[i].config);
        g_string_free(world->sides[i].got, TRUE);
    }
    ha_loop_free(world->loop);
    g_free(world);
    media_enter(A);
    return system("ip link del eth0 2>/dev/null; exit 0");
}

struct hb_medium *media_line(struct media_side *side, enum hb_medium_kind kind,
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

void media_received(void *ctx, const char *link, const void *bytes, size_t length)
{
    struct media_side *side = ctx;

    side->count++;
    g_string_append_printf(side->got, "%s:%.*s ", link, (int)length, (const char *)bytes);
}

static void looped(void *ctx, const char *link)
{
    media_received(ctx, link, "(looped)", 8);
}

const struct hb_media_calls media_calls = {.received = media_received, .looped = looped};

int media_open_side(struct media_world *world, int side, char **why)
{
    media_enter(side);
    return hb_media_open(&world->sides[side].media, world->loop, world->sides[side].config,
                         &media_calls, &world->sides[side], why);
}

void media_open_both(struct media_world *world)
{
    char *why = NULL;

    for (int i = SIDES - 1; i >= 0; i--) {
        if (media_open_side(world, i, &why) < 0) {
            fail_msg("%s", why);
        }
    }
}

static void time_over(void *ctx, uint64_t now_ns)
{
    (void)now_ns;
    ha_loop_stop(ctx, -1);
}

void media_run_for(struct media_world *world, uint64_t ms)
{
    struct ha_timer limit = {0};

    ha_timer_set(world->loop, &limit, ha_clock_ns() + ms * HA_NS_PER_MS, time_over, world->loop);
    ha_loop_run(world->loop);
    ha_timer_cancel(world->loop, &limit);
}

/* Sends from one side, every so many ms, until the other has seen it; a bound, not a speed. */
static void send_each_ms(struct media_world *world, int from, int to, const char *text, int ms)
{
    for (int i = 0; i < 600; i++) {
        if (i * 50 % ms == 0) {
            hb_media_send(world->sides[from].media, text, strlen(text));
        }
        media_run_for(world, 50);
        if (strstr(world->sides[to].got->str, text)) {
            return;
        }
    }
    fail_msg("%s never arrived", text);
}

void media_send_until_seen(struct media_world *world, int from, int to, const char *text)
{
    send_each_ms(world, from, to, text, 50);
}

void media_send_once(struct media_world *world, int from, int to, const char *text)
{
    send_each_ms(world, from, to, text, 60000);
}

unsigned media_bound_sockets(void)
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

struct hb_media_counts media_counts_of(struct media_world *world, int side)
{
    struct hb_media_counts out;

    assert_true(hb_media_counts(world->sides[side].media, "eth0", &out));
    return out;
}

bool media_place(void)
{
    for (int i = 0; i < SIDES; i++) {
        side_ns[i] = make_side();
        if (side_ns[i] < 0) {
            fprintf(stderr, "skipped: cannot make network namespaces (needs root and iproute2)\n");
            return false;
        }
    }
    return true;
}
