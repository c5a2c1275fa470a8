/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ldirectord whole, command line, daemon, checks and control socket, but for
 * the kernel: its table is a made-up one in the process. Its pid files are in
 * the folder that FAKE_RUNDIR names. Linked with --wrap=ld_ipvs_netlink_open.
 */
#include <stdlib.h>
#include <unistd.h>

#include "tests/fakes/fake_ipvs.h"

int __wrap_ld_ipvs_netlink_open(struct ld_ipvs **out, char **why);
int __wrap_ld_ipvs_netlink_open(struct ld_ipvs **out, char **why)
{
    static struct fake_ipvs fake;

    alarm(240); /* whatever becomes of the test */
    *why = NULL;
    fake_ipvs_init(&fake);
    *out = &fake.ipvs;
    return 0;
}

#undef HA_RUNDIR
#undef HA_HADIR
#undef HA_VARLIB
#define HA_RUNDIR getenv("FAKE_RUNDIR")
#define HA_HADIR  "/nowhere"
#define HA_VARLIB HA_RUNDIR
#include "ldirectord/main.c"
