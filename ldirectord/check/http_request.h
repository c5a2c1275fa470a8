/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an http check asks for: URL, headers, where to connect. No I/O. */
#ifndef LD_CHECK_HTTP_REQUEST_H
#define LD_CHECK_HTTP_REQUEST_H

#include <curl/curl.h>
#include <stdbool.h>

#include "ldirectord/core/core.h"

struct ld_http_request {
    CURLU *place;                  /* the URL as the configuration or Location has it */
    char *url;                     /* what libcurl is given: place, with a name for SNI */
    bool tls;
    struct curl_slist *headers;    /* for CURLOPT_HTTPHEADER */
    struct curl_slist *connect_to; /* for CURLOPT_CONNECT_TO; NULL: where url says */
    char *proxy;                   /* for CURLOPT_PROXY; NULL: none. Redirects go there too */
};

/* From a zeroed request. False: what the probe has makes no URL. */
bool ld_http_request_first(struct ld_http_request *request, const struct ld_probe *probe);
/* Turns it into the one a Location asks for; false: not http, or no URL. */
bool ld_http_request_follow(struct ld_http_request *request, const struct ld_probe *probe,
                            const char *location);
/* All of the first request as it goes onto the wire, where it is that of a GET or HEAD of the
 * server itself and nothing in it needs to be written otherwise. Its length; 0: it is not, or there
 * is no room for it. */
size_t ld_http_request_plain(const struct ld_probe *probe, char *into, size_t room);
void ld_http_request_clear(struct ld_http_request *request);

#endif
