/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which resources the daemon does itself: bare addresses, IPaddr, IPaddr2 and
 * IPv6addr, unless the administrator has put his own script of that name into
 * resource.d.
 */
#ifndef HB_ACT_RESOLVE_H
#define HB_ACT_RESOLVE_H

#include "heartbeatd/act/agents.h"

/* Sets .native of every resource. Looks at each of the three scripts once. */
void hb_resolve(const struct hb_act_paths *paths, struct hb_haresources *resources);

/* What stood behind the name ("fe80::1/64" arrives as two arguments, because
 * "::" separates them). g_free() it. */
char *hb_resolve_argument(const struct hb_resource *resource);

#endif
