/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * socket, connect, epoll_ctl, send, recv, close, and nothing else (http_plain.h).
 * The socket is watched once, for all there is and edge-triggered. Draws no
 * conclusion from an answer.
 */
#include "ldirectord/check/http_plain.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "ldirectord/check/dial.h"
#include "ldirectord/check/http_request.h"

#define READ_BYTES 16384

static void end_with(struct ld_http_plain *plain, const struct ld_http_end *end)
{
    ha_watch_close(ld_check_loop(plain->check), &plain->watch);
    plain->fn(plain->check, end);
}

static void fail_with(struct ld_http_plain *plain, enum ld_verdict verdict, const char *detail)
{
    end_with(plain, &(struct ld_http_end){.failed = verdict, .detail = detail});
}

/* A connection that broke after it stood is an answer of a kind; that we have no memory is none. */
static void broke(struct ld_http_plain *plain, const char *what, int error)
{
    char *detail = g_strdup_printf("%s failure: %s", what, g_strerror(error));

    fail_with(plain, ld_check_errno(error) == LD_INTERNAL ? LD_INTERNAL : LD_L7RSP, detail);
    g_free(detail);
}

static void judge(struct ld_http_plain *plain, enum ld_answer_is is)
{
    const struct ld_http_answer *answer = &plain->answer;
    const char *statuses = ld_check_probe(plain->check)->terms.expectstatus;

    if (is == LD_ANSWER_STRANGE)
        end_with(plain, &(struct ld_http_end){.answered = false});
    else if (is == LD_ANSWER_OVER ||
             (answer->status != 0 && !ld_terms_expects(statuses, answer->status)))
        end_with(plain, &(struct ld_http_end){.answered = true});
}

/* False: that was not the end of what is there. */
static bool receive_once(struct ld_http_plain *plain)
{
    char bytes[READ_BYTES];
    ssize_t length = recv(plain->watch.fd, bytes, sizeof(bytes), 0);

    if (length < 0 && errno != EAGAIN && errno != EINTR)
        broke(plain, "Recv", errno);
    else if (length == 0 && !plain->answer.anything)
        fail_with(plain, LD_L7RSP, "Empty reply from server");
    else if (length == 0)
        judge(plain, ld_http_answer_end(&plain->answer));
    else if (length > 0)
        judge(plain, ld_http_answer_take(&plain->answer, bytes, (size_t)length));
    return length < (ssize_t)sizeof(bytes);
}

/* We are told of what comes, once. So what is known to be there is read; and where that is more than two
 * pieces, from here on one a round, so that a server that floods does not keep the others waiting. */
static void receive(struct ld_http_plain *plain, bool closed)
{
    struct ha_loop *loop = ld_check_loop(plain->check);
    bool drained = receive_once(plain);

    if (plain->watch.fd >= 0 && drained && closed)
        receive_once(plain);
    else if (drained)
        return;
    if (plain->watch.fd >= 0 && ha_watch_change(loop, &plain->watch, EPOLLIN) != 0)
        fail_with(plain, LD_INTERNAL, "cannot watch a socket");
}

static void ask(struct ld_http_plain *plain)
{
    ssize_t sent = send(plain->watch.fd, plain->request, plain->length, MSG_NOSIGNAL);

    plain->asked = true;
    /* Who closed at once may have said something before. */
    if (sent < 0 && errno != EPIPE)
        broke(plain, "Send", errno);
    else if (sent >= 0 && (size_t)sent < plain->length) /* never, of so few bytes in a new socket */
        end_with(plain, &(struct ld_http_end){.answered = false});
}

static void plain_ready(void *ctx, uint32_t events)
{
    struct ld_http_plain *plain = ctx;
    bool closed = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;

    if (!plain->asked) {
        int error = ld_dial_error(&plain->watch, events);

        if (error != 0)
            fail_with(plain, ld_check_errno(error), g_strerror(error));
        else if (events & (EPOLLOUT | EPOLLHUP))
            ask(plain);
        if (!plain->asked)
            return;
    }
    if (plain->watch.fd >= 0 && (closed || events & EPOLLIN))
        receive(plain, closed);
}

bool ld_http_plain_can(struct ld_http_plain *plain, const struct ld_probe *probe)
{
    plain->length = ld_http_request_plain(probe, plain->request, sizeof(plain->request));
    return plain->length > 0;
}

int ld_http_plain_begin(struct ld_http_plain *plain, struct ld_check *check, ld_http_plain_fn fn)
{
    const struct ld_probe *probe = ld_check_probe(check);

    plain->check = check;
    plain->fn = fn;
    plain->begun = true;
    plain->answer.bodiless = probe->http_head;
    plain->answer.kept = probe->receive != NULL && probe->receive[0] != '\0';
    return ld_dial(check, SOCK_STREAM, &plain->watch, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                   plain_ready, plain);
}

enum ld_verdict ld_http_plain_overdue(const struct ld_http_plain *plain)
{
    return plain->asked ? LD_L7TOUT : LD_L4TOUT;
}

void ld_http_plain_end(struct ld_http_plain *plain)
{
    if (!plain->begun)
        return;
    ha_watch_close(ld_check_loop(plain->check), &plain->watch);
    ld_http_answer_clear(&plain->answer);
    plain->begun = false;
}
