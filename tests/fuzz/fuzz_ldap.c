/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stream of LDAP messages. What is told of one lies within it; part of a message is none. */
#include "ldirectord/check/ldap_message.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ld_ldap_answer answer;
    size_t at = 0, used = 0, part;
    int got;

    while (at < size && (got = ld_ldap_read(data + at, size - at, &answer, &used)) == 1) {
        fuzz_must(used > 0 && used <= size - at);
        if (answer.length > 0)
            fuzz_must((const uint8_t *)answer.text >= data + at &&
                      (const uint8_t *)answer.text + answer.length <= data + at + used);
        fuzz_must(ld_ldap_read(data + at, used - 1, &answer, &part) != 1);
        at += used;
    }
    return 0;
}
