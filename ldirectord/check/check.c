/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frame around every check: found by its id, ended by its deadline, told
 * exactly once and always from the loop, so that who starts checks is never
 * called back in the middle of it. Knows no protocol and draws no conclusion.
 *
 *   started --ld_check_done() or deadline--> ended --sweep--> told, gone
 *   started or ended --ld_checks_cancel()--> gone
 */
#include "ldirectord/check/check.h"

#include <errno.h>
#include <string.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "ldirectord/check/check_inside.h"
#include "ldirectord/check/late.h"
#include "ldirectord/check/match.h"

/* A shorter one would be found in any sentence. */
#define SECRET_MIN 4

struct ld_checks {
    struct ha_loop *loop;
    ld_check_fn fn;
    void *ctx;
    GHashTable *by_id; /* uint32_t * inside the check -> struct ld_check * */
    GQueue ended;      /* of struct ld_check *, in order; links inside the checks */
    struct ha_timer sweep;
    struct ld_match *match;
    struct ld_http *http;
    struct ld_ping *ping4, *ping6;
    struct ld_vip *vip4, *vip6;
};

struct ld_check {
    struct ld_checks *checks;
    uint32_t id;
    const struct ld_probe *probe;
    const struct ld_check_ops *ops; /* NULL: no such check */
    struct ha_timer deadline;
    bool excused; /* the deadline was put off */
    GList link;
    uint64_t started_ns, ended_ns; /* ended_ns 0: in flight */
    enum ld_verdict verdict;
    struct ld_advice advice;
    char *detail;
    void *state;
};

/* ---- the end of a check ---- */

static void check_release(struct ld_check *check)
{
    struct ld_checks *checks = check->checks;

    ha_timer_cancel(checks->loop, &check->deadline);
    if (check->ended_ns != 0)
        g_queue_unlink(&checks->ended, &check->link);
    if (check->ops != NULL)
        check->ops->stop(check);
    g_hash_table_remove(checks->by_id, &check->id);
    g_free(check->detail);
    g_free(check->state);
    g_free(check);
}

static void sweep(void *ctx, uint64_t now_ns)
{
    struct ld_checks *checks = ctx;
    /* What ends while we tell is told the next time round, lest we never come back. */
    guint count = g_queue_get_length(&checks->ended);

    now_ns = ha_clock_ns(); /* who was told before us did not hear of a later time */
    while (count-- > 0 && !g_queue_is_empty(&checks->ended)) {
        struct ld_check *check = g_queue_peek_head(&checks->ended);
        uint64_t took_ns = check->ended_ns - check->started_ns;
        enum ld_verdict verdict = check->verdict;
        struct ld_advice advice = check->advice;
        char *detail = g_steal_pointer(&check->detail);
        uint32_t id = check->id;

        check_release(check);
        checks->fn(checks->ctx, id, verdict, detail, &advice, took_ns, now_ns);
        g_free(detail);
    }
    if (!g_queue_is_empty(&checks->ended))
        ha_timer_set(checks->loop, &checks->sweep, ha_clock_ns(), sweep, checks);
}

void ld_check_advise(struct ld_check *check, uint32_t percent)
{
    check->advice = (struct ld_advice){.given = true, .percent = MIN(percent, 100)};
}

/* What a server says may be what it was told: a password does not go into log and status. */
static char *without_secrets(const struct ld_probe *probe, const char *detail)
{
    const char *const secrets[] = {probe->passwd, probe->secret};
    GString *text = g_string_new(detail);

    for (size_t i = 0; i < G_N_ELEMENTS(secrets); i++)
        if (secrets[i] != NULL && strlen(secrets[i]) >= SECRET_MIN)
            g_string_replace(text, secrets[i], "...", 0);
    return g_string_free(text, FALSE);
}

void ld_check_done(struct ld_check *check, enum ld_verdict verdict, const char *detail)
{
    struct ld_checks *checks = check->checks;

    if (check->ended_ns != 0)
        return; /* the first word counts */
    check->ended_ns = MAX(check->started_ns, ha_loop_woke_ns(checks->loop));
    check->verdict = verdict;
    check->detail = detail != NULL ? without_secrets(check->probe, detail) : NULL;
    ha_timer_cancel(checks->loop, &check->deadline);
    g_queue_push_tail_link(&checks->ended, &check->link);
    if (checks->sweep.at_ns == 0)
        ha_timer_set(checks->loop, &checks->sweep, check->ended_ns, sweep, checks);
}

static void deadline_struck(void *ctx, uint64_t now_ns);

static uint64_t deadline_of(const struct ld_check *check)
{
    return ha_after_ns(check->started_ns, ha_ms_to_ns(check->probe->timeout_ms));
}

/* What came in time may lie here unread, or was lost while we were held up: once a check, what the deadline is
 * looked at too late is given back, and at the least what is ready now is heard. */
static bool put_off(struct ld_check *check, uint64_t now_ns)
{
    uint64_t late_ns = now_ns - MIN(now_ns, deadline_of(check));

    if (check->excused)
        return false;
    check->excused = true;
    ha_timer_set(check->checks->loop, &check->deadline,
                 ha_after_ns(now_ns, MIN(late_ns, ha_ms_to_ns(check->probe->timeout_ms))),
                 deadline_struck, check);
    return true;
}

static void deadline_struck(void *ctx, uint64_t now_ns)
{
    struct ld_check *check = ctx;
    enum ld_verdict verdict;
    uint64_t ms = check->probe->timeout_ms;
    char *detail;

    if (put_off(check, now_ns))
        return;
    verdict = check->ops->deadline ? check->ops->deadline(check) : LD_L7TOUT;
    detail = ms % 1000 == 0 ? g_strdup_printf("%" G_GUINT64_FORMAT " s", ms / 1000)
                            : g_strdup_printf("%" G_GUINT64_FORMAT " ms", ms);
    ld_check_done(check, verdict, detail);
    g_free(detail);
}

/* ---- the start ---- */

static void check_begin(struct ld_check *check)
{
    char *why = NULL;
    int error;

    if (check->ops == NULL) {
        ld_check_done(check, LD_INTERNAL, "this version has no such check");
        return;
    }
    if (check->ops->late != NULL && ld_late_open(check->ops->late, &why) != 0) {
        ld_check_done(check, LD_INTERNAL, why);
        g_free(why);
        return;
    }
    ha_timer_set(check->checks->loop, &check->deadline, deadline_of(check), deadline_struck, check);
    error = check->ops->start(check);
    if (error < 0)
        ld_check_done(check, ld_check_errno(-error), g_strerror(-error));
}

void ld_checks_start(struct ld_checks *checks, uint32_t check_id, const struct ld_probe *probe,
                     uint64_t now_ns)
{
    struct ld_check *check = g_new0(struct ld_check, 1);

    ld_checks_cancel(checks, check_id);
    check->checks = checks;
    check->id = check_id;
    check->probe = probe;
    check->ops = ld_check_ops_for(probe);
    check->link.data = check;
    check->started_ns = MAX(now_ns, 1);
    check->state = check->ops != NULL ? g_malloc0(check->ops->state_size) : NULL;
    g_hash_table_insert(checks->by_id, &check->id, check);
    check_begin(check);
}

void ld_checks_cancel(struct ld_checks *checks, uint32_t check_id)
{
    gint key = (gint)check_id;
    struct ld_check *check = g_hash_table_lookup(checks->by_id, &key);

    if (check != NULL)
        check_release(check);
}

/* ---- the room ---- */

int ld_checks_new(struct ld_checks **out, struct ha_loop *loop, ld_check_fn fn, void *ctx)
{
    struct ld_checks *checks = g_new0(struct ld_checks, 1);

    checks->loop = loop;
    checks->fn = fn;
    checks->ctx = ctx;
    checks->by_id = g_hash_table_new(g_int_hash, g_int_equal);
    g_queue_init(&checks->ended);
    checks->match = ld_match_new();
    *out = checks;
    return 0;
}

void ld_checks_free(struct ld_checks *checks)
{
    GHashTableIter iter;
    gpointer check;

    if (checks == NULL)
        return;
    for (;;) {
        g_hash_table_iter_init(&iter, checks->by_id);
        if (!g_hash_table_iter_next(&iter, NULL, &check))
            break;
        check_release(check);
    }
    ha_timer_cancel(checks->loop, &checks->sweep);
    ld_match_free(checks->match);
    ld_http_free(checks->http);
    ld_ping_free(checks->ping4);
    ld_ping_free(checks->ping6);
    ld_vip_free(checks->vip4);
    ld_vip_free(checks->vip6);
    g_hash_table_destroy(checks->by_id);
    g_free(checks);
}

struct ld_http *ld_checks_http(struct ld_checks *checks)
{
    int error = checks->http != NULL ? 0 : ld_http_new(&checks->http, checks->loop);

    if (error != 0)
        errno = -error;
    return checks->http;
}

struct ld_ping *ld_checks_ping(struct ld_checks *checks, int family)
{
    struct ld_ping **ping = family == AF_INET6 ? &checks->ping6 : &checks->ping4;
    int error = *ping != NULL ? 0 : ld_ping_new(ping, checks->loop, family);

    if (error != 0)
        errno = -error;
    return *ping;
}

struct ld_vip *ld_checks_vip(struct ld_checks *checks, int family)
{
    struct ld_vip **vip = family == AF_INET6 ? &checks->vip6 : &checks->vip4;
    int error = *vip != NULL ? 0 : ld_vip_new(vip, checks->loop, family);

    if (error != 0)
        errno = -error;
    return *vip;
}

int ld_checks_match(struct ld_checks *checks, const char *pattern, const char *bytes,
                    size_t length, const char **why)
{
    return ld_match_find(checks->match, pattern, bytes, length, why);
}

/* ---- for the check types ---- */

void *ld_check_state(struct ld_check *check)
{
    return check->state;
}

const struct ld_probe *ld_check_probe(const struct ld_check *check)
{
    return check->probe;
}

struct ld_checks *ld_check_room(const struct ld_check *check)
{
    return check->checks;
}

struct ha_loop *ld_check_loop(const struct ld_check *check)
{
    return check->checks->loop;
}

enum ld_verdict ld_check_errno(int error)
{
    switch (error) {
    case ECONNREFUSED:
    case ECONNRESET:
    case ECONNABORTED:
    case EPIPE:
        return LD_L4CON;
    case ETIMEDOUT:
        return LD_L4TOUT;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
        return LD_L3UNR;
    default:
        return LD_INTERNAL;
    }
}
