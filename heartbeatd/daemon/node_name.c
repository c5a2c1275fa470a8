/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who we are (node_name.h). */
#include "heartbeatd/daemon/node_name.h"

#include <errno.h>
#include <string.h>
#include <sys/utsname.h>

#include "common/conf/lines.h"
#include "heartbeatd/act/power.h"
#include "heartbeatd/core/config.h"

/* Longest nodeinfo file. */
#define NODEINFO_MAX 4096

char *hb_local_node(struct ha_diags *diags)
{
    char *path = g_build_filename(HA_HADIR, "nodeinfo", NULL), *text, *name;
    const char *source = path;
    struct utsname system;
    size_t length;
    int result = hb_power_read(path, NODEINFO_MAX, &text, &length, NULL);

    if (result == 0) {
        text[strcspn(text, "\r\n")] = '\0';
    } else if (result == -ENOENT) {
        uname(&system);
        text = g_strdup(system.nodename);
        source = "the host name (uname -n)";
    } else {
        ha_diag_add(diags, HA_ERROR, "nodeinfo", 0, 0, "cannot read %s: %s", path,
                    strerror(-result));
        g_free(path);
        return NULL;
    }
    name = g_ascii_strdown(ha_strip(text), -1);
    if (!*name || strlen(name) > HB_NAME_MAX || strpbrk(name, " \t")) {
        ha_diag_add(diags, HA_ERROR, "nodeinfo", 0, 0,
                    "%s: expected a node name of 1 to %d bytes without blanks, found \"%s\"",
                    source, HB_NAME_MAX, name);
        g_clear_pointer(&name, g_free);
    }
    g_free(text);
    g_free(path);
    return name;
}
