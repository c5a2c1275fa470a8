/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does somebody else answer for an address? Asks as a host does that checks an
 * address before it uses it: an ARP probe (RFC 5227) or a neighbour solicitation
 * from nobody (RFC 4862), so that nobody's cache changes by it. All addresses
 * are asked at once, and nobody is waited for: answers are noted as they come.
 */
#ifndef HB_ACT_PROBE_H
#define HB_ACT_PROBE_H

#include "common/run/loop.h"
#include "heartbeatd/act/rtnl.h"

struct hb_probe;
/* 0 or negative errno. */
int hb_probe_new(struct hb_probe **out, struct ha_loop *loop);
void hb_probe_free(struct hb_probe *probe);

/* Asks for each of them now, where it is or would be set, and again every 100 ms until for_ms have
 * passed. Interfaces without neighbours are left out. */
void hb_probe_ask(struct hb_probe *probe, const struct hb_kernel *kernel,
                  const struct hb_kernel_address *places, size_t count, uint64_t for_ms);
/* Reads the answers that wait; the loop does, too. */
void hb_probe_hear(struct hb_probe *probe);
/* Another hardware address than ours, which mac becomes, answers for it: it did, and was not silent
 * since for 250 ms and two questions. */
bool hb_probe_answers(struct hb_probe *probe, const struct ha_addr *addr, uint64_t now_ns,
                      uint8_t mac[6]);
/* Has it been asked for of late? */
bool hb_probe_asked(const struct hb_probe *probe, const struct ha_addr *addr);

#endif
