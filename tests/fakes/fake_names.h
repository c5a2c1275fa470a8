/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host and service names without a resolver: a few that the tests use. */
#ifndef FAKE_NAMES_H
#define FAKE_NAMES_H

#include "ldirectord/conf/ld_cf.h"

extern const struct ld_names fake_names;

#endif
