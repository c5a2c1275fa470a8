/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ldirectord on a kernel without IPVS, for the benches of checks: the daemon as it is, but for the
 * table, which is the tests' own in its memory (linked with --wrap). Without it the cost of checks could
 * be measured in User-Mode Linux only, where system calls cost many times what they cost elsewhere.
 */
#include "tests/fakes/fake_ipvs.h"

int __wrap_ld_ipvs_netlink_open(struct ld_ipvs **out, char **why);
int __wrap_ld_ipvs_netlink_open(struct ld_ipvs **out, char **why)
{
    static struct fake_ipvs table;

    (void)why;
    fake_ipvs_init(&table);
    *out = &table.ipvs;
    return 0;
}
