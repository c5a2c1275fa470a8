/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * http, https and http_proxy: GET, HEAD or POST, up to seven redirects, a 2xx status in the end,
 * and `receive` found in the body as it came (no content coding undone).
 *
 *   Host       virtualhost, else the real server's address without port; for a
 *              followed redirect that of its URL
 *   chain      verified, unless verify says otherwise; the host name only if it
 *              says so, for servers are asked by address
 *   status     2xx, or what expectstatus lists, then also one of redirection
 *   body       of ours, if there is one: then it is POST, and no redirect followed
 *   SNI        sni, else virtualhost where it is a name, so that the right one of
 *              several certificates is met
 *   body       read to its end, or to 1 MiB, whichever comes first; a server
 *              that stalls in it has not answered
 *
 * http_proxy asks the server, as a proxy, for a whole URL: that of the request if
 * it is one, else that of the server itself. Host is the URL's.
 *
 * The plain case goes over a socket of our own (http_plain.h); libcurl does all else, and again what the
 * plain case did not understand.
 *
 * Redirects are followed here and not by libcurl, which would send our Host
 * header again wherever the address is the same.
 */
#include <errno.h>
#include <string.h>

#include "ldirectord/check/http_multi.h"
#include "ldirectord/check/http_plain.h"
#include "ldirectord/check/http_request.h"

#define REDIRECTS_MAX 7
#define BODY_MAX      LD_ANSWER_BODY_MAX
#define HEADERS_MAX   (256 << 10)
#define LOCATION_MAX  8192

struct http_state {
    struct ld_http_plain plain; /* the first try; the rest is libcurl's */
    struct ld_http *http;
    struct ld_transfer transfer;
    struct ld_http_request request; /* of the transfer under way */
    GString *body;
    size_t body_seen, headers_seen;
    char *location;
    char *posted; /* libcurl sends it from here; NULL: GET or HEAD */
    size_t posted_length;
    unsigned redirects;
    bool enough;        /* we ended the transfer ourselves, knowing all we need */
    bool headers_flood;
};

static bool is_redirect(long status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* 0 is an answer without a status line: HTTP/0.9, which counts as success unless statuses are
 * listed. */
static bool is_success(const struct ld_check *check, long status)
{
    const char *statuses = ld_check_probe(check)->terms.expectstatus;

    return (status == 0 && statuses == NULL) || ld_terms_expects(statuses, status);
}

static long status_of(const struct http_state *state)
{
    long status = 0;

    curl_easy_getinfo(state->transfer.easy, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

/* ---- what libcurl reads ---- */

static size_t take_header(char *bytes, size_t size, size_t count, void *ctx)
{
    struct http_state *state = ctx;
    size_t length = size * count;

    state->headers_seen += length;
    if (state->headers_seen > HEADERS_MAX) {
        state->headers_flood = true;
        return 0;
    }
    if (length > 5 && memcmp(bytes, "HTTP/", 5) == 0) {
        g_clear_pointer(&state->location, g_free);
    } else if (length > 9 && length < LOCATION_MAX &&
               g_ascii_strncasecmp(bytes, "Location:", 9) == 0) {
        g_free(state->location);
        state->location = g_strstrip(g_strndup(bytes + 9, length - 9));
    }
    return length;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *ctx)
{
    struct ld_check *check = ctx;
    struct http_state *state = ld_check_state(check);
    size_t length = size * count;
    size_t room = BODY_MAX - MIN(state->body_seen, (size_t)BODY_MAX);

    if (!is_success(check, status_of(state))) {
        state->enough = true;
        return 0;
    }
    state->body_seen += length;
    if (state->body != NULL)
        g_string_append_len(state->body, bytes, (gssize)MIN(length, room));
    if (state->body_seen >= BODY_MAX) {
        state->enough = true;
        return 0;
    }
    return length;
}

/* ---- verdicts ---- */

static enum ld_verdict http_deadline(struct ld_check *check)
{
    const struct http_state *state = ld_check_state(check);

    return state->plain.begun ? ld_http_plain_overdue(&state->plain)
                              : ld_transfer_overdue(&state->transfer);
}

static void fail_by(struct ld_check *check, CURLcode result)
{
    struct http_state *state = ld_check_state(check);
    char text[CURL_ERROR_SIZE];
    enum ld_verdict verdict = ld_transfer_failure(&state->transfer, result, text);

    ld_check_done(check, verdict, text);
}

/* The usual status need not be named. */
static void pass(struct ld_check *check, long status)
{
    char text[32];

    g_snprintf(text, sizeof(text), "HTTP status %ld", status);
    ld_check_done(check, LD_L7OK, status == 0 || status == 200 ? NULL : text);
}

/* body: what was kept of it; NULL: nothing, or nothing is wanted. */
static void judge_body(struct ld_check *check, long status, const GString *body, size_t seen)
{
    const char *receive = ld_check_probe(check)->receive, *why;
    int found;

    if (receive == NULL || receive[0] == '\0') {
        pass(check, status);
        return;
    }
    found = ld_checks_match(ld_check_room(check), receive, body != NULL ? body->str : "",
                            body != NULL ? body->len : 0, &why);
    if (found > 0)
        pass(check, status);
    else if (found == 0)
        ld_check_done(check, LD_L7MATCH, seen >= BODY_MAX ? "not found in the first MiB of the body"
                                                          : "not found in the body");
    else
        ld_check_done(check, LD_L7MATCH, why);
}

static void judge_status(struct ld_check *check, long status, const char *more)
{
    char *detail = g_strdup_printf("HTTP status %ld%s", status, more);

    ld_check_done(check, LD_L7STS, detail);
    g_free(detail);
}

/* ---- the transfer ---- */

static int run_request(struct ld_check *check);

static void follow(struct ld_check *check, long status)
{
    struct http_state *state = ld_check_state(check);
    int error;

    if (++state->redirects > REDIRECTS_MAX) {
        judge_status(check, status, ", more than 7 redirects");
        return;
    }
    if (!ld_http_request_follow(&state->request, ld_check_probe(check), state->location)) {
        judge_status(check, status, ", and its Location cannot be followed");
        return;
    }
    error = run_request(check);
    if (error != 0)
        ld_check_done(check, LD_INTERNAL, g_strerror(-error));
}

static void transfer_over(void *ctx, CURLcode result)
{
    struct ld_check *check = ctx;
    struct http_state *state = ld_check_state(check);
    long status = status_of(state);

    if (state->headers_flood) {
        ld_check_done(check, LD_L7RSP, "more than 256 KiB of headers");
        return;
    }
    /* A body shorter than announced is taken as it is. */
    if (result != CURLE_OK && result != CURLE_PARTIAL_FILE &&
        !(result == CURLE_WRITE_ERROR && state->enough))
        fail_by(check, result);
    else if (is_success(check, status))
        judge_body(check, status, state->body, state->body_seen);
    else if (is_redirect(status) && state->location != NULL && state->posted == NULL)
        follow(check, status);
    else
        judge_status(check, status, "");
}

static int run_request(struct ld_check *check)
{
    const struct ld_probe *probe = ld_check_probe(check);
    struct http_state *state = ld_check_state(check);
    CURL *easy = state->transfer.easy;

    state->transfer.tls = state->request.tls;
    state->enough = false;
    state->body_seen = state->headers_seen = 0;
    g_clear_pointer(&state->location, g_free);
    if (state->body != NULL)
        g_string_truncate(state->body, 0);
    curl_easy_setopt(easy, CURLOPT_URL, state->request.url);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, state->request.headers);
    curl_easy_setopt(easy, CURLOPT_CONNECT_TO, state->request.connect_to);
    if (state->request.proxy != NULL) {
        curl_easy_setopt(easy, CURLOPT_PROXY, state->request.proxy);
        curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
    }
    curl_easy_setopt(easy, CURLOPT_NOBODY, probe->http_head && state->posted == NULL ? 1L : 0L);
    if (state->posted != NULL) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)state->posted_length);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, state->posted);
    }
    ld_transfer_secure(&state->transfer, &probe->terms, LD_VERIFY_CHAIN);
    ld_transfer_give_up(&state->transfer, probe->timeout_ms + LD_TRANSFER_SPARE_MS);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, state);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, check);
    return ld_transfer_run(state->http, &state->transfer);
}

/* Another transfer than a plain one, or a second one. */
static int prepare(struct ld_check *check)
{
    const struct ld_probe *probe = ld_check_probe(check);
    struct http_state *state = ld_check_state(check);

    state->http = ld_checks_http(ld_check_room(check));
    if (state->http == NULL)
        return -errno;
    if (!ld_transfer_take(state->http, &state->transfer, transfer_over, check))
        return -ENOMEM;
    if (!ld_http_request_first(&state->request, probe)) {
        ld_check_done(check, LD_INTERNAL, "request and address do not make a URL");
        return 0;
    }
    if (probe->receive != NULL && probe->receive[0] != '\0')
        state->body = g_string_new(NULL);
    if (probe->terms.body != NULL)
        state->posted = ld_terms_bytes(probe->terms.body, &state->posted_length);
    return 1;
}

static int start_transfer(struct ld_check *check)
{
    int ready = prepare(check);

    return ready > 0 ? run_request(check) : ready;
}

/* libcurl goes on from where the plain transfer came to. */
static void hand_over(struct ld_check *check, int status)
{
    struct http_state *state = ld_check_state(check);
    int ready;

    ld_http_plain_end(&state->plain);
    ready = status == 0 ? start_transfer(check) : prepare(check);
    if (ready < 0)
        ld_check_done(check, ld_check_errno(-ready), g_strerror(-ready));
    else if (ready > 0)
        follow(check, status);
}

static void plain_over(struct ld_check *check, const struct ld_http_end *end)
{
    struct http_state *state = ld_check_state(check);
    struct ld_http_answer *answer = &state->plain.answer;

    if (end->failed != LD_UNKNOWN) {
        ld_check_done(check, end->failed, end->detail);
    } else if (!end->answered) {
        hand_over(check, 0);
    } else if (is_success(check, answer->status)) {
        judge_body(check, answer->status, answer->body, answer->body_seen);
    } else if (is_redirect(answer->status) && answer->location != NULL) {
        state->location = g_steal_pointer(&answer->location);
        hand_over(check, answer->status);
    } else {
        judge_status(check, answer->status, "");
    }
}

static int http_start(struct ld_check *check)
{
    const struct ld_probe *probe = ld_check_probe(check);
    struct http_state *state = ld_check_state(check);

    if (probe->port == 0) {
        ld_check_done(check, LD_L4CON, "no port is configured for this check");
        return 0;
    }
    if (ld_http_plain_can(&state->plain, probe))
        return ld_http_plain_begin(&state->plain, check, plain_over);
    return start_transfer(check);
}

static void http_stop(struct ld_check *check)
{
    struct http_state *state = ld_check_state(check);

    ld_http_plain_end(&state->plain);
    if (state->http != NULL)
        ld_transfer_drop(state->http, &state->transfer);
    ld_http_request_clear(&state->request);
    if (state->body != NULL)
        g_string_free(state->body, TRUE);
    g_free(state->location);
    g_free(state->posted);
}

const struct ld_check_ops ld_check_http = {
    .name = "http",
    .state_size = sizeof(struct http_state),
    .start = http_start,
    .stop = http_stop,
    .deadline = http_deadline,
};
