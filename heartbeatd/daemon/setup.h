/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The three files a node is set up by, read and checked as one value. Either
 * all of them are right, or the value is empty and every fault has been told.
 */
#ifndef HB_SETUP_H
#define HB_SETUP_H

#include <stdbool.h>
#include <sys/stat.h>

#include "authkeys/authkeys.h"
#include "common/conf/diag.h"
#include "heartbeatd/core/config.h"
#include "heartbeatd/daemon/node_name.h"

/* The exit status of a start that the files forbid, and of one that permissions forbid. */
#define HB_EXIT_CONFIG     6
#define HB_EXIT_PERMISSION 4

/* Enough of a stat() to see that a file is another one. */
struct hb_stamp {
    struct timespec mtime;
    off_t size;
    ino_t ino;
};

struct hb_setup {
    char *node; /* this one, lower case */
    struct hb_config *config;
    struct hb_haresources *resources;
    struct ak_keys keys;
    struct hb_stamp ha_cf, haresources, authkeys;
};

/* 0, or the exit status a start should have. unmanaged: haresources is not read, and empty. */
int hb_setup_load(struct hb_setup *out, bool unmanaged, struct ha_diags *diags);
void hb_setup_clear(struct hb_setup *setup);

/* The stamp of a file of HA_HADIR as it is now; all zero if there is none. */
struct hb_stamp hb_stamp_now(const char *name);
bool hb_stamp_equal(const struct hb_stamp *a, const struct hb_stamp *b);

#endif
