/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A datagram socket is connected too: then the kernel lets through only what
 * comes from the server, and tells us of its "port unreachable".
 *
 * One read a round of the loop: a server that floods does not keep the others
 * waiting.
 */
#include "ldirectord/check/wire.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "ldirectord/check/dial.h"

#define READ_BYTES      16384
#define AGAIN_MS        1000
/* So many times at least a datagram goes out before a short deadline strikes. */
#define AGAIN_PER_CHECK 3

static void wire_ready(void *ctx, uint32_t events);

static void wire_quiet(struct ld_wire *wire)
{
    struct ha_loop *loop = ld_check_loop(wire->check);

    wire->over = true;
    ha_watch_close(loop, &wire->watch);
    ha_timer_cancel(loop, &wire->again);
}

void ld_wire_done(struct ld_wire *wire, enum ld_verdict verdict, const char *detail)
{
    wire_quiet(wire);
    ld_check_done(wire->check, verdict, detail);
}

static void wire_failed(struct ld_wire *wire, int error)
{
    ld_wire_done(wire, ld_check_errno(error), g_strerror(error));
}

/* ---- saying ---- */

static void wire_want(struct ld_wire *wire)
{
    bool more = !wire->connected || wire->sent < wire->out->len;
    uint32_t events = (wire->connected ? EPOLLIN : 0) | (more ? EPOLLOUT : 0);

    if (!wire->over && wire->watch.events != events)
        ha_watch_change(ld_check_loop(wire->check), &wire->watch, events);
}

static void wire_send(struct ld_wire *wire)
{
    size_t left = wire->out->len - wire->sent;
    ssize_t sent = send(wire->watch.fd, wire->out->data + wire->sent, left, MSG_NOSIGNAL);

    if (sent < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (sent < 0 && errno != EPIPE) {
        wire_failed(wire, errno);
        return;
    }
    /* Nobody takes our bytes any more: what the server said before it closed is still to be read. */
    wire->sent = sent < 0 ? wire->out->len : wire->sent + (unsigned)sent;
    if (wire->last && !wire->datagrams && wire->sent == wire->out->len)
        shutdown(wire->watch.fd, SHUT_WR);
}

static void wire_again(void *ctx, uint64_t now_ns)
{
    struct ld_wire *wire = ctx;

    wire->sent = 0;
    wire->again_ns *= 2;
    ha_timer_set(ld_check_loop(wire->check), &wire->again, ha_after_ns(now_ns, wire->again_ns),
                 wire_again, wire);
    wire_send(wire);
    wire_want(wire);
}

void ld_wire_say(struct ld_wire *wire, const void *bytes, size_t length, unsigned how)
{
    uint64_t timeout_ms = ld_check_probe(wire->check)->timeout_ms;

    if (wire->datagrams) {
        g_byte_array_set_size(wire->out, 0);
        wire->sent = 0;
    }
    g_byte_array_append(wire->out, bytes, (guint)length);
    wire->last |= (how & LD_SAY_LAST) != 0;
    if (how & LD_SAY_REPEAT && wire->datagrams) {
        wire->again_ns = ha_ms_to_ns(MIN(AGAIN_MS, MAX(timeout_ms / AGAIN_PER_CHECK, 1)));
        ha_timer_set(ld_check_loop(wire->check), &wire->again,
                     ha_after_ns(ha_clock_ns(), wire->again_ns), wire_again, wire);
    }
    if (wire->connected && !wire->over)
        wire_send(wire);
    wire_want(wire);
}

/* ---- hearing ---- */

static void heard_end(struct ld_wire *wire)
{
    bool anything = wire->in->len > 0;

    wire->talk->heard(wire->check, wire->in->data, wire->in->len, true);
    if (!wire->over)
        ld_wire_done(wire, LD_L7RSP,
                     anything ? "closed before the answer was complete" : "closed without an answer");
}

static void wire_receive(struct ld_wire *wire)
{
    uint8_t bytes[READ_BYTES];
    ssize_t length = recv(wire->watch.fd, bytes, sizeof(bytes), 0);

    if (length < 0) {
        if (errno != EAGAIN && errno != EINTR)
            wire_failed(wire, errno);
        return;
    }
    if (wire->talk->heard == NULL)
        return;
    if (wire->datagrams) {
        wire->talk->heard(wire->check, bytes, (size_t)length, false);
        return;
    }
    if (length == 0) {
        heard_end(wire);
        return;
    }
    g_byte_array_append(wire->in, bytes, (guint)length);
    wire->talk->heard(wire->check, wire->in->data, wire->in->len, false);
    if (!wire->over && wire->in->len > wire->talk->waiting_max)
        ld_wire_done(wire, LD_L7RSP, "the answer is too long to be one");
}

void ld_wire_take(struct ld_wire *wire, size_t length)
{
    g_byte_array_remove_range(wire->in, 0, (guint)MIN(length, wire->in->len));
}

/* ---- the connection ---- */

static void wire_connected(struct ld_wire *wire)
{
    wire->connected = true;
    if (wire->talk->ready != NULL)
        wire->talk->ready(wire->check);
}

static void wire_ready(void *ctx, uint32_t events)
{
    struct ld_wire *wire = ctx;

    if (!wire->connected) {
        int error = ld_dial_error(&wire->watch, events);

        if (error != 0)
            wire_failed(wire, error);
        else
            wire_connected(wire);
    } else if (events & (EPOLLIN | EPOLLERR | EPOLLHUP)) {
        wire_receive(wire);
    } else {
        wire_send(wire);
    }
    /* What was called may have closed this wire and opened it again, for another try. */
    if (wire->open)
        wire_want(wire);
}

int ld_wire_open(struct ld_wire *wire, struct ld_check *check, enum ld_protocol protocol,
                 const struct ld_talk *talk)
{
    int error;

    *wire = (struct ld_wire){.check = check, .talk = talk, .watch = HA_WATCH_INIT};
    wire->open = true;
    wire->datagrams = protocol == LD_UDP;
    wire->out = g_byte_array_sized_new(64);
    wire->in = g_byte_array_sized_new(64);
    if (ld_check_probe(check)->port == 0) {
        ld_wire_done(wire, LD_L4CON, "no port is configured for this check");
        return 0;
    }
    error = ld_dial(check, wire->datagrams ? SOCK_DGRAM : SOCK_STREAM, &wire->watch,
                    wire->datagrams ? EPOLLIN : EPOLLOUT, wire_ready, wire);
    if (error == 0 && wire->datagrams)
        wire_connected(wire);
    return error;
}

void ld_wire_close(struct ld_wire *wire)
{
    if (!wire->open)
        return;
    wire_quiet(wire);
    g_byte_array_free(wire->out, TRUE);
    g_byte_array_free(wire->in, TRUE);
    wire->open = false;
}

void ld_wire_stop(struct ld_check *check)
{
    ld_wire_close(ld_check_state(check));
}

enum ld_verdict ld_wire_deadline(struct ld_check *check)
{
    const struct ld_wire *wire = ld_check_state(check);

    return wire->connected ? LD_L7TOUT : LD_L4TOUT;
}

bool ld_wire_local(const struct ld_wire *wire, struct ha_addr *addr, uint16_t *port)
{
    struct sockaddr_storage local;
    socklen_t size = sizeof(local);

    return getsockname(wire->watch.fd, (struct sockaddr *)&local, &size) == 0 &&
           ha_addr_from_sockaddr(addr, port, (struct sockaddr *)&local);
}

/* ---- texts ---- */

const char *ld_wire_request(const struct ld_probe *probe)
{
    if (probe->request == NULL)
        return "";
    return probe->request[0] == '/' ? probe->request + 1 : probe->request;
}

const char *ld_wire_shown(const void *bytes, size_t length, char text[LD_SHOWN_MAX + 1])
{
    const char *from = bytes;
    size_t used = 0;

    while (used < length && used < LD_SHOWN_MAX && from[used] != '\n' && from[used] != '\r') {
        text[used] = from[used] >= 0x20 && from[used] < 0x7f ? from[used] : '?';
        used++;
    }
    text[used] = '\0';
    return text;
}
