/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The libraries tell neither why a connection failed, but in words, nor how
 * much they have read; the kernel tells both.
 */
#include "ldirectord/check/sql.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "ldirectord/check/wire.h"

#define PIECE_BYTES (64 << 10)

bool ld_sql_begin(struct ld_sql *sql, struct ld_check *check)
{
    const struct ld_probe *probe = ld_check_probe(check);

    sql->watch.fd = -1;
    if (probe->login == NULL || probe->login[0] == '\0' || ld_wire_request(probe)[0] == '\0')
        ld_check_done(check, LD_L7STS, "login and request must be set for this check");
    else if (probe->port == 0)
        ld_check_done(check, LD_L4CON, "no port is configured for this check");
    else
        return true;
    return false;
}

/* libpq reads on as long as there is more, whatever it is told of events: so that never more is there
 * than a little, and between two pieces everybody else has a turn. */
static void take_small_pieces(int fd)
{
    int bytes = PIECE_BYTES;

    setsockopt(fd, IPPROTO_TCP, TCP_WINDOW_CLAMP, &bytes, sizeof(bytes));
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
}

int ld_sql_wait(struct ld_sql *sql, struct ld_check *check, int fd, uint32_t events, ha_watch_fn fn)
{
    if (fd < 0)
        return -EBADF;
    if (!sql->connected)
        take_small_pieces(fd);
    return ha_watch_start(ld_check_loop(check), &sql->watch, fd, events, fn, check);
}

static uint64_t bytes_received(int fd)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof(info);

    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 ? info.tcpi_bytes_received : 0;
}

bool ld_sql_woken(struct ld_sql *sql, struct ld_check *check)
{
    int fd = sql->watch.fd, error = 0;
    socklen_t size = sizeof(error);

    /* The library may close this socket and open another of the same number. */
    ha_watch_stop(ld_check_loop(check), &sql->watch);
    if (!sql->connected && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        error = errno;
    if (error != 0)
        ld_check_done(check, ld_check_errno(error), g_strerror(error));
    else
        return sql->connected = ld_sql_bears(check, fd);
    return false;
}

bool ld_sql_bears(struct ld_check *check, int fd)
{
    if (bytes_received(fd) <= LD_SQL_MAX)
        return true;
    ld_check_done(check, LD_L7RSP, "more than 4 MiB of an answer");
    return false;
}

void ld_sql_done(struct ld_check *check, enum ld_verdict verdict, const char *words)
{
    char shown[LD_SHOWN_MAX + 1];

    ld_check_done(check, verdict, ld_wire_shown(words, strlen(words), shown));
}

enum ld_verdict ld_sql_deadline(struct ld_check *check)
{
    const struct ld_sql *sql = ld_check_state(check);

    return sql->connected ? LD_L7TOUT : LD_L4TOUT;
}
