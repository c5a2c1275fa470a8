/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machinery under all checks that go through libcurl. Knows nothing of
 * requests and verdicts.
 *
 * libcurl tells which sockets it wants watched and when it wants to be called;
 * both go to our loop, so a thousand transfers cost a thousand watches and no
 * polling. The store of trusted certificates is read once and shared, which
 * libcurl only does when it is given as one file.
 */
#include "ldirectord/check/http_multi.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "ldirectord/check/late.h"

#define EASY_KEPT 256

struct ld_http {
    struct ha_loop *loop;
    CURLM *multi;
    struct ha_timer timer;
    GPtrArray *idle; /* of CURL *, reset */
};

static int http_users; /* of libcurl's global state */

/* ---- finished transfers ---- */

static void take_finished(struct ld_http *http)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(http->multi, &left)) != NULL) {
        struct ld_transfer *transfer = NULL;
        CURLcode result = message->data.result;

        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
        if (!transfer->stays || result != CURLE_OK) {
            curl_multi_remove_handle(http->multi, transfer->easy);
            transfer->running = false;
        }
        transfer->fn(transfer->ctx, result);
    }
}

/* ---- sockets and the timer ---- */

struct http_socket {
    struct ld_http *http;
    struct ha_watch watch;
};

static void socket_ready(void *ctx, uint32_t events)
{
    struct http_socket *socket = ctx;
    struct ld_http *http = socket->http; /* socket may be freed below */
    int flags = 0, running;

    if (events & (EPOLLIN | EPOLLHUP))
        flags |= CURL_CSELECT_IN;
    if (events & EPOLLOUT)
        flags |= CURL_CSELECT_OUT;
    if (events & EPOLLERR)
        flags |= CURL_CSELECT_ERR;
    curl_multi_socket_action(http->multi, socket->watch.fd, flags, &running);
    take_finished(http);
}

static void forget_socket(struct ld_http *http, struct http_socket *socket)
{
    ha_watch_stop(http->loop, &socket->watch);
    g_free(socket);
}

static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *socket_ctx)
{
    struct ld_http *http = ctx;
    struct http_socket *socket = socket_ctx;
    uint32_t events = 0;

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (socket != NULL)
            forget_socket(http, socket);
        curl_multi_assign(http->multi, fd, NULL);
        return 0;
    }
    events |= what & CURL_POLL_IN ? EPOLLIN : 0;
    events |= what & CURL_POLL_OUT ? EPOLLOUT : 0;
    if (socket != NULL)
        return ha_watch_change(http->loop, &socket->watch, events) == 0 ? 0 : -1;
    socket = g_new0(struct http_socket, 1);
    socket->http = http;
    socket->watch.fd = -1;
    if (ha_watch_start(http->loop, &socket->watch, fd, events, socket_ready, socket) != 0) {
        g_free(socket);
        return -1;
    }
    curl_multi_assign(http->multi, fd, socket);
    return 0;
}

static void timer_struck(void *ctx, uint64_t now_ns)
{
    struct ld_http *http = ctx;
    int running;

    (void)now_ns;
    curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    take_finished(http);
}

static int want_timer(CURLM *multi, long timeout_ms, void *ctx)
{
    struct ld_http *http = ctx;

    (void)multi;
    if (timeout_ms < 0)
        ha_timer_cancel(http->loop, &http->timer);
    else
        ha_timer_set(http->loop, &http->timer,
                     ha_after_ns(ha_clock_ns(), ha_ms_to_ns((uint64_t)timeout_ms)), timer_struck,
                     http);
    return 0;
}

/* ---- transfers ---- */

/* The system's store, or what the environment names, as OpenSSL's own tools understand it. */
static void trust(CURL *easy)
{
    const char *file = g_getenv("SSL_CERT_FILE");
    const char *dir = g_getenv("SSL_CERT_DIR");
    char *system_file = NULL;

    if (file != NULL && file[0] != '\0')
        curl_easy_setopt(easy, CURLOPT_CAINFO, file);
    if (dir != NULL && dir[0] != '\0') {
        curl_easy_setopt(easy, CURLOPT_CAPATH, dir);
        return;
    }
    /* Without a folder libcurl reads the file once for all transfers, else for each. */
#if LIBCURL_VERSION_NUM >= 0x075400
    curl_easy_getinfo(easy, CURLINFO_CAINFO, &system_file);
#endif
    if ((file != NULL && file[0] != '\0') ||
        (system_file != NULL && access(system_file, R_OK) == 0))
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
}

/* libcurl tells when a handshake is done, but not when it begins: so we remember the socket. */
static curl_socket_t open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct ld_transfer *transfer = ctx;

    (void)purpose;
    transfer->fd = socket(to->family, to->socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, to->protocol);
    transfer->no_socket = transfer->fd < 0 ? errno : 0;
    return transfer->fd;
}

static void set_common(CURL *easy)
{
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
#if LIBCURL_VERSION_NUM >= 0x075700
    /* Do not wait for a name server when a redirect's check is given up. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#endif
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 1L);
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    /* Whatever the system's settings of OpenSSL still allow. */
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    trust(easy);
}

bool ld_transfer_take(struct ld_http *http, struct ld_transfer *transfer, ld_transfer_fn fn,
                      void *ctx)
{
    if (http->idle->len > 0)
        transfer->easy = g_ptr_array_steal_index_fast(http->idle, http->idle->len - 1);
    else
        transfer->easy = curl_easy_init();
    if (transfer->easy == NULL)
        return false;
    transfer->fn = fn;
    transfer->ctx = ctx;
    transfer->running = transfer->tls = transfer->stays = false;
    set_common(transfer->easy);
    curl_easy_setopt(transfer->easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(transfer->easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(transfer->easy, CURLOPT_OPENSOCKETDATA, transfer);
    curl_easy_setopt(transfer->easy, CURLOPT_ERRORBUFFER, transfer->error);
    return true;
}

void ld_transfer_give_up(struct ld_transfer *transfer, uint64_t after_ms)
{
    curl_easy_setopt(transfer->easy, CURLOPT_CONNECTTIMEOUT_MS,
                     (long)MIN(after_ms, (uint64_t)G_MAXINT));
}

void ld_transfer_secure(struct ld_transfer *transfer, const struct ld_terms *terms,
                        enum ld_verify usual)
{
    enum ld_verify verify = terms->verify != LD_VERIFY_USUAL ? terms->verify : usual;

    curl_easy_setopt(transfer->easy, CURLOPT_SSL_VERIFYPEER, verify == LD_VERIFY_NONE ? 0L : 1L);
    curl_easy_setopt(transfer->easy, CURLOPT_SSL_VERIFYHOST, verify == LD_VERIFY_NAME ? 2L : 0L);
    if (terms->cafile == NULL)
        return;
    curl_easy_setopt(transfer->easy, CURLOPT_CAINFO, terms->cafile);
    curl_easy_setopt(transfer->easy, CURLOPT_CAPATH, NULL);
}

char *ld_transfer_name(const struct ld_probe *probe, bool with_virtualhost)
{
    const char *name = probe->terms.sni;
    size_t length;
    bool letters = false;

    if (name == NULL && with_virtualhost)
        name = probe->virtualhost;
    length = name != NULL ? strcspn(name, ":") : 0;
    if (length > 0 && strchr(name + length, ':') != strrchr(name, ':'))
        return NULL; /* an IPv6 address */
    for (size_t i = 0; i < length; i++) {
        char c = name[i];

        if (!g_ascii_isalnum(c) && c != '.' && c != '-' && c != '_')
            return NULL;
        letters |= g_ascii_isalpha(c);
    }
    return letters && length < 254 ? g_strndup(name, length) : NULL;
}

struct curl_slist *ld_transfer_connect_to(const struct ld_probe *probe)
{
    char where[HA_ADDR_TEXT];
    char *to = g_strdup_printf("::%s", ha_addr_port_text(&probe->addr, probe->port, where));
    struct curl_slist *list = curl_slist_append(NULL, to);

    g_free(to);
    return list;
}

int ld_transfer_run(struct ld_http *http, struct ld_transfer *transfer)
{
    CURLMcode result;

    transfer->fd = -1;
    transfer->no_socket = 0;
    transfer->error[0] = '\0';
    result = curl_multi_add_handle(http->multi, transfer->easy);
    if (result != CURLM_OK)
        return result == CURLM_OUT_OF_MEMORY ? -ENOMEM : -EIO;
    transfer->running = true;
    return 0;
}

void ld_transfer_drop(struct ld_http *http, struct ld_transfer *transfer)
{
    if (transfer->easy == NULL)
        return;
    if (transfer->running)
        curl_multi_remove_handle(http->multi, transfer->easy);
    curl_easy_setopt(transfer->easy, CURLOPT_SHARE, NULL); /* which a reset leaves as it is */
    curl_easy_reset(transfer->easy);
    if (http->idle->len < EASY_KEPT)
        g_ptr_array_add(http->idle, transfer->easy);
    else
        curl_easy_cleanup(transfer->easy);
    transfer->easy = NULL;
    transfer->running = false;
}

/* ---- the room ---- */

int ld_http_new(struct ld_http **out, struct ha_loop *loop)
{
    struct ld_http *http;
    int error = ld_late_open(&ld_late_curl, NULL);

    if (error != 0)
        return error;
    if (http_users == 0 && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return -ENOMEM;
    http_users++;
    http = g_new0(struct ld_http, 1);
    http->loop = loop;
    http->idle = g_ptr_array_new();
    http->multi = curl_multi_init();
    if (http->multi == NULL) {
        ld_http_free(http);
        return -ENOMEM;
    }
    curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
    curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, want_timer);
    curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
    *out = http;
    return 0;
}

void ld_http_free(struct ld_http *http)
{
    if (http == NULL)
        return;
    for (guint i = 0; i < http->idle->len; i++)
        curl_easy_cleanup(g_ptr_array_index(http->idle, i));
    if (http->multi != NULL)
        curl_multi_cleanup(http->multi);
    ha_timer_cancel(http->loop, &http->timer);
    g_ptr_array_free(http->idle, TRUE);
    g_free(http);
    if (--http_users == 0)
        curl_global_cleanup();
}
