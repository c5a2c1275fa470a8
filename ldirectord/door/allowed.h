/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the half that checks may have done for it, by the configuration that the
 * other half has read itself. Judges, and does nothing: all of it is a question
 * with a yes or no.
 *
 * Of earlier configurations of this life it remembers the virtual services,
 * their servers and their commands: what was put there has to be taken away
 * again. Of nothing else.
 */
#ifndef LD_DOOR_ALLOWED_H
#define LD_DOOR_ALLOWED_H

#include "common/run/child.h"
#include "ldirectord/core/config.h"
#include "ldirectord/core/table.h"
#include "ldirectord/door/power.h"

#define LD_PERL         "/usr/bin/perl"
/* "do" lets a file return, and have what follows __END__, as no string of Perl could. */
#define LD_PERL_PROGRAM "my $file = shift; do($file =~ m{^/} ? $file : \"./$file\"); die $@ if $@; exit 0"
#define LD_RESOLVER     "/usr/bin/getent"

struct ld_allowed;

/* program: ldirectord itself; odbc: the program that asks ODBC's servers; path: the configuration's. All
 * three must outlive it. */
struct ld_allowed *ld_allowed_new(const char *program, const char *odbc, const char *path);
void ld_allowed_free(struct ld_allowed *allowed);
/* Takes it over; it is what is allowed from now on. */
void ld_allowed_config(struct ld_allowed *allowed, struct ld_config *config);
const struct ld_config *ld_allowed_now(const struct ld_allowed *allowed);

/* Entries of virtual services that are or were configured, for servers that are or were configured in
 * them; services as the configuration has them. Whatever else stands in such a service may be deleted. */
bool ld_allowed_op(const struct ld_allowed *allowed, const struct ld_op *op);
bool ld_allowed_sync(const struct ld_allowed *allowed, const struct ld_sync *wanted);
bool ld_allowed_switch(const struct ld_allowed *allowed, const char *name, bool on);
/* path: NULL unless it is of LD_FILE_MONITOR. What is to be opened; NULL: nothing. LD_FILE_CONFIG and
 * LD_FILE_ORDERS are the keeper's own to know. */
const char *ld_allowed_file(const struct ld_allowed *allowed, enum ld_file file, const char *path);
bool ld_allowed_socket(const struct ld_allowed *allowed, enum ld_socket kind);
/* To watch for connections that begin: who is to hand over its connections. */
bool ld_allowed_tap(const struct ld_allowed *allowed);
/* Of a server that is asked at the virtual address. */
bool ld_allowed_neighbour(const struct ld_allowed *allowed, const struct ha_addr *host);

/* As whom a program is run. */
enum ld_as { LD_AS_NOBODY, /* not at all */
             LD_AS_SCRIPT, /* scriptuser */
             LD_AS_CHECK,  /* as the half that checks: it reads what strangers say */
             LD_AS_OURS }; /* as who started ldirectord: another instance of it */
enum ld_as ld_allowed_run(const struct ld_allowed *allowed, const struct ha_child_spec *spec);

#endif
