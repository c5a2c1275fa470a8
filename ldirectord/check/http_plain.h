/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One GET or HEAD over a socket of our own, for the case that is nearly every
 * check: http, to the server itself, without a body of ours. It makes the six
 * system calls that nobody can do without, where a transfer of libcurl makes
 * some twenty (doc/performance.md). What it does not understand at once, libcurl
 * is asked to do again, so that there is one opinion on odd servers.
 */
#ifndef LD_CHECK_HTTP_PLAIN_H
#define LD_CHECK_HTTP_PLAIN_H

#include "ldirectord/check/check_inside.h"
#include "ldirectord/check/http_answer.h"

/* It ended, in one of three ways: an answer, whose head is whole; the connection failed, and
 * failed says how; or neither (both are false): libcurl is to be asked. */
struct ld_http_end {
    bool answered;
    enum ld_verdict failed; /* LD_UNKNOWN: it did not */
    const char *detail;
};
typedef void (*ld_http_plain_fn)(struct ld_check *check, const struct ld_http_end *end);

/* All zero: not begun. */
struct ld_http_plain {
    struct ld_check *check;
    ld_http_plain_fn fn;
    struct ha_watch watch;
    struct ld_http_answer answer;
    bool begun, asked;
    size_t length;
    char request[512];
};

/* Whether this is such a case; from a zeroed plain. */
bool ld_http_plain_can(struct ld_http_plain *plain, const struct ld_probe *probe);
/* After that. 0 or negative errno. fn is called once, from the loop: as soon as the status is none that
 * the check wants, else at the end of the body. */
int ld_http_plain_begin(struct ld_http_plain *plain, struct ld_check *check, ld_http_plain_fn fn);
/* What it says about a server that it is not done at its deadline. */
enum ld_verdict ld_http_plain_overdue(const struct ld_http_plain *plain);
/* Releases everything; harmless when not begun. */
void ld_http_plain_end(struct ld_http_plain *plain);

#endif
