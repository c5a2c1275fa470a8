/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Heartbeat's log: where ha.cf says, in the line format of the original. */
#ifndef HB_LOG_H
#define HB_LOG_H

#include <stdbool.h>

#include "common/conf/diag.h"
#include "heartbeatd/core/config.h"

/* config NULL: nothing is known yet, syslog only. to_stderr: there too. debug: -d and SIGUSR1 on
 * top of what the config says. May be called again. */
void hb_log_setup(const struct hb_config *config, bool to_stderr, int debug);

/* To the log, and to stderr as well unless the log goes there: what whoever started us must see. */
void hb_log_say(int level, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Each of them, as hb_log_say() says it. */
void hb_log_diags(const struct ha_diags *diags);

#endif
