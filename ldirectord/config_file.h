/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ldirectord.cf as a file: where it is, what is in it, what is wrong with it. */
#ifndef LD_CONFIG_FILE_H
#define LD_CONFIG_FILE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "common/conf/diag.h"
#include "ldirectord/core/config.h"

/* The first regular file of HADIR/name, HADIR/conf/name and name, as an absolute path; NULL: none.
 * g_free() it. */
char *ld_config_find(const char *name);

/* What a file held when it was read, to tell whether it is another now. */
struct ld_content {
    struct stat stat;
    char digest[65]; /* of the text; "": never read */
};

/* Reads and parses it. NULL: diags has the reasons. content stays as it was if the file cannot be read. */
struct ld_config *ld_config_load(const char *path, struct ld_content *content,
                                 struct ha_diags *diags);
/* Whether the file is another than content says; looks inside only if its dates differ, and
 * updates content->stat. A file that cannot be read has not changed. */
bool ld_content_changed(const char *path, struct ld_content *content, char digest[65]);

/* Whether the log can be written where config says; an error at its place in path if not. */
void ld_config_try_log(const struct ld_config *config, const char *path, struct ha_diags *diags);

/* "Error [PID] reading file FILE at line N: TEXT (column C)", the classic form that log watchers
 * know. g_free() it. */
char *ld_diag_classic(const struct ha_diag *diag);

#endif
