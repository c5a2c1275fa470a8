/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A running director for tests of the wiring: the real loop, files in a folder of its own, a made-up kernel
 * table. The test writes the configuration to `file`; it names `log` as its logfile if its lines are to be seen.
 */
#ifndef TEST_DIRECTOR_HOUSE_H
#define TEST_DIRECTOR_HOUSE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>

#include "ldirectord/ldirectord.h"
#include "tests/fakes/fake_ipvs.h"
#include "tests/unit/loop_wait.h"

struct director_house {
    char *folder;
    char *file, *log, *orders; /* in it; they need not be there */
    struct fake_ipvs ipvs;
    struct ha_loop *loop;
    struct ld_director *director;
};

void director_house_open(struct director_house *house);
/* Ends the director, if there is one, and takes away the files of above and the folder. */
void director_house_close(struct director_house *house);

/* The file must be right. The director is there when it returns; so is its first table. */
void director_house_start(struct director_house *house, bool standby);
/* Reads the file again; returns when that is done, whatever came of it. */
void director_house_reload(struct director_house *house);

/* How often a text is in the log. */
unsigned director_house_logged(const struct director_house *house, const char *text);

#endif
