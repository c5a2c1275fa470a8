/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A running director that reads its file again and again: what it must not cost, and what must not come
 * of it, whenever it happens. Real loop, files and checks; a made-up kernel table.
 */
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/time.h"
#include "tests/fakes/fake_server.h"
#include "tests/unit/descriptors.h"
#include "tests/unit/director_house.h"

static struct director_house house;
static struct fake_server web; /* takes connections and says nothing: its checks are in flight for long */
static char *maintenance;

/* Services at 10.9.0.1, ports 80 and on, with one server each. */
static void write_file(unsigned services, const char *more)
{
    GString *text = g_string_new(NULL);

    g_string_printf(text, "logfile=\"%s\"\nautoreload=no\ncheckinterval=1\nchecktimeout=60\n%s\n", house.log,
                    more);
    for (unsigned i = 0; i < services; i++)
        g_string_append_printf(text, "virtual=10.9.0.1:%u\n\treal=127.0.0.1:%u masq\n\tservice=http\n"
                                     "\tchecktype=negotiate\n\trequest=\"/%u\"\n", 80 + i,
                               web.port, services);
    assert_true(g_file_set_contents(house.file, text->str, -1, NULL));
    g_string_free(text, TRUE);
}

static int begin(void **state)
{
    (void)state;
    director_house_open(&house);
    maintenance = g_build_filename(house.folder, "maintenance", NULL);
    assert_int_equal(g_mkdir(maintenance, 0755), 0);
    fake_server_start(&web, AF_INET, FAKE_SILENT, NULL);
    return 0;
}

static int end(void **state)
{
    (void)state;
    g_rmdir(maintenance);
    g_free(maintenance);
    director_house_close(&house);
    fake_server_stop(&web);
    return 0;
}

static void start(void)
{
    director_house_start(&house, false);
}

static void reload(void)
{
    director_house_reload(&house);
}

/* A round of reloads of every kind; it ends with the file it began with. */
static void reload_in_every_way(void)
{
    char *watched = g_strdup_printf("maintenancedir=\"%s\"\n", maintenance);

    write_file(3, "");
    reload();
    (void)loop_wait(house.loop, NULL, NULL, 30 * HA_NS_PER_MS); /* some checks begin */
    write_file(1, watched);
    reload();
    write_file(5, "");
    reload();
    write_file(5, "bogus=1\n");
    reload();
    g_unlink(house.file);
    reload();
    write_file(1, "");
    reload();
    g_free(watched);
}

static unsigned settled_descriptors(void)
{
    (void)loop_wait(house.loop, NULL, NULL, 1500 * HA_NS_PER_MS); /* each server is asked again */
    return open_descriptors();
}

static void reloads_leave_no_descriptor(void **state)
{
    unsigned before;

    (void)state;
    write_file(1, "");
    start();
    reload_in_every_way();
    before = settled_descriptors();
    for (int i = 0; i < 20; i++)
        reload_in_every_way();
    assert_int_equal(settled_descriptors(), before);
}

static bool has_services(const void *count)
{
    return house.ipvs.table->services->len == GPOINTER_TO_UINT(count);
}

static void a_reload_at_the_moment_of_the_start_ends_with_the_newest_file(void **state)
{
    (void)state;
    for (unsigned services = 0; services < 4; services++) {
        write_file(2, "");
        start();
        write_file(6, "");
        ld_director_reload(house.director); /* nothing has been asked yet */
        (void)loop_wait(house.loop, NULL, NULL, services * HA_NS_PER_MS);
        write_file(1 + services, ""); /* while the other one is being read, or has been */
        reload();
        /* The table rests for a moment after it was written. */
        assert_true(loop_wait(house.loop, has_services, GUINT_TO_POINTER(1 + services), 20 * HA_NS_PER_S));
        ld_director_stop(house.director);
        assert_int_equal(house.ipvs.table->services->len, 0);
        ld_director_free(house.director);
        house.director = NULL;
    }
}

static bool has_been_read(const void *ctx)
{
    (void)ctx;
    return director_house_logged(&house, "ignore new configuration") > 0 &&
           !ld_director_reloading(house.director);
}

/* The edit was read, and nothing was made of it; the order finds it read. Only the newest one counts. */
static void an_edit_waits_for_the_order_that_brings_it_into_force(void **state)
{
    (void)state;
    write_file(2, "");
    start();
    assert_true(loop_wait(house.loop, has_services, GUINT_TO_POINTER(2), 20 * HA_NS_PER_S));
    write_file(3, "");
    assert_true(loop_wait(house.loop, has_been_read, NULL, 20 * HA_NS_PER_S));
    assert_true(has_services(GUINT_TO_POINTER(2)));
    reload();
    assert_true(loop_wait(house.loop, has_services, GUINT_TO_POINTER(3), 20 * HA_NS_PER_S));
    g_assert_cmpint(g_unlink(house.log), ==, 0);
    write_file(4, "");
    assert_true(loop_wait(house.loop, has_been_read, NULL, 20 * HA_NS_PER_S));
    write_file(5, "");
    reload();
    assert_true(loop_wait(house.loop, has_services, GUINT_TO_POINTER(5), 20 * HA_NS_PER_S));
    reload();
    (void)loop_wait(house.loop, NULL, NULL, 50 * HA_NS_PER_MS);
    assert_true(has_services(GUINT_TO_POINTER(5)));
}

static void a_file_that_is_written_again_as_it_was_is_no_edit(void **state)
{
    (void)state;
    write_file(2, "");
    start();
    write_file(2, "");
    (void)loop_wait(house.loop, NULL, NULL, 300 * HA_NS_PER_MS); /* it is read */
    write_file(3, "");
    assert_true(loop_wait(house.loop, has_been_read, NULL, 20 * HA_NS_PER_S));
    assert_int_equal(director_house_logged(&house, "has changed on disk"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_edit_waits_for_the_order_that_brings_it_into_force, begin, end),
        cmocka_unit_test_setup_teardown(a_file_that_is_written_again_as_it_was_is_no_edit, begin, end),
        cmocka_unit_test_setup_teardown(reloads_leave_no_descriptor, begin, end),
        cmocka_unit_test_setup_teardown(
            a_reload_at_the_moment_of_the_start_ends_with_the_newest_file, begin, end),
    };

    alarm(240);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
