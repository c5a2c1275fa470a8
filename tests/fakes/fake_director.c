/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fake director: the daemon's part of the bargain with the core, in one
 * page, without waiting for anything.
 */
#include "tests/fakes/fake_director.h"

#include <stdarg.h>
#include <string.h>

#include "common/base/time.h"

static void G_GNUC_PRINTF(2, 3) broken(struct fake_director *director, const char *format, ...)
{
    va_list args;

    if (director->broken)
        return;
    va_start(args, format);
    director->broken = g_strdup_vprintf(format, args);
    va_end(args);
}

static void step(struct fake_director *director, const struct ld_event *event);

static void forget(struct fake_director *director, uint32_t id)
{
    for (guint i = 0; i < director->flying->len; i++) {
        if (g_array_index(director->flying, struct fake_check, i).id == id) {
            g_array_remove_index(director->flying, i);
            return;
        }
    }
    broken(director, "check %u is not in flight", id);
}

static void take_word(struct fake_director *director, const struct ld_action *action)
{
    switch (action->kind) {
    case LD_ACT_MAIL:
        g_string_append_printf(director->told, "mail to %s: %s\n", action->mail->to,
                               action->mail->subject);
        g_free(director->body);
        director->body = g_strdup(action->mail->body);
        break;
    case LD_ACT_RUN:
        g_string_append_printf(director->told, "run %s\n", action->text);
        break;
    case LD_ACT_MONITOR:
        g_string_append_printf(director->told, "%s: %s\n", action->key, action->text);
        break;
    default:
        break;
    }
}

static void take_log(struct fake_director *director, struct ld_actions *actions)
{
    for (guint i = 0; i < actions->list->len; i++) {
        const struct ld_action *action = &g_array_index(actions->list, struct ld_action, i);

        if (action->kind == LD_ACT_LOG)
            g_string_append_printf(director->log, "%s\n", action->text);
        else
            take_word(director, action);
    }
}

static void op_done(void *ctx, const struct ld_op *op, int error)
{
    struct fake_director *director = ctx;
    struct ld_actions actions;

    if (error != 0) {
        ld_core_op_refused(director->core, op);
        return;
    }
    ld_actions_init(&actions);
    ld_core_op_done(director->core, op, &actions);
    if (actions.list->len == 0)
        broken(director, "an operation nobody is told of");
    take_log(director, &actions);
    ld_actions_clear(&actions);
}

static void write_table(struct fake_director *director)
{
    struct ld_event applied = {.kind = LD_EV_APPLIED};
    struct ld_ipvs *ipvs = &director->ipvs.ipvs;
    const struct ld_portion *portion = ld_core_portion(director->core, director->portion_max);
    struct ld_table *actual, *wanted, *after;
    struct ld_actions actions;
    GArray *ops = g_array_new(FALSE, TRUE, sizeof(struct ld_op));
    char *why;

    ipvs->ops->read(ipvs, portion, &actual);
    ld_actions_init(&actions);
    ld_core_look(director->core, actual, &actions);
    take_log(director, &actions);
    ld_actions_clear(&actions);
    wanted = ld_core_wanted(director->core, portion);
    ld_table_diff(actual, wanted, ld_core_ours(director->core), ops);
    director->failed = (unsigned)ipvs->ops->apply(ipvs, ops, op_done, director);
    director->tables++;
    ipvs->ops->read(ipvs, portion, &after);
    if (director->failed == 0 &&
        !fake_ipvs_equal(after, wanted, ld_core_ours(director->core), &why)) {
        broken(director, "the table is not the wanted one: %s", why);
        g_free(why);
    }
    ld_table_free(after);
    if (director->ipvs.replaced > 0)
        broken(director, "a server was deleted and added again");
    g_array_free(ops, TRUE);
    applied.actual = actual;
    applied.wanted = wanted;
    step(director, &applied);
    ld_table_free(wanted);
    ld_table_free(actual);
}

static void take_check(struct fake_director *director, const struct ld_action *action)
{
    struct fake_check check = {action->check_id, action->probe, director->now_ns};

    for (guint i = 0; i < director->flying->len; i++)
        if (g_array_index(director->flying, struct fake_check, i).probe == action->probe)
            broken(director, "asked again before the answer came");
    g_array_append_val(director->flying, check);
    director->asked++;
    if (director->flying->len > LD_IN_FLIGHT_MAX)
        broken(director, "%u checks in flight", director->flying->len);
}

static void step(struct fake_director *director, const struct ld_event *event)
{
    struct ld_actions actions;
    bool table = false;

    ld_actions_init(&actions);
    ld_core_step(director->core, director->now_ns, event, &actions);
    take_log(director, &actions);
    for (guint i = 0; i < actions.list->len; i++) {
        const struct ld_action *action = &g_array_index(actions.list, struct ld_action, i);

        if (action->kind == LD_ACT_CHECK)
            take_check(director, action);
        else if (action->kind == LD_ACT_CANCEL)
            forget(director, action->check_id);
        else if (action->kind == LD_ACT_TABLE)
            table = true;
    }
    ld_actions_clear(&actions);
    if (table)
        write_table(director);
    else if (director->tables > 0)
        director->failed += !ld_core_settled(director->core);
    if (director->audit)
        director->audit(director->audit_ctx);
}

void fake_director_init(struct fake_director *director, struct ld_config *config, uint64_t seed)
{
    memset(director, 0, sizeof(*director));
    director->config = config;
    director->core = ld_core_new(config, seed);
    director->now_ns = 1000 * HA_NS_PER_S;
    director->portion_max = LD_PORTION_ALL;
    director->flying = g_array_new(FALSE, TRUE, sizeof(struct fake_check));
    director->log = g_string_new(NULL);
    director->told = g_string_new(NULL);
    fake_ipvs_init(&director->ipvs);
}

void fake_director_clear(struct fake_director *director)
{
    ld_core_free(director->core);
    ld_config_free(director->config);
    fake_ipvs_clear(&director->ipvs);
    g_array_free(director->flying, TRUE);
    g_string_free(director->log, TRUE);
    g_string_free(director->told, TRUE);
    g_free(director->body);
    ld_maintenance_free(director->maintenance);
    g_free(director->broken);
}

static void begin(struct fake_director *director, bool standby)
{
    struct ld_event event = {.kind = LD_EV_START, .standby = standby};
    struct ld_table *actual;

    director->ipvs.ipvs.ops->read(&director->ipvs.ipvs, NULL, &actual);
    event.actual = actual;
    step(director, &event);
    ld_table_free(actual);
}

void fake_director_start(struct fake_director *director)
{
    begin(director, false);
}

void fake_director_start_standby(struct fake_director *director)
{
    begin(director, true);
}

void fake_director_mode(struct fake_director *director, bool standby)
{
    step(director, &(struct ld_event){.kind = LD_EV_MODE, .standby = standby});
}

void fake_director_reload(struct fake_director *director, struct ld_config *config)
{
    struct ld_event event = {.kind = LD_EV_CONFIG, .config = config};
    struct ld_config *old = director->config;
    struct ld_portion unlike;
    struct ld_table *actual;

    ld_core_unlike(director->core, config, &unlike);
    director->ipvs.ipvs.ops->read(&director->ipvs.ipvs, &unlike, &actual);
    event.actual = actual;
    director->config = config;
    step(director, &event);
    ld_table_free(actual);
    ld_portion_clear(&unlike);
    ld_config_free(old);
}

void fake_director_maintain(struct fake_director *director, const char *names)
{
    struct ld_maintenance *before = director->maintenance;
    char **words = g_strsplit(names, " ", -1);

    director->maintenance = ld_maintenance_new();
    for (char **word = words; *word; word++)
        ld_maintenance_add_file(director->maintenance, *word);
    step(director, &(struct ld_event){.kind = LD_EV_MAINTENANCE,
                                      .maintenance = director->maintenance});
    ld_maintenance_free(before);
    g_strfreev(words);
}

bool fake_director_wish(struct fake_director *director, const char *line)
{
    char **words = g_strsplit(line, " ", -1), *why = NULL;
    struct ld_wish wish;
    bool good = ld_core_wish_parse(director->core, words, &wish, &why);

    if (good) {
        g_strlcpy(wish.by, "root", sizeof(wish.by));
        step(director, &(struct ld_event){.kind = LD_EV_WISH, .wish = &wish});
    } else {
        g_string_append_printf(director->log, "%s\n", why);
    }
    g_free(why);
    g_strfreev(words);
    return good;
}

void fake_director_ipvsadm(struct fake_director *director, const char *addr, int weight)
{
    const struct ld_table *table = director->ipvs.table;
    struct ha_addr wanted;

    ha_addr_parse(&wanted, addr);
    for (guint i = 0; i < table->services->len; i++) {
        struct ld_vs *vs = table->services->pdata[i];

        for (guint j = vs->dests->len; j-- > 0;) {
            struct ld_dest *dest = &g_array_index(vs->dests, struct ld_dest, j);

            if (!ha_addr_equal(&dest->addr, &wanted))
                continue;
            if (weight < 0)
                g_array_remove_index(vs->dests, j);
            else
                dest->weight = (uint32_t)weight;
        }
    }
}

void fake_director_repair(struct fake_director *director)
{
    step(director, &(struct ld_event){.kind = LD_EV_LOOK});
}

void fake_director_stop(struct fake_director *director)
{
    struct ld_event event = {.kind = LD_EV_STOP};

    step(director, &event);
    if (director->flying->len > 0)
        broken(director, "%u checks in flight after the stop", director->flying->len);
}

void fake_director_verdict(struct fake_director *director, uint32_t id, enum ld_verdict verdict)
{
    struct ld_event event = {.kind = LD_EV_VERDICT, .check_id = id, .verdict = verdict,
                             .advice = director->advice};

    forget(director, id);
    step(director, &event);
}

unsigned fake_director_answer(struct fake_director *director, const char *addr,
                              enum ld_verdict verdict)
{
    GArray *ids = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    char text[HA_ADDR_TEXT];
    unsigned count;

    for (guint i = 0; i < director->flying->len; i++) {
        const struct fake_check *check = &g_array_index(director->flying, struct fake_check, i);

        if (!addr || strcmp(ha_addr_text(&check->probe->addr, text), addr) == 0)
            g_array_append_val(ids, check->id);
    }
    count = ids->len;
    for (guint i = 0; i < count; i++)
        fake_director_verdict(director, g_array_index(ids, uint32_t, i), verdict);
    g_array_free(ids, TRUE);
    return count;
}

void fake_director_pass(struct fake_director *director, uint64_t ns)
{
    const struct ld_event timer = {.kind = LD_EV_TIMER};
    uint64_t end_ns = director->now_ns + ns, wake_ns;

    while ((wake_ns = ld_core_wake_ns(director->core)) <= end_ns) {
        unsigned asked = director->asked, tables = director->tables;

        director->now_ns = MAX(director->now_ns, wake_ns);
        step(director, &timer);
        if (director->asked == asked && director->tables == tables &&
            ld_core_wake_ns(director->core) <= director->now_ns) {
            broken(director, "woken for nothing, again and again");
            break;
        }
    }
    director->now_ns = end_ns;
}

static gint by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Its servers by address: which came first is chance. */
static void append_servers(GString *out, const struct ld_vs *vs)
{
    GPtrArray *servers = g_ptr_array_new_with_free_func(g_free);
    char text[HA_ADDR_TEXT];

    for (guint i = 0; i < vs->dests->len; i++) {
        const struct ld_dest *dest = &g_array_index(vs->dests, struct ld_dest, i);

        ha_addr_port_text(&dest->addr, dest->port, text);
        g_ptr_array_add(servers, g_strdup_printf("%s %u", text, dest->weight));
    }
    g_ptr_array_sort(servers, by_text);
    for (guint i = 0; i < servers->len; i++)
        g_string_append_printf(out, "%s%s", i ? ", " : " > ", (char *)servers->pdata[i]);
    g_ptr_array_unref(servers);
}

char *fake_director_table(const struct fake_director *director)
{
    const struct ld_table *table = director->ipvs.table;
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < table->services->len; i++) {
        const struct ld_vs *vs = table->services->pdata[i];
        char *service = ld_service_id_short(&vs->id);

        g_string_append_printf(out, "%s%s %s", i ? "; " : "", service, vs->scheduler);
        g_free(service);
        append_servers(out, vs);
    }
    return g_string_free(out, FALSE);
}

struct ld_service *fake_service(struct ld_config *config, const char *addr, uint16_t port)
{
    struct ld_service *service = ld_service_new();

    if (!ha_addr_parse(&service->id.addr, addr))
        g_error("not an address: %s", addr);
    service->id.port = port;
    service->app = ld_app_of_port(port);
    g_ptr_array_add(config->services, service);
    return service;
}

struct ld_service *fake_mark(struct ld_config *config, int family, uint32_t mark)
{
    struct ld_service *service = ld_service_new();

    service->id.protocol = LD_FWM;
    service->id.addr.family = (uint16_t)family;
    service->id.fwmark = mark;
    g_ptr_array_add(config->services, service);
    return service;
}

struct ld_real *fake_real(struct ld_service *service, const char *addr, uint16_t port,
                          enum ld_method method, uint32_t weight)
{
    struct ld_real *real = ld_real_new();

    if (!ha_addr_parse(&real->addr, addr))
        g_error("not an address: %s", addr);
    real->port = port;
    real->method = method;
    real->weight = weight;
    g_ptr_array_add(service->reals, real);
    return real;
}

void fake_fallback(struct ld_service *service, const char *addr, uint16_t port,
                   enum ld_method method)
{
    service->fallback.set = true;
    if (!ha_addr_parse(&service->fallback.addr, addr))
        g_error("not an address: %s", addr);
    service->fallback.port = port;
    service->fallback.method = method;
}
