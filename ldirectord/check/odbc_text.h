/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the data source of an odbc or oracle check is named. No I/O. */
#ifndef LD_CHECK_ODBC_TEXT_H
#define LD_CHECK_ODBC_TEXT_H

#include "ldirectord/core/core.h"

/* The connection string for the probe: database with %h and %p filled in, as DSN= if it is a mere
 * name, and login and passwd. For oracle a mere name is that of the database on the server. NULL:
 * there is a line feed in it. g_free() it. */
char *ld_odbc_connection(const struct ld_probe *probe);

#endif
