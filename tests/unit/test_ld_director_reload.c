/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A running director that reads its file again and again: what it must not cost, and what must not come
 * of it, whenever it happens. Real loop, files and checks; a made-up kernel table.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/log.h"
#include "ldirectord/ldirectord.h"
#include "tests/fakes/fake_ipvs.h"
#include "tests/fakes/fake_server.h"
#include "tests/unit/descriptors.h"
#include "tests/unit/loop_wait.h"

static struct house {
    char *folder, *file, *log, *maintenance;
    struct fake_server web; /* takes connections and says nothing: its checks are in flight for long */
    struct fake_ipvs ipvs;
    struct ha_loop *loop;
    struct ld_director *director;
} house;

/* Services at 10.9.0.1, ports 80 and on, with one server each. */
static void write_file(unsigned services, const char *more)
{
    GString *text = g_string_new(NULL);

    g_string_printf(text, "logfile=\"%s\"\nautoreload=no\ncheckinterval=1\nchecktimeout=60\n%s\n", house.log,
                    more);
    for (unsigned i = 0; i < services; i++)
        g_string_append_printf(text, "virtual=10.9.0.1:%u\n\treal=127.0.0.1:%u masq\n\tservice=http\n"
                                     "\tchecktype=negotiate\n\trequest=\"/%u\"\n", 80 + i,
                               house.web.port, services);
    assert_true(g_file_set_contents(house.file, text->str, -1, NULL));
    g_string_free(text, TRUE);
}

static int begin(void **state)
{
    (void)state;
    house.folder = g_dir_make_tmp("reload-XXXXXX", NULL);
    house.file = g_build_filename(house.folder, "ldirectord.cf", NULL);
    house.log = g_build_filename(house.folder, "log", NULL);
    house.maintenance = g_build_filename(house.folder, "maintenance", NULL);
    assert_int_equal(g_mkdir(house.maintenance, 0755), 0);
    fake_server_start(&house.web, AF_INET, FAKE_SILENT, NULL);
    fake_ipvs_init(&house.ipvs);
    house.loop = ha_loop_new();
    return 0;
}

static int end(void **state)
{
    (void)state;
    ld_director_free(house.director);
    house.director = NULL;
    ha_loop_free(house.loop);
    ha_log_close();
    fake_ipvs_clear(&house.ipvs);
    fake_server_stop(&house.web);
    g_unlink(house.file);
    g_unlink(house.log);
    g_rmdir(house.maintenance);
    g_rmdir(house.folder);
    g_free(house.maintenance);
    g_free(house.log);
    g_free(house.file);
    g_free(house.folder);
    return 0;
}

static void start(void)
{
    struct ld_director_settings settings = {.path = house.file, .instance = "test",
                                            .logging = LD_LOG_CONFIGURED, .ipvs = &house.ipvs.ipvs};
    struct ha_diags diags;

    ha_diags_init(&diags);
    settings.config = ld_config_load(house.file, &settings.content, LD_LOOK_FILES, &diags);
    assert_int_equal(diags.errors, 0);
    ha_diags_clear(&diags);
    assert_true(ld_logging_setup(LD_LOG_CONFIGURED, settings.config->logfile, "test"));
    assert_int_equal(ld_director_start(&house.director, house.loop, &settings), 0);
}

static bool has_reloaded(const void *director)
{
    return !ld_director_reloading(director);
}

static void reload(void)
{
    ld_director_reload(house.director);
    assert_true(loop_wait(house.loop, has_reloaded, house.director, 20 * HA_NS_PER_S));
}

/* A round of reloads of every kind; it ends with the file it began with. */
static void reload_in_every_way(void)
{
    char *watched = g_strdup_printf("maintenancedir=\"%s\"\n", house.maintenance);

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
        ld_director_reload(house.director);
        assert_true(loop_wait(house.loop, has_reloaded, house.director, 20 * HA_NS_PER_S));
        assert_int_equal(house.ipvs.table->services->len, 1 + services);
        ld_director_stop(house.director);
        assert_int_equal(house.ipvs.table->services->len, 0);
        ld_director_free(house.director);
        house.director = NULL;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reloads_leave_no_descriptor, begin, end),
        cmocka_unit_test_setup_teardown(
            a_reload_at_the_moment_of_the_start_ends_with_the_newest_file, begin, end),
    };

    alarm(240);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
