/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's directories: where a crash would leave its core file (ha.cf's coredumps and
 * coreroot), and where scripts keep what must not outlive a start. */
#ifndef HB_CORES_H
#define HB_CORES_H

#include "heartbeatd/core/config.h"

/* Makes the directory our working directory and lifts the limit on the size of core files, or
 * forbids them. What cannot be had is logged. May be called again. */
void hb_cores_enter(const struct hb_config *config);

/* Where it is for that user. g_free() it. */
char *hb_cores_folder(const struct hb_config *config, const char *user);

/* Makes that, and what it lies in. 0 or negative errno. */
int hb_cores_make(const char *path);

void hb_rsctmp_empty(void);

#endif
