/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ldirectord/core: what must hold whatever happens. Random configurations live
 * random lives: verdicts, orders, reloads, standby, a kernel that refuses, and
 * others who change its table. After every step the audits run:
 *
 *   - the table is the wanted one, and nobody else's service was touched;
 *   - an entry with connections that is there before and after is the same one;
 *   - one whose line leaves the file is there after the reload if draintime says so;
 *   - every server that is asked has a check due within its interval, or in flight;
 *   - no more than LD_IN_FLIGHT_MAX are in flight (the fake director sees to it);
 *   - a server that should have clients stands in the table;
 *   - the fallback serves below the quorum and nowhere else;
 *   - what the kernel refused comes again.
 *
 * And at the end of each life, when all servers are well again, all of them
 * serve. LD_SEED=N plays one life, LD_LIVES=N so many.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "common/base/time.h"
#include "ldirectord/core/core_inside.h"
#include "tests/fakes/fake_director.h"
#include "tests/unit/any_config.h"

#define LIVES         2000
#define STEPS         60
#define CROWD_EVERY   1500 /* lives: one with more servers than may be asked at once */
#define LOG_SHOWN     900 /* bytes of the log of a life that broke */
#define FOREIGN       "10.99.0.1"

struct life {
    struct fake_director director;
    struct dice dice;
    uint64_t seed;
    GHashTable *known;    /* "SERVICE SERVER" -> its connections, of entries that have some */
    uint32_t connections; /* so many entries had their own number of them */
};

static bool chance(struct life *life, unsigned percent)
{
    return dice_chance(&life->dice, percent);
}

static uint32_t below(struct life *life, uint32_t bound)
{
    return dice_below(&life->dice, bound);
}

/* ---- audits ---- */

static void broken(const struct life *life, const char *what)
{
    const GString *log = life->director.log;

    print_error("%s\n", log->str + (log->len > LOG_SHOWN ? log->len - LOG_SHOWN : 0));
    fail_msg("LD_SEED=%" G_GUINT64_FORMAT ": %s", life->seed, what);
}

static char *entry_name(const struct ld_vs *vs, const struct ld_dest *dest)
{
    char *service = ld_service_id_text(&vs->id), *name;
    char text[HA_ADDR_TEXT];

    name = g_strdup_printf("%s %s", service, ha_addr_port_text(&dest->addr, dest->port, text));
    g_free(service);
    return name;
}

static bool table_names(const struct life *life, const char *wanted)
{
    const struct ld_table *table = life->director.ipvs.table;
    bool found = false;

    for (guint i = 0; i < table->services->len && !found; i++) {
        const struct ld_vs *vs = table->services->pdata[i];

        for (guint j = 0; j < vs->dests->len && !found; j++) {
            char *name = entry_name(vs, &g_array_index(vs->dests, struct ld_dest, j));

            found = strcmp(name, wanted) == 0;
            g_free(name);
        }
    }
    return found;
}

/* Whoever is deleted and added again loses its connections, and with them its number. */
static void audit_connections(struct life *life)
{
    const struct ld_table *table = life->director.ipvs.table;
    GHashTable *now = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < table->services->len; i++) {
        const struct ld_vs *vs = table->services->pdata[i];

        for (guint j = 0; j < vs->dests->len; j++) {
            struct ld_dest *dest = &g_array_index(vs->dests, struct ld_dest, j);
            char *name = entry_name(vs, dest);
            uint32_t had = GPOINTER_TO_UINT(g_hash_table_lookup(life->known, name));

            if (had != 0 && had != dest->connections)
                broken(life, "an entry lost its connections over a change");
            if (!dest->counted) {
                dest->counted = true;
                dest->connections = ++life->connections;
            }
            g_hash_table_insert(now, name, GUINT_TO_POINTER(dest->connections));
        }
    }
    g_hash_table_destroy(life->known);
    life->known = now;
}

static void audit_table(struct life *life)
{
    struct fake_director *director = &life->director;
    struct ld_table *wanted = ld_core_wanted(director->core, NULL);
    struct ld_service_id foreign = {.port = 99};
    char *why = NULL;

    if (director->failed == 0 &&
        !fake_ipvs_equal(director->ipvs.table, wanted, ld_core_ours(director->core), &why))
        broken(life, why);
    ha_addr_parse(&foreign.addr, FOREIGN);
    if (!ld_table_find(director->ipvs.table, &foreign))
        broken(life, "somebody else's service is gone");
    ld_table_free(wanted);
}

static void audit_question(struct life *life, const struct ld_question *question)
{
    if (!question || question->check_id != 0)
        return;
    if (g_array_index(life->director.core->schedule.heap, struct ld_waiting, question->place).question !=
        question)
        broken(life, "a question waits outside the heap");
    if (question->due_ns > ha_after_ns(life->director.now_ns, question->interval_ns))
        broken(life, "a question is due later than in its interval");
}

/* How many questions the server has; each of them knows of it, once. */
static guint audit_asker(struct life *life, const struct ld_server *server)
{
    const struct ld_question *const asked[] = {server->question, server->agent};
    guint count = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(asked); i++) {
        guint known = 0;

        if (!asked[i])
            continue;
        audit_question(life, asked[i]);
        for (guint j = 0; j < asked[i]->askers->len; j++)
            known += asked[i]->askers->pdata[j] == server;
        if (known != 1 || g_hash_table_lookup(life->director.core->questions, asked[i]) != asked[i])
            broken(life, "a server is not among those who ask its question");
        count++;
    }
    return count;
}

/* Nobody else asks any. */
static void audit_checks(struct life *life)
{
    const struct ld_core *core = life->director.core;
    guint askers = 0, asked = 0;
    GHashTableIter iter;
    gpointer question;

    if (!core->model || core->stopped)
        return;
    for (guint i = 0; i < core->model->server_count; i++)
        asked += audit_asker(life, core->model->servers[i]);
    g_hash_table_iter_init(&iter, core->questions);
    while (g_hash_table_iter_next(&iter, &question, NULL)) {
        askers += ((struct ld_question *)question)->askers->len;
        if (((struct ld_question *)question)->askers->len == 0)
            broken(life, "a question is asked for nobody");
    }
    if (askers != asked)
        broken(life, "a question is asked for a server that is no more");
}

/* The model has what the configuration has, in its order, and finds it. */
static void audit_model(struct life *life)
{
    const struct ld_core *core = life->director.core;
    const struct ld_model *model = core->model;
    const GPtrArray *services = core->config->services;
    guint next = 0;

    if (!model)
        return;
    if (model->slot_count != services->len || g_hash_table_size(model->by_id) != services->len)
        broken(life, "the model has not the services of the file");
    for (guint i = 0; i < model->slot_count; i++) {
        struct ld_slot *slot = model->slots[i];

        if (slot->service != services->pdata[i] || ld_model_slot(model, &slot->service->id) != slot)
            broken(life, "a service is not found");
        for (guint j = 0; j < slot->count; j++) {
            struct ld_server *server = &slot->servers[j], *found;

            found = ld_model_server(model, slot, &server->real->addr, server->port);
            if (server->real != slot->service->reals->pdata[j] || server->slot != slot ||
                model->servers[next++] != server || !found || found > server || found->slot != slot)
                broken(life, "a server is not found");
        }
    }
    if (next != model->server_count)
        broken(life, "the model has not the servers of the file");
}

/* Who serves, by counting anew. */
static void audit_quorum(struct life *life)
{
    const struct ld_model *model = life->director.core->model;

    for (guint i = 0; i < model->slot_count; i++) {
        const struct ld_slot *slot = model->slots[i];
        const struct ld_quorum *quorum = &slot->service->quorum;
        uint64_t strength = 0;

        for (guint j = 0; j < slot->count; j++) {
            const struct ld_server *server = &slot->servers[j];
            uint32_t share = ld_server_share(server);

            if (ld_server_stands(server) && (share > 0 || server->real->weight == 0))
                strength += quorum->by_weight ? share : 1;
        }
        if (slot->serving ? strength < quorum->quorum
                          : strength >= (uint64_t)quorum->quorum + quorum->hysteresis)
            broken(life, "not those serve that the quorum says");
    }
}

/* The fallback command was told last what is so. */
static void audit_command(struct life *life)
{
    const struct ld_core *core = life->director.core;

    for (guint i = 0; !core->standby && i < core->model->slot_count; i++) {
        const struct ld_slot *slot = core->model->slots[i];
        enum ld_ran wanted = slot->serving ? LD_RAN_STOP : LD_RAN_START;

        if (!slot->service->fallbackcommand || slot->service->checktype == LD_CHECK_OFF)
            continue;
        if (slot->fallback_ran != wanted &&
            (slot->fallback_ran != LD_RAN_NOTHING || wanted == LD_RAN_STOP))
            broken(life, "the fallback command was not told");
    }
}

static void audit_view(void *ctx, const struct ld_real_view *view)
{
    struct life *life = ctx;
    const struct ld_vs *vs = ld_table_find(life->director.ipvs.table, &view->service->id);
    uint16_t port = ld_dest_port(view->service, view->real->method, view->real->port);
    const struct ld_dest *dest = vs ? ld_vs_find(vs, &view->real->addr, port) : NULL;

    if (view->weight > 0 && (!dest || dest->weight == 0))
        broken(life, "a server that should have clients has none");
    if (view->weight > view->real->weight && !view->wish)
        broken(life, "a server has more than its weight");
    if (!view->up && view->weight > 0)
        broken(life, "a server that is down has a weight");
}

static void audit(void *ctx)
{
    struct life *life = ctx;
    struct fake_director *director = &life->director;

    if (director->broken)
        broken(life, director->broken);
    audit_table(life);
    audit_connections(life);
    audit_model(life);
    audit_checks(life);
    if (director->core->stopped)
        return;
    audit_quorum(life);
    audit_command(life);
    g_string_truncate(director->told, 0);
    if (director->failed > 0 && director->core->retry_at_ns == HA_NEVER &&
        !ld_due_any(director->core->due))
        broken(life, "what the kernel refused will not come again");
    if (director->failed == 0 && !director->core->standby)
        ld_core_view(director->core, audit_view, life);
}

/* ---- what happens ---- */

static void answer_some(struct life *life)
{
    static const enum ld_verdict verdicts[] = {LD_L7OK,  LD_L7OK,   LD_L7OK,   LD_L4OK, LD_L4CON,
                                               LD_L4TOUT, LD_L7STS, LD_L3TOUT, LD_INTERNAL,
                                               LD_AGENTDOWN};
    struct fake_director *director = &life->director;
    guint count = MIN(director->flying->len, 50);
    enum ld_verdict all = verdicts[below(life, G_N_ELEMENTS(verdicts))];
    bool alike = chance(life, 40);

    for (guint i = below(life, count + 1); i > 0 && director->flying->len > 0; i--) {
        guint which = below(life, director->flying->len);
        uint32_t id = g_array_index(director->flying, struct fake_check, which).id;

        director->advice.given = chance(life, 50);
        director->advice.percent = below(life, 101);
        fake_director_verdict(director, id,
                              alike ? all : verdicts[below(life, G_N_ELEMENTS(verdicts))]);
    }
}

/* Somebody else; then we look, as the daemon does from time to time. */
static void meddle(struct life *life)
{
    char addr[32];

    g_snprintf(addr, sizeof(addr), "10.1.0.%u", 1 + below(life, 8));
    fake_director_ipvsadm(&life->director, addr, (int)below(life, 4) - 1);
    g_hash_table_remove_all(life->known); /* what was taken away by hand has lost them */
    fake_director_repair(&life->director);
}

static void end_connections(struct life *life)
{
    const struct ld_table *table = life->director.ipvs.table;

    for (guint i = 0; i < table->services->len; i++) {
        const struct ld_vs *vs = table->services->pdata[i];

        for (guint j = 0; j < vs->dests->len; j++)
            if (chance(life, 30))
                g_array_index(vs->dests, struct ld_dest, j).connections = 0;
    }
    g_hash_table_remove_all(life->known);
}

static void wish(struct life *life)
{
    static const char *const wills[] = {"disable", "enable", "enable", "drain", "weight"};
    uint32_t which = below(life, G_N_ELEMENTS(wills));
    char line[64];

    g_snprintf(line, sizeof(line), "%s 10.1.0.%u%s", wills[which], 1 + below(life, 8),
               which == 4 ? " 7" : "");
    fake_director_wish(&life->director, line);
}

/* What the file says of the entry: its draintime; 0: it is not a real server of that file, or one
 * that drains already. */
static uint64_t draintime_of(const struct life *life, const struct ld_vs *vs,
                             const struct ld_dest *dest)
{
    const struct ld_model *model = life->director.core->model;
    struct ld_slot *slot = ld_model_slot(model, &vs->id);
    const struct ld_server *server =
        slot ? ld_model_server(model, slot, &dest->addr, dest->port) : NULL;

    return server && server->course.drained_ns == 0 ? slot->service->draintime_ms : 0;
}

static const struct ld_service *service_of(const struct ld_config *config,
                                           const struct ld_service_id *id)
{
    for (guint i = 0; i < config->services->len; i++)
        if (ld_service_id_equal(&((struct ld_service *)config->services->pdata[i])->id, id))
            return config->services->pdata[i];
    return NULL;
}

/* As a server or the fallback. */
static bool file_has(const struct ld_service *service, const struct ld_dest *dest)
{
    const struct ld_fallback *fallback = &service->fallback;
    bool has = fallback->set && ha_addr_equal(&fallback->addr, &dest->addr) &&
               ld_dest_port(service, fallback->method, fallback->port) == dest->port;

    for (guint i = 0; i < service->reals->len; i++) {
        const struct ld_real *real = service->reals->pdata[i];

        has |= ha_addr_equal(&real->addr, &dest->addr) &&
               ld_dest_port(service, real->method, real->port) == dest->port;
    }
    return has;
}

static void reload(struct life *life)
{
    struct fake_director *director = &life->director;
    const struct ld_table *table = director->ipvs.table;
    GPtrArray *staying = g_ptr_array_new_with_free_func(g_free);
    struct ld_config *config = chance(life, 50) ? any_edit(&life->dice, director->config)
                                                 : any_config(&life->dice);

    for (guint i = 0; i < table->services->len && !ld_core_standby(director->core); i++) {
        const struct ld_vs *vs = table->services->pdata[i];
        const struct ld_service *after = service_of(config, &vs->id);

        for (guint j = 0; j < vs->dests->len; j++) {
            const struct ld_dest *dest = &g_array_index(vs->dests, struct ld_dest, j);
            uint64_t before_ms = draintime_of(life, vs, dest);

            if (dest->connections > 0 && before_ms > 0 &&
                !(after && (after->draintime_ms == 0 || file_has(after, dest))))
                g_ptr_array_add(staying, entry_name(vs, dest));
        }
    }
    director->audit = NULL; /* the entries are to be looked at first */
    fake_director_reload(director, config);
    for (guint i = 0; i < staying->len && director->failed == 0; i++)
        if (!table_names(life, staying->pdata[i]))
            broken(life, "a server that left the file was not let go slowly");
    director->audit = life->dice.crowd ? NULL : audit;
    g_ptr_array_free(staying, TRUE);
}

static void happen(struct life *life)
{
    struct fake_director *director = &life->director;
    uint32_t dice = below(life, 100);

    if (dice < 45)
        answer_some(life);
    else if (dice < 75)
        fake_director_pass(director, (uint64_t)(1 + below(life, 4000)) * HA_NS_PER_MS);
    else if (dice < 80)
        meddle(life);
    else if (dice < 84)
        end_connections(life);
    else if (dice < 89)
        wish(life);
    else if (dice < 91)
        fake_director_maintain(director, chance(life, 50) ? "10.1.0.1 10.1.0.2:80" : "");
    else if (dice < 95)
        reload(life);
    else if (dice < 97)
        fake_director_mode(director, !ld_core_standby(director->core));
    else
        director->ipvs.fail_next = below(life, 3);
}

/* ---- a life ---- */

/* Entries of the first configuration that are there already, and a stranger's service. */
static void furnish_kernel(struct life *life)
{
    struct ld_table *table = life->director.ipvs.table;
    struct ld_service_id foreign = {.port = 99};

    ha_addr_parse(&foreign.addr, FOREIGN);
    strcpy(ld_table_add(table, &foreign)->scheduler, "rr");
    for (guint i = 0; i < life->director.config->services->len; i++) {
        const struct ld_service *service = life->director.config->services->pdata[i];
        struct ld_vs *vs = chance(life, 30) ? ld_table_add(table, &service->id) : NULL;

        for (guint j = 0; vs && j < service->reals->len; j++) {
            const struct ld_real *real = service->reals->pdata[j];
            struct ld_dest dest = {.addr = real->addr, .method = real->method,
                                   .weight = below(life, 3)};

            dest.port = ld_dest_port(service, real->method, real->port);
            if (chance(life, 60) && !ld_vs_find(vs, &dest.addr, dest.port))
                g_array_append_val(vs->dests, dest);
        }
    }
}

static void assert_serves(void *ctx, const struct ld_real_view *view)
{
    struct life *life = ctx;

    if (view->service->checktype == LD_CHECK_OFF)
        return;
    if (!view->up)
        broken(life, "a server that passes all checks is not up");
    if (view->wish || view->left_at_zero || view->fallback)
        return;
    if (view->weight != view->real->weight)
        broken(life, "a server that is long up has not its weight");
}

/* Everybody is well, nobody meddles. */
static void recover(struct life *life)
{
    struct fake_director *director = &life->director;

    director->ipvs.fail_next = 0;
    director->advice.given = false;
    fake_director_maintain(director, "");
    fake_director_mode(director, false);
    for (int i = 0; i < 60; i++) {
        fake_director_answer(director, NULL, LD_L7OK);
        fake_director_pass(director, HA_NS_PER_S);
    }
    audit(life);
    if (director->failed > 0)
        broken(life, "what the kernel refused did not come again");
    ld_core_view(director->core, assert_serves, life);
}

static void live(uint64_t seed)
{
    struct life life = {.seed = seed,
                        .dice = {.crowd = seed % CROWD_EVERY == 0, .alerts = seed % 2 == 0}};

    ha_rand_seed(&life.dice.rand, seed);
    life.known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    fake_director_init(&life.director, any_config(&life.dice), seed);
    if (chance(&life, 50)) /* the table is gone through in portions */
        life.director.portion_max = 1 + below(&life, 2);
    furnish_kernel(&life);
    if (!life.dice.crowd) { /* its tables are too large to be looked through so often */
        life.director.audit = audit;
        life.director.audit_ctx = &life;
    }
    if (chance(&life, 90))
        fake_director_start(&life.director);
    else
        fake_director_start_standby(&life.director);
    audit(&life);
    if (life.dice.crowd) {
        fake_director_pass(&life.director, 6 * HA_NS_PER_S);
        assert_int_equal(life.director.flying->len, LD_IN_FLIGHT_MAX);
    }
    for (unsigned i = 0; i < (life.dice.crowd ? STEPS / 6 : STEPS); i++) {
        happen(&life);
        audit(&life);
    }
    if (!life.dice.crowd)
        recover(&life);
    fake_director_stop(&life.director);
    if (life.director.broken)
        broken(&life, life.director.broken);
    g_hash_table_destroy(life.known);
    fake_director_clear(&life.director);
}

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text ? g_ascii_strtoull(text, NULL, 10) : otherwise;
}

static void whatever_happens_the_table_follows_and_every_server_is_asked(void **state)
{
    uint64_t seed = from_environment("LD_SEED", 0), lives = from_environment("LD_LIVES", LIVES);

    (void)state;
    if (seed != 0)
        live(seed);
    for (uint64_t i = 1; seed == 0 && i <= lives; i++)
        live(i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_happens_the_table_follows_and_every_server_is_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
