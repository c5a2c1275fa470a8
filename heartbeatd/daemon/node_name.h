/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HB_NODE_NAME_H
#define HB_NODE_NAME_H

#include "common/conf/diag.h"

/* uname -n, or the first line of nodeinfo, in lower case. NULL and a diagnostic if it cannot be a
 * node's name. g_free() it. */
char *hb_local_node(struct ha_diags *diags);

#endif
