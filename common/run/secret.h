/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Secrets and core files. Keys and passwords are copied about by libraries that
 * do not wipe what they free; so what is in the heap is kept out of core files
 * altogether, and what is left on stacks is wiped. Stacks, registers and the
 * data of programs are in them: enough to see where a daemon died.
 */
#ifndef HA_RUN_SECRET_H
#define HA_RUN_SECRET_H

#include <glib.h>

/* Marks the heap as it is now. To be called again when it may have grown: it costs a look at one
 * number then. Where the heap cannot be found, as under a sanitizer, it does nothing. */
void ha_secret_heap(void);
/* Wipes what calls that have returned left on this thread's stack: copies by libraries, and the vector registers
 * that the dynamic linker saves there when a function is called for the first time; and these registers. To be called by who had a
 * secret read. */
void ha_secret_stack(void);
/* Takes a text of malloc() over, keeps it out of core files, and wipes it before it is freed. */
GBytes *ha_secret_text(char *text, size_t length);
/* All threads to come get no heaps of their own. Before the first thread. */
void ha_secret_one_heap(void);

#endif
