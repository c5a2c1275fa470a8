/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IPVS netlink messages: what is written is what is read back, and an answer
 * that is cut, empty or wrong in any attribute is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/ip_vs.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <string.h>

#include "ldirectord/ipvs/ipvs_message.h"

static struct ha_addr address(const char *text)
{
    struct ha_addr addr;

    assert_true(ha_addr_parse(&addr, text));
    return addr;
}

static struct ld_vs service(enum ld_protocol protocol, const char *addr)
{
    struct ld_vs vs = {.id = {.protocol = protocol, .addr = address(addr), .port = 80}};

    strcpy(vs.scheduler, "wlc");
    if (protocol == LD_FWM) {
        uint16_t family = vs.id.addr.family;
        memset(&vs.id.addr, 0, sizeof(vs.id.addr));
        vs.id.addr.family = family;
        vs.id.port = 0;
        vs.id.fwmark = 7;
    }
    return vs;
}

static struct nl_msg *message_of(const struct ld_op *op)
{
    struct nl_msg *message = nlmsg_alloc_size(LD_IPVS_MESSAGE_MAX);

    assert_non_null(genlmsg_put(message, 0, 1, 30, 0, 0, ld_ipvs_command(op->kind), 1));
    assert_int_equal(ld_ipvs_put_op(message, op), 0);
    return message;
}

static void assert_service_survives(const struct ld_vs *vs)
{
    struct ld_op op = {.kind = LD_OP_ADD_SERVICE, .vs = vs};
    struct nl_msg *message = message_of(&op);
    struct ld_vs back = {0};

    assert_int_equal(ld_ipvs_get_service(nlmsg_hdr(message), &back), 0);
    assert_int_equal(back.id.protocol, vs->id.protocol);
    assert_true(ha_addr_equal(&back.id.addr, &vs->id.addr));
    assert_int_equal(back.id.port, vs->id.port);
    assert_int_equal(back.id.fwmark, vs->id.fwmark);
    assert_string_equal(back.scheduler, vs->scheduler);
    assert_int_equal(back.flags, vs->flags);
    assert_int_equal(back.timeout_s, vs->timeout_s);
    assert_int_equal(back.netmask, vs->netmask);
    nlmsg_free(message);
}

static void a_service_of_any_kind_survives_the_wire(void **state)
{
    struct ld_vs vs;

    (void)state;
    vs = service(LD_TCP, "192.168.6.240");
    assert_service_survives(&vs);
    vs = service(LD_UDP, "2001:db8::1");
    vs.flags = IP_VS_SVC_F_ONEPACKET | IP_VS_SVC_F_SCHED2;
    assert_service_survives(&vs);
    vs = service(LD_FWM, "::");
    assert_service_survives(&vs);
    vs = service(LD_FWM, "0.0.0.0");
    vs.flags = IP_VS_SVC_F_PERSISTENT;
    vs.timeout_s = 600;
    vs.netmask = 0xffffff00;
    assert_service_survives(&vs);
    vs = service(LD_TCP, "2001:db8::1");
    vs.flags = IP_VS_SVC_F_PERSISTENT;
    vs.timeout_s = 360;
    vs.netmask = 64;
    assert_service_survives(&vs);
}

static void a_destination_of_any_kind_survives_the_wire(void **state)
{
    const char *addresses[] = {"10.0.0.1", "2001:db8::2"};

    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        struct ld_vs vs = service(i < 3 ? LD_TCP : LD_FWM, addresses[i % 2]);
        struct ld_dest dest = {.addr = address(addresses[i % 2]), .port = (uint16_t)(8000 + i),
                               .method = (enum ld_method)(i % LD_METHOD_COUNT), .weight = i * 100,
                               .lower = i, .upper = 2 * i}, back;
        struct ld_op op = {.kind = LD_OP_ADD_DEST, .vs = &vs, .dest = &dest};
        struct nl_msg *message = message_of(&op);

        assert_int_equal(ld_ipvs_get_dest(nlmsg_hdr(message), &vs, &back), 0);
        assert_true(ha_addr_equal(&back.addr, &dest.addr));
        assert_int_equal(back.port, dest.port);
        assert_int_equal(back.method, dest.method);
        assert_int_equal(back.weight, dest.weight);
        assert_int_equal(back.lower, dest.lower);
        assert_int_equal(back.upper, dest.upper);
        nlmsg_free(message);
    }
}

/* Every prefix of an honest answer, and every answer with one byte changed: refused or read,
 * never anything else (the sanitizers watch). */
static void a_cut_or_altered_answer_is_read_or_refused(void **state)
{
    struct ld_vs vs = service(LD_TCP, "192.168.6.240"), back;
    struct ld_dest dest = {.addr = address("10.0.0.1"), .port = 80, .weight = 1}, dest_back;
    struct ld_op op = {.kind = LD_OP_ADD_SERVICE, .vs = &vs, .dest = &dest};
    unsigned refused = 0;

    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        op.kind = kind == 0 ? LD_OP_ADD_SERVICE : LD_OP_ADD_DEST;
        struct nl_msg *message = message_of(&op);
        uint32_t length = nlmsg_hdr(message)->nlmsg_len;
        for (uint32_t cut = NLMSG_HDRLEN; cut < length; cut++) {
            struct nlmsghdr *header = g_memdup2(nlmsg_hdr(message), cut);
            header->nlmsg_len = cut;
            refused += kind == 0 ? ld_ipvs_get_service(header, &back) == -EBADMSG
                                 : ld_ipvs_get_dest(header, &vs, &dest_back) == -EBADMSG;
            g_free(header);
        }
        for (uint32_t at = NLMSG_HDRLEN; at < length; at++) {
            for (unsigned change = 1; change < 256; change += 3) {
                struct nlmsghdr *header = g_memdup2(nlmsg_hdr(message), length);
                ((uint8_t *)header)[at] ^= (uint8_t)change;
                if (kind == 0)
                    (void)ld_ipvs_get_service(header, &back);
                else
                    (void)ld_ipvs_get_dest(header, &vs, &dest_back);
                g_free(header);
            }
        }
        nlmsg_free(message);
    }
    assert_true(refused > 60);
}

static struct nl_msg *answer_without(int missing)
{
    struct nl_msg *message = nlmsg_alloc_size(LD_IPVS_MESSAGE_MAX);
    struct ip_vs_flags flags = {0, UINT32_MAX};
    uint8_t addr[16] = {10, 0, 0, 1};
    struct nlattr *nest;

    genlmsg_put(message, 0, 1, 30, 0, 0, IPVS_CMD_NEW_SERVICE, 1);
    nest = nla_nest_start(message, IPVS_CMD_ATTR_SERVICE);
    if (missing != IPVS_SVC_ATTR_AF)
        nla_put_u16(message, IPVS_SVC_ATTR_AF, AF_INET);
    if (missing != IPVS_SVC_ATTR_PROTOCOL)
        nla_put_u16(message, IPVS_SVC_ATTR_PROTOCOL, missing < 0 ? -missing : IPPROTO_TCP);
    if (missing != IPVS_SVC_ATTR_ADDR)
        nla_put(message, IPVS_SVC_ATTR_ADDR, 16, addr);
    if (missing != IPVS_SVC_ATTR_PORT)
        nla_put_u16(message, IPVS_SVC_ATTR_PORT, 80);
    if (missing != IPVS_SVC_ATTR_SCHED_NAME)
        nla_put_string(message, IPVS_SVC_ATTR_SCHED_NAME, "rr");
    if (missing != IPVS_SVC_ATTR_FLAGS)
        nla_put(message, IPVS_SVC_ATTR_FLAGS, sizeof(flags), &flags);
    if (missing != IPVS_SVC_ATTR_TIMEOUT)
        nla_put_u32(message, IPVS_SVC_ATTR_TIMEOUT, 0);
    if (missing != IPVS_SVC_ATTR_NETMASK)
        nla_put_u32(message, IPVS_SVC_ATTR_NETMASK, UINT32_MAX);
    nla_nest_end(message, nest);
    return message;
}

static void a_missing_attribute_is_refused(void **state)
{
    static const int needed[] = {IPVS_SVC_ATTR_AF, IPVS_SVC_ATTR_PROTOCOL, IPVS_SVC_ATTR_ADDR,
                                 IPVS_SVC_ATTR_PORT, IPVS_SVC_ATTR_SCHED_NAME, IPVS_SVC_ATTR_FLAGS,
                                 IPVS_SVC_ATTR_TIMEOUT, IPVS_SVC_ATTR_NETMASK};
    struct ld_vs vs;

    (void)state;
    for (unsigned i = 0; i < G_N_ELEMENTS(needed); i++) {
        struct nl_msg *message = answer_without(needed[i]);
        assert_int_equal(ld_ipvs_get_service(nlmsg_hdr(message), &vs), -EBADMSG);
        nlmsg_free(message);
    }
}

static void a_service_of_a_foreign_protocol_is_told_apart(void **state)
{
    struct nl_msg *message = answer_without(-IPPROTO_SCTP);
    struct ld_vs vs;

    (void)state;
    assert_int_equal(ld_ipvs_get_service(nlmsg_hdr(message), &vs), -EPROTONOSUPPORT);
    nlmsg_free(message);
}

static void a_persistence_netmask_is_sent_in_network_order(void **state)
{
    struct ld_vs vs = service(LD_TCP, "10.0.0.1");
    struct ld_op op = {.kind = LD_OP_ADD_SERVICE, .vs = &vs};
    uint8_t expected[] = {8, 0, IPVS_SVC_ATTR_NETMASK, 0, 255, 255, 255, 0};
    struct nl_msg *message;

    (void)state;
    vs.flags = IP_VS_SVC_F_PERSISTENT;
    vs.netmask = 0xffffff00;
    message = message_of(&op);
    assert_non_null(memmem(nlmsg_hdr(message), nlmsg_hdr(message)->nlmsg_len, expected,
                           sizeof(expected)));
    nlmsg_free(message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_service_of_any_kind_survives_the_wire),
        cmocka_unit_test(a_destination_of_any_kind_survives_the_wire),
        cmocka_unit_test(a_cut_or_altered_answer_is_read_or_refused),
        cmocka_unit_test(a_missing_attribute_is_refused),
        cmocka_unit_test(a_service_of_a_foreign_protocol_is_told_apart),
        cmocka_unit_test(a_persistence_netmask_is_sent_in_network_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
