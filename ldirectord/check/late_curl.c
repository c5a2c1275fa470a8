/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What we use of libcurl, passed on to it (late.h). */
#include "ldirectord/check/late.h"

#include "config.h"

#define CURL_DISABLE_TYPECHECK /* whoever calls has it; here the macros are in the way */
#include <curl/curl.h>
#include <glib.h>
#include <stdarg.h>

#undef curl_easy_getinfo
#undef curl_easy_setopt
#undef curl_multi_setopt
#undef curl_share_setopt

/* A URL that is only looked at is const in some versions. */
#define LOOKED_AT                                                                  \
    __typeof__(_Generic(&curl_url_dup, CURLU * (*)(CURLU *) : (CURLU *)NULL, default \
                        : (const CURLU *)NULL))

#define FUNCTIONS(F)                                                                               \
    F(CURLcode, curl_global_init, (long flags), (flags))                                           \
    F(void, curl_global_cleanup, (void), ())                                                       \
    F(CURL *, curl_easy_init, (void), ())                                                          \
    F(void, curl_easy_cleanup, (CURL *easy), (easy))                                               \
    F(void, curl_easy_reset, (CURL *easy), (easy))                                                 \
    F(const char *, curl_easy_strerror, (CURLcode code), (code))                                   \
    F(CURLcode, curl_easy_send, (CURL *easy, const void *bytes, size_t length, size_t *sent),      \
      (easy, bytes, length, sent))                                                                 \
    F(CURLcode, curl_easy_recv, (CURL *easy, void *into, size_t room, size_t *length),             \
      (easy, into, room, length))                                                                  \
    F(CURLM *, curl_multi_init, (void), ())                                                        \
    F(CURLMcode, curl_multi_cleanup, (CURLM *multi), (multi))                                      \
    F(CURLMcode, curl_multi_add_handle, (CURLM *multi, CURL *easy), (multi, easy))                 \
    F(CURLMcode, curl_multi_remove_handle, (CURLM *multi, CURL *easy), (multi, easy))              \
    F(CURLMsg *, curl_multi_info_read, (CURLM *multi, int *left), (multi, left))                   \
    F(CURLMcode, curl_multi_socket_action, (CURLM *multi, curl_socket_t fd, int events,            \
                                            int *running), (multi, fd, events, running))           \
    F(CURLMcode, curl_multi_assign, (CURLM *multi, curl_socket_t fd, void *ctx), (multi, fd, ctx)) \
    F(CURLSH *, curl_share_init, (void), ())                                                       \
    F(CURLSHcode, curl_share_cleanup, (CURLSH *share), (share))                                    \
    F(struct curl_slist *, curl_slist_append, (struct curl_slist *list, const char *text),         \
      (list, text))                                                                                \
    F(void, curl_slist_free_all, (struct curl_slist *list), (list))                                \
    F(void, curl_free, (void *memory), (memory))                                                   \
    F(CURLU *, curl_url, (void), ())                                                               \
    F(void, curl_url_cleanup, (CURLU *url), (url))                                                 \
    F(CURLU *, curl_url_dup, (LOOKED_AT url), (url))                                               \
    F(CURLUcode, curl_url_get, (LOOKED_AT url, CURLUPart part, char **into, unsigned flags),       \
      (url, part, into, flags))                                                                    \
    F(CURLUcode, curl_url_set, (CURLU *url, CURLUPart part, const char *text, unsigned flags),     \
      (url, part, text, flags))

static struct {
    FUNCTIONS(LD_LATE_POINTER)
    CURLcode (*curl_easy_setopt)(CURL *easy, CURLoption option, ...);
    CURLcode (*curl_easy_getinfo)(CURL *easy, CURLINFO info, ...);
    CURLMcode (*curl_multi_setopt)(CURLM *multi, CURLMoption option, ...);
    CURLSHcode (*curl_share_setopt)(CURLSH *share, CURLSHoption option, ...);
} real;

static const struct ld_late_function functions[] = {
    FUNCTIONS(LD_LATE_ENTRY)
    {"curl_easy_setopt", &real.curl_easy_setopt},
    {"curl_easy_getinfo", &real.curl_easy_getinfo},
    {"curl_multi_setopt", &real.curl_multi_setopt},
    {"curl_share_setopt", &real.curl_share_setopt},
};

struct ld_late ld_late_curl = {
    .file = LD_LATE_CURL,
    .functions = functions,
    .count = G_N_ELEMENTS(functions),
};

FUNCTIONS(LD_LATE_DEFINE)

/* ---- those that take one value more, of the type that the number of the option says ---- */

CURLcode curl_easy_setopt(CURL *easy, CURLoption option, ...)
{
    CURLcode result;
    va_list more;

    if (real.curl_easy_setopt == NULL)
        return CURLE_FAILED_INIT;
    va_start(more, option);
    if (option < CURLOPTTYPE_OBJECTPOINT)
        result = real.curl_easy_setopt(easy, option, va_arg(more, long));
    else if (option >= CURLOPTTYPE_OFF_T && option < CURLOPTTYPE_OFF_T + 10000)
        result = real.curl_easy_setopt(easy, option, va_arg(more, curl_off_t));
    else
        result = real.curl_easy_setopt(easy, option, va_arg(more, void *));
    va_end(more);
    return result;
}

CURLMcode curl_multi_setopt(CURLM *multi, CURLMoption option, ...)
{
    CURLMcode result;
    va_list more;

    if (real.curl_multi_setopt == NULL)
        return CURLM_UNKNOWN_OPTION;
    va_start(more, option);
    if ((unsigned)option < CURLOPTTYPE_OBJECTPOINT)
        result = real.curl_multi_setopt(multi, option, va_arg(more, long));
    else if ((unsigned)option >= CURLOPTTYPE_OFF_T)
        result = real.curl_multi_setopt(multi, option, va_arg(more, curl_off_t));
    else
        result = real.curl_multi_setopt(multi, option, va_arg(more, void *));
    va_end(more);
    return result;
}

/* Where to put the answer, whatever it is. */
CURLcode curl_easy_getinfo(CURL *easy, CURLINFO info, ...)
{
    CURLcode result;
    va_list more;

    if (real.curl_easy_getinfo == NULL)
        return CURLE_FAILED_INIT;
    va_start(more, info);
    result = real.curl_easy_getinfo(easy, info, va_arg(more, void *));
    va_end(more);
    return result;
}

/* What to share is an int; all else are pointers. */
CURLSHcode curl_share_setopt(CURLSH *share, CURLSHoption option, ...)
{
    CURLSHcode result;
    va_list more;

    if (real.curl_share_setopt == NULL)
        return CURLSHE_BAD_OPTION;
    va_start(more, option);
    if (option == CURLSHOPT_SHARE || option == CURLSHOPT_UNSHARE)
        result = real.curl_share_setopt(share, option, va_arg(more, int));
    else
        result = real.curl_share_setopt(share, option, va_arg(more, void *));
    va_end(more);
    return result;
}
