/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pgsql in a build without libpq: a check that there is not. */
#include "ldirectord/check/check_inside.h"

const struct ld_check_ops ld_check_pgsql = {.name = "pgsql"};
