/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads ha.cf, haresources and authkeys and hands their texts to the parsers.
 * Goes on after a fault, so that one start tells all of them.
 */
#include "heartbeatd/daemon/setup.h"

#include <errno.h>
#include <string.h>

#include "common/conf/lines.h"
#include "common/run/file.h"
#include "common/run/trust.h"
#include "heartbeatd/act/power.h"
#include "heartbeatd/daemon/clients.h"
#include "heartbeatd/conf/ha_cf.h"
#include "heartbeatd/conf/haresources.h"

/* Scripts for messages: there are a handful. */
#define RCD_LOOKED_AT 256

static struct hb_stamp stamp_of(const struct stat *stat)
{
    return (struct hb_stamp){
        .mtime = stat->st_mtim, .size = stat->st_size, .ino = stat->st_ino};
}

struct hb_stamp hb_stamp_now(const char *name)
{
    char *path = g_build_filename(HA_HADIR, name, NULL);
    struct hb_stamp stamp = {0};
    struct stat now;

    if (stat(path, &now) == 0) {
        stamp = stamp_of(&now);
    }
    g_free(path);
    return stamp;
}

bool hb_stamp_equal(const struct hb_stamp *a, const struct hb_stamp *b)
{
    return a->mtime.tv_sec == b->mtime.tv_sec && a->mtime.tv_nsec == b->mtime.tv_nsec &&
           a->size == b->size && a->ino == b->ino;
}

/* The text of a file of HA_HADIR, or NULL and a diagnostic. *status becomes the exit status. */
static char *read_text(const char *name, size_t max, size_t *length, struct stat *stat,
                       struct ha_diags *diags, int *status)
{
    char *path = g_build_filename(HA_HADIR, name, NULL), *text;
    int result = hb_power_read(path, max, &text, length, stat);

    if (result < 0) {
        const char *reason = result == -EFBIG    ? "it is too long to be a configuration file"
                             : result == -EINVAL ? "it is not a regular file"
                                                 : strerror(-result);

        ha_diag_add(diags, HA_ERROR, name, 0, 0, "cannot read %s: %s", path, reason);
        *status = result == -EACCES || result == -EPERM ? HB_EXIT_PERMISSION : HB_EXIT_CONFIG;
    } else {
        ha_trust_file(path, HA_ERROR, (struct ha_trust_at){.file = name}, diags);
    }
    g_free(path);
    return text;
}

static void load_ha_cf(struct hb_setup *out, struct ha_diags *diags, int *status)
{
    struct stat stat;
    size_t length;
    char *text = read_text("ha.cf", HA_CONF_MAX, &length, &stat, diags, status);

    if (text) {
        out->ha_cf = stamp_of(&stat);
        out->config = hb_ha_cf_parse("ha.cf", text, length, out->node, diags);
        if (out->config) {
            hb_clients_check(out->config, diags);
        }
        g_free(text);
    }
}

static void load_haresources(struct hb_setup *out, struct ha_diags *diags, int *status)
{
    struct stat stat;
    size_t length;
    char *text = read_text("haresources", HA_CONF_MAX, &length, &stat, diags, status);

    if (text && out->config) {
        out->haresources = stamp_of(&stat);
        out->resources = hb_haresources_parse("haresources", text, length, out->config, diags);
    }
    g_free(text);
}

static bool load_keys(struct ak_keys *keys, struct hb_stamp *stamp, struct ha_diags *diags,
                      int *status)
{
    struct stat stat;
    size_t length;
    char *text = read_text("authkeys", HA_CONF_MAX, &length, &stat, diags, status);
    bool good;

    if (!text) {
        return false;
    }
    good = ak_keys_parse(keys, HA_HADIR "/authkeys", text, length, stat.st_mode, diags);
    explicit_bzero(text, length);
    g_free(text);
    *stamp = stamp_of(&stat);
    return good;
}

/* What is run as root for messages, and the folders that only the daemon writes to. */
static void look_around(struct ha_diags *diags)
{
    static const char *const scripts[] = {HA_HADIR "/harc", HA_HADIR "/shellfuncs"};
    static const char *const folders[] = {HB_VARLIB, HA_RUNDIR "/heartbeat"};
    const struct ha_trust_at rcd = {.file = "rc.d"}, state = {.file = "state"};
    GDir *dir = g_dir_open(HA_HADIR "/rc.d", 0, NULL);
    const char *name;

    for (size_t i = 0; i < G_N_ELEMENTS(scripts); i++) {
        ha_trust_file(scripts[i], HA_ERROR, rcd, diags);
    }
    for (int i = 0; dir && i < RCD_LOOKED_AT && (name = g_dir_read_name(dir)) != NULL; i++) {
        char *path = g_build_filename(HA_HADIR "/rc.d", name, NULL);

        ha_trust_file(path, HA_ERROR, rcd, diags);
        g_free(path);
    }
    if (dir) {
        g_dir_close(dir);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(folders); i++) {
        ha_trust_folder(folders[i], HA_WARNING, state, diags);
    }
}

int hb_setup_load(struct hb_setup *out, bool unmanaged, struct ha_diags *diags)
{
    unsigned before = diags->errors;
    int status = HB_EXIT_CONFIG;

    *out = (struct hb_setup){0};
    out->node = hb_local_node(diags);
    load_ha_cf(out, diags, &status);
    if (!unmanaged) {
        load_haresources(out, diags, &status);
    } else if (out->config) {
        out->config->unmanaged = true;
        out->resources = hb_haresources_new();
    }
    load_keys(&out->keys, &out->authkeys, diags, &status);
    look_around(diags);
    if (diags->errors == before && out->node && out->config && out->resources) {
        return 0;
    }
    hb_setup_clear(out);
    return status;
}

void hb_setup_clear(struct hb_setup *setup)
{
    hb_haresources_free(setup->resources);
    hb_config_free(setup->config);
    ak_keys_clear(&setup->keys);
    g_free(setup->node);
    *setup = (struct hb_setup){0};
}
