/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System calls that the daemon has no business with, once it has a helper for what root may do. */
#ifndef HB_FORBID_H
#define HB_FORBID_H

/* From here on, for this process and those it forks: no program is run, no other process looked into,
 * nothing mounted, loaded or traced, nobody else become, and sockets are of the families that heartbeat
 * speaks. What is forbidden fails with EPERM. Wants no_new_privs. 0 or negative errno. */
int hb_forbid(void);

#endif
