/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How heartbeat comes to be without root's power (doc/security.md):
 * first the helper, then the guardian by it, then we are HA_USER, with two
 * capabilities, and can never get more. Without such a user everything goes on
 * as root, and says so.
 */
#ifndef HB_PRIVILEGE_H
#define HB_PRIVILEGE_H

#include "heartbeatd/core/config.h"

/* Starts the helper. False: we keep root's power, and why is in the log. */
bool hb_privilege_begin(const struct hb_config *config, bool realtime);
/* Hands over what we will write, and gives the rest up. Only after a begin that was true. 0, or negative
 * errno, which has been told: then this process has to end. */
int hb_privilege_leave(const struct hb_config *config);
/* After each change of who we are or of the configuration: may we leave a core file? */
void hb_privilege_dumpable(const struct hb_config *config);
/* The helper ends. */
void hb_privilege_end(void);

#endif
