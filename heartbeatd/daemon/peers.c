/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file hb_peers (peers.h). */
#include "heartbeatd/daemon/peers.h"

#include <string.h>

#include "common/run/file.h"
#include "common/run/log.h"

#define PEERS_FILE HB_VARLIB "/hb_peers"
#define PEERS_MAX  65536

/* False: it makes no sense. A generation has 32 bits; one above would shut its node out for good. */
static bool read_line(const struct hb_config *config, const char *line, uint64_t *floors)
{
    char *name;
    guint64 generation = g_ascii_strtoull(line, &name, 10);

    if (!g_ascii_isdigit(line[0]) || name[0] != ' ' || name[1] == '\0' || generation > UINT32_MAX)
        return false;
    for (guint i = 0; i < config->nodes->len; i++) {
        if (strcmp(g_ptr_array_index(config->nodes, i), name + 1) == 0)
            floors[i] = generation;
    }
    return true;
}

static void not_written(void *ctx, int error)
{
    (void)ctx;
    ha_log(HA_LOG_WARNING, "cannot keep the other nodes' generations in " PEERS_FILE ": %s",
           strerror(-error));
}

struct ha_behind *hb_peers_open(struct ha_loop *loop)
{
    return ha_behind_new(loop, PEERS_FILE, 0644, not_written, NULL);
}

uint64_t *hb_peers_read(const struct ha_behind *peers, const struct hb_config *config)
{
    uint64_t *floors = g_new0(uint64_t, MAX(config->nodes->len, 1));
    char *text = g_strdup(ha_behind_pending(peers)), **lines;
    size_t length = text != NULL ? strlen(text) : 0;
    unsigned refused;

    if (text == NULL) { /* nor is anything of ours being written */
        ha_file_sweep(PEERS_FILE);
        if (ha_file_read(PEERS_FILE, PEERS_MAX, &text, &length, NULL) < 0)
            return floors;
    }
    refused = strlen(text) < length;
    lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line != NULL; line++)
        refused += **line != '\0' && !read_line(config, *line, floors);
    if (refused > 0)
        ha_log(HA_LOG_WARNING, PEERS_FILE ": %u lines make no sense and are passed over", refused);
    g_strfreev(lines);
    g_free(text);
    return floors;
}

void hb_peers_write(struct ha_behind *peers, const struct hb_core *core)
{
    GString *text = g_string_new(NULL);

    for (size_t i = 0; i < hb_core_node_count(core); i++) {
        if (hb_core_floor(core, i) > 0)
            g_string_append_printf(text, "%llu %s\n", (unsigned long long)hb_core_floor(core, i),
                                   hb_core_node_name(core, i));
    }
    ha_behind_write(peers, text->str, text->len);
    g_string_free(text, TRUE);
}
