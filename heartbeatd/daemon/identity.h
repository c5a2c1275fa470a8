/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a node keeps over restarts: its generation, which must rise with every
 * start or the others take its messages for a replay, and its uuid
 * (doc/protocol.md). Both are files of HB_VARLIB, in the original's formats.
 */
#ifndef HB_IDENTITY_H
#define HB_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

/* Reads the generation, adds one, stores it; *healed if the file was damaged and the time was
 * taken instead. by_time: the time counts, as long as it rises. 0 or negative errno: then nothing
 * may be sent. */
int hb_generation_next(bool by_time, uint64_t *generation, bool *healed);

/* Reads the uuid, makes and stores one if there is none, or (*healed) if the file was damaged.
 * from_name: derived from node instead. */
int hb_uuid_get(bool from_name, const char *node, uint8_t uuid[16], bool *healed);

#endif
