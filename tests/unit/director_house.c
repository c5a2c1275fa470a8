/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/director_house.h"

#include <glib/gstdio.h>
#include <string.h>

#include "common/run/log.h"

void director_house_open(struct director_house *house)
{
    house->folder = g_dir_make_tmp("director-XXXXXX", NULL);
    house->file = g_build_filename(house->folder, "ldirectord.cf", NULL);
    house->log = g_build_filename(house->folder, "log", NULL);
    house->orders = g_build_filename(house->folder, "orders", NULL);
    fake_ipvs_init(&house->ipvs);
    house->loop = ha_loop_new();
    assert_non_null(house->loop);
}

void director_house_close(struct director_house *house)
{
    char *files[] = {house->file, house->log, house->orders};

    ld_director_free(house->director);
    house->director = NULL;
    ha_loop_free(house->loop);
    ha_log_close();
    fake_ipvs_clear(&house->ipvs);
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_unlink(files[i]);
        g_free(files[i]);
    }
    g_rmdir(house->folder);
    g_free(house->folder);
}

void director_house_start(struct director_house *house, bool standby)
{
    struct ld_director_settings settings = {.path = house->file, .instance = "test",
                                            .logging = LD_LOG_CONFIGURED, .standby = standby,
                                            .ipvs = &house->ipvs.ipvs,
                                            .orders_file = house->orders};
    struct ha_diags diags;

    ha_diags_init(&diags);
    settings.config = ld_config_load(house->file, &settings.content, LD_LOOK_FILES, &diags);
    assert_int_equal(diags.errors, 0);
    ha_diags_clear(&diags);
    assert_non_null(settings.config);
    assert_true(ld_logging_setup(LD_LOG_CONFIGURED, settings.config->logfile, "test"));
    assert_int_equal(ld_director_start(&house->director, house->loop, &settings), 0);
}

static bool has_reloaded(const void *director)
{
    return !ld_director_reloading(director);
}

void director_house_reload(struct director_house *house)
{
    ld_director_reload(house->director);
    assert_true(loop_wait(house->loop, has_reloaded, house->director, 20 * HA_NS_PER_S));
}

unsigned director_house_logged(const struct director_house *house, const char *text)
{
    char *all = NULL;
    unsigned count = 0;

    if (g_file_get_contents(house->log, &all, NULL, NULL))
        for (char *at = all; (at = strstr(at, text)) != NULL; at++)
            count++;
    g_free(all);
    return count;
}
