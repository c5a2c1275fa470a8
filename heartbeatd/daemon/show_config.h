/* SPDX-License-Identifier: GPL-2.0-or-later */
/* heartbeat -D and -v: the directives of ha.cf with their defaults, and a configuration as it was
 * understood. In the original's layout, for the scripts that cut it into columns. */
#ifndef HB_SHOW_CONFIG_H
#define HB_SHOW_CONFIG_H

#include <glib.h>
#include <stdbool.h>

#include "heartbeatd/daemon/setup.h"

/* A line for each directive that has a default; wiki: as a table of a wiki. */
void hb_show_defaults(bool wiki, const char *version, GString *out);

/* Every directive with its value, the nodes, and the media. Reads like an ha.cf. */
void hb_show_setup(const struct hb_setup *setup, GString *out);
/* The same to standard output; 0 or -1. */
int hb_show_print(const struct hb_setup *setup);

#endif
