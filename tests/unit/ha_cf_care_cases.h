/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of test_hb_ha_cf.c's table: the directives on resources that die and nodes that hang. */
#define MONITOR                                                                                    \
    "expected a duration above 0, or off; before it may stand the name of a script or a resource " \
    "as in haresources, "
    {"monitor", "10", NULL}, {"monitor", "off", NULL}, {"monitor", "httpd::www 500ms", NULL},
    {"monitor", "", MONITOR "found nothing"}, {"monitor", "httpd", MONITOR "found \"httpd\""},
    {"monitor", "a 1 2", MONITOR "found \"a 1 2\""},
    {"monitor_timeout", "5", NULL}, {"monitor_timeout", "0", DURATION "found \"0\""},
    {"restart_limit", "0 1", NULL}, {"restart_limit", "100 600", NULL},
    {"restart_limit", "101 600",
     "expected a number from 0 to 100 and a duration above 0, found \"101 600\""},
    {"restart_delay", "0", NULL}, {"restart_delay", "soon", "expected a duration, found \"soon\""},
