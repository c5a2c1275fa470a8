/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which calls to the kernel are left to a process: a list of what it may, by
 * purpose. What is not in it is answered with an error, never with death:
 * libraries of others live in the process (curl, SQL clients, the resolver),
 * and a call that they can do without is to be done without. Calls of power
 * (executing, tracing, mounting, loading…) are refused with EPERM, those this
 * list has never heard of with ENOSYS, as an older kernel would: libraries
 * then take the older call, which is in the list.
 */
#ifndef HA_CONFINE_FILTER_H
#define HA_CONFINE_FILTER_H

enum {
    /* Always: memory, time, waiting, signals to itself, descriptors that are there. And more: */
    HA_MAY_READ = 1 << 0,    /* open files and folders for reading, be told of changes */
    HA_MAY_WRITE = 1 << 1,   /* open, make, rename and remove them, as far as its user may */
    HA_MAY_CONNECT = 1 << 2, /* sockets: unix, IPv4, IPv6, and netlink's route family */
    HA_MAY_THREADS = 1 << 3, /* threads; no process */
    HA_MAY_FORK = 1 << 4,    /* processes of its own, and threads; no program */
    HA_MAY_SIGNAL = 1 << 5,  /* signals to processes of its user */
    HA_MAY_FRAMES = 1 << 6,  /* sockets for whole frames of a network */
    HA_MAY_HURRY = 1 << 7,   /* choose its precedence before others, as far as its limits let it */
    HA_MAY_DEVICES = 1 << 8, /* set serial lines and watchdogs that are open, or that it may open */
};

/* From here on, for good, for this thread and those it starts. Wants no_new_privs (identity.h) or
 * CAP_SYS_ADMIN. 0; -ENOSYS: this kernel, or this build, has no such filter; other negative errno.
 * Builds with the address sanitizer may a little more: it looks for leaks from a process of its own. */
int ha_filter_load(unsigned may);

#endif
