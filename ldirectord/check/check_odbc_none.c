/* SPDX-License-Identifier: GPL-2.0-or-later */
/* odbc and oracle in a build without unixODBC: a check that there is not. */
#include "ldirectord/check/check_inside.h"

const struct ld_check_ops ld_check_odbc = {.name = "odbc"};
