/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LD_NAMES_H
#define LD_NAMES_H

#include "ldirectord/conf/ld_cf.h"

/* Host and service names by way of the system's resolver. What is numeric never gets that far. */
extern const struct ld_names ld_system_names;

#endif
