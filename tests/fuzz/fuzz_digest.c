/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The digest line behind a message of right that does not change. None is
 * accepted but one that has the digest in it.
 */
#include "heartbeatd/core/wire.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_keys.h"

static const char net[] = "###\n11:(0)t=status,12:(0)st=active,12:(0)src=node2,8:(0)seq=1,"
                          "14:(0)hg=65000001,14:(0)ts=65000100,%%%\n";
static const char lines[] = "t=status\nst=active\nsrc=node2\n(1)srcuuid=AAAAAAAAAAAAAAAAAAAAAA==\n"
                            "seq=1\nhg=65000001\nts=65000100\nttl=3\n";

static bool has_digest(const uint8_t *data, size_t size, const char *of, size_t length)
{
    for (int index = 0; index < AK_KEYS_MAX; index++) {
        char digest[AK_DIGEST_TEXT];
        size_t digits = ak_digest(&fuzz_keys()->keys[index], of, length, digest);

        if (digits > 0 && memmem(data, size, digest, digits) != NULL)
            return true;
    }
    return false;
}

static void try(GByteArray *datagram, bool may)
{
    struct hb_msg *msg = NULL;

    if (hb_wire_open(fuzz_keys(), datagram->data, datagram->len, &msg) == HB_ACCEPTED) {
        fuzz_must(may);
        hb_msg_unref(msg);
    }
    g_byte_array_unref(datagram);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    GByteArray *datagram = g_byte_array_new();

    fuzz_add(datagram, net, strlen(net));
    fuzz_add(datagram, data, size);
    try(datagram, has_digest(data, size, net, strlen(net)));

    datagram = g_byte_array_new();
    fuzz_add(datagram, ">>>\n", 4);
    fuzz_add(datagram, lines, strlen(lines));
    fuzz_add(datagram, "auth=", 5);
    fuzz_add(datagram, data, size);
    fuzz_add(datagram, "\n<<<\n", 6);
    /* With a field more it is another message, and its digest is not among ours. */
    if (memchr(data, '\n', size) == NULL)
        try(datagram, has_digest(data, size, lines, strlen(lines)));
    else
        try(datagram, true);
    return 0;
}
