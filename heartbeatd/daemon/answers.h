/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The questions that commands ask the daemon over the control socket, and the
 * exit statuses of cl_status, which are the answers' statuses. Words:
 *
 *   hbstatus                  empty
 *   version                   of the daemon
 *   describe                  counters, for people
 *   nodes                     NAME TAB STATUS TAB TYPE TAB WEIGHT TAB SITE per node, last of
 *                             ha.cf first
 *   links                     the same, each followed by TAB LINK TAB STATUS per link
 *   nodestatus NAME           up, active, dead, init
 *   client "NODE CLIENT ask"   online, offline, or wait: then "NODE CLIENT again"
 *   rscstatus                 none, local, foreign, all, transition
 *   parameter NAME            a directive's value as in ha.cf
 *   standby WHAT, takeover WHAT   all, local or foreign; operators only
 *   status FORM               everything there is to show, as text or json (status.h)
 *   group KEY                 its state here, and who else has it
 *   take KEY, give KEY, seek KEY  doc/states.md, "Legacy"; operators only
 *   confirm-down NODE         a dead node is down for certain; operators only
 *   reload                    what was taken over and what was not; root only
 *   compare                   what reload would do; root only
 *   restart                   the same, with a new generation whatever changed; root only
 *
 * Operators are root and whom a line "apiauth hactl" of ha.cf names. All else is for everybody, unless
 * a line "apiauth anon" says for whom; whether heartbeat runs, and which, for everybody anyway.
 */
#ifndef HB_ANSWERS_H
#define HB_ANSWERS_H

enum hb_exit {
    HB_ANSWER_OK = 0,
    HB_ANSWER_NO = 1,
    HB_ANSWER_PARAMETER = 11, /* no such node, a word missing or unknown */
    HB_ANSWER_TIMEOUT = 12,
    HB_ANSWER_OTHER = 13,
};

#endif
