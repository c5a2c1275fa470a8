/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who may ask and order a running ldirectord, by what the kernel says of the caller. */
#ifndef LD_WHO_MAY_H
#define LD_WHO_MAY_H

#include <stdbool.h>

#include "common/run/control.h"

/* list: names of users, and of groups as "@NAME", with commas or blanks between; NULL: nobody.
 * Root may, who ldirectord was started as, and heartbeat (HA_USER), which has let go of root. Names are
 * looked up when it is asked. */
bool ld_who_may(const char *list, const struct ha_control_peer *peer);

#endif
