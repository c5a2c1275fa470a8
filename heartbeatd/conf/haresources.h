/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * haresources: text to struct. Grammar: haresources(5). Each group's node must
 * be in the config, each key unique.
 */
#ifndef HB_CONF_HARESOURCES_H
#define HB_CONF_HARESOURCES_H

#include "common/conf/diag.h"
#include "heartbeatd/core/config.h"

struct hb_haresources *hb_haresources_parse(const char *file, const char *text, size_t length,
                                            const struct hb_config *config,
                                            struct ha_diags *diags);

#endif
