/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The directives on health, weight and fallback that the original never had:
 * their values, strictly (no old file depends on them), and how the block's
 * and the file's come together.
 */
#include <string.h>

#include "ldirectord/conf/ld_cf_inside.h"

/* Digits, and what is behind them without blanks around it. g_free() the latter. */
static bool split_number(const char *value, unsigned *number, char **rest)
{
    size_t digits = strspn(value, "0123456789");

    if (digits == 0)
        return false;
    if (!ld_cf_number(value, 0, LD_CF_SUM_MAX, number))
        return false;
    *rest = g_strstrip(g_strdup(value + digits));
    return true;
}

static bool read_span(const char *value, uint64_t *ms)
{
    unsigned number;
    bool good = true;
    char *unit;

    if (!split_number(value, &number, &unit))
        return false;
    if (strcmp(unit, "ms") == 0)
        *ms = number;
    else if (*unit == '\0' || strcmp(unit, "s") == 0)
        *ms = number * UINT64_C(1000);
    else
        good = false;
    g_free(unit);
    return good && (*ms == 0 || *ms >= LD_CF_DURATION_MIN_MS) &&
           *ms <= LD_CF_TIME_MAX * UINT64_C(1000);
}

bool ld_cf_set_span(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    struct ld_cf_span span = {.line = cf->line};

    if (!read_span(value, &span.ms)) {
        ld_cf_wrong(cf, row->wrong, "a time like 30, 30s or 500ms, from 10ms to 31 days (2678400), "
                    "or 0 for none", value);
        return false;
    }
    memcpy((char *)ld_cf_scope(cf) + row->offset, &span, sizeof(span));
    return true;
}

bool ld_cf_set_quorum(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    struct ld_cf_settings *scope = ld_cf_scope(cf);
    unsigned number;
    bool good, by_weight;
    char *unit;

    good = split_number(value, &number, &unit);
    if (good) {
        by_weight = strcmp(unit, "weight") == 0;
        good = number > 0 && (by_weight || *unit == '\0');
        g_free(unit);
    }
    if (!good) {
        ld_cf_wrong(cf, row->wrong, "a number of servers, or of weight (\"30 weight\"), from 1 to "
                    "1000000000", value);
        return false;
    }
    scope->quorum = number;
    scope->quorum_by_weight = by_weight;
    scope->quorum_line = cf->line;
    return true;
}

bool ld_cf_set_hysteresis(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    struct ld_cf_settings *scope = ld_cf_scope(cf);
    bool good;
    char *rest;

    good = split_number(value, &scope->hysteresis, &rest);
    if (good) {
        good = *rest == '\0';
        g_free(rest);
    }
    if (!good) {
        ld_cf_wrong(cf, row->wrong, "a number from 0 to 1000000000", value);
        return false;
    }
    scope->hysteresis_set = true;
    return true;
}

bool ld_cf_set_agentport(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    struct ld_cf_settings *scope = ld_cf_scope(cf);
    bool good;
    char *rest;

    good = split_number(value, &scope->agentport, &rest);
    if (good) {
        good = *rest == '\0' && scope->agentport <= 65535;
        g_free(rest);
    }
    if (!good) {
        ld_cf_wrong(cf, row->wrong, "a port from 1 to 65535, or 0 for none", value);
        return false;
    }
    scope->agentport_set = true;
    return true;
}

/* ---- the end of the file ---- */

static uint64_t span_of(const struct ld_cf_span *own, const struct ld_cf_span *global)
{
    return own->line ? own->ms : global->ms;
}

static void check_quorum(struct ld_cf *cf, const struct ld_service *service, unsigned line)
{
    uint64_t needed = (uint64_t)service->quorum.quorum + service->quorum.hysteresis, all = 0;

    for (guint i = 0; i < service->reals->len; i++)
        all += service->quorum.by_weight
                   ? ((const struct ld_real *)service->reals->pdata[i])->weight
                   : 1;
    if (!service->fallback.set)
        ha_diag_add(cf->diags, HA_WARNING, cf->file, line, 0,
                    "quorum has no effect without a fallback");
    else if (needed > all)
        ha_diag_add(cf->diags, HA_WARNING, cf->file, line, 0,
                    "quorum and hysteresis ask for %" G_GUINT64_FORMAT ", but all servers together "
                    "are %" G_GUINT64_FORMAT ": only the fallback will serve", needed, all);
}

static void finish_advice(struct ld_cf *cf, const struct ld_cf_block *block)
{
    const struct ld_cf_settings *own = &block->settings, *global = &cf->global;
    struct ld_service *service = block->service;
    enum ld_cf_tri weighs = own->checkweight != LD_CF_UNSET ? own->checkweight
                                                            : global->checkweight;

    service->agentport = (uint16_t)(own->agentport_set ? own->agentport : global->agentport);
    service->agentinterval_ms = span_of(&own->agentinterval, &global->agentinterval);
    if (service->agentinterval_ms == 0)
        service->agentinterval_ms = service->checkinterval_ms;
    service->checkweight = weighs == LD_CF_YES;
    if (own->checkweight == LD_CF_YES && service->checktype != LD_CHECK_EXTERNAL)
        ha_diag_add(cf->diags, HA_WARNING, cf->file, service->line, 0,
                    "checkweight has no effect without checktype = external");
    else if (own->checkweight == LD_CF_YES && service->agentport != 0)
        ha_diag_add(cf->diags, HA_WARNING, cf->file, service->line, 0,
                    "checkweight has no effect beside agentport: the agent says the weight");
}

void ld_cf_finish_health(struct ld_cf *cf, const struct ld_cf_block *block)
{
    const struct ld_cf_settings *own = &block->settings, *global = &cf->global;
    const struct ld_cf_settings *from = own->quorum ? own : global;
    struct ld_service *service = block->service;

    service->risecount = own->risecount ? own->risecount : global->risecount;
    service->risecount = MAX(service->risecount, 1);
    service->recheckinterval_ms = span_of(&own->recheckinterval, &global->recheckinterval);
    service->slowstart_ms = span_of(&own->slowstart, &global->slowstart);
    service->draintime_ms = span_of(&own->draintime, &global->draintime);
    if (own->draintime.ms > 0 && service->quiescent)
        ha_diag_add(cf->diags, HA_WARNING, cf->file, own->draintime.line, 0,
                    "draintime with quiescent = yes is for servers that leave the file: one that "
                    "fails is not removed");
    finish_advice(cf, block);
    service->quorum.hysteresis = own->hysteresis_set ? own->hysteresis : global->hysteresis;
    if (from->quorum == 0)
        return;
    service->quorum.quorum = from->quorum;
    service->quorum.by_weight = from->quorum_by_weight;
    check_quorum(cf, service, from->quorum_line);
}
