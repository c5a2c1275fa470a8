/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A keeper in a house of its own: a folder with a configuration, a made-up
 * table, and the two sockets of the door, at the other end of which stands
 * the test.
 */
#ifndef TEST_KEEPER_HOUSE_H
#define TEST_KEEPER_HOUSE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <linux/ip_vs.h>
#include <string.h>
#include <unistd.h>

#include "common/confine/bulk.h"
#include "common/run/clock.h"
#include "common/run/loop.h"
#include "ldirectord/config_file.h"
#include "ldirectord/door/names_told.h"
#include "ldirectord/door/power.h"
#include "ldirectord/door/words.h"
#include "ldirectord/keeper.h"
#include "tests/fakes/fake_ipvs.h"
#include "tests/unit/descriptors.h"

static const char cf[] =
    "checktimeout = 1\n"
    "expire_nodest_conn = yes\n"
    "callback = \"%1$s/callback\"\n"
    "logfile = \"%1$s/log\"\n"
    "virtual = 10.0.0.9:80\n"
    "\treal = 10.0.0.1:80 masq\n"
    "\treal = 10.0.0.2:80 masq\n"
    "\tfallback = 127.0.0.1:80\n"
    "\tfallbackcommand = /bin/fall\n"
    "\tscheduler = rr\n"
    "\tprotocol = tcp\n"
    "\tmonitorfile = %1$s/monitor\n"
    "virtual = 10.0.0.9:25\n"
    "\treal = 10.0.0.1:25 masq\n"
    "\tscheduler = rr\n"
    "\tprotocol = tcp\n"
    "\tchecktype = external\n"
    "\tcheckcommand = %1$s/check\n";

struct house {
    char *dir, *file, *orders, *pid_file;
    struct ha_loop *loop;
    struct ld_keeper *keeper;
    struct fake_ipvs fake;
    struct ld_content content;
    int ask[2], run[2];
    unsigned descriptors;
    uint32_t number;
    uint8_t space[HA_FRAME_BYTES_MAX];
};
static struct house house;

static int open_fake(struct ld_ipvs **out, char **why)
{
    *why = NULL;
    *out = &house.fake.ipvs;
    return 0;
}

static void write_file(const char *name, const char *text)
{
    char *path = g_build_filename(house.dir, name, NULL);

    assert_true(g_file_set_contents(path, text, -1, NULL));
    g_free(path);
}

static char *in_house(const char *name)
{
    return g_build_filename(house.dir, name, NULL);
}

static void write_config(const char *more)
{
    char *text = g_strdup_printf(cf, house.dir), *whole = g_strconcat(text, more, NULL);

    write_file("cf", whole);
    g_free(whole);
    g_free(text);
}

static int begin(void **state)
{
    struct ld_keeper_settings settings = {.open_ipvs = open_fake, .daemon = 4000000,
                                          .program = "/usr/sbin/ldirectord"};
    struct ha_diags diags;

    (void)state;
    memset(&house, 0, sizeof(house));
    house.descriptors = open_descriptors();
    house.dir = g_dir_make_tmp("keeper-XXXXXX", NULL);
    house.file = in_house("cf");
    house.orders = in_house("orders");
    house.pid_file = in_house("pid");
    write_config("");
    write_file("check", "#!/bin/sh\necho \"$@\"; exit 3\n");
    char *check = in_house("check");
    g_chmod(check, 0755);
    g_free(check);
    house.loop = ha_loop_new();
    fake_ipvs_init(&house.fake);
    ha_diags_init(&diags);
    settings.config = ld_config_load(house.file, &house.content, LD_LOOK_FILES, &diags);
    assert_non_null(settings.config);
    ha_diags_clear(&diags);
    settings.path = house.file;
    settings.orders_file = house.orders;
    settings.pid_file = house.pid_file;
    assert_int_equal(ha_frame_pair(house.ask), 0);
    assert_int_equal(ha_frame_pair(house.run), 0);
    assert_int_equal(ld_keeper_new(&house.keeper, house.loop, &settings, house.ask[1], house.run[1]), 0);
    return 0;
}

static int end(void **state)
{
    char *argv[] = {"rm", "-rf", house.dir, NULL};

    (void)state;
    ld_keeper_free(house.keeper);
    ha_loop_free(house.loop);
    for (int i = 0; i < 2; i++) {
        if (house.ask[i] >= 0)
            close(house.ask[i]);
        if (house.run[i] >= 0)
            close(house.run[i]);
    }
    fake_ipvs_clear(&house.fake);
    g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
    g_free(house.dir);
    g_free(house.file);
    g_free(house.orders);
    g_free(house.pid_file);
    assert_int_equal(open_descriptors(), house.descriptors);
    return 0;
}

/* ---- asking ---- */

static void stop_loop(void *ctx, uint64_t now_ns)
{
    (void)now_ns;
    ha_loop_stop(ctx, 0);
}

static void turn(void)
{
    struct ha_timer timer = {0};

    ha_timer_set(house.loop, &timer, ha_clock_ns() + 1000000, stop_loop, house.loop);
    ha_loop_run(house.loop);
    ha_timer_cancel(house.loop, &timer);
}

/* The status of the answer, which is in *answer; bytes is taken over. */
static inline int ask(uint32_t word, GByteArray *bytes, int fd, struct ha_frame *answer)
{
    struct ha_frame question = {.kind = word, .number = ++house.number, .bytes = bytes->data,
                                .length = bytes->len};
    struct ha_frame got;
    int error = -EAGAIN;

    if (fd >= 0)
        question.fds[question.fd_count++] = fd;
    assert_int_equal(ha_frame_send(house.ask[0], &question, 0), 0);
    g_byte_array_unref(bytes);
    for (int i = 0; i < 2000; i++) {
        turn();
        error = ha_frame_receive(house.ask[0], &got, house.space, 0);
        if (error != -EAGAIN)
            break; /* else this machine was held up, and that turn was none */
    }
    assert_int_equal(error, 0);
    assert_int_equal(got.number, house.number);
    if (answer != NULL)
        *answer = got;
    else
        ha_frame_close(&got);
    return got.status;
}

static GByteArray *nothing(void)
{
    return g_byte_array_new();
}

static inline GByteArray *one_byte(uint8_t value)
{
    GByteArray *bytes = nothing();

    ha_pack_u8(bytes, value);
    return bytes;
}

#endif
