/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When a program of a respawn or failfast line is started again. Pure.
 */
#ifndef HB_CORE_PROGRAM_H
#define HB_CORE_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#define HB_PROGRAM_DONE      100   /* exit status: it is not needed here */
#define HB_PROGRAM_SHORT_MS  30000 /* a life shorter than this counts */
#define HB_PROGRAM_SHORT_MAX 10    /* more short ones in a row than that, and it is given up */
#define HB_PROGRAM_PAUSE_MS  1000  /* after a short life */

enum hb_program_next {
    HB_PROGRAM_AGAIN,  /* at once */
    HB_PROGRAM_PAUSE,  /* after HB_PROGRAM_PAUSE_MS */
    HB_PROGRAM_NEVER,  /* it said so itself */
    HB_PROGRAM_GIVEN_UP,
    HB_PROGRAM_FATAL,  /* failfast: the machine goes with it */
    HB_PROGRAM_NEXT_COUNT
};

/* A life of lived_ms has ended: exited with code, or else killed by signal code. *short_lives is
 * counted here. */
enum hb_program_next hb_program_ended(unsigned *short_lives, bool failfast, uint64_t lived_ms,
                                      bool exited, int code);

#endif
