/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ldirectord/core under random lives: random configurations and reloads, turns in standby,
 * servers that fall ill and recover, answers that come late or say nothing,
 * hands in the kernel table, a kernel that refuses. After every step what is
 * in the table must follow from who is up; after every quiet time who is up
 * must follow from who is well, and everybody must have been asked.
 *
 * A failing life is printed with its seed; LD_LIFE_SEED=N plays that one alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "common/base/rand.h"
#include "common/base/time.h"
#include "tests/fakes/fake_director.h"

#define LIVES    400
#define EPOCHS   25
#define HOSTS    6 /* 10.1.0.1 to 10.1.0.6 */
#define SERVICES 4 /* 10.0.0.1:80 to 10.0.0.3:80 and the mark 1 */

struct life {
    struct ha_rand rand;
    uint64_t seed;
    struct fake_director director;
    bool well[HOSTS + 1];
    bool takes_turns;       /* goes into standby and out of it; all services have cleanstop then */
    bool standby;
    uint64_t loaded_ns;     /* of the configuration in force */
    GHashTable *last_asked; /* "type address:port request" -> uint64_t * */
};

static uint64_t dice(struct life *life, uint64_t bound)
{
    return ha_rand_below(&life->rand, bound);
}

static bool chance(struct life *life, unsigned percent)
{
    return dice(life, 100) < percent;
}

/* ---- configurations ---- */

static void random_check(struct life *life, struct ld_service *service)
{
    static const enum ld_checktype types[] = {LD_CHECK_NEGOTIATE, LD_CHECK_NEGOTIATE,
                                              LD_CHECK_CONNECT,   LD_CHECK_CONNECT,
                                              LD_CHECK_COMBINED,  LD_CHECK_ON,
                                              LD_CHECK_OFF};

    service->app = LD_APP_HTTP;
    service->checktype = types[dice(life, G_N_ELEMENTS(types))];
    service->combined_connects = (unsigned)dice(life, 3);
    service->checkinterval_ms = chance(life, 50) ? 5000 : 7000;
    service->failurecount = 1 + (unsigned)dice(life, 3);
    service->quiescent = chance(life, 50);
    service->cleanstop = chance(life, 80) || life->takes_turns;
}

static void random_reals(struct life *life, struct ld_service *service)
{
    for (int host = 1; host <= HOSTS; host++) {
        enum ld_method method = chance(life, 70) ? LD_GATE : LD_MASQ;
        struct ld_real *real;
        char text[32];

        if (chance(life, 40))
            continue;
        g_snprintf(text, sizeof(text), "10.1.0.%d", host);
        real = fake_real(service, text, method == LD_MASQ && chance(life, 50) ? 8080 : 80, method,
                         (uint32_t)dice(life, 4));
        if (chance(life, 30))
            real->request = g_strdup("/other");
    }
}

static struct ld_config *random_config(struct life *life)
{
    struct ld_config *config = ld_config_new();

    config->readdquiescent = chance(life, 30);
    for (int i = 1; i <= SERVICES; i++) {
        struct ld_service *service;
        char text[32];

        if (chance(life, 20))
            continue;
        g_snprintf(text, sizeof(text), "10.0.0.%d", i);
        service = i < SERVICES ? fake_service(config, text, 80) : fake_mark(config, AF_INET, 1);
        random_check(life, service);
        random_reals(life, service);
        if (chance(life, 50))
            fake_fallback(service, chance(life, 80) ? "127.0.0.1" : "10.1.0.1", 80, LD_GATE);
        g_free(service->scheduler);
        service->scheduler = g_strdup(chance(life, 50) ? "rr" : "wlc");
    }
    return config;
}

/* ---- audits ---- */

static void fail_life(struct life *life, const char *what)
{
    char *table = fake_director_table(&life->director);

    fail_msg("seed %" G_GUINT64_FORMAT ": %s\ntable: %s", life->seed, what, table);
}

struct found {
    struct life *life;
    const struct ld_service *service;
    bool any_up, fallback_is_real;
};

static const struct ld_dest *dest_of(struct life *life, const struct ld_service *service,
                                     const struct ha_addr *addr, enum ld_method method,
                                     uint16_t port)
{
    const struct ld_vs *vs = ld_table_find(life->director.ipvs.table, &service->id);
    bool insists = service->id.protocol != LD_FWM && method != LD_MASQ;

    if (!vs)
        fail_life(life, "a service is missing");
    return vs ? ld_vs_find(vs, addr, insists ? service->id.port : port) : NULL;
}

static void close_service(struct found *found)
{
    const struct ld_fallback *fallback;
    const struct ld_dest *dest;
    bool wanted;

    if (!found->service || !found->service->fallback.set)
        return;
    fallback = &found->service->fallback;
    dest = dest_of(found->life, found->service, &fallback->addr, fallback->method, fallback->port);
    wanted = !found->any_up && found->service->checktype != LD_CHECK_OFF;
    if (wanted && (!dest || dest->weight != 1))
        fail_life(found->life, "no server is up, and the fallback is not there");
    if (!wanted && dest && !found->fallback_is_real)
        fail_life(found->life, "the fallback is there and should not");
}

static void audit_server(void *ctx, const struct ld_real_view *view)
{
    struct found *found = ctx;
    const struct ld_real *real = view->real;
    const struct ld_dest *dest;
    bool stands_for_fallback;

    if (found->service != view->service) {
        close_service(found);
        found->service = view->service;
        found->any_up = found->fallback_is_real = false;
    }
    found->any_up |= view->up;
    stands_for_fallback = view->service->fallback.set &&
                          ha_addr_equal(&view->service->fallback.addr, &real->addr);
    found->fallback_is_real |= stands_for_fallback;
    dest = dest_of(found->life, view->service, &real->addr, real->method, real->port);
    if (view->left_at_zero) { /* by the hand in the table */
        if (!view->up || (dest && dest->weight != 0))
            fail_life(found->life, "a server is to be left at weight 0 and is not");
        return;
    }
    if (view->up && (!dest || dest->weight != real->weight || dest->method != real->method))
        fail_life(found->life, "a server is up and not in the table as configured");
    if (view->up || stands_for_fallback)
        return;
    if (dest && dest->weight != 0)
        fail_life(found->life, "a server is down and gets clients");
    if (dest && !view->service->quiescent)
        fail_life(found->life, "a server is down, not quiescent, and in the table");
}

/* Services and servers that nobody configured are not there, except the foreign one. */
static void audit_rest(struct life *life)
{
    const struct ld_table *table = life->director.ipvs.table;
    const struct ld_config *config = life->director.config;

    for (guint i = 0; i < table->services->len; i++) {
        const struct ld_vs *vs = table->services->pdata[i];
        bool known = vs->id.port == 4711;

        for (guint j = 0; j < config->services->len; j++)
            known |= ld_service_id_equal(
                &((struct ld_service *)config->services->pdata[j])->id, &vs->id);
        if (!known)
            fail_life(life, "a service is there that nobody configured");
        if (vs->id.port == 4711 && vs->dests->len != 1)
            fail_life(life, "a foreign service was touched");
    }
}

static void audit(struct life *life)
{
    struct found found = {.life = life};

    if (life->director.broken)
        fail_life(life, life->director.broken);
    if (life->director.failed > 0)
        return; /* the kernel refused something: it will be tried again */
    audit_rest(life);
    if (life->standby) {
        if (life->director.ipvs.table->services->len > 1)
            fail_life(life, "a service is there in standby");
        return;
    }
    ld_core_view(life->director.core, audit_server, &found);
    close_service(&found);
}

/* ---- checks ---- */

static char *question_text(enum ld_checktype type, const struct ha_addr *addr, uint16_t port,
                           const char *request)
{
    char text[HA_ADDR_TEXT];

    return g_strdup_printf("%d %s %s", (int)type, ha_addr_port_text(addr, port, text),
                           type == LD_CHECK_NEGOTIATE ? request : "");
}

static void note_asked(struct life *life)
{
    for (guint i = 0; i < life->director.flying->len; i++) {
        const struct fake_check *check =
            &g_array_index(life->director.flying, struct fake_check, i);
        char *key = question_text(check->probe->type, &check->probe->addr, check->probe->port,
                                  check->probe->request);

        g_hash_table_replace(life->last_asked, key,
                             g_memdup2(&check->asked_ns, sizeof(check->asked_ns)));
    }
}

static enum ld_verdict verdict_of(struct life *life, const struct fake_check *check, bool quiet)
{
    static const enum ld_verdict bad[] = {LD_L4CON, LD_L4TOUT, LD_L7STS, LD_L7MATCH};

    if (!quiet && chance(life, 5))
        return LD_INTERNAL;
    if (!life->well[check->probe->addr.bytes[3]])
        return bad[dice(life, G_N_ELEMENTS(bad))];
    return check->probe->type == LD_CHECK_CONNECT ? LD_L4OK : LD_L7OK;
}

/* Time passes in small portions; what is asked is answered, now or a little later. */
static void live(struct life *life, uint64_t ns, bool quiet)
{
    uint64_t end_ns = life->director.now_ns + ns;

    while (life->director.now_ns < end_ns) {
        fake_director_pass(&life->director, 500 * HA_NS_PER_MS);
        note_asked(life);
        for (guint i = life->director.flying->len; i > 0; i--) {
            struct fake_check check;

            if (i > life->director.flying->len || (!quiet && chance(life, 40)))
                continue;
            check = g_array_index(life->director.flying, struct fake_check, i - 1);
            fake_director_verdict(&life->director, check.id, verdict_of(life, &check, quiet));
            audit(life);
        }
    }
}

static void check_settled(void *ctx, const struct ld_real_view *view)
{
    struct life *life = ctx;
    const struct ld_service *service = view->service;
    enum ld_checktype type =
        service->checktype == LD_CHECK_CONNECT ? LD_CHECK_CONNECT : LD_CHECK_NEGOTIATE;
    uint64_t *asked_ns;
    char *key;

    if (service->checktype == LD_CHECK_ON && !view->up)
        fail_life(life, "checktype on, and not up");
    if (service->checktype == LD_CHECK_ON || service->checktype == LD_CHECK_OFF)
        return;
    if (view->up != life->well[view->real->addr.bytes[3]])
        fail_life(life, view->up ? "a server is ill and up" : "a server is well and down");
    if (service->checktype == LD_CHECK_COMBINED)
        return;
    key = question_text(type, &view->real->addr, view->real->port,
                        view->real->request ? view->real->request : "/");
    asked_ns = g_hash_table_lookup(life->last_asked, key);
    g_free(key);
    if (!asked_ns || life->director.now_ns - *asked_ns >
                         (service->checkinterval_ms + 500) * HA_NS_PER_MS)
        fail_life(life, "a server was not asked for longer than its interval");
}

/* ---- what happens ---- */

static void hand_in_table(struct life *life)
{
    struct ld_table *table = life->director.ipvs.table;
    struct ld_vs *vs;
    struct ld_dest *dest;

    if (table->services->len == 0)
        return;
    vs = table->services->pdata[dice(life, table->services->len)];
    if (vs->id.port == 4711)
        return;
    if (chance(life, 20)) {
        g_hash_table_remove(table->by_id, &vs->id);
        g_ptr_array_remove(table->services, vs);
    } else if (vs->dests->len > 0) {
        guint which = (guint)dice(life, vs->dests->len);

        dest = &g_array_index(vs->dests, struct ld_dest, which);
        if (chance(life, 50))
            g_array_remove_index(vs->dests, which);
        else
            dest->weight = (uint32_t)dice(life, 5);
    }
}

/* The same configuration again: the way to have the table looked at. */
static void reload_same(struct life *life)
{
    struct ld_config *config = ld_config_new(), *old = life->director.config;

    config->readdquiescent = old->readdquiescent;
    while (old->services->len > 0)
        g_ptr_array_add(config->services, g_ptr_array_steal_index(old->services, 0));
    fake_director_reload(&life->director, config);
}

static void something_happens(struct life *life)
{
    switch (dice(life, life->takes_turns ? 7 : 6)) {
    case 0:
    case 1:
        life->well[1 + dice(life, HOSTS)] ^= true;
        break;
    case 2:
        fake_director_reload(&life->director, random_config(life));
        life->loaded_ns = life->director.now_ns;
        break;
    case 3:
        hand_in_table(life);
        reload_same(life);
        break;
    case 4:
        life->director.ipvs.fail_next = (unsigned)dice(life, 4);
        break;
    case 6:
        life->standby = chance(life, 60) ? !life->standby : life->standby;
        fake_director_mode(&life->director, life->standby);
        break;
    default:
        break;
    }
    audit(life);
}

static void add_foreign(struct life *life)
{
    struct ld_service_id id = {.protocol = LD_TCP, .port = 4711};
    struct ld_dest dest = {.port = 4711, .weight = 1};
    struct ld_vs *vs;

    ha_addr_parse(&id.addr, "10.0.0.1");
    ha_addr_parse(&dest.addr, "10.9.9.9");
    vs = ld_table_add(life->director.ipvs.table, &id);
    g_array_append_val(vs->dests, dest);
}

static void check_stopped(struct life *life)
{
    const struct ld_config *config = life->director.config;
    bool refused = life->director.failed > 0; /* so some may never have come */

    life->director.ipvs.fail_next = 0;
    fake_director_stop(&life->director);
    if (life->director.broken)
        fail_life(life, life->director.broken);
    for (guint i = 0; i < config->services->len; i++) {
        const struct ld_service *service = config->services->pdata[i];
        bool there = ld_table_find(life->director.ipvs.table, &service->id) != NULL;

        if (there ? service->cleanstop : !service->cleanstop && !refused)
            fail_life(life, "the stop left or took what it should not");
    }
}

static void play(uint64_t seed)
{
    struct life life = {.seed = seed};

    ha_rand_seed(&life.rand, seed);
    life.last_asked = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (int i = 1; i <= HOSTS; i++)
        life.well[i] = chance(&life, 70);
    life.takes_turns = seed % 2 == 0;
    fake_director_init(&life.director, random_config(&life), seed);
    add_foreign(&life);
    life.standby = life.takes_turns && chance(&life, 50);
    if (life.standby)
        fake_director_start_standby(&life.director);
    else
        fake_director_start(&life.director);
    audit(&life);
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
        something_happens(&life);
        live(&life, dice(&life, 12) * HA_NS_PER_S, false);
        if (!chance(&life, 30))
            continue;
        /* Quiet: long enough for three failures, and for the kernel's next chance. */
        life.director.ipvs.fail_next = 0;
        live(&life, 100 * HA_NS_PER_S, true);
        if (life.director.failed > 0)
            fail_life(&life, "what the kernel refused was not tried again");
        ld_core_view(life.director.core, check_settled, &life);
    }
    check_stopped(&life);
    g_hash_table_destroy(life.last_asked);
    fake_director_clear(&life.director);
}

static void whatever_happens_the_table_follows_the_servers(void **state)
{
    const char *one = getenv("LD_LIFE_SEED");

    (void)state;
    if (one) {
        play(strtoull(one, NULL, 10));
        return;
    }
    for (uint64_t seed = 1; seed <= LIVES; seed++)
        play(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_happens_the_table_follows_the_servers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
