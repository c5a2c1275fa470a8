/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dns: asks the server for the addresses of request, or if request is an
 * address for its name; receive must be found in one of them. The IPv6 addresses
 * are asked for when the IPv4 ones will not do. Over UDP, a lost
 * datagram is asked again and a truncated answer over TCP; over TCP where the
 * service is a TCP one. Names are asked as they are written: the director's own
 * resolver and its search list are none of the server's business.
 */
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "ldirectord/check/dns_message.h"
#include "ldirectord/check/wire.h"

struct dns_state {
    struct ld_wire wire;
    struct ld_dns_question question;
    uint16_t id;
    unsigned records;
    bool matched;
    const char *why; /* receive could not be searched for */
};

static const struct ld_talk dns_talk;

static void dns_record(void *ctx, const char *text)
{
    struct ld_check *check = ctx;
    struct dns_state *state = ld_check_state(check);
    const char *receive = ld_check_probe(check)->receive;

    state->records++;
    if (receive != NULL && receive[0] != '\0' && !state->matched && state->why == NULL)
        state->matched = ld_checks_match(ld_check_room(check), receive, text, strlen(text),
                                         &state->why) > 0;
}

/* Without a request the question is only whether a name server is at work: that it has no answer,
 * or none for us, is one. */
static bool says_no(const struct dns_state *state, unsigned rcode)
{
    bool at_work = rcode == 3 || rcode == 5; /* NXDOMAIN, REFUSED */

    return rcode != 0 && !(at_work && state->question.type == LD_DNS_NS);
}

/* Closes the connection, or what there is of one, and asks anew. */
static void ask_over(struct ld_check *check, enum ld_protocol protocol)
{
    struct dns_state *state = ld_check_state(check);
    int error;

    ld_wire_close(&state->wire);
    error = ld_wire_open(&state->wire, check, protocol, &dns_talk);
    if (error != 0)
        ld_wire_done(&state->wire, ld_check_errno(-error), g_strerror(-error));
}

static bool is_enough(const struct dns_state *state, const char *receive)
{
    return receive != NULL && receive[0] != '\0' ? state->matched || state->why != NULL
                                                 : state->records > 0;
}

static void judge_answer(struct ld_check *check, unsigned rcode)
{
    struct dns_state *state = ld_check_state(check);
    const char *receive = ld_check_probe(check)->receive;
    char text[16];

    if (rcode == 0 && state->question.type == LD_DNS_A && !is_enough(state, receive)) {
        state->question.type = LD_DNS_AAAA;
        ask_over(check, state->wire.datagrams ? LD_UDP : LD_TCP);
        return;
    }
    if (says_no(state, rcode))
        ld_wire_done(&state->wire, LD_L7STS, ld_dns_rcode_name(rcode, text));
    else if (receive != NULL && receive[0] != '\0')
        ld_wire_done(&state->wire, state->matched ? LD_L7OK : LD_L7MATCH,
                     state->why != NULL ? state->why
                     : state->matched   ? NULL
                                        : "not found in any record");
    else if (state->records == 0 && state->question.type != LD_DNS_NS)
        ld_wire_done(&state->wire, LD_L7STS,
                     state->question.type == LD_DNS_AAAA ? "no address" : "no name");
    else
        ld_wire_done(&state->wire, LD_L7OK, NULL);
}

static void judge_message(struct ld_check *check, const uint8_t *bytes, size_t length)
{
    struct dns_state *state = ld_check_state(check);
    bool datagrams = state->wire.datagrams;
    unsigned rcode;

    state->records = 0;
    state->matched = false;
    state->why = NULL;
    switch (ld_dns_read(bytes, length, &state->question, state->id, &rcode, dns_record, check)) {
    case LD_DNS_ANSWER:
        judge_answer(check, rcode);
        return;
    case LD_DNS_TRUNCATED:
        if (datagrams)
            ask_over(check, LD_TCP);
        else
            ld_wire_done(&state->wire, LD_L7RSP, "truncated over TCP");
        return;
    case LD_DNS_BROKEN:
        ld_wire_done(&state->wire, LD_L7RSP, "the answer cannot be read");
        return;
    default:
        /* A datagram may be a late one, or not from the server at all: the right one may come. */
        if (!datagrams)
            ld_wire_done(&state->wire, LD_L7RSP, "not an answer to the question");
        return;
    }
}

/* Over TCP each message has its length in front. */
static void dns_heard(struct ld_check *check, const uint8_t *bytes, size_t length, bool end)
{
    struct dns_state *state = ld_check_state(check);
    size_t size;

    (void)end;
    if (state->wire.datagrams) {
        judge_message(check, bytes, length);
        return;
    }
    if (length < 2)
        return;
    size = (size_t)bytes[0] << 8 | bytes[1];
    if (length - 2 >= size)
        judge_message(check, bytes + 2, size);
}

static void dns_ready(struct ld_check *check)
{
    struct dns_state *state = ld_check_state(check);
    uint8_t query[2 + LD_DNS_QUERY_MAX];
    size_t length = ld_dns_query(&state->question, state->id, query + 2);

    query[0] = (uint8_t)(length >> 8);
    query[1] = (uint8_t)length;
    if (state->wire.datagrams)
        ld_wire_say(&state->wire, query + 2, length, LD_SAY_REPEAT);
    else
        ld_wire_say(&state->wire, query, length + 2, 0);
}

static const struct ld_talk dns_talk = {
    .waiting_max = 2 + 65535, .ready = dns_ready, .heard = dns_heard};

static int dns_start(struct ld_check *check)
{
    const struct ld_probe *probe = ld_check_probe(check);
    struct dns_state *state = ld_check_state(check);

    if (!ld_dns_question_of(&state->question, ld_wire_request(probe))) {
        ld_check_done(check, LD_INTERNAL, "request is neither an address nor the name of a host");
        return 0;
    }
    if (getrandom(&state->id, sizeof(state->id), 0) != sizeof(state->id))
        return -errno;
    return ld_wire_open(&state->wire, check, probe->protocol, &dns_talk);
}

const struct ld_check_ops ld_check_dns = {
    .name = "dns",
    .state_size = sizeof(struct dns_state),
    .start = dns_start,
    .stop = ld_wire_stop,
    .deadline = ld_wire_deadline,
};
