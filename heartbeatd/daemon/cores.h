/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's directories: where a crash would leave its core file (ha.cf's coredumps and
 * coreroot), and where scripts keep what must not outlive a start. */
#ifndef HB_CORES_H
#define HB_CORES_H

#include "heartbeatd/core/config.h"

/* Makes the directory our working directory and lifts the limit on the size of core files, or
 * forbids them. What cannot be had is logged. May be called again. */
void hb_cores_enter(const struct hb_config *config);

void hb_rsctmp_empty(void);

#endif
