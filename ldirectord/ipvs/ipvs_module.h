/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LD_IPVS_MODULE_H
#define LD_IPVS_MODULE_H

#include <stdbool.h>

/* Asks the kernel's own module loader for ip_vs and waits for it (seconds at
 * most). Whether that helped is for the caller to see. */
bool ld_ipvs_load_module(void);

#endif
