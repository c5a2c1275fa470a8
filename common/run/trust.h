/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether others may change what is obeyed with our power: configurations, and
 * the programs that are run. A file that everybody may write is an error: it
 * makes everybody root. What the administrator has given to one user or one
 * group is a warning: old sites are set up so, and may mean it. Each finding
 * names the file, what is wrong, and the command that mends it.
 */
#ifndef HA_RUN_TRUST_H
#define HA_RUN_TRUST_H

#include <sys/stat.h>

#include "common/conf/diag.h"

/* Where what names the path stands; line 0: nowhere in particular. */
struct ha_trust_at {
    const char *file;
    unsigned line, column;
};

/* For who is about to become another, and goes on to look for the process that keeps the power: it is
 * judged as of who we are now. */
void ha_trust_hold(void);

/* The file that path leads to, and the folder it stands in. worst: what everybody's writing is.
 * What is not there, or no absolute path, is passed over, and no finding is told twice. */
void ha_trust_file(const char *path, enum ha_severity worst, struct ha_trust_at at,
                   struct ha_diags *diags);
/* A folder in which only we make files. */
void ha_trust_folder(const char *path, enum ha_severity worst, struct ha_trust_at at,
                     struct ha_diags *diags);
/* A file with passwords in it: that the group or others may read it is a warning. */
void ha_trust_secret(const char *path, const struct stat *stat, struct ha_trust_at at,
                     struct ha_diags *diags);
/* The first word of a command, if it is the path of a program: as ha_trust_file(). */
void ha_trust_command(const char *command, enum ha_severity worst, struct ha_trust_at at,
                      struct ha_diags *diags);

#endif
