/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is in the heap is not in core files, and a key is nowhere else; looked at as the kernel would,
 * by another program (netns/dumped).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "authkeys/authkeys.h"
#include "common/run/file.h"
#include "common/run/secret.h"

static char *folder, *file;

/* dumped's exit status for the secret in the file, which only a shell reads. */
static int dumped(const char *option)
{
    char *command = g_strdup_printf("tail -c 33 %s | %s/tests/netns/dumped %s %d -", file, TOP_BUILDDIR,
                                    option, (int)getpid());
    int status = system(command);

    g_free(command);
    return WEXITSTATUS(status);
}

/* "auth 1\n1 sha256 KEY\n", KEY being 32 random digits that never pass through this process. */
static int begin(void **state)
{
    char *command;

    (void)state;
    folder = g_dir_make_tmp("secret-XXXXXX", NULL);
    file = g_build_filename(folder, "authkeys", NULL);
    command = g_strdup_printf("{ echo auth 1; printf '1 sha256 '; "
                              "od -An -N16 -tx1 /dev/urandom | tr -d ' \\n'; echo; } >%s", file);
    assert_int_equal(system(command), 0);
    g_free(command);
    return 0;
}

static int end(void **state)
{
    (void)state;
    unlink(file);
    rmdir(folder);
    g_free(file);
    g_free(folder);
    return 0;
}

static void a_key_in_use_is_in_no_core_file(void **state)
{
    char digest[AK_DIGEST_TEXT], *text;
    struct ak_keys keys;
    struct ha_diags diags;
    size_t length;

    (void)state;
#ifdef __SANITIZE_ADDRESS__
    skip();
#endif
    ha_secret_heap();
    assert_int_equal(dumped("-a"), 0); /* not there yet */
    ha_diags_init(&diags);
    assert_int_equal(ha_file_read(file, 4096, &text, &length, NULL), 0);
    assert_true(ak_keys_parse(&keys, "authkeys", text, length, 0600, &diags));
    explicit_bzero(text, length);
    g_free(text);
    ha_secret_stack();
    for (int i = 0; i < 100; i++)
        assert_int_equal(ak_digest(&keys.keys[1], "hello", 5, digest), 64);
    ha_secret_heap();
    assert_int_equal(dumped("-a"), 1); /* it can be found */
    assert_int_equal(dumped(""), 0);
    ak_keys_clear(&keys);
    ha_diags_clear(&diags);
}

static void what_the_heap_grows_by_is_kept_out_as_well(void **state)
{
    char *blocks[256], *text;
    size_t length;

    (void)state;
#ifdef __SANITIZE_ADDRESS__
    skip();
#endif
    ha_secret_heap();
    for (size_t i = 0; i < G_N_ELEMENTS(blocks); i++) /* small enough to be of the heap: 16 MiB */
        blocks[i] = malloc(65536);
    assert_int_equal(ha_file_read(file, 4096, &text, &length, NULL), 0);
    memcpy(blocks[255], text, length);
    explicit_bzero(text, length);
    g_free(text);
    __asm__ volatile("" : : "r"(blocks[255]) : "memory"); /* it is meant to be written */
    ha_secret_heap();
    assert_int_equal(dumped("-a"), 1);
    assert_int_equal(dumped(""), 0);
    for (size_t i = 0; i < G_N_ELEMENTS(blocks); i++)
        free(blocks[i]);
}

static void a_text_that_stays_is_kept_out_however_large_it_is(void **state)
{
    const size_t large = (size_t)4 << 20;
    char *text, *whole = g_malloc0(large);
    GBytes *kept;
    size_t length;

    (void)state;
#ifdef __SANITIZE_ADDRESS__
    g_free(whole);
    skip();
#endif
    ha_secret_heap();
    assert_int_equal(ha_file_read(file, 4096, &text, &length, NULL), 0);
    memcpy(whole + large / 2, text, length);
    explicit_bzero(text, length);
    g_free(text);
    ha_secret_stack();
    kept = ha_secret_text(whole, large);
    assert_int_equal(dumped("-a"), 1);
    assert_int_equal(dumped(""), 0);
    g_bytes_unref(kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_key_in_use_is_in_no_core_file, begin, end),
        cmocka_unit_test_setup_teardown(what_the_heap_grows_by_is_kept_out_as_well, begin, end),
        cmocka_unit_test_setup_teardown(a_text_that_stays_is_kept_out_however_large_it_is, begin, end),
    };

    alarm(60);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
