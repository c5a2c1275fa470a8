/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the end of a transfer says about the server, as far as libcurl can
 * tell: connection, handshake, bytes. What an answer means is for the check.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "ldirectord/check/http_multi.h"

static bool is_connected(int fd)
{
    struct tcp_info info;
    socklen_t length = sizeof(info);

    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 &&
           (info.tcpi_state == TCP_ESTABLISHED || info.tcpi_state == TCP_CLOSE_WAIT);
}

/* How far the connection got, for failures that could be anybody's. */
static enum ld_verdict by_progress(const struct ld_transfer *transfer, enum ld_verdict connecting,
                                   enum ld_verdict handshake, enum ld_verdict asking)
{
    curl_off_t connected_us = 0, secured_us = 0;

    curl_easy_getinfo(transfer->easy, CURLINFO_CONNECT_TIME_T, &connected_us);
    curl_easy_getinfo(transfer->easy, CURLINFO_APPCONNECT_TIME_T, &secured_us);
    if (connected_us == 0)
        return connecting;
    return transfer->tls && secured_us == 0 ? handshake : asking;
}

enum ld_verdict ld_transfer_overdue(const struct ld_transfer *transfer)
{
    enum ld_verdict connecting =
        transfer->tls && is_connected(transfer->fd) ? LD_L6TOUT : LD_L4TOUT;

    return by_progress(transfer, connecting, LD_L6TOUT, LD_L7TOUT);
}

static int connect_errno(const struct ld_transfer *transfer)
{
    long error = 0;

    if (transfer->no_socket != 0)
        return transfer->no_socket;
    curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &error);
    return error != 0 ? (int)error : ECONNREFUSED;
}

static enum ld_verdict failure_verdict(const struct ld_transfer *transfer, CURLcode result)
{
    switch (result) {
    case CURLE_COULDNT_CONNECT:
        return ld_check_errno(connect_errno(transfer));
    case CURLE_OPERATION_TIMEDOUT:
        return by_progress(transfer, LD_L4TOUT, LD_L6TOUT, LD_L7TOUT);
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
        return LD_L6RSP;
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
        return by_progress(transfer, LD_L4CON, LD_L6RSP, LD_L7RSP);
    case CURLE_OUT_OF_MEMORY: /* which is also how libcurl says that a header line is too long */
        return by_progress(transfer, LD_INTERNAL, LD_INTERNAL, LD_L7RSP);
    case CURLE_FAILED_INIT:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_URL_MALFORMAT:
        return LD_INTERNAL;
    default:
        return LD_L7RSP;
    }
}

enum ld_verdict ld_transfer_failure(const struct ld_transfer *transfer, CURLcode result,
                                    char text[CURL_ERROR_SIZE])
{
    const char *why = transfer->error[0] != '\0' ? transfer->error : curl_easy_strerror(result);

    if (result == CURLE_COULDNT_CONNECT) /* libcurl says it at greater length */
        why = g_strerror(connect_errno(transfer));
    /* Some of it may be the server's own words. */
    g_strlcpy(text, why, CURL_ERROR_SIZE);
    for (char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || (unsigned char)*c > 0x7e)
            *c = '?';
    return failure_verdict(transfer, result);
}
