/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * grpc and grpcs: grpc.health.v1.Health/Check over HTTP/2, for the service that
 * request names or for the server as a whole; SERVING is good and nothing else.
 * The authority is virtualhost, else the address. grpcs: the chain is verified
 * unless verify says otherwise; SNI is sni, else virtualhost.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "ldirectord/check/grpc_message.h"
#include "ldirectord/check/http_multi.h"
#include "ldirectord/check/late.h"
#include "ldirectord/check/wire.h"

#define PATH        "/grpc.health.v1.Health/Check"
#define HEADERS_MAX ((size_t)64 << 10)
#define BODY_MAX    ((size_t)64 << 10)

struct grpc_state {
    struct ld_http *http;
    struct ld_transfer transfer;
    struct curl_slist *headers, *connect_to;
    GByteArray *question, *answer;
    size_t headers_seen;
    int status;    /* grpc-status; -1: not heard */
    char *message; /* grpc-message */
    bool flood;
};

/* ---- what libcurl reads ---- */

/* The value of a header line, if it is that one; g_free() it. */
static char *value_of(const char *line, size_t length, const char *name)
{
    size_t name_length = strlen(name);

    if (length <= name_length || g_ascii_strncasecmp(line, name, name_length) != 0 ||
        line[name_length] != ':')
        return NULL;
    return g_strstrip(g_strndup(line + name_length + 1, length - name_length - 1));
}

/* -1: that is none. */
static int status_of(const char *value)
{
    guint64 number;

    return g_ascii_string_to_unsigned(value, 10, 0, G_MAXINT, &number, NULL) ? (int)number : -1;
}

/* Trailers come this way, too. */
static size_t take_header(char *bytes, size_t size, size_t count, void *ctx)
{
    struct grpc_state *state = ctx;
    size_t length = size * count;
    char *value;

    state->headers_seen += length;
    if (state->headers_seen > HEADERS_MAX) {
        state->flood = true;
        return 0;
    }
    value = value_of(bytes, length, "grpc-status");
    if (value != NULL)
        state->status = status_of(value);
    g_free(value);
    value = value_of(bytes, length, "grpc-message");
    if (value != NULL) {
        g_free(state->message);
        state->message = value;
    }
    return length;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *ctx)
{
    struct grpc_state *state = ctx;
    size_t length = size * count;

    if (state->answer->len + length > BODY_MAX) {
        state->flood = true;
        return 0;
    }
    g_byte_array_append(state->answer, (const uint8_t *)bytes, (guint)length);
    return length;
}

/* ---- verdicts ---- */

static void done(struct ld_check *check, enum ld_verdict verdict, char *detail)
{
    ld_check_done(check, verdict, detail);
    g_free(detail);
}

static void judge(struct ld_check *check)
{
    static const char *const words[] = {"UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"};
    struct grpc_state *state = ld_check_state(check);
    char shown[LD_SHOWN_MAX + 1];
    uint64_t health;
    long http = 0;

    curl_easy_getinfo(state->transfer.easy, CURLINFO_RESPONSE_CODE, &http);
    if (http != 200)
        done(check, LD_L7STS, g_strdup_printf("HTTP status %ld", http));
    else if (state->status < 0)
        done(check, LD_L7RSP, g_strdup("no gRPC: there is no grpc-status"));
    else if (state->status > 0)
        done(check, LD_L7STS,
             g_strdup_printf("gRPC status %d%s%s", state->status, state->message ? ": " : "",
                             state->message ? ld_wire_shown(state->message, strlen(state->message),
                                                            shown) : ""));
    else if (!ld_grpc_answer(state->answer->data, state->answer->len, &health))
        done(check, LD_L7RSP, g_strdup("the answer is no HealthCheckResponse"));
    else if (health != LD_GRPC_SERVING)
        done(check, LD_L7STS,
             health < G_N_ELEMENTS(words) ? g_strdup(words[health])
                                          : g_strdup_printf("health %" G_GUINT64_FORMAT, health));
    else
        done(check, LD_L7OK, NULL);
}

static void transfer_over(void *ctx, CURLcode result)
{
    struct ld_check *check = ctx;
    struct grpc_state *state = ld_check_state(check);
    char text[CURL_ERROR_SIZE];

    if (state->flood) {
        ld_check_done(check, LD_L7RSP, "the answer is too long to be one");
    } else if (result != CURLE_OK) {
        enum ld_verdict verdict = ld_transfer_failure(&state->transfer, result, text);

        ld_check_done(check, verdict, text);
    } else {
        judge(check);
    }
}

/* ---- the transfer ---- */

static void add_headers(struct grpc_state *state, const struct ld_probe *probe)
{
    static const char *const fixed[] = {
        ("User-Agent: grpc-ldirectord/" PACKAGE_VERSION), "Content-Type: application/grpc",
        "TE: trailers", "Accept:", "Expect:"};
    char *host;

    for (size_t i = 0; i < G_N_ELEMENTS(fixed); i++)
        state->headers = curl_slist_append(state->headers, fixed[i]);
    if (probe->virtualhost == NULL || probe->virtualhost[0] == '\0')
        return;
    host = g_strdup_printf("Host: %s", probe->virtualhost);
    for (char *c = host; *c != '\0'; c++)
        if (g_ascii_iscntrl(*c))
            *c = ' ';
    state->headers = curl_slist_append(state->headers, host);
    g_free(host);
}

static void set_url(struct grpc_state *state, const struct ld_probe *probe, bool tls)
{
    char *name = tls ? ld_transfer_name(probe, true) : NULL, where[HA_ADDR_TEXT], *url;

    if (name != NULL) {
        url = g_strdup_printf("https://%s:%u" PATH, name, (unsigned)probe->port);
        state->connect_to = ld_transfer_connect_to(probe);
    } else {
        url = g_strdup_printf("%s://%s" PATH, tls ? "https" : "http",
                              ha_addr_port_text(&probe->addr, probe->port, where));
    }
    curl_easy_setopt(state->transfer.easy, CURLOPT_URL, url);
    curl_easy_setopt(state->transfer.easy, CURLOPT_CONNECT_TO, state->connect_to);
    g_free(name);
    g_free(url);
}

static void set_transfer(struct grpc_state *state, const struct ld_probe *probe)
{
    bool tls = probe->app == LD_APP_GRPCS;
    CURL *easy = state->transfer.easy;

    state->transfer.tls = tls;
    set_url(state, probe, tls);
    add_headers(state, probe);
    ld_transfer_secure(&state->transfer, &probe->terms, LD_VERIFY_CHAIN);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                     (long)(tls ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE));
    curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, state->headers);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)state->question->len);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, state->question->data);
    ld_transfer_give_up(&state->transfer, probe->timeout_ms + LD_TRANSFER_SPARE_MS);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, state);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, state);
}

static int grpc_start(struct ld_check *check)
{
    const struct ld_probe *probe = ld_check_probe(check);
    struct grpc_state *state = ld_check_state(check);

    if (probe->port == 0) {
        ld_check_done(check, LD_L4CON, "no port is configured for this check");
        return 0;
    }
    state->status = -1;
    state->http = ld_checks_http(ld_check_room(check));
    if (state->http == NULL)
        return -errno;
    if (!ld_transfer_take(state->http, &state->transfer, transfer_over, check))
        return -ENOMEM;
    state->question = ld_grpc_question(ld_wire_request(probe));
    state->answer = g_byte_array_new();
    set_transfer(state, probe);
    return ld_transfer_run(state->http, &state->transfer);
}

static void grpc_stop(struct ld_check *check)
{
    struct grpc_state *state = ld_check_state(check);

    if (state->http != NULL)
        ld_transfer_drop(state->http, &state->transfer);
    curl_slist_free_all(state->headers);
    curl_slist_free_all(state->connect_to);
    if (state->question != NULL)
        g_byte_array_free(state->question, TRUE);
    if (state->answer != NULL)
        g_byte_array_free(state->answer, TRUE);
    g_free(state->message);
}

static enum ld_verdict grpc_deadline(struct ld_check *check)
{
    const struct grpc_state *state = ld_check_state(check);

    return ld_transfer_overdue(&state->transfer);
}

const struct ld_check_ops ld_check_grpc = {
    .name = "grpc",
    .late = &ld_late_curl,
    .state_size = sizeof(struct grpc_state),
    .start = grpc_start,
    .stop = grpc_stop,
    .deadline = grpc_deadline,
};
