/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What checks through a database's own client library share. The library has
 * the socket and the protocol; we have the loop, and never let it wait.
 */
#ifndef LD_CHECK_SQL_H
#define LD_CHECK_SQL_H

#include "ldirectord/check/check_inside.h"

/* Most bytes a server may send to one check, connection included. */
#define LD_SQL_MAX (4 << 20)

/* To stand first in the state of such a check. */
struct ld_sql {
    struct ha_watch watch;
    bool connected; /* by TCP */
};

/* False, and the verdict given: the probe lacks what there is no asking without. */
bool ld_sql_begin(struct ld_sql *sql, struct ld_check *check);
/* Waits for the socket, once: the watch has ended when fn is called. 0 or negative errno. */
int ld_sql_wait(struct ld_sql *sql, struct ld_check *check, int fd, uint32_t events, ha_watch_fn fn);
/* To be called first by fn. False, and the verdict given: no TCP connection, or too much sent. */
bool ld_sql_woken(struct ld_sql *sql, struct ld_check *check);
/* Where the library may have read on since: false, and the verdict given, if it was too much. */
bool ld_sql_bears(struct ld_check *check, int fd);
/* The server's own words, cut to one line. */
void ld_sql_done(struct ld_check *check, enum ld_verdict verdict, const char *words);
enum ld_verdict ld_sql_deadline(struct ld_check *check);

#endif
