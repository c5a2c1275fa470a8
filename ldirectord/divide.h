/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One process becomes two: this one goes on, and lets go of root; the other
 * keeps it (keeper.h). The pid that everybody knows stays that of the half
 * that checks: signals, the pid file and the control socket are its own.
 */
#ifndef LD_DIVIDE_H
#define LD_DIVIDE_H

#include "common/confine/identity.h"
#include "ldirectord/daemon_run.h"

struct ld_divided {
    pid_t keeper;              /* 0: none yet */
    struct ha_identity checks; /* who this half becomes; name "": who we are */
};

/* run's configuration is the keeper's, too. close_fds: descriptors that it must not hold. Before there
 * is a loop. 0 or negative errno. */
int ld_divide(struct ld_divided *divided, const struct ld_run *run, const int *close_fds, unsigned count);
/* From here on this half has nothing of root. Says in the log how it is. 0, or negative errno and *what: the
 * process must not go on. */
int ld_divide_let_go(const struct ld_divided *divided, bool makes_files, const char **what);
/* At the end: says goodbye, and waits for the keeper, which kills what still runs. */
void ld_divide_end(struct ld_divided *divided);

#endif
