/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control socket, both ends of it, without the socket: what a client sends
 * to the server (a message up to each "\n\n"), and what a server answers to a
 * client. The first byte says which.
 */
#include <errno.h>
#include <poll.h>
#include <qb/qbipcs.h>

#include "common/run/control_inside.h"
#include "common/run/control_poll.h"
#include "tests/fuzz/fuzz.h"

#define WORDS_AT offsetof(struct ha_control_request, words)

bool __wrap_ha_control_poll_begin(struct ha_loop *loop);
void __wrap_ha_control_poll_end(void);
qb_ipcs_service_t *__wrap_qb_ipcs_create(const char *name, int32_t id, enum qb_ipc_type type,
                                         struct qb_ipcs_service_handlers *handlers);
void __wrap_qb_ipcs_destroy(qb_ipcs_service_t *service);
void __wrap_qb_ipcs_service_context_set(qb_ipcs_service_t *service, void *context);
void *__wrap_qb_ipcs_connection_service_context_get(qb_ipcs_connection_t *connection);
void __wrap_qb_ipcs_context_set(qb_ipcs_connection_t *connection, void *context);
void *__wrap_qb_ipcs_context_get(qb_ipcs_connection_t *connection);
void __wrap_qb_ipcs_poll_handlers_set(qb_ipcs_service_t *service, struct qb_ipcs_poll_handlers *handlers);
void __wrap_qb_ipcs_enforce_buffer_size(qb_ipcs_service_t *service, uint32_t size);
int32_t __wrap_qb_ipcs_run(qb_ipcs_service_t *service);
int32_t __wrap_qb_ipcs_connection_stats_get(qb_ipcs_connection_t *connection,
                                            struct qb_ipcs_connection_stats *stats, int32_t clear);
ssize_t __wrap_qb_ipcs_response_send(qb_ipcs_connection_t *connection, const void *data, size_t size);
ssize_t __wrap_qb_ipcs_event_send(qb_ipcs_connection_t *connection, const void *data, size_t size);
qb_ipcc_connection_t *__wrap_qb_ipcc_connect_async(const char *name, size_t size, int *fd);
int __wrap_qb_ipcc_connect_continue(qb_ipcc_connection_t *connection);
int32_t __wrap_qb_ipcc_auth_get(qb_ipcc_connection_t *connection, pid_t *pid, uid_t *uid, gid_t *gid);
ssize_t __wrap_qb_ipcc_send(qb_ipcc_connection_t *connection, const void *data, size_t size);
ssize_t __wrap_qb_ipcc_recv(qb_ipcc_connection_t *connection, void *data, size_t room, int32_t ms);
void __wrap_qb_ipcc_disconnect(qb_ipcc_connection_t *connection);
int __wrap_poll(struct pollfd *fds, nfds_t count, int ms);

static struct qb_ipcs_service_handlers *server;
static void *service_context, *connection_context;
static struct fuzz_rest says;

bool __wrap_ha_control_poll_begin(struct ha_loop *loop)
{
    (void)loop;
    return true;
}

void __wrap_ha_control_poll_end(void)
{
}

qb_ipcs_service_t *__wrap_qb_ipcs_create(const char *name, int32_t id, enum qb_ipc_type type,
                                         struct qb_ipcs_service_handlers *handlers)
{
    (void)name, (void)id, (void)type;
    server = handlers;
    return (qb_ipcs_service_t *)&server;
}

void __wrap_qb_ipcs_destroy(qb_ipcs_service_t *service)
{
    (void)service;
}

void __wrap_qb_ipcs_service_context_set(qb_ipcs_service_t *service, void *context)
{
    (void)service;
    service_context = context;
}

void *__wrap_qb_ipcs_connection_service_context_get(qb_ipcs_connection_t *connection)
{
    (void)connection;
    return service_context;
}

void __wrap_qb_ipcs_context_set(qb_ipcs_connection_t *connection, void *context)
{
    (void)connection;
    connection_context = context;
}

void *__wrap_qb_ipcs_context_get(qb_ipcs_connection_t *connection)
{
    (void)connection;
    return connection_context;
}

void __wrap_qb_ipcs_poll_handlers_set(qb_ipcs_service_t *service, struct qb_ipcs_poll_handlers *handlers)
{
    (void)service, (void)handlers;
}

void __wrap_qb_ipcs_enforce_buffer_size(qb_ipcs_service_t *service, uint32_t size)
{
    (void)service, (void)size;
}

int32_t __wrap_qb_ipcs_run(qb_ipcs_service_t *service)
{
    (void)service;
    return 0;
}

int32_t __wrap_qb_ipcs_connection_stats_get(qb_ipcs_connection_t *connection,
                                            struct qb_ipcs_connection_stats *stats, int32_t clear)
{
    (void)connection, (void)clear;
    stats->client_pid = 4242;
    return 0;
}

static ssize_t answered(const void *data, size_t size)
{
    const struct ha_control_response *response = data;

    fuzz_must(size <= sizeof(*response) && (size_t)response->header.size == size &&
              response->total <= HA_CONTROL_ANSWER_MAX);
    return (ssize_t)size;
}

ssize_t __wrap_qb_ipcs_response_send(qb_ipcs_connection_t *connection, const void *data, size_t size)
{
    (void)connection;
    return answered(data, size);
}

ssize_t __wrap_qb_ipcs_event_send(qb_ipcs_connection_t *connection, const void *data, size_t size)
{
    (void)connection;
    return answered(data, size);
}

/* The longer the question, the longer the answer: some pieces of it. */
static int obey(void *ctx, const struct ha_control_peer *peer, char *const *words, GString *answer)
{
    (void)ctx;
    fuzz_must(peer->pid == 4242 && words[0] != NULL);
    for (unsigned i = 0; words[i] != NULL; i++)
        g_string_append_printf(answer, "%*s\n", 8000, words[i]);
    return 0;
}

/* As libqb hands it over: never less than a header, and of the length it was sent with. */
static void ask(const struct fuzz_rest *piece)
{
    size_t size = MIN(sizeof(struct qb_ipc_request_header) + piece->left, HA_CONTROL_MESSAGE_MAX);
    struct ha_control_request *request = g_malloc0(size);
    size_t text = sizeof(struct qb_ipc_request_header);

    memcpy((uint8_t *)request + text, piece->at, size - text);
    request->header.id = piece->left > 4 ? 1 + piece->at[4] % 4 : 1;
    request->header.size = (int32_t)size;
    (void)server->msg_process(NULL, request, size);
    g_free(request);
}

static void serve(void)
{
    struct ha_control *control = NULL;
    struct fuzz_rest piece;

    fuzz_must(ha_control_start(&control, NULL, "fuzz", obey, NULL) == 0);
    if (server->connection_accept(NULL, 0, 0) == 0) {
        while (fuzz_until(&says, '\n', &piece))
            ask(&piece);
        (void)server->connection_closed(NULL);
        server->connection_destroyed(NULL);
    }
    ha_control_stop(control);
}

/* ---- the client ---- */

qb_ipcc_connection_t *__wrap_qb_ipcc_connect_async(const char *name, size_t size, int *fd)
{
    (void)name, (void)size;
    *fd = -1;
    return (qb_ipcc_connection_t *)&server;
}

int __wrap_qb_ipcc_connect_continue(qb_ipcc_connection_t *connection)
{
    (void)connection;
    return 0;
}

int32_t __wrap_qb_ipcc_auth_get(qb_ipcc_connection_t *connection, pid_t *pid, uid_t *uid, gid_t *gid)
{
    (void)connection, (void)pid, (void)gid;
    *uid = 0;
    return 0;
}

ssize_t __wrap_qb_ipcc_send(qb_ipcc_connection_t *connection, const void *data, size_t size)
{
    const struct ha_control_request *request = data;

    (void)connection;
    fuzz_must(size >= WORDS_AT && (size_t)request->header.size == size);
    return (ssize_t)size;
}

/* A length of two bytes, then so much of a response; in every other one its size is right. */
ssize_t __wrap_qb_ipcc_recv(qb_ipcc_connection_t *connection, void *data, size_t room, int32_t ms)
{
    size_t length = fuzz_byte(&says);
    struct ha_control_response *response = data;

    (void)connection, (void)ms;
    if (says.left == 0)
        return -EAGAIN;
    length |= (size_t)fuzz_byte(&says) << 8;
    length = MIN(MIN(length, says.left), room);
    memcpy(data, says.at, length);
    says.at += length;
    says.left -= length;
    if (length >= offsetof(struct ha_control_response, piece) && response->header.id % 2 == 0)
        response->header.size = (int32_t)length;
    return (ssize_t)length;
}

void __wrap_qb_ipcc_disconnect(qb_ipcc_connection_t *connection)
{
    (void)connection;
}

int __wrap_poll(struct pollfd *fds, nfds_t count, int ms)
{
    (void)ms;
    fds->revents = POLLIN;
    return (int)count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char status_word[] = "status";
    char *words[] = {status_word, NULL};
    GString *answer = g_string_new(NULL);
    int status = 0;

    says = (struct fuzz_rest){data, size};
    if (fuzz_byte(&says) % 2 == 0)
        serve();
    else if (ha_control_ask("fuzz", words, 1000, &status, answer) == 0)
        fuzz_must(answer->len <= HA_CONTROL_ANSWER_MAX + HA_CONTROL_PIECE_MAX);
    g_string_free(answer, TRUE);
    return 0;
}
