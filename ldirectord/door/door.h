/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The door between the two halves of ldirectord, from the side that checks.
 *
 *     the half that checks                      the keeper (keeper.c)
 *     loop, core, checks, reports               root's power, and little else
 *     reads what strangers send                 reads ldirectord.cf, and what is asked at the door
 *     no user 0, no capability, a filter        does it if the configuration says so (allowed.h)
 *
 * Where the process is not divided (unit tests), what is asked for is done here.
 * One door per process: whoever is on the wrong side of it cannot choose another.
 */
#ifndef LD_DOOR_DOOR_H
#define LD_DOOR_DOOR_H

#include <sys/types.h>

#include "common/run/loop.h"
#include "ldirectord/door/power.h"
#include "ldirectord/ipvs/ipvs.h"

/* From now on the keeper is asked, over these two (words.h), which are the door's. uid: who this process
 * was, and whose orders it takes. */
void ld_door_divide(int ask_fd, int run_fd, uid_t uid);
bool ld_door_divided(void);
/* Who ldirectord was started as. */
uid_t ld_door_uid(void);
/* Closes both; asked after that, everything is -EPIPE. */
void ld_door_close(void);

/* As in power.h. path: what it is to be where the process is not divided; for LD_FILE_MONITOR in any
 * case. */
int ld_door_open(enum ld_file file, const char *path);
int ld_door_watch(enum ld_folder folder, const char *path);
int ld_door_socket(enum ld_socket kind, int family, uint16_t port);

/* That packets for that host are on their way (check/next_hop.h); only where the process is divided. */
int ld_door_neighbour(const struct ha_addr *host);

/* TCP connections that begin are kept from now on, for some seconds; what began since (appended to out, of
 * struct ld_opening_record), and no more. Only where the process is divided. 0; -EOVERFLOW: these are not all;
 * or another negative errno. */
int ld_door_tap(void);
int ld_door_tapped(GArray *out);

/* The kernel's table, as ld_ipvs_netlink_open() has it; only where the process is divided. */
int ld_door_ipvs(struct ld_ipvs **out, char **why);

/* Orders to be kept over a restart, written behind everybody's back; text NULL: they are forgotten. */
int ld_door_keep(const char *text, size_t length);

/* One thing that is wrong with a configuration, as far as only the keeper can see. */
typedef void (*ld_door_diag_fn)(void *ctx, bool warning, unsigned line, unsigned column,
                                const char *text);
/* The keeper reads the file again; it has to be the one with this digest (else -EAGAIN), and names
 * mean what the notes say (names_told.h). From any thread. 0: it has it ready, if fn was told of no error. */
int ld_door_prepare(unsigned looks, const char *digest, const void *notes, size_t length,
                    ld_door_diag_fn fn, void *ctx);
/* What was prepared is in force: from now on it is what is allowed. */
int ld_door_commit(void);

void ld_door_pid_gone(void);
/* The end is meant. */
void ld_door_bye(void);

/* ---- door_run.c ---- */
/* Programs of this loop are started by the keeper. gone: it has ended; called once. */
int ld_door_children(struct ha_loop *loop, void (*gone)(void *ctx), void *ctx);
void ld_door_children_end(void);

/* ---- between the files of the door ---- */
struct ha_frame;
/* Asks and waits. 0: there is an answer, valid until ld_door_release(), which has to follow; else
 * negative errno. */
int ld_door_ask(uint32_t word, const void *bytes, size_t length, int fd, struct ha_frame *answer);
/* The next frame of the same answer. */
int ld_door_more(struct ha_frame *answer);
void ld_door_release(struct ha_frame *answer);
int ld_door_run_fd(void);

#endif
