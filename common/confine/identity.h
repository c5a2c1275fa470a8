/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Letting go of root. A daemon's room for it, five files and a story:
 *
 *   account.c   who the process is to be
 *   identity.c  how it becomes that for good
 *   filter.c    which calls to the kernel are left to it
 *   frame.c     messages, with descriptors, between it and the process that keeps the power
 *   pack.c      values in such a message; bulk.c: texts that are too long for one
 *
 * A daemon makes a pair of sockets (frame.h), forks, and the half that reads what
 * strangers send takes an identity and a filter. The other half does what it is
 * asked only if its own copy of the configuration says so.
 */
#ifndef HA_CONFINE_IDENTITY_H
#define HA_CONFINE_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define HA_IDENTITY_NAME_MAX   64
#define HA_IDENTITY_GROUPS_MAX 64

struct ha_identity {
    uid_t uid;
    gid_t gid;
    char name[HA_IDENTITY_NAME_MAX];
    gid_t groups[HA_IDENTITY_GROUPS_MAX]; /* gid is one of them */
    int group_count;
    bool powerless; /* ha_identity_put_on(): no capability, by executing neither, were it root */
};

/* By the user's name or number, from /etc/passwd, with the groups of /etc/group. 0, -ENOENT, or another
 * negative errno. Waits for nobody. */
int ha_identity_find_here(struct ha_identity *out, const char *name);
/* The same, and who is not there is looked for as nsswitch.conf says, which may wait for a directory
 * service: for names of the configuration's, and for the start. */
int ha_identity_find(struct ha_identity *out, const char *name);
/* The first of them that there is; the list ends in NULL. */
int ha_identity_first(struct ha_identity *out, const char *const *names);

/* CAP_… of linux/capability.h as a bit. */
#define HA_CAP(number) (UINT64_C(1) << (number))

/* From here on, for good, in a process of one thread: this user and its own group alone (NULL: who we are
 * already), no capability but caps, none to be had by executing something, not dumped, not traced by
 * its own user. What came of it is read back from the kernel and compared. 0, or negative errno and in
 * *what the step that failed: then the process is neither one nor the other and has to end.
 * -EINVAL from "setresuid": the user namespace has no such user. */
int ha_identity_take(const struct ha_identity *who, uint64_t caps, const char **what);

/* Between fork and exec: this user, its groups, no capability (uid 0: as root has them, unless it is
 * powerless). Makes system calls only. 0 or negative errno. */
int ha_identity_put_on(const struct ha_identity *who);

#endif
