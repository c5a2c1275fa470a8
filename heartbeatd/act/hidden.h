/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Remembers across a restart of the daemon which addresses were taken from a
 * real server's place (address.h), one small file each, so that releasing them
 * puts them back and nobody else's are invented.
 */
#ifndef HB_ACT_HIDDEN_H
#define HB_ACT_HIDDEN_H

#include "heartbeatd/act/rtnl.h"

/* 0 or negative errno. dir is made if it is missing. */
int hb_hidden_remember(const char *dir, const struct hb_kernel *kernel,
                       const struct hb_kernel_address *address);
/* False: none remembered, or its interface is gone. */
bool hb_hidden_recall(const char *dir, const struct hb_kernel *kernel, const struct ha_addr *addr,
                      struct hb_kernel_address *out);
void hb_hidden_forget(const char *dir, const struct ha_addr *addr);

#endif
