/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules of a helper for tests: learnt from files that name one of everything. */
#ifndef HELPER_RULES_H
#define HELPER_RULES_H

#include <string.h>

#include "heartbeatd/conf/ha_cf.h"
#include "heartbeatd/conf/haresources.h"
#include "heartbeatd/power/rules.h"

static const struct hb_act_paths helper_paths = {.hadir = "/etc/ha.d",
                                                 .initdir = "/etc/init.d",
                                                 .rundir = "/run/heartbeat",
                                                 .ldirectord = "/usr/sbin/ldirectord",
                                                 .piddir = "/run"};

static const char helper_ha_cf[] = "node n1 n2\n"
                                   "bcast eth1\n"
                                   "serial /dev/ttyS0\n"
                                   "logfile /var/log/ha-log\n"
                                   "watchdog /dev/watchdog\n"
                                   "respawn nobody /usr/lib/heartbeat/ipfail -x\n"
                                   "stonith_host * external/ssh n1 n2\n";
static const char helper_haresources[] =
    "n1 10.0.0.1 Filesystem::/dev/sda1::/srv::ext4 ldirectord::www.cf apache\n";

static inline void helper_learn(struct hb_rules *rules, const char *ha_cf, const char *haresources)
{
    struct ha_diags diags;
    struct hb_config *config;
    struct hb_haresources *resources;

    ha_diags_init(&diags);
    config = hb_ha_cf_parse("ha.cf", ha_cf, strlen(ha_cf), "n1", &diags);
    if (config != NULL) {
        resources = hb_haresources_parse("haresources", haresources, strlen(haresources), config, &diags);
        hb_rules_learn(rules, config, resources, "n1");
        hb_haresources_free(resources);
    }
    ha_diags_clear(&diags);
}

static inline struct hb_rules *helper_rules(void)
{
    struct hb_rules *rules = hb_rules_new(&helper_paths);

    helper_learn(rules, helper_ha_cf, helper_haresources);
    return rules;
}

#endif
