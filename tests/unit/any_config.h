/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ldirectord/core: configurations as chance has them, of all that decides; the same for the same dice. */
#ifndef ANY_CONFIG_H
#define ANY_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/rand.h"
#include "ldirectord/core/config.h"

struct dice {
    struct ha_rand rand;
    bool crowd;  /* hundreds of servers a service, all asked by connecting */
    bool alerts; /* mails and a command for the fallback; takes no dice */
};

bool dice_chance(struct dice *dice, unsigned percent);
uint32_t dice_below(struct dice *dice, uint32_t bound);

/* Up to four services, three if crowded. The caller's: ld_config_free(). */
struct ld_config *any_config(struct dice *dice);
/* One of those, as someone may have edited it: most services are as they were, if perhaps in another order. */
struct ld_config *any_edit(struct dice *dice, const struct ld_config *config);

#endif
