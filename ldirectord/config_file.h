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

/* What is looked at beside the file itself. */
enum {
    LD_LOOK_FILES = 1, /* whether monitor files can be written, and who may write what is obeyed and run */
    LD_LOOK_LOG = 2,   /* whether the log can (not with supervised): it is made if it is not there */
    LD_LOOK_CLIENTS = 8, /* whether there are the client libraries that checks take: they are opened */
    LD_LOOK_ONLY = 4,  /* nothing is made, and what only root may write is no fault to others */
};
/* Reads and parses it. NULL: diags has the reasons, all of them, in the order of the file. content
 * stays as it was if the file cannot be read. */
struct ld_config *ld_config_load(const char *path, struct ld_content *content, unsigned looks,
                                 struct ha_diags *diags);
/* The same again, by what is other since prior was read (ld_cf_parse_again()); prior may be NULL. */
struct ld_config *ld_config_load_again(const struct ld_config *prior, const char *path,
                                       struct ld_content *content, unsigned looks, struct ha_diags *diags);
/* The text alone, wiped with the last hold on it, and what it is in content. 0 or negative errno. */
int ld_config_read(const char *path, struct ld_content *content, GBytes **text);
/* What only this machine can say of a configuration: files and who may write them, the log, folders,
 * users. stat: of the file. */
void ld_config_look(const char *path, const struct stat *stat, const struct ld_config *config,
                    unsigned looks, struct ha_diags *diags);
/* Whether by its dates the file may be another than content says. One that cannot be looked at is not. */
bool ld_content_touched(const char *path, const struct ld_content *content, struct stat *now);
bool ld_same_dates(const struct stat *a, const struct stat *b);

/* "Error [PID] reading file FILE at line N: TEXT (column C)", the classic form that log watchers
 * know. g_free() it. */
char *ld_diag_classic(const struct ha_diag *diag);

#endif
