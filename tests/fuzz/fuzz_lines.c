/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The small readers of one answer each: agent line, news greeting, ftp's port, gRPC
 * health, and a TCP packet that answers a check by way of the virtual address.
 */
#include <glib.h>

#include "ldirectord/check/agent_answer.h"
#include "ldirectord/check/ftp_reply.h"
#include "ldirectord/check/grpc_message.h"
#include "ldirectord/check/nntp_greeting.h"
#include "ldirectord/check/vip_packet.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ld_agent_answer agent;
    struct ld_vip_ends ends;
    uint64_t health = 0;
    uint32_t number = 0;
    unsigned status = 0;
    uint16_t port = 0;
    char *line = g_strndup((const char *)data, size);

    if (ld_agent_answer((const char *)data, size, &agent) && agent.advice.given)
        fuzz_must(agent.advice.percent <= 100);
    if (ld_nntp_greeting(data, size, &status) == LD_NNTP_GREETING)
        fuzz_must(status <= 999);
    if (ld_ftp_passive_port(line, &port))
        fuzz_must(port > 0);
    (void)ld_grpc_answer(data, size, &health);
    (void)ld_vip_answer(data, size, &ends, &number);
    g_free(line);
    return 0;
}
