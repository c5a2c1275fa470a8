/* SPDX-License-Identifier: GPL-2.0-or-later */
/* authkeys/keyfile: what is a key file, what each fault is told as, and that no key is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "authkeys/authkeys.h"

/* Parses; returns the messages. Caller frees. */
static char *parse(struct ak_keys *keys, const char *text, size_t length, mode_t mode, bool *ok)
{
    GString *out = g_string_new(NULL);
    char *copy = g_memdup2(text, length); /* exact size: reading past the end is seen */
    struct ha_diags diags;

    ha_diags_init(&diags);
    *ok = ak_keys_parse(keys, "authkeys", copy, length, mode, &diags);
    ha_diags_print(&diags, out);
    ha_diags_clear(&diags);
    g_free(copy);
    return g_string_free(out, FALSE);
}

static void assert_good(struct ak_keys *keys, const char *text, const char *warnings)
{
    bool ok;
    char *said = parse(keys, text, strlen(text), S_IFREG | 0600, &ok);

    assert_string_equal(said, warnings);
    assert_true(ok);
    g_free(said);
}

static void assert_refused(const char *text, size_t length, mode_t mode, const char *expected)
{
    struct ak_keys keys;
    bool ok;
    char *said = parse(&keys, text, length, S_IFREG | mode, &ok);

    assert_string_equal(said, expected);
    assert_false(ok);
    for (int i = 0; i < AK_KEYS_MAX; i++) {
        assert_int_equal(keys.keys[i].method, AK_NONE);
        assert_null(keys.keys[i].text);
    }
    ak_keys_clear(&keys);
    g_free(said);
}

static void assert_key(const struct ak_keys *keys, int index, enum ak_method method,
                       const char *text)
{
    assert_int_equal(keys->keys[index].method, method);
    if (text) {
        assert_string_equal(keys->keys[index].text, text);
        assert_int_equal(keys->keys[index].length, strlen(text));
    } else {
        assert_null(keys->keys[index].text);
    }
}

static void the_seed_document_s_file_is_read(void **state)
{
    struct ak_keys keys;
    char *text;

    (void)state;
    assert_true(g_file_get_contents(TEST_DATA "/seeds/authkeys", &text, NULL, NULL));
    assert_good(&keys, text, "");
    assert_int_equal(keys.sending, 2);
    assert_key(&keys, 2, AK_SHA1, "helloworld");
    assert_key(&keys, 1, AK_NONE, NULL);
    ak_keys_clear(&keys);
    g_free(text);
}

static void all_methods_comments_blanks_and_line_ends_are_read(void **state)
{
    struct ak_keys keys;

    (void)state;
    assert_good(&keys,
                "# a comment\r\n\r\n  auth\t15 # and why\r\n"
                "0 crc # no key\n\t1 md5 Hello! and more words\n15 sha1 #key\n3 sha256 k", "");
    assert_int_equal(keys.sending, 15);
    assert_key(&keys, 0, AK_CRC, NULL);
    assert_key(&keys, 1, AK_MD5, "Hello!");
    assert_key(&keys, 15, AK_SHA1, "#key");
    assert_key(&keys, 3, AK_SHA256, "k");
    ak_keys_clear(&keys);
}

static void the_auth_line_may_come_after_its_key(void **state)
{
    struct ak_keys keys;

    (void)state;
    assert_good(&keys, "1 sha1 secret\nauth 1\n", "");
    assert_int_equal(keys.sending, 1);
    ak_keys_clear(&keys);
}

static void the_later_of_two_lines_counts_and_that_is_said(void **state)
{
    struct ak_keys keys;

    (void)state;
    assert_good(&keys, "auth 1\nauth 2\n2 sha1 old\n2 md5 new\n",
                "authkeys:2: warning: auth: already set to 1 in line 1; this line counts\n"
                "authkeys:4: warning: key 2: already in line 3; this line counts\n");
    assert_int_equal(keys.sending, 2);
    assert_key(&keys, 2, AK_MD5, "new");
    ak_keys_clear(&keys);
}

static void crc_is_accepted_with_a_warning(void **state)
{
    struct ak_keys keys;

    (void)state;
    assert_good(&keys, "auth 1\n1 crc\n",
                "authkeys:1: warning: auth: crc finds accidents only: whoever reaches the network "
                "can send in the cluster's name\n");
    ak_keys_clear(&keys);
}

static void each_fault_has_its_message(void **state)
{
    static const struct {
        const char *text, *said;
    } cases[] = {
        {"", "authkeys: expected a line \"auth NUMBER\" that names the key to send with, found none\n"},
        {"\xef\xbb\xbf",
         "authkeys: expected a line \"auth NUMBER\" that names the key to send with, found none\n"},
        {"# nothing\n\n",
         "authkeys: expected a line \"auth NUMBER\" that names the key to send with, found none\n"},
        {"1 sha1 secret\n",
         "authkeys: expected a line \"auth NUMBER\" that names the key to send with, found none\n"},
        {"\nauth 3\n1 sha1 secret\n", "authkeys:2: auth: expected a key 3 in this file, found none\n"},
        {"1 sha1 secret\nauth 1\nauth\n",
         "authkeys:3: auth: expected the number of a key, 0 to 15, found nothing\n"},
        {"1 sha1 secret\nauth 1\nauth 16\n",
         "authkeys:3: auth: expected the number of a key, 0 to 15, found something else\n"},
        {"1 sha1 secret\nauth 1\nauth -1\n",
         "authkeys:3: auth: expected the number of a key, 0 to 15, found something else\n"},
        {"auth 1\n1 sha1\n", "authkeys:2: key 1: expected a key after sha1, found nothing\n"},
        {"auth 1\n1 md5 \n", "authkeys:2: key 1: expected a key after md5, found nothing\n"},
        {"auth 1\n1 sha256\t\n", "authkeys:2: key 1: expected a key after sha256, found nothing\n"},
        {"auth 1\n1 crc secret\n", "authkeys:2: key 1: crc has no key, found one\n"},
        {"auth 1\n1\n",
         "authkeys:2: key 1: expected a method: sha512, sha256, sha1, md5 or crc, found nothing\n"},
        {"auth 1\n1 sha9 secret\n",
         "authkeys:2: key 1: expected a method: sha512, sha256, sha1, md5 or crc, found \"sha9\"\n"},
        {"auth 1\n1 SHA1 secret\n",
         "authkeys:2: key 1: expected a method: sha512, sha256, sha1, md5 or crc, found \"SHA1\"\n"},
        {"auth 1\n1 secret\n",
         "authkeys:2: key 1: expected a method: sha512, sha256, sha1, md5 or crc, found something else\n"},
        {"auth 1\n1 sha1 secret\n16 sha1 secret\n",
         "authkeys:3: expected a key number from 0 to 15, found a larger one\n"},
        {"auth 1\n1 sha1 secret\n99999999999999999999999 sha1 secret\n",
         "authkeys:3: expected a key number from 0 to 15, found a larger one\n"},
        {"auth 1\n1 sha1 secret\nsecret\n",
         "authkeys:3: expected \"auth NUMBER\", \"NUMBER METHOD KEY\" or a comment, "
         "found something else\n"},
        {"auth 1\n1 sha1 secret\n-1 sha1 secret\n",
         "authkeys:3: expected \"auth NUMBER\", \"NUMBER METHOD KEY\" or a comment, "
         "found something else\n"},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_refused(cases[i].text, strlen(cases[i].text), 0600, cases[i].said);
}

static void all_faults_are_told_in_one_run_and_no_key_with_them(void **state)
{
    static const char text[] = "auth x\n1 sha9 secret-a\n2 md5\n3 crc secret-b\nsecret-c\n"
                               "4 secret-d\n17 sha1 secret-e\n";
    struct ak_keys keys;
    bool ok;
    char *said = parse(&keys, text, sizeof(text) - 1, 0600, &ok);

    (void)state;
    assert_false(ok);
    for (int line = 1; line <= 7; line++) {
        char place[32];

        g_snprintf(place, sizeof(place), "authkeys:%d: ", line);
        assert_non_null(strstr(said, place));
    }
    assert_null(strstr(said, "secret"));
    g_free(said);
}

static void a_file_that_others_can_read_is_refused(void **state)
{
    static const char text[] = "auth 1\n1 sha1 secret\n";
    static const mode_t bad[] = {0644, 0640, 0604, 0660, 0666, 0777, 04644};
    static const mode_t good[] = {0600, 0400, 0700, 0622, 0611, 0633};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        char *said = g_strdup_printf("authkeys: expected a file that only its owner can read, "
                                     "found mode %04o: chmod 600 authkeys\n", (unsigned)bad[i]);

        assert_refused(text, sizeof(text) - 1, bad[i], said);
        g_free(said);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        struct ak_keys keys;
        bool ok;

        g_free(parse(&keys, text, sizeof(text) - 1, S_IFREG | good[i], &ok));
        assert_true(ok);
        ak_keys_clear(&keys);
    }
}

static void long_keys_are_kept_up_to_the_bound_and_refused_beyond(void **state)
{
    char *key = g_strnfill(AK_KEY_MAX, 'k');
    char *good = g_strdup_printf("auth 1\n1 sha1 %s\n", key);
    char *bad = g_strdup_printf("auth 1\n1 sha1 %sk\n", key);
    struct ak_keys keys;

    (void)state;
    assert_good(&keys, good, "");
    assert_key(&keys, 1, AK_SHA1, key);
    ak_keys_clear(&keys);
    assert_refused(bad, strlen(bad), 0600,
                   "authkeys:2: key 1: expected a key of at most 1024 bytes, found 1025\n");
    g_free(bad);
    g_free(good);
    g_free(key);
}

static void binary_and_over_long_files_are_refused_in_few_words(void **state)
{
    static const char nul[] = "auth 1\n1 sha1 long-secret\n2 sha1 se\0cret\n";
    char *line = g_strnfill(1 << 20, '1');
    char noise[512];

    (void)state;
    for (size_t i = 0; i < sizeof(noise); i++)
        noise[i] = (char)(i * 31);
    assert_refused(line, 1 << 20, 0600,
                   "authkeys:1: expected a line of at most 5119 bytes, found 1048576\n");
    assert_refused(noise, sizeof(noise), 0600,
                   "authkeys: expected a text file, found binary data\n");
    assert_refused(nul, sizeof(nul) - 1, 0600,
                   "authkeys:3: expected text, found a NUL byte\n");
    g_free(line);
}

static void every_truncation_of_a_good_file_is_read_or_refused(void **state)
{
    static const char text[] = "# keys\r\nauth 2\r\n2 sha1 helloworld\r\n";

    (void)state;
    for (size_t length = 0; length < sizeof(text); length++) {
        struct ak_keys keys;
        bool ok;

        g_free(parse(&keys, text, length, 0600, &ok));
        assert_int_equal(ok, length >= strlen("# keys\r\nauth 2\r\n2 sha1 h"));
        ak_keys_clear(&keys);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_seed_document_s_file_is_read),
        cmocka_unit_test(all_methods_comments_blanks_and_line_ends_are_read),
        cmocka_unit_test(the_auth_line_may_come_after_its_key),
        cmocka_unit_test(the_later_of_two_lines_counts_and_that_is_said),
        cmocka_unit_test(crc_is_accepted_with_a_warning),
        cmocka_unit_test(each_fault_has_its_message),
        cmocka_unit_test(all_faults_are_told_in_one_run_and_no_key_with_them),
        cmocka_unit_test(a_file_that_others_can_read_is_refused),
        cmocka_unit_test(long_keys_are_kept_up_to_the_bound_and_refused_beyond),
        cmocka_unit_test(binary_and_over_long_files_are_refused_in_few_words),
        cmocka_unit_test(every_truncation_of_a_good_file_is_read_or_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
