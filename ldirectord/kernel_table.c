/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between the core and the kernel's table: reads a portion, writes what
 * differs, tells the core what became of it.
 *
 * Writing waits for the end of the round: a hundred verdicts that come
 * together cost one reading, not a hundred. A large table is gone through in
 * portions, a round each, and the checks go on between them.
 */
#include <errno.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "common/run/log.h"
#include "ldirectord/director_inside.h"

/* Services looked at in one round: a few milliseconds. */
#define PORTION 128
/* After it was written the table rests for as long, but not longer than that. */
#define REST_MAX_NS (20 * HA_NS_PER_MS)
/* An interface may come later than we do. */
#define SYNC_RETRY_NS (10 * HA_NS_PER_S)

struct application {
    struct ld_director *director;
    const struct ld_portion *portion;
    struct ld_table *actual, *wanted; /* NULL: it could not be read */
    GHashTable *complaints;           /* as the director's, of this portion */
    const struct ld_vs *refused;      /* the service whose servers need no complaint of their own */
};

/* ---- complaints ---- */

/* id: NULL if it is about the whole. */
static void complain(struct application *application, char *sentence,
                     const struct ld_service_id *id)
{
    if (!g_hash_table_contains(application->director->complaints, sentence))
        ha_log(HA_LOG_ERROR, "%s", sentence);
    g_hash_table_insert(application->complaints, sentence,
                        id ? g_memdup2(id, sizeof(*id)) : NULL);
}

static GHashTable *complaints_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

/* What was said of services that were not looked at this time is not to be said again. */
static void keep_complaints(struct application *application)
{
    struct ld_director *director = application->director;
    GHashTable *seen = g_hash_table_new(ld_service_id_key_hash, ld_service_id_key_equal);
    GHashTableIter iter;
    gpointer sentence, id;

    for (guint i = 0; i < application->portion->ids->len; i++)
        g_hash_table_add(seen, application->portion->ids->pdata[i]);
    g_hash_table_iter_init(&iter, director->complaints);
    while (g_hash_table_iter_next(&iter, &sentence, &id)) {
        if (!id || g_hash_table_contains(seen, id))
            continue;
        g_hash_table_iter_steal(&iter);
        g_hash_table_insert(application->complaints, sentence, id);
    }
    g_hash_table_destroy(seen);
    g_hash_table_destroy(director->complaints);
    director->complaints = application->complaints;
}

/* ---- a portion ---- */

static void op_answered(void *ctx, const struct ld_op *op, int error)
{
    struct application *application = ctx;
    struct ld_director *director = application->director;

    if (error == 0) {
        ld_core_op_done(director->core, op, &director->actions);
        return;
    }
    ld_core_op_refused(director->core, op);
    if (op->vs != application->refused)
        complain(application, ld_ipvs_error_text(op, error), &op->vs->id);
    if (op->kind == LD_OP_ADD_SERVICE)
        application->refused = op->vs;
}

static char *unreadable(int error)
{
    if (error == -ENODEV)
        return g_strdup("the kernel has no IPVS any more: nothing is balanced until its module is "
                        "loaded again (modprobe ip_vs); the table is written then");
    return g_strdup_printf("cannot read the kernel's IPVS table: %s", g_strerror(-error));
}

/* How many operations failed; negative errno if the portion cannot even be read. */
static int write_it(struct application *application)
{
    struct ld_director *director = application->director;
    struct ld_ipvs *ipvs = director->ipvs;
    GArray *ops;
    int status = ipvs->ops->read(ipvs, application->portion, &application->actual);

    if (status != 0) {
        complain(application, unreadable(status), NULL);
        director->unreadable = true;
        return status;
    }
    if (director->unreadable)
        ha_log(HA_LOG_NOTICE, "The kernel's IPVS table can be read again");
    director->unreadable = false;
    ops = g_array_new(FALSE, FALSE, sizeof(struct ld_op));
    ld_actions_reset(&director->actions);
    ld_core_look(director->core, application->actual, &director->actions);
    application->wanted = ld_core_wanted(director->core, application->portion);
    ld_table_diff(application->actual, application->wanted, ld_core_ours(director->core), ops);
    if (application->portion->look)
        director->look_changes += ops->len;
    status = ipvs->ops->apply(ipvs, ops, op_answered, application);
    ld_director_log(director);
    g_array_free(ops, TRUE);
    return status;
}

/* A hand that does it again and again is named once, and counted. */
static void end_look(struct ld_director *director)
{
    unsigned changes = director->look_changes;

    if (changes > 0) {
        director->drifts++;
        if (!director->drifting)
            ha_log(HA_LOG_NOTICE, "The kernel's table was changed by somebody else: put right "
                   "(%u changes)", changes);
    }
    director->drifting = changes > 0;
    director->look_changes = 0;
}

/* A thousand servers that answer for the first time come in bursts, and each writing reads the whole
 * service: no more than half of the time goes into that. */
static void rest(struct ld_director *director, uint64_t began_ns)
{
    uint64_t now_ns = ha_clock_ns();

    director->rest_until_ns = now_ns + MIN(now_ns - began_ns, REST_MAX_NS);
}

static void wait_no_more(struct ld_director *director)
{
    ha_timer_cancel(director->loop, &director->table);
    if (director->log_held)
        ha_log_release();
    director->log_held = false;
}

static int write_portion(struct ld_director *director, unsigned max)
{
    uint64_t began_ns = ha_clock_ns();
    struct application application = {.director = director, .complaints = complaints_new()};
    bool ends;
    int failed;

    ha_log_hold();
    director->table_wanted = false;
    wait_no_more(director);
    application.portion = ld_core_portion(director->core, max);
    ends = application.portion->look_ends;
    failed = write_it(&application);
    if (application.portion->look)
        director->look_cost_ns += ha_clock_ns() - began_ns;
    if (ends)
        end_look(director);
    keep_complaints(&application);
    ld_director_step(director, &(struct ld_event){.kind = LD_EV_APPLIED,
                                                  .actual = application.actual,
                                                  .wanted = application.wanted});
    ld_table_free(application.wanted);
    ld_table_free(application.actual);
    if (!director->table_wanted)
        rest(director, began_ns);
    if (!director->table_wanted && director->look.at_ns == 0)
        ld_table_look_later(director);
    ha_log_release();
    return failed;
}

int ld_director_write(struct ld_director *director)
{
    return write_portion(director, LD_PORTION_ALL);
}

static void table_due(void *ctx, uint64_t now_ns)
{
    (void)now_ns;
    write_portion(ctx, PORTION);
}

void ld_table_soon(struct ld_director *director)
{
    if (director->table.at_ns != 0)
        return;
    ha_timer_set(director->loop, &director->table, MAX(ha_clock_ns(), director->rest_until_ns),
                 table_due, director);
    if (!director->log_held)
        ha_log_hold();
    director->log_held = true;
}

/* ---- what others do to the table ---- */

static void look_due(void *ctx, uint64_t now_ns)
{
    struct ld_director *director = ctx;

    (void)now_ns;
    ld_kernel_sync(director, false);
    director->look_cost_ns = 0;
    if (director->config->tablecheck_ms > 0 && !director->table_wanted)
        ld_director_step(director, &(struct ld_event){.kind = LD_EV_LOOK});
    if (!director->table_wanted) /* in standby, or while what the kernel refused waits for its time */
        ld_table_look_later(director);
}

/* One whole look per interval, and never more than a twentieth of the time. */
void ld_table_look_later(struct ld_director *director)
{
    uint64_t pause_ns = ha_ms_to_ns(director->config->tablecheck_ms);

    if (pause_ns == 0 && (director->sync_error != 0 || ld_kernel_sync_taking(director)))
        pause_ns = SYNC_RETRY_NS;
    if (pause_ns == 0)
        ha_timer_cancel(director->loop, &director->look);
    else
        ha_timer_set(director->loop, &director->look,
                     ha_after_ns(ha_clock_ns(), MAX(pause_ns, 20 * director->look_cost_ns)),
                     look_due, director);
}

void ld_table_end(struct ld_director *director)
{
    wait_no_more(director);
    ha_timer_cancel(director->loop, &director->look);
}
