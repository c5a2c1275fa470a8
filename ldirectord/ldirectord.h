/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The running daemon: core, checks and kernel table introduced to each other.
 * One path for everything: the core says what is wanted, the kernel's table is
 * read, the difference is applied.
 */
#ifndef LD_LDIRECTORD_H
#define LD_LDIRECTORD_H

#include "common/run/control.h"
#include "common/run/director.h"
#include "common/run/loop.h"
#include "ldirectord/config_file.h"
#include "ldirectord/ipvs/ipvs.h"
#include "ldirectord/logging.h"

struct ld_director;

struct ld_director_settings {
    const char *path;            /* of the configuration; absolute */
    const char *instance;
    enum ld_logging logging;     /* decided at start, kept over reloads */
    struct ld_config *config;    /* taken over */
    struct ld_content content;   /* what config was read from */
    struct ld_ipvs *ipvs;        /* taken over */
    bool standby;                /* begin in standby */
    const char *orders_file;     /* where operators' orders are kept with keeporders=yes; NULL: nowhere */
};

/* Reads the kernel's table, adopts what is there and writes the first table of its own: when this
 * returns 0 the table is in place and checks are about to start. Else negative errno, the log has
 * why, and the table is as it was. path and instance must outlive it. */
int ld_director_start(struct ld_director **out, struct ha_loop *loop,
                      const struct ld_director_settings *settings);
/* Has the file read again; a bad one changes nothing. The loop goes on meanwhile, and what was read
 * comes into force from it, after this has returned. */
void ld_director_reload(struct ld_director *director);
/* It is being read. */
bool ld_director_reloading(const struct ld_director *director);
/* If the configuration has a connection synchronisation and we are its master: tells the next director of the
 * connections that are open now, for a quarter of a second at most, and watches for those that begin, for
 * some seconds. */
void ld_director_get_ready(struct ld_director *director);
/* With the addresses gone: tells it of those that began since; without that, of all, for 20 ms at most. */
void ld_director_hand_over(struct ld_director *director);
/* Returns when this host's kernel has taken in what it was told of another director's connections, or after 20 ms. */
void ld_director_take_in(struct ld_director *director);
/* Into standby or out of it, or the same again: when this returns the kernel's table has been
 * written accordingly. 0, also if the kernel refused some of it (*refused operations, the log names
 * them; they come again); negative errno if its table cannot be read or written at all. */
int ld_director_set_standby(struct ld_director *director, bool standby, unsigned *refused);
void ld_director_state(const struct ld_director *director, struct ha_director_state *out);
/* Who the configuration in force lets order, and ask, beside root; NULL: it does not say. */
const char *ld_director_operators(const struct ld_director *director);
const char *ld_director_readers(const struct ld_director *director);
/* An operator's order (core/wish.h), by words as on the command line; the table is written when
 * this returns. 0, or 1 with the reason in answer. */
int ld_director_order(struct ld_director *director, const struct ha_control_peer *peer,
                      char *const *words, GString *answer);
/* All that can be shown, in pieces (HA_DIRECTOR_SHOW in director.h). */
int ld_director_show(struct ld_director *director, char *const *words, GString *answer);
/* Takes away what cleanstop says, and heeds no edits any more. The loop is not stopped. */
void ld_director_stop(struct ld_director *director);
/* After that: stops the instances of execute, and calls fn when the last mails have been sent and
 * the last commands run, or after some seconds. */
void ld_director_farewell(struct ld_director *director, void (*fn)(void *ctx), void *ctx);
void ld_director_free(struct ld_director *director);

#endif
