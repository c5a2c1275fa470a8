/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Questions to a name server and its answers, as bytes (RFC 1035, 4). Pure.
 * Trusts nothing in an answer: every length is checked, a name has at most 255
 * bytes however it is compressed, and what does not repeat our question is not
 * an answer to it.
 */
#ifndef LD_CHECK_DNS_MESSAGE_H
#define LD_CHECK_DNS_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LD_DNS_NAME_MAX  255
#define LD_DNS_QUERY_MAX (12 + LD_DNS_NAME_MAX + 4)
/* A name as text: each byte may become \DDD. */
#define LD_DNS_TEXT_MAX  (4 * LD_DNS_NAME_MAX + 1)

enum ld_dns_type { LD_DNS_A = 1, LD_DNS_NS = 2, LD_DNS_PTR = 12, LD_DNS_AAAA = 28 };

struct ld_dns_question {
    enum ld_dns_type type;
    uint8_t name[LD_DNS_NAME_MAX]; /* as on the wire, not compressed */
    size_t length;
};

enum ld_dns {
    LD_DNS_NOT_OURS,  /* an answer to something else, or none at all */
    LD_DNS_BROKEN,    /* an answer to our question that cannot be read */
    LD_DNS_TRUNCATED, /* did not fit; to be asked again over TCP */
    LD_DNS_ANSWER,
    LD_DNS_COUNT
};

/* What request means: an address its name (PTR), nothing the name servers of the root, anything
 * else the IPv4 addresses of that name (A; AAAA is for the caller to set). False: no name can look like that. */
bool ld_dns_question_of(struct ld_dns_question *question, const char *request);
/* The length of the query. */
size_t ld_dns_query(const struct ld_dns_question *question, uint16_t id,
                    uint8_t out[LD_DNS_QUERY_MAX]);

/* An address, or a name without its last dot; valid during the call. */
typedef void (*ld_dns_record_fn)(void *ctx, const char *text);
/* fn is told every record of the answer that has the type of the question; of an answer that
 * turns out to be broken, those before the break. */
enum ld_dns ld_dns_read(const uint8_t *bytes, size_t length, const struct ld_dns_question *question,
                        uint16_t id, unsigned *rcode, ld_dns_record_fn fn, void *ctx);
/* "NXDOMAIN"; for one without a name "error 23", written into text. */
const char *ld_dns_rcode_name(unsigned rcode, char text[16]);

#endif
