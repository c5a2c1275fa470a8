/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configurations by chance (any_config.h). */
#include "tests/unit/any_config.h"

#include <sys/socket.h>

#include "tests/fakes/fake_director.h"

bool dice_chance(struct dice *dice, unsigned percent)
{
    return ha_rand_below(&dice->rand, 100) < percent;
}

uint32_t dice_below(struct dice *dice, uint32_t bound)
{
    return (uint32_t)ha_rand_below(&dice->rand, bound);
}

static void add_real(struct dice *dice, struct ld_service *service)
{
    static const uint16_t ports[] = {80, 80, 8080, 0};
    static const enum ld_method methods[] = {LD_GATE, LD_GATE, LD_MASQ, LD_IPIP};
    uint32_t weight = dice_chance(dice, 10) ? 0 : 1 + dice_below(dice, dice_chance(dice, 50) ? 3 : 200);
    struct ld_real *real;
    char text[32];

    g_snprintf(text, sizeof(text), "10.1.%u.%u", dice->crowd ? dice_below(dice, 200) : 0,
               1 + dice_below(dice, dice->crowd ? 250 : 8));
    real = fake_real(service, text, ports[dice_below(dice, 4)], methods[dice_below(dice, 4)], weight);
    if (dice_chance(dice, 20)) {
        real->upper = 10;
        real->lower = dice_below(dice, 10);
    }
}

static void choose_check(struct dice *dice, struct ld_service *service)
{
    static const enum ld_checktype types[] = {LD_CHECK_NEGOTIATE, LD_CHECK_NEGOTIATE,
                                              LD_CHECK_CONNECT,   LD_CHECK_CONNECT,
                                              LD_CHECK_PING,      LD_CHECK_COMBINED,
                                              LD_CHECK_ON,        LD_CHECK_OFF};

    service->checktype = dice->crowd ? LD_CHECK_CONNECT : types[dice_below(dice, G_N_ELEMENTS(types))];
    service->combined_connects = dice_below(dice, 3);
    service->app = LD_APP_HTTP;
    service->checkinterval_ms = dice_chance(dice, 50) ? 5000 : 200 + dice_below(dice, 5000);
    service->failurecount = 1 + dice_below(dice, 3);
    service->risecount = 1 + dice_below(dice, 3);
    service->recheckinterval_ms = dice_chance(dice, 50) ? 0 : 100 + dice_below(dice, 1000);
}

static void choose_weights(struct dice *dice, struct ld_service *service)
{
    service->quiescent = dice_chance(dice, 40);
    service->cleanstop = dice_chance(dice, 70);
    if (dice_chance(dice, 30)) {
        service->agentport = 9707;
        service->agentinterval_ms = 1000;
    }
    service->slowstart_ms = dice_chance(dice, 50) ? 0 : 10 + dice_below(dice, 20000);
    service->draintime_ms = dice_chance(dice, 50) ? 0 : 10 + dice_below(dice, 20000);
    if (dice_chance(dice, 60)) {
        char text[32];

        g_snprintf(text, sizeof(text), "10.1.0.%u", 1 + dice_below(dice, 20));
        fake_fallback(service, text, 80, dice_chance(dice, 50) ? LD_GATE : LD_MASQ);
    }
    if (dice_chance(dice, 50)) {
        service->quorum.by_weight = dice_chance(dice, 50);
        service->quorum.quorum = 1 + dice_below(dice, service->quorum.by_weight ? 300 : 4);
        service->quorum.hysteresis = dice_below(dice, 3);
    }
    if (dice_chance(dice, 30)) {
        service->persistent = true;
        service->persistent_s = 300;
    }
}

/* The seed is the service's line, so that an edit can make the same one again. */
static void add_service(struct dice *all, struct ld_config *config, unsigned seed)
{
    struct dice own = *all, *dice = &own;
    static const char *const schedulers[] = {"wrr", "wlc", "sh"};
    struct ld_service *service;
    uint32_t reals;
    char text[32];

    ha_rand_seed(&own.rand, seed);
    reals = dice->crowd ? 600 : dice_below(dice, 7);

    g_snprintf(text, sizeof(text), "10.0.0.%u", 1 + dice_below(dice, 4));
    service = dice_chance(dice, 20) ? fake_mark(config, AF_INET, 1 + dice_below(dice, 3))
                               : fake_service(config, text, 80);
    service->line = seed;
    if (service->id.protocol == LD_TCP && dice_chance(dice, 20))
        service->id.protocol = LD_UDP;
    g_free(service->scheduler);
    service->scheduler = g_strdup(schedulers[dice_below(dice, 3)]);
    choose_check(dice, service);
    choose_weights(dice, service);
    for (uint32_t i = 0; i < reals; i++)
        add_real(dice, service);
    if (!dice->alerts)
        return;
    service->fallbackcommand = g_strdup("/x");
    service->emailalert = g_strdup("a@b");
    service->emailalertfreq_ms = 3000;
    service->emailalertstatus = LD_PHASES;
}

static bool is_twin(const struct ld_config *config, guint number)
{
    const struct ld_service *service = config->services->pdata[number];

    for (guint i = 0; i < number; i++)
        if (ld_service_id_equal(&((struct ld_service *)config->services->pdata[i])->id,
                                &service->id))
            return true;
    return false;
}

static void add_one(struct dice *dice, struct ld_config *config, unsigned seed)
{
    guint last = config->services->len;

    add_service(dice, config, seed);
    if (dice->crowd)
        ((struct ld_service *)config->services->pdata[last])->id.port = (uint16_t)(80 + last);
    if (is_twin(config, last)) /* the parser would refuse it */
        g_ptr_array_remove_index(config->services, last);
}

static unsigned any_seed(struct dice *dice)
{
    return dice_below(dice, UINT32_MAX);
}

struct ld_config *any_config(struct dice *dice)
{
    struct ld_config *config = ld_config_new();
    uint32_t count = dice->crowd ? 3 : 1 + dice_below(dice, 4);

    config->readdquiescent = dice_chance(dice, 30);
    for (uint32_t i = 0; i < count; i++)
        add_one(dice, config, any_seed(dice));
    return config;
}

static void edit_service(struct dice *dice, struct ld_service *service)
{
    struct ld_real *real;

    if (service->reals->len == 0)
        return;
    real = service->reals->pdata[dice_below(dice, service->reals->len)];
    if (dice_chance(dice, 50))
        real->weight = 1 + dice_below(dice, 200);
    else
        g_ptr_array_remove(service->reals, real);
}

struct ld_config *any_edit(struct dice *dice, const struct ld_config *config)
{
    struct ld_config *edited = ld_config_new();
    guint first = dice_below(dice, config->services->len);

    edited->readdquiescent = config->readdquiescent != dice_chance(dice, 10);
    for (guint i = 0; i < config->services->len; i++) {
        guint from = (first + i) % config->services->len;
        unsigned seed = ((const struct ld_service *)config->services->pdata[from])->line;

        if (!dice_chance(dice, 20))
            add_one(dice, edited, seed);
    }
    while (edited->services->len == 0 || dice_chance(dice, 20))
        add_one(dice, edited, any_seed(dice));
    if (dice_chance(dice, 30))
        edit_service(dice, edited->services->pdata[dice_below(dice, edited->services->len)]);
    return edited;
}
