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
void ld_http_request_clear(struct ld_http_request *request);

#endif
