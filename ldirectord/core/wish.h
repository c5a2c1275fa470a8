/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an operator wishes of real servers while ldirectord runs, beside its
 * file: disable, drain, weight, and enable to withdraw. A list in the order in
 * which the wishes were made; of those that mean a server, the last one counts.
 * They outlive reloads, also one that knows their server no more, and their
 * list goes to text and back for a file.
 *
 *   wish      | a server that is up                 | the fallback counts it as up
 *   ----------+-------------------------------------+-----------------------------
 *   enable    | as the configuration says           | yes
 *   disable   | taken away as one that failed       | no
 *   drain     | stands in the table at weight 0     | no
 *   weight N  | has weight N (0 is drain)           | yes
 *
 * A server that is down is down, whatever is wished of it; it is checked on.
 */
#ifndef LD_CORE_WISH_H
#define LD_CORE_WISH_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "ldirectord/core/config.h"

#define LD_WISHES_MAX  1024
#define LD_WISH_BY_MAX 64
#define LD_WEIGHT_MAX  65535

enum ld_will { LD_WILL_ENABLE, LD_WILL_DISABLE, LD_WILL_DRAIN, LD_WILL_WEIGHT, LD_WILL_COUNT };
const char *ld_will_name(enum ld_will will);
bool ld_will_find(const char *word, enum ld_will *will);

struct ld_wish {
    enum ld_will will;
    uint32_t weight;             /* LD_WILL_WEIGHT, 1 or more */
    bool everywhere;             /* in whatever service the server stands */
    struct ld_service_id service; /* unless everywhere */
    struct ha_addr addr;
    uint16_t port;               /* as written in the file or as in the table; 0: any */
    uint32_t uid;                /* who wished it */
    char by[LD_WISH_BY_MAX];     /* the same in words */
    uint64_t at_s;               /* wall time */
};

struct ld_model;
struct ld_server;
struct ld_slot;

/* words: WILL SERVER [SERVICE], WILL being "weight" with a number after SERVER; NULL-terminated.
 * SERVER is ADDRESS or ADDRESS:PORT, SERVICE as in logs ("tcp:10.0.0.1:80", "fwm:1") or without
 * the protocol. False and *why (a sentence, g_free() it) for words that make no sense, and where
 * the model has no such server; the model is not changed. */
bool ld_wish_parse(struct ld_wish *out, char *const *words, const struct ld_model *model,
                   char **why);
/* "disable 10.0.0.1:80 (tcp:10.0.0.9:80)", "weight 3 10.0.0.1 (everywhere)"; g_free() it. */
char *ld_wish_text(const struct ld_wish *wish);
bool ld_wish_means(const struct ld_wish *wish, const struct ld_server *server);
/* Of the servers of the model, how many it means. */
unsigned ld_wish_count(const struct ld_wish *wish, const struct ld_model *model);

struct ld_wishes {
    GPtrArray *list; /* of struct ld_wish *, owned, the last one made at the end */
};
void ld_wishes_init(struct ld_wishes *wishes);
void ld_wishes_clear(struct ld_wishes *wishes);
/* Takes a copy. Earlier ones that mean nothing but what this one means go; an "enable" stays only
 * where it is an exception from a wider one. False: there are LD_WISHES_MAX already. */
bool ld_wishes_take(struct ld_wishes *wishes, const struct ld_wish *wish);
/* Tells each server of the model which wish counts for it (server->wish). The
 * pointers are good until the wishes change. */
void ld_wishes_apply(const struct ld_wishes *wishes, struct ld_model *model);

/* A line each. */
void ld_wishes_print(const struct ld_wishes *wishes, GString *out);
/* Adds what text has; returns the number of lines that make no sense (they are passed over). */
unsigned ld_wishes_read(struct ld_wishes *wishes, const char *text);

/* ---- what follows for the table ---- */
/* Up, but not to be there. */
bool ld_wish_takes_away(const struct ld_server *server);
/* The weight of a server that is up, of which the configuration (or its check) says `weight`. */
uint32_t ld_wish_weight(const struct ld_server *server, uint32_t weight);
/* The servers it means are no longer left at weight 0 (drift.h). */
void ld_wish_end_left(const struct ld_wish *wish, struct ld_model *model);

#endif
