/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mysql in a build without libmariadb: a check that there is not. */
#include "ldirectord/check/check_inside.h"

const struct ld_check_ops ld_check_mysql = {.name = "mysql"};
