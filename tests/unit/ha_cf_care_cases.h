/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of test_hb_ha_cf.c's table: the directives on resources that die and nodes that hang. */
#define MONITOR                                                                                    \
    "expected a duration above 0, or off; before it may stand the name of a script or a resource " \
    "as in haresources, "
#define STONITH "expected a type of stonith(8) and the absolute path of a file of parameters, "
#define FENCE   "expected a node or *, a program fence_..., and its parameters key=value, "
    {"monitor", "10", NULL}, {"monitor", "off", NULL}, {"monitor", "httpd::www 500ms", NULL},
    {"monitor", "", MONITOR "found nothing"}, {"monitor", "httpd", MONITOR "found \"httpd\""},
    {"monitor", "a 1 2", MONITOR "found \"a 1 2\""},
    {"monitor_timeout", "5", NULL}, {"monitor_timeout", "0", DURATION "found \"0\""},
    {"restart_limit", "0 1", NULL}, {"restart_limit", "100 600", NULL},
    {"restart_limit", "101 600",
     "expected a number from 0 to 100 and a duration above 0, found \"101 600\""},
    {"restart_delay", "0", NULL}, {"restart_delay", "soon", "expected a duration, found \"soon\""},
    {"stonith", "baytech /etc/ha.d/conf/baytech", NULL},
    {"stonith", "baytech", STONITH "found \"baytech\""},
    {"stonith", "-L /etc/x", STONITH "found \"-L /etc/x\""},
    {"stonith_host", "* baytech 10.0.0.3 login secret", NULL},
    {"stonith_host", "a meatware b", NULL}, {"stonith_host", "a null", NULL},
    {"stonith_host", "a external/../../x y",
     "expected a node or *, a type of stonith(8), and its parameters, found "
     "\"a external/../../x ...\""},
    {"fence", "a fence_ipmilan ip=10.0.0.3 password=a=b lanplus", FENCE "found \"a fence_ipmilan "
     "...\""},
    {"fence", "a fence_ipmilan ip=10.0.0.3 password=a=b", NULL},
    {"fence", "* /opt/bin/fence_own", NULL}, {"fence", "a ipmilan", FENCE "found \"a ipmilan\""},
    {"fence", "a ../fence_x", FENCE "found \"a ../fence_x\""},
    {"fence", "nobody fence_x", "expected * or a node of this cluster, found \"nobody\""},
    {"fence_timeout", "20", NULL}, {"fence_timeout", "0", DURATION "found \"0\""},
    {"fence_retry", "5", NULL}, {"fence_retry", "never", DURATION "found \"never\""},
    {"stop_failure", "keep", NULL}, {"stop_failure", "fence", NULL},
    {"stop_failure", "panic", "expected keep, reboot or fence, found \"panic\""},
    {"watchdog", "/dev/watchdog", NULL},
    {"watchdog", "watchdog",
     "expected the absolute path of a device such as /dev/watchdog, found \"watchdog\""},
