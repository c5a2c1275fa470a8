/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which key we sign with: the one of authkeys' auth line; but beside a 3.0.6
 * node the one that it signs with, for it checks what it receives with that and
 * no other. So keys can be changed under such a pair, too, a node at a time.
 */
#ifndef HB_SIGNING_H
#define HB_SIGNING_H

#include "heartbeatd/daemon/heartbeat.h"

/* The keys of setup are others now: their auth line counts, as far as it may. */
void hb_signing_renew(struct hb_daemon *daemon);
/* The core has accepted msg, which came in these bytes. */
void hb_signing_heard(struct hb_daemon *daemon, const struct hb_msg *msg, const void *bytes,
                      size_t length);

#endif
