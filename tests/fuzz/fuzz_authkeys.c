/* SPDX-License-Identifier: GPL-2.0-or-later */
/* authkeys: no key from a file with a fault, and never one in a message about it. */
#include "authkeys/authkeys.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ak_keys keys;
    struct ha_diags diags;
    GString *text = g_string_new(NULL);
    char digest[AK_DIGEST_TEXT];
    bool good;

    ha_diags_init(&diags);
    good = ak_keys_parse(&keys, "authkeys", (const char *)data, size, 0600, &diags);
    fuzz_must(good == (diags.errors == 0));
    ha_diags_print(&diags, text);
    if (good)
        fuzz_must(keys.sending >= 0 && keys.sending < AK_KEYS_MAX &&
                  keys.keys[keys.sending].method != AK_NONE);
    for (int i = 0; i < AK_KEYS_MAX; i++) {
        fuzz_must(good || keys.keys[i].method == AK_NONE);
        if (ak_digest(&keys.keys[i], "beat", 4, digest) > 0)
            fuzz_must(memchr(digest, '\0', sizeof(digest)) != NULL);
    }
    ak_keys_clear(&keys);
    ha_diags_clear(&diags);
    g_string_free(text, TRUE);
    return 0;
}
