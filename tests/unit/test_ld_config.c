/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ldirectord/core/config: names, defaults, scheduler flags, who a service is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <linux/ip_vs.h>

#include "ldirectord/core/config.h"

static struct ld_service_id address(enum ld_protocol protocol, const char *text, uint16_t port)
{
    struct ld_service_id id = {.protocol = protocol, .port = port};

    assert_true(ha_addr_parse(&id.addr, text));
    return id;
}

static struct ld_service_id mark(int family, uint32_t fwmark)
{
    struct ld_service_id id = {.protocol = LD_FWM, .fwmark = fwmark};

    id.addr.family = (uint16_t)family;
    return id;
}

static void assert_texts(struct ld_service_id id, const char *text, const char *shorter)
{
    char *long_text = ld_service_id_text(&id), *short_text = ld_service_id_short(&id);

    assert_string_equal(long_text, text);
    assert_string_equal(short_text, shorter);
    g_free(long_text);
    g_free(short_text);
}

static void a_service_is_called_as_in_the_classic_log(void **state)
{
    (void)state;
    assert_texts(address(LD_TCP, "10.0.0.1", 80), "tcp:10.0.0.1:80", "10.0.0.1:80");
    assert_texts(address(LD_UDP, "2001:db8::1", 53), "udp:[2001:db8::1]:53", "[2001:db8::1]:53");
    assert_texts(mark(AF_INET, 1), "fwm:1", "1");
    assert_texts(mark(AF_INET6, 4294967295u), "fwm6:4294967295", "4294967295");
}

static void services_differ_in_protocol_address_port_mark_and_family(void **state)
{
    struct ld_service_id all[] = {
        address(LD_TCP, "10.0.0.1", 80), address(LD_UDP, "10.0.0.1", 80),
        address(LD_TCP, "10.0.0.1", 81), address(LD_TCP, "10.0.0.2", 80),
        address(LD_TCP, "::1", 80),      mark(AF_INET, 1),
        mark(AF_INET, 2),                mark(AF_INET6, 1),
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
        for (size_t j = 0; j < G_N_ELEMENTS(all); j++) {
            assert_int_equal(ld_service_id_equal(&all[i], &all[j]), i == j);
            if (i != j)
                assert_int_not_equal(ld_service_id_hash(&all[i]), ld_service_id_hash(&all[j]));
        }
    }
}

static void a_mark_is_the_same_whatever_stands_in_the_unused_fields(void **state)
{
    struct ld_service_id a = mark(AF_INET, 7), b = mark(AF_INET, 7);

    (void)state;
    b.port = 80;
    b.addr.bytes[0] = 10;
    assert_true(ld_service_id_equal(&a, &b));
    assert_int_equal(ld_service_id_hash(&a), ld_service_id_hash(&b));
}

static void every_enum_value_has_a_word(void **state)
{
    (void)state;
    for (int i = 0; i < LD_PROTOCOL_COUNT; i++)
        assert_string_not_equal(ld_protocol_name(i), "?");
    for (int i = 0; i < LD_METHOD_COUNT; i++) {
        enum ld_method method;

        assert_true(ld_method_find(ld_method_name(i), &method));
        assert_int_equal(method, i);
    }
    for (int i = 0; i < LD_CHECKTYPE_COUNT; i++) {
        enum ld_checktype type;

        assert_string_not_equal(ld_checktype_name(i), "?");
        assert_int_equal(ld_checktype_find(ld_checktype_name(i), &type), 
                         i != LD_CHECK_COMBINED && i != LD_CHECK_AGENT);
    }
    for (int i = 0; i < LD_APP_COUNT; i++) {
        enum ld_app app;

        assert_true(ld_app_find(ld_app_name(i), &app));
        assert_int_equal(app, i);
        if (ld_app_port(i) != 0) /* what is new is not chosen where an old file chose nothing */
            assert_int_equal(ld_app_of_port(ld_app_port(i)),
                             i < LD_APP_CLASSIC_COUNT ? i : LD_APP_NONE);
    }
    assert_string_equal(ld_app_name(LD_APP_COUNT), "?");
    assert_int_equal(ld_app_of_port(0), LD_APP_NONE);
    assert_int_equal(ld_app_of_port(8080), LD_APP_NONE);
}

static void scheduler_flags_become_the_kernels_bits(void **state)
{
    static const struct {
        const char *scheduler, *text;
        bool known;
        uint32_t flags;
    } cases[] = {
        {"sh", "sh-port", true, IP_VS_SVC_F_SCHED2},
        {"sh", "sh-fallback,sh-port", true, IP_VS_SVC_F_SCHED1 | IP_VS_SVC_F_SCHED2},
        {"mh", "mh-fallback", true, IP_VS_SVC_F_SCHED1},
        {"mh", "mh-port", true, IP_VS_SVC_F_SCHED2},
        {"wlc", "flag-1,flag-3", true, IP_VS_SVC_F_SCHED1 | IP_VS_SVC_F_SCHED3},
        {"wlc", "flag-2,,", true, IP_VS_SVC_F_SCHED2},
        {"wlc", "sh-port", false, 0},
        {"sh", "mh-port", false, 0},
        {"sh", "sh-por", false, 0},
        {"sh", "sh-port,nonsense", false, 0},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        uint32_t flags = 0;

        assert_int_equal(ld_schedflags_parse(cases[i].scheduler, cases[i].text, &flags),
                         cases[i].known);
        assert_int_equal(flags, cases[i].flags);
    }
}

static void a_new_configuration_has_the_defaults_of_the_manual(void **state)
{
    struct ld_config *config = ld_config_new();
    struct ld_service *service = ld_service_new();
    struct ld_real *real = ld_real_new();

    (void)state;
    assert_false(config->autoreload || config->supervised || config->fork ||
                 config->readdquiescent);
    assert_string_equal(service->scheduler, "wrr");
    assert_false(service->quiescent);
    assert_true(service->cleanstop);
    assert_int_equal(service->checkinterval_ms, 10000);
    assert_int_equal(service->failurecount, 1);
    assert_int_equal(real->weight, 1);
    g_ptr_array_add(service->reals, real);
    g_ptr_array_add(config->services, service);
    ld_config_free(config);
    ld_config_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_service_is_called_as_in_the_classic_log),
        cmocka_unit_test(services_differ_in_protocol_address_port_mark_and_family),
        cmocka_unit_test(a_mark_is_the_same_whatever_stands_in_the_unused_fields),
        cmocka_unit_test(every_enum_value_has_a_word),
        cmocka_unit_test(scheduler_flags_become_the_kernels_bits),
        cmocka_unit_test(a_new_configuration_has_the_defaults_of_the_manual),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
