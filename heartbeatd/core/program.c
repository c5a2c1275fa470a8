/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rule of respawn, as Heartbeat 3.0.6 has it.
 */
#include "heartbeatd/core/program.h"

enum hb_program_next hb_program_ended(unsigned *short_lives, bool failfast, uint64_t lived_ms,
                                      bool exited, int code)
{
    if (exited && code == HB_PROGRAM_DONE)
        return HB_PROGRAM_NEVER;
    if (failfast && (!exited || code != 0))
        return HB_PROGRAM_FATAL;
    if (lived_ms >= HB_PROGRAM_SHORT_MS) {
        *short_lives = 0;
        return HB_PROGRAM_AGAIN;
    }
    return ++*short_lives > HB_PROGRAM_SHORT_MAX ? HB_PROGRAM_GIVEN_UP : HB_PROGRAM_PAUSE;
}
