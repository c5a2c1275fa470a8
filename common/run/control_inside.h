/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the two ends of the control socket send each other (control.c, control_call.c). */
#ifndef HA_RUN_CONTROL_INSIDE_H
#define HA_RUN_CONTROL_INSIDE_H

#include <qb/qbipcc.h>

#include "common/run/control.h"

#define HA_CONTROL_PIECE_MAX   16384
#define HA_CONTROL_MESSAGE_MAX (HA_CONTROL_PIECE_MAX + 1024)

enum ha_control_id {
    HA_CONTROL_ASK = 1, /* answered by a response, up to its first piece */
    HA_CONTROL_MORE,    /* the rest of it, from an offset */
    HA_CONTROL_TELL     /* answered by an event, which a client on a loop can wait for; one piece */
};

struct ha_control_request {
    struct qb_ipc_request_header header;
    uint32_t offset; /* MORE */
    char words[HA_CONTROL_QUESTION_MAX];
};

struct ha_control_response {
    struct qb_ipc_response_header header; /* error: 0, or negative errno for the question itself */
    int32_t status;
    uint32_t total;
    char piece[HA_CONTROL_PIECE_MAX];
};

/* Begins to connect; *fd becomes readable when ha_control_connected() can go on. 0 or negative errno. */
int ha_control_connect(const char *name, qb_ipcc_connection_t **out, int *fd);
/* Ends it. 0, or negative errno and the connection is gone: -EACCES if the server is neither root
 * nor of our own user. *server_fd: the caller's, readable once the server's process has ended, of which
 * the sockets of an answer say nothing; -1: there is no telling. */
int ha_control_connected(qb_ipcc_connection_t *connection, int fd, int *server_fd);
/* Instead of ha_control_connected(). libqb's disconnect forgets a socket that is still connecting; its
 * connect, when it fails, does not. */
void ha_control_give_up(qb_ipcc_connection_t *connection, int fd);
/* The request for words, g_free() it; NULL: they are none, or too many. */
struct ha_control_request *ha_control_request(enum ha_control_id id, char *const *words);

#endif
