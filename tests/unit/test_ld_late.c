/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Client libraries are opened when something asks for them, and not before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <curl/curl.h>
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "ldirectord/check/check.h"
#include "ldirectord/check/late.h"

static int (*here)(const char *text), (*nowhere)(void);

static void a_library_that_is_not_there_is_named(void **state)
{
    struct ld_late late = {.file = "libhearth-is-not-here.so.9"};
    char *why = NULL;

    (void)state;
    assert_int_equal(ld_late_open(&late, &why), -ELIBACC);
    assert_non_null(strstr(why, "libhearth-is-not-here.so.9"));
    assert_int_equal(late.open, 0);
    assert_int_equal(ld_late_open(&late, NULL), -ELIBACC); /* who does not care why */
    g_free(why);
}

static void a_library_without_a_function_of_ours_is_not_used_at_all(void **state)
{
    const struct ld_late_function functions[] = {{"puts", &here}, {"hearth_no_such", &nowhere}};
    struct ld_late late = {.file = "libc.so.6", .functions = functions, .count = 2};
    char *why = NULL;

    (void)state;
    assert_int_equal(ld_late_open(&late, &why), -ELIBACC);
    assert_non_null(strstr(why, "hearth_no_such"));
    assert_null(here);
    assert_null(nowhere);
    late.count = 1;
    assert_int_equal(ld_late_open(&late, NULL), 0);
    assert_non_null(here);
    g_free(why);
}

static int prepare(enum ld_checktype type, enum ld_app app, const char *headers)
{
    struct ld_service service = {.checktype = type, .app = app,
                                 .terms = {.headers = (char *)headers}};
    char *why = NULL;
    int error = ld_check_prepare(&service, &why);

    g_free(why);
    return error;
}

static void everyday_checks_open_no_library(void **state)
{
    static const enum ld_app without[] = {LD_APP_NONE, LD_APP_HTTP, LD_APP_DNS, LD_APP_SIP,
                                          LD_APP_RADIUS, LD_APP_NNTP, LD_APP_SIMPLETCP,
                                          LD_APP_REDIS};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(without); i++)
        assert_int_equal(prepare(LD_CHECK_NEGOTIATE, without[i], NULL), 0);
    assert_int_equal(prepare(LD_CHECK_CONNECT, LD_APP_HTTPS, NULL), 0);
    assert_int_equal(prepare(LD_CHECK_EXTERNAL, LD_APP_IMAPS, NULL), 0);
    assert_int_equal(ld_late_curl.open, 0);
}

static void before_it_is_open_its_functions_do_nothing(void **state)
{
    (void)state;
    assert_int_equal(ld_late_curl.open, 0);
    assert_null(curl_easy_init());
    curl_slist_free_all(NULL);
    assert_int_equal(curl_easy_setopt(NULL, CURLOPT_NOSIGNAL, 1L), CURLE_FAILED_INIT);
}

static void what_takes_libcurl_opens_it_or_says_that_it_is_missing(void **state)
{
    const char *file = ld_late_curl.file;

    (void)state;
    ld_late_curl.file = "libhearth-is-not-here.so.9";
    assert_int_equal(prepare(LD_CHECK_NEGOTIATE, LD_APP_HTTPS, NULL), -ELIBACC);
    assert_int_equal(prepare(LD_CHECK_COMBINED, LD_APP_IMAP, NULL), -ELIBACC);
    assert_int_equal(prepare(LD_CHECK_NEGOTIATE, LD_APP_HTTP, "X: y"), -ELIBACC);
    assert_int_equal(ld_late_curl.open, 0);
    ld_late_curl.file = file;
    assert_int_equal(prepare(LD_CHECK_NEGOTIATE, LD_APP_HTTPS, NULL), 0);
    assert_int_equal(ld_late_curl.open, 1);
}

/* Each type of value that goes through a function with one argument more. */
static void values_of_every_type_reach_libcurl(void **state)
{
    const char *url = NULL;
    curl_off_t size = 0;
    CURL *easy;
    CURLSH *share;

    (void)state;
    assert_int_equal(prepare(LD_CHECK_NEGOTIATE, LD_APP_FTP, NULL), 0);
    assert_int_equal(curl_global_init(CURL_GLOBAL_DEFAULT), CURLE_OK);
    easy = curl_easy_init();
    share = curl_share_init();
    assert_non_null(easy);
    assert_int_equal(curl_easy_setopt(easy, CURLOPT_URL, "file:///dev/null"), CURLE_OK);
    assert_int_equal(curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)-2), CURLE_BAD_FUNCTION_ARGUMENT);
    assert_int_equal(curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)1 << 40), CURLE_OK);
    assert_int_equal(curl_easy_setopt(easy, CURLOPT_NOBODY, 1L), CURLE_OK);
    assert_int_equal(curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_CONNECT), CURLSHE_OK);
    assert_int_equal(curl_easy_setopt(easy, CURLOPT_SHARE, share), CURLE_OK);
    assert_int_equal(curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &url), CURLE_OK);
    assert_string_equal(url, "file:///dev/null");
    assert_int_equal(curl_easy_getinfo(easy, CURLINFO_SIZE_UPLOAD_T, &size), CURLE_OK);
    curl_easy_cleanup(easy);
    curl_share_cleanup(share);
    curl_global_cleanup();
}

int main(void)
{
    const struct CMUnitTest tests[] = { /* in this order: what is open stays so */
        cmocka_unit_test(a_library_that_is_not_there_is_named),
        cmocka_unit_test(a_library_without_a_function_of_ours_is_not_used_at_all),
        cmocka_unit_test(everyday_checks_open_no_library),
        cmocka_unit_test(before_it_is_open_its_functions_do_nothing),
        cmocka_unit_test(what_takes_libcurl_opens_it_or_says_that_it_is_missing),
        cmocka_unit_test(values_of_every_type_reach_libcurl),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
