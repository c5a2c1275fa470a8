/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ha.cf: text to struct. Knows every directive of Heartbeat 3.0.6; one that
 * this version does not act on yet is an HA_UNSUPPORTED diagnostic. All faults
 * of the file in one run. Opens, resolves and looks up nothing: whether an
 * interface exists is asked by the shell (heartbeatd/media).
 */
#ifndef HB_CONF_HA_CF_H
#define HB_CONF_HA_CF_H

#include "common/conf/diag.h"
#include "heartbeatd/core/config.h"

/* A new config, or NULL with at least one error in diags. local: this node's
 * name (must be among the nodes); NULL skips that check. */
struct hb_config *hb_ha_cf_parse(const char *file, const char *text, size_t length,
                                 const char *local, struct ha_diags *diags);

#endif
