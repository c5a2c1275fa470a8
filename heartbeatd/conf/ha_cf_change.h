/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two readings of ha.cf, held against each other: what a daemon that runs with
 * the one has to do to run with the other.
 */
#ifndef HB_CONF_HA_CF_CHANGE_H
#define HB_CONF_HA_CF_CHANGE_H

#include "heartbeatd/core/config.h"

enum hb_cf_change {
    HB_CF_SAME,    /* nothing */
    HB_CF_VALUES,  /* hb_ha_cf_take() */
    HB_CF_RESTART, /* media, nodes or the like: start anew with it */
    HB_CF_CHANGE_COUNT
};

/* Appends the names of the directives that changed to names, with blanks between. */
enum hb_cf_change hb_ha_cf_compare(const struct hb_config *running, const struct hb_config *fresh,
                                   GString *names);

/* After HB_CF_VALUES: running gets the values of fresh that may change under way, and nothing that
 * anybody points to is replaced. fresh stays the caller's, for hb_config_free() only. */
void hb_ha_cf_take(struct hb_config *running, struct hb_config *fresh);

#endif
