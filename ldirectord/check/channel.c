/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A transfer that ends, for libcurl, when the connection stands (connect-only);
 * from then on the socket is watched here and read and written through libcurl,
 * which does the TLS.
 *
 * libcurl keeps such a connection in its pool of idle ones, which it tidies when
 * other transfers start, and an idle connection with bytes to read may look dead
 * to it: just what a server looks like that has said something. So each channel
 * has a pool to itself.
 */
#include "ldirectord/check/channel.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/* A scheme must be named; nothing of that protocol is ever spoken. */
static char *url_of(const struct ha_addr *addr, uint16_t port, enum ld_channel_tls tls,
                    const char *name)
{
    char where[HA_ADDR_TEXT];

    if (name != NULL)
        return g_strdup_printf("https://%s:%u/", name, (unsigned)port);
    return g_strdup_printf("%s://%s/", tls == LD_CHANNEL_PLAIN ? "http" : "https",
                           ha_addr_port_text(addr, port, where));
}

static void fail_by(struct ld_channel *channel, CURLcode result)
{
    char why[CURL_ERROR_SIZE];
    enum ld_verdict verdict = ld_transfer_failure(&channel->transfer, result, why);

    channel->ops->failed(channel->ctx, verdict, why);
}

/* ---- bytes ---- */

static void flush(struct ld_channel *channel)
{
    while (channel->unsent->len > 0) {
        size_t sent = 0;
        CURLcode result = curl_easy_send(channel->transfer.easy, channel->unsent->str,
                                         channel->unsent->len, &sent);

        if (result == CURLE_AGAIN)
            break;
        if (result != CURLE_OK) {
            /* What the server said before it hung up is worth more than this: wait to read it. */
            g_string_truncate(channel->unsent, 0);
            break;
        }
        g_string_erase(channel->unsent, 0, (gssize)sent);
    }
    ha_watch_change(channel->loop, &channel->watch,
                    channel->unsent->len > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

/* To the end of what there is: TLS may hold bytes of which the socket knows nothing. */
static void read_all(struct ld_channel *channel)
{
    char bytes[16384];
    size_t length;

    while (channel->open) {
        CURLcode result = curl_easy_recv(channel->transfer.easy, bytes, sizeof(bytes), &length);

        if (result == CURLE_AGAIN)
            return;
        if (result != CURLE_OK) {
            fail_by(channel, result);
            return;
        }
        if (length == 0) {
            ha_watch_stop(channel->loop, &channel->watch);
            channel->ops->closed(channel->ctx);
            return;
        }
        channel->ops->heard(channel->ctx, bytes, length);
    }
}

static void ready(void *ctx, uint32_t events)
{
    struct ld_channel *channel = ctx;

    if (events & EPOLLOUT)
        flush(channel);
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        read_all(channel);
}

void ld_channel_send(struct ld_channel *channel, const char *bytes, size_t length)
{
    if (!channel->open)
        return;
    g_string_append_len(channel->unsent, bytes, (gssize)length);
    flush(channel);
}

/* ---- the connection ---- */

static void transfer_over(void *ctx, CURLcode result)
{
    struct ld_channel *channel = ctx;
    curl_socket_t fd = CURL_SOCKET_BAD;

    if (result != CURLE_OK) {
        fail_by(channel, result);
        return;
    }
    curl_easy_getinfo(channel->transfer.easy, CURLINFO_ACTIVESOCKET, &fd);
    if (fd == CURL_SOCKET_BAD ||
        ha_watch_start(channel->loop, &channel->watch, fd, EPOLLIN, ready, channel) != 0) {
        channel->ops->failed(channel->ctx, LD_INTERNAL, "cannot watch the connection");
        return;
    }
    channel->open = true;
    channel->ops->opened(channel->ctx);
    read_all(channel);
}

static CURLSH *pool_new(void)
{
    CURLSH *pool = curl_share_init();

    if (pool != NULL &&
        curl_share_setopt(pool, CURLSHOPT_SHARE, CURL_LOCK_DATA_CONNECT) != CURLSHE_OK) {
        curl_share_cleanup(pool);
        pool = NULL;
    }
    return pool;
}

/* Ready to be told where to connect to. */
static bool prepare(struct ld_channel *channel, struct ld_http *http, struct ha_loop *loop,
                    uint64_t give_up_ms, const struct ld_channel_ops *ops, void *ctx)
{
    CURL *easy;

    channel->http = http;
    channel->loop = loop;
    channel->ops = ops;
    channel->ctx = ctx;
    channel->watch.fd = -1;
    channel->unsent = g_string_new(NULL);
    channel->alone = pool_new();
    if (channel->alone == NULL ||
        !ld_transfer_take(channel->http, &channel->transfer, transfer_over, channel))
        return false;
    channel->transfer.stays = true;
    easy = channel->transfer.easy;
    curl_easy_setopt(easy, CURLOPT_SHARE, channel->alone);
    curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_ENABLE_ALPN, 0L);
    ld_transfer_give_up(&channel->transfer, give_up_ms);
    return true;
}

int ld_channel_open(struct ld_channel *channel, struct ld_check *check, const struct ha_addr *addr,
                    uint16_t port, enum ld_channel_tls tls, const struct ld_channel_ops *ops,
                    void *ctx)
{
    const struct ld_probe *probe = ld_check_probe(check);
    struct ld_http *http = ld_checks_http(ld_check_room(check));
    char *url, *name;
    CURL *easy;

    if (http == NULL)
        return -errno;
    if (!prepare(channel, http, ld_check_loop(check), probe->timeout_ms + LD_TRANSFER_SPARE_MS, ops, ctx))
        return -ENOMEM;
    easy = channel->transfer.easy;
    channel->transfer.tls = tls != LD_CHANNEL_PLAIN;
    name = tls != LD_CHANNEL_PLAIN ? ld_transfer_name(probe, probe->app == LD_APP_TLS) : NULL;
    url = url_of(addr, port, tls, name);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    if (name != NULL)
        channel->connect_to = ld_transfer_connect_to(probe);
    curl_easy_setopt(easy, CURLOPT_CONNECT_TO, channel->connect_to);
    g_free(name);
    g_free(url);
    ld_transfer_secure(&channel->transfer, &probe->terms,
                       tls == LD_CHANNEL_CHAIN ? LD_VERIFY_CHAIN : LD_VERIFY_NONE);
    return ld_transfer_run(channel->http, &channel->transfer);
}

int ld_channel_open_to(struct ld_channel *channel, struct ld_http *http, struct ha_loop *loop,
                       const char *host_and_port, uint64_t give_up_ms,
                       const struct ld_channel_ops *ops, void *ctx)
{
    char *url;

    if (!prepare(channel, http, loop, give_up_ms, ops, ctx))
        return -ENOMEM;
    url = g_strdup_printf("http://%s/", host_and_port);
    curl_easy_setopt(channel->transfer.easy, CURLOPT_URL, url);
    g_free(url);
    return ld_transfer_run(channel->http, &channel->transfer);
}

bool ld_channel_local(const struct ld_channel *channel, struct ha_addr *addr)
{
    struct sockaddr_storage from;
    socklen_t length = sizeof(from);

    return channel->open &&
           getsockname(channel->watch.fd, (struct sockaddr *)&from, &length) == 0 &&
           ha_addr_from_sockaddr(addr, NULL, (struct sockaddr *)&from);
}

enum ld_verdict ld_channel_overdue(const struct ld_channel *channel)
{
    if (channel->transfer.easy == NULL || channel->open)
        return LD_L7TOUT;
    return ld_transfer_overdue(&channel->transfer);
}

void ld_channel_close(struct ld_channel *channel)
{
    CURL *easy = channel->transfer.easy;

    channel->open = false;
    if (channel->loop != NULL)
        ha_watch_stop(channel->loop, &channel->watch);
    if (easy != NULL)
        ld_transfer_drop(channel->http, &channel->transfer);
    curl_slist_free_all(channel->connect_to);
    channel->connect_to = NULL;
    if (channel->alone != NULL)
        curl_share_cleanup(channel->alone);
    channel->alone = NULL;
    if (channel->unsent != NULL)
        g_string_free(channel->unsent, TRUE);
    channel->unsent = NULL;
}
