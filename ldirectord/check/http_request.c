/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a probe to URL and headers, and from a Location to the next. What goes
 * onto the wire is as little as the original sends: the request line, Host,
 * User-Agent and Connection: close.
 */
#include "ldirectord/check/http_request.h"

#include <string.h>

#include "config.h"
#include "ldirectord/check/http_multi.h"

#define USER_AGENT "User-Agent: ldirectord (Hearth " PACKAGE_VERSION ")"

/* Bytes that may not stand in a URL. */
static bool needs_escape(unsigned char c)
{
    return c <= 0x20 || c >= 0x7f || strchr("\"<>\\^`{|}", c) != NULL;
}

/* They go as %XX; a % is taken to be one already. */
static char *escape(const char *text)
{
    GString *out = g_string_new(NULL);

    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        if (needs_escape(*c))
            g_string_append_printf(out, "%%%02X", *c);
        else
            g_string_append_c(out, (char)*c);
    }
    return g_string_free(out, FALSE);
}

/* The request as it is meant. A proxy is asked for whole URLs: there the "/" that a request gets in
 * front, where the configuration has none, is no part of it. */
static const char *request_of(const struct ld_probe *probe)
{
    const char *request = probe->request != NULL ? probe->request : "/";

    if (probe->app == LD_APP_HTTP_PROXY && g_str_has_prefix(request, "/http://"))
        return request + 1;
    return request;
}

/* A proxy is asked for pages by http only. */
static bool is_absolute(const struct ld_probe *probe)
{
    const char *request = request_of(probe);

    return g_str_has_prefix(request, "http://") ||
           (probe->app != LD_APP_HTTP_PROXY && g_str_has_prefix(request, "https://"));
}

static char *place_text(const struct ld_probe *probe)
{
    const char *scheme = probe->app == LD_APP_HTTPS ? "https" : "http";
    char where[HA_ADDR_TEXT], *path = escape(request_of(probe)), *text;

    if (is_absolute(probe))
        return path;
    ha_addr_port_text(&probe->addr, probe->port, where);
    text = g_strdup_printf("%s://%s%s%s", scheme, where, path[0] == '/' ? "" : "/", path);
    g_free(path);
    return text;
}

static bool is_tls(CURLU *place)
{
    char *scheme = NULL;
    bool tls = false;

    if (curl_url_get(place, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK)
        tls = strcmp(scheme, "https") == 0;
    curl_free(scheme);
    return tls;
}

static void add_header(struct ld_http_request *request, const char *header)
{
    request->headers = curl_slist_append(request->headers, header);
}

/* Those of the configuration take the place of ours; own NULL: there are none. */
static void add_common_headers(struct ld_http_request *request, const char *own)
{
    char **lines = g_strsplit(own != NULL ? own : "", "\n", -1);

    if (!ld_terms_has_header(own, "User-Agent"))
        add_header(request, USER_AGENT);
    if (!ld_terms_has_header(own, "Accept"))
        add_header(request, "Accept:");
    if (!ld_terms_has_header(own, "Connection"))
        add_header(request, "Connection: close");
    if (!ld_terms_has_header(own, "Expect"))
        add_header(request, "Expect:");
    if (request->proxy != NULL)
        add_header(request, "Proxy-Connection:");
    for (char **line = lines; *line != NULL; line++) {
        const char *colon = strchr(*line, ':');

        if (colon != NULL && colon[1 + strspn(colon + 1, " \t")] == '\0') {
            char *empty = g_strdup_printf("%.*s;", (int)(colon - *line), *line);

            add_header(request, empty); /* so libcurl wants it, lest it takes it for "no such header" */
            g_free(empty);
        } else if (colon != NULL) {
            add_header(request, *line);
        }
    }
    g_strfreev(lines);
}

/* Where libcurl has a name in the URL, and the server is meant. */
static void add_host_of_place(struct ld_http_request *request)
{
    char *host = NULL, *port = NULL, *header;

    if (curl_url_get(request->place, CURLUPART_HOST, &host, 0) == CURLUE_OK) {
        bool has_port = curl_url_get(request->place, CURLUPART_PORT, &port, 0) == CURLUE_OK;

        header = g_strdup_printf("Host: %s%s%s", host, has_port ? ":" : "", has_port ? port : "");
        add_header(request, header);
        g_free(header);
    }
    curl_free(host);
    curl_free(port);
}

static void host_text(const struct ld_probe *probe, char *text, size_t room)
{
    char address[HA_ADDR_TEXT];

    if (probe->virtualhost == NULL || probe->virtualhost[0] == '\0') {
        ha_addr_text(&probe->addr, address);
        if (probe->addr.family == AF_INET6)
            g_snprintf(text, room, "[%s]", address);
        else
            g_strlcpy(text, address, room);
        return;
    }
    g_strlcpy(text, probe->virtualhost, room);
    for (char *c = text; *c != '\0'; c++)
        if (g_ascii_iscntrl(*c))
            *c = ' ';
}

static void add_host(struct ld_http_request *request, const struct ld_probe *probe)
{
    size_t room = HA_ADDR_TEXT + (probe->virtualhost != NULL ? strlen(probe->virtualhost) : 0);
    char *text, *header;

    if (ld_terms_has_header(probe->terms.headers, "Host"))
        return;
    text = g_malloc(room + 2);
    host_text(probe, text, room + 2);
    header = g_strconcat("Host: ", text, NULL);
    request->headers = curl_slist_append(request->headers, header);
    g_free(header);
    g_free(text);
}

/* libcurl takes the SNI name from the URL: so the URL gets the name, and connect_to the address. */
static bool set_url(struct ld_http_request *request, const struct ld_probe *probe, const char *name)
{
    CURLU *named = curl_url_dup(request->place);
    char *url = NULL;
    bool made = named != NULL;

    if (made && name != NULL) {
        made = curl_url_set(named, CURLUPART_HOST, name, 0) == CURLUE_OK;
        request->connect_to = ld_transfer_connect_to(probe);
    }
    made = made && curl_url_get(named, CURLUPART_URL, &url, 0) == CURLUE_OK;
    request->url = made ? g_strdup(url) : NULL;
    curl_free(url);
    curl_url_cleanup(named);
    return made;
}

static char *proxy_text(const struct ld_probe *probe)
{
    char where[HA_ADDR_TEXT];

    if (probe->app != LD_APP_HTTP_PROXY)
        return NULL;
    return g_strdup_printf("http://%s", ha_addr_port_text(&probe->addr, probe->port, where));
}

bool ld_http_request_first(struct ld_http_request *request, const struct ld_probe *probe)
{
    char *text = place_text(probe), *name = NULL;
    bool absolute = is_absolute(probe), made;

    request->place = curl_url();
    made = request->place != NULL &&
           curl_url_set(request->place, CURLUPART_URL, text, CURLU_PATH_AS_IS) == CURLUE_OK;
    g_free(text);
    if (!made)
        return false;
    request->tls = is_tls(request->place);
    request->proxy = proxy_text(probe);
    if (request->tls && !absolute)
        name = ld_transfer_name(probe, true);
    made = set_url(request, probe, name);
    g_free(name);
    if (request->proxy == NULL &&
        (!absolute || (probe->virtualhost != NULL && probe->virtualhost[0] != '\0')))
        add_host(request, probe);
    add_common_headers(request, probe->terms.headers);
    return made;
}

/* A # ends what is sent; a % may be written in two ways. */
static bool is_plain_path(const char *request)
{
    for (const char *c = request; *c != '\0'; c++)
        if (needs_escape((unsigned char)*c) || *c == '#' || *c == '%')
            return false;
    return request[0] == '/';
}

size_t ld_http_request_plain(const struct ld_probe *probe, char *into, size_t room)
{
    const char *request = request_of(probe);
    char host[256];
    int length;

    if (probe->app != LD_APP_HTTP || probe->terms.body != NULL || probe->terms.headers != NULL ||
        !is_plain_path(request) ||
        (probe->virtualhost != NULL && strlen(probe->virtualhost) >= sizeof(host)))
        return 0;
    host_text(probe, host, sizeof(host));
    length = g_snprintf(into, room, "%s %s HTTP/1.1\r\nHost: %s\r\n" USER_AGENT
                        "\r\nConnection: close\r\n\r\n",
                        probe->http_head ? "HEAD" : "GET", request, host);
    return (size_t)length < room ? (size_t)length : 0;
}

static bool same_part(CURLU *a, CURLU *b, CURLUPart part)
{
    char *one = NULL, *other = NULL;
    bool same = curl_url_get(a, part, &one, CURLU_DEFAULT_PORT) == CURLUE_OK &&
                curl_url_get(b, part, &other, CURLU_DEFAULT_PORT) == CURLUE_OK &&
                g_ascii_strcasecmp(one, other) == 0;

    curl_free(one);
    curl_free(other);
    return same;
}

static bool same_server(CURLU *a, CURLU *b)
{
    return same_part(a, b, CURLUPART_SCHEME) && same_part(a, b, CURLUPART_HOST) &&
           same_part(a, b, CURLUPART_PORT);
}

bool ld_http_request_follow(struct ld_http_request *request, const struct ld_probe *probe,
                            const char *location)
{
    CURLU *next = curl_url_dup(request->place);
    char *text = escape(location), *scheme = NULL, *url = NULL;
    bool made = next != NULL && curl_url_set(next, CURLUPART_URL, text, 0) == CURLUE_OK &&
                curl_url_get(next, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0) &&
                curl_url_get(next, CURLUPART_URL, &url, 0) == CURLUE_OK;

    if (made) {
        bool same = same_server(request->place, next);
        char *proxy = g_steal_pointer(&request->proxy);
        char *name = same && request->connect_to != NULL ? ld_transfer_name(probe, true) : NULL;

        ld_http_request_clear(request);
        request->proxy = proxy;
        request->place = curl_url_dup(next);
        request->tls = strcmp(scheme, "https") == 0;
        /* Still the server itself: it is to be known by the same name. What the configuration
         * wants to be said to it is nobody else's business. */
        made = set_url(request, probe, name);
        if (name != NULL && !ld_terms_has_header(probe->terms.headers, "Host"))
            add_host_of_place(request);
        add_common_headers(request, same ? probe->terms.headers : NULL);
        g_free(name);
    }
    g_free(text);
    curl_free(scheme);
    curl_free(url);
    curl_url_cleanup(next);
    return made;
}

void ld_http_request_clear(struct ld_http_request *request)
{
    curl_url_cleanup(request->place);
    curl_slist_free_all(request->headers);
    curl_slist_free_all(request->connect_to);
    g_free(request->url);
    g_free(request->proxy);
    memset(request, 0, sizeof(*request));
}
