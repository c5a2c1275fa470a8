/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A name server's answer to four questions, with our number put in front if the
 * first byte is even. All after that byte is a name to ask for, as well.
 */
#include <glib.h>

#include "ldirectord/check/dns_message.h"
#include "tests/fuzz/fuzz.h"

#define ID 0x1234

static void record(void *ctx, const char *text)
{
    unsigned *count = ctx;

    fuzz_must(strlen(text) < LD_DNS_TEXT_MAX);
    (*count)++;
}

static void read_answer(const char *request, const uint8_t *bytes, size_t length)
{
    struct ld_dns_question question;
    uint8_t query[LD_DNS_QUERY_MAX];
    char name[16];
    unsigned rcode = 0, count = 0;

    if (!ld_dns_question_of(&question, request))
        return;
    fuzz_must(ld_dns_query(&question, ID, query) <= sizeof(query));
    fuzz_must(ld_dns_read(bytes, length, &question, ID, &rcode, record, &count) < LD_DNS_COUNT);
    fuzz_must(count <= length && ld_dns_rcode_name(rcode, name) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const requests[] = {"www.example.com", "10.0.0.1", "2001:db8::1", ""};
    struct fuzz_rest rest = {data, size};
    bool ours = fuzz_byte(&rest) % 2 == 0;
    uint8_t *exact = g_malloc(rest.left + 1);
    char *text = g_strndup((const char *)rest.at, rest.left);

    exact = g_realloc(exact, MAX(rest.left, 1));
    if (rest.left > 0)
        memcpy(exact, rest.at, rest.left);
    if (ours && rest.left >= 2) {
        exact[0] = ID >> 8;
        exact[1] = ID & 0xff;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(requests); i++)
        read_answer(requests[i], exact, rest.left);
    read_answer(text, exact, rest.left);
    g_free(exact);
    g_free(text);
    return 0;
}
