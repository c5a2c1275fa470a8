/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks: each type is one file and one ops struct in check_table.c. A check is
 * started with a probe, works on the loop without ever blocking, and ends in
 * exactly one verdict, at the latest at its deadline (kept here, once for all
 * types). Health, weights and repeats are not a check's business.
 */
#ifndef LD_CHECK_CHECK_H
#define LD_CHECK_CHECK_H

#include "common/run/loop.h"
#include "ldirectord/core/core.h"

struct ld_checks; /* what running checks share: the loop, libcurl's multi handle, buffers */
struct ld_check;  /* one in flight */

/* detail may be NULL; it and advice are valid during the call. It is now_ns, or hardly more: of many checks that
 * ended together each is told, and the clock is looked at once. */
typedef void (*ld_check_fn)(void *ctx, uint32_t check_id, enum ld_verdict verdict,
                            const char *detail, const struct ld_advice *advice, uint64_t took_ns,
                            uint64_t now_ns);

int ld_checks_new(struct ld_checks **out, struct ha_loop *loop, ld_check_fn fn, void *ctx);
void ld_checks_free(struct ld_checks *checks); /* cancels all */
/* Always answers, later, from the loop: also when it cannot start (LD_INTERNAL…).
 * What probe points to must live until then. It begins, and its deadline counts, at now_ns, of ha_clock_ns():
 * who starts many looks at the clock as often as it needs to. */
void ld_checks_start(struct ld_checks *checks, uint32_t check_id, const struct ld_probe *probe,
                     uint64_t now_ns);
void ld_checks_cancel(struct ld_checks *checks, uint32_t check_id);
/* False: this version has no such check (the parser says so as HA_UNSUPPORTED). */
bool ld_check_supported(enum ld_checktype type, enum ld_app app);
/* Opens the client library without which no check of the service can be made, if there is one. May take
 * its time; from any thread. 0 or negative errno: then *why says in words what is missing; g_free() it. */
int ld_check_prepare(const struct ld_service *service, char **why);

/* ---- for the check types ---- */
struct ld_late;
struct ld_check_ops {
    const char *name;
    struct ld_late *late; /* opened before any start; NULL: no client library, or not always */
    size_t state_size; /* zeroed struct that each check in flight gets */
    /* 0, or negative errno: then the verdict is told by ld_check_errno(). */
    int (*start)(struct ld_check *check);
    /* Release everything; called once, after done or on cancel or deadline. */
    void (*stop)(struct ld_check *check);
    /* Verdict when the deadline strikes; NULL: L7TOUT. */
    enum ld_verdict (*deadline)(struct ld_check *check);
};
void *ld_check_state(struct ld_check *check);
const struct ld_probe *ld_check_probe(const struct ld_check *check);
struct ld_checks *ld_check_room(const struct ld_check *check);
struct ha_loop *ld_check_loop(const struct ld_check *check);
/* Before the end: the server can bear so many percent of its weight. */
void ld_check_advise(struct ld_check *check, uint32_t percent);
/* Ends the check; it is gone when the loop comes round. */
void ld_check_done(struct ld_check *check, enum ld_verdict verdict, const char *detail);
/* What an errno of connect(), send() or recv() says about the server. */
enum ld_verdict ld_check_errno(int error);

#endif
