/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers of a SIP server, over UDP and TCP, one after the other as in a stream.
 * A body that is announced is bounded.
 */
#include <glib.h>

#include "ldirectord/check/sip_message.h"
#include "tests/fuzz/fuzz.h"

static enum ld_sip read_one(const uint8_t *data, size_t length, bool tcp, unsigned *status, size_t *size)
{
    struct ld_sip_ask ask = {.login = "hearth@10.0.0.9", .tcp = tcp, .local_port = 5060,
                             .token = "0123456789abcdef"};
    char *options;

    fuzz_must(ha_addr_parse(&ask.local, "10.0.0.9"));
    options = ld_sip_options(&ask);
    fuzz_must(options != NULL);
    g_free(options);
    return ld_sip_read(data, length, &ask, status, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (unsigned tcp = 0; tcp < 2; tcp++) {
        size_t at = 0, taken = 0;
        unsigned status = 0;

        while (at < size) {
            enum ld_sip is = read_one(data + at, size - at, tcp, &status, &taken);

            fuzz_must(is < LD_SIP_COUNT);
            if (is != LD_SIP_OTHER && is != LD_SIP_ANSWER)
                break;
            fuzz_must(taken > 0 && taken <= size - at + LD_SIP_MAX);
            fuzz_must(is != LD_SIP_ANSWER || (status >= 100 && status <= 999));
            if (taken > size - at)
                break; /* its body is still to come */
            at += taken;
        }
    }
    return 0;
}
