/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A life of the daemon: from one generation to the next. A process may live
 * several, one after the other: anew after a partition with 3.0.6, with
 * resources let go; or with another setup at a reload, with resources going on.
 */
#ifndef HB_LIFE_H
#define HB_LIFE_H

#include "heartbeatd/daemon/heartbeat.h"

/* With daemon->setup. 0; or negative errno, logged, and nothing is left of it. */
int hb_life_begin(struct hb_daemon *daemon);
/* Also one that has not begun. */
void hb_life_end(struct hb_daemon *daemon);
/* Ends this one as soon as the step under way is over, and begins another after the dead time. */
void hb_life_anew(struct hb_daemon *daemon);
/* One with another setup: new media and a new core, which inherits what the old one holds. 0; or
 * negative errno, a line per fault in what, and all as before. fresh is empty afterwards, or the
 * caller's. */
int hb_life_replace(struct hb_daemon *daemon, struct hb_setup *fresh, GString *what);
/* The interfaces that the groups of setup need, from now on. */
void hb_life_watch_nics(struct hb_daemon *daemon);

#endif
