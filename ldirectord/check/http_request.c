/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a probe to URL and headers, and from a Location to the next. What goes
 * onto the wire is as little as the original sends: the request line, Host,
 * User-Agent and Connection: close.
 */
#include "ldirectord/check/http_request.h"

#include <string.h>

#include "config.h"

#define USER_AGENT "User-Agent: ldirectord (Hearth " PACKAGE_VERSION ")"

/* Bytes that may not stand in a URL as they are go as %XX; a % is taken to be one already. */
static char *escape(const char *text)
{
    GString *out = g_string_new(NULL);

    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        if (*c <= 0x20 || *c >= 0x7f || strchr("\"<>\\^`{|}", *c) != NULL)
            g_string_append_printf(out, "%%%02X", *c);
        else
            g_string_append_c(out, (char)*c);
    }
    return g_string_free(out, FALSE);
}

/* A name fit for SNI: virtualhost without a port. NULL: none (an address, or odd). */
static char *server_name(const char *virtualhost)
{
    size_t length = virtualhost != NULL ? strcspn(virtualhost, ":") : 0;
    bool letters = false;

    for (size_t i = 0; i < length; i++) {
        char c = virtualhost[i];
        if (!g_ascii_isalnum(c) && c != '.' && c != '-' && c != '_')
            return NULL;
        letters |= g_ascii_isalpha(c);
    }
    return letters && length < 254 ? g_strndup(virtualhost, length) : NULL;
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

static void add_common_headers(struct ld_http_request *request)
{
    request->headers = curl_slist_append(request->headers, USER_AGENT);
    request->headers = curl_slist_append(request->headers, "Accept:");
    request->headers = curl_slist_append(request->headers, "Connection: close");
    if (request->proxy != NULL)
        request->headers = curl_slist_append(request->headers, "Proxy-Connection:");
}

static void add_host(struct ld_http_request *request, const struct ld_probe *probe)
{
    char text[HA_ADDR_TEXT], *header;

    if (probe->virtualhost != NULL && probe->virtualhost[0] != '\0')
        header = g_strdup_printf("Host: %s", probe->virtualhost);
    else
        header = g_strdup_printf(probe->addr.family == AF_INET6 ? "Host: [%s]" : "Host: %s",
                                 ha_addr_text(&probe->addr, text));
    for (char *c = header; *c != '\0'; c++)
        if (g_ascii_iscntrl(*c))
            *c = ' ';
    request->headers = curl_slist_append(request->headers, header);
    g_free(header);
}

/* libcurl takes the SNI name from the URL: so the URL gets the name, and connect_to the address. */
static bool set_url(struct ld_http_request *request, const struct ld_probe *probe, const char *name)
{
    CURLU *named = curl_url_dup(request->place);
    char where[HA_ADDR_TEXT], *to, *url = NULL;
    bool made = named != NULL;

    if (made && name != NULL) {
        made = curl_url_set(named, CURLUPART_HOST, name, 0) == CURLUE_OK;
        to = g_strdup_printf("::%s", ha_addr_port_text(&probe->addr, probe->port, where));
        request->connect_to = curl_slist_append(request->connect_to, to);
        g_free(to);
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
        name = server_name(probe->virtualhost);
    made = set_url(request, probe, name);
    g_free(name);
    if (request->proxy == NULL &&
        (!absolute || (probe->virtualhost != NULL && probe->virtualhost[0] != '\0')))
        add_host(request, probe);
    add_common_headers(request);
    return made;
}

bool ld_http_request_follow(struct ld_http_request *request, const char *location)
{
    CURLU *next = curl_url_dup(request->place);
    char *text = escape(location), *scheme = NULL, *url = NULL;
    bool made = next != NULL && curl_url_set(next, CURLUPART_URL, text, 0) == CURLUE_OK &&
                curl_url_get(next, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0) &&
                curl_url_get(next, CURLUPART_URL, &url, 0) == CURLUE_OK;

    if (made) {
        char *proxy = g_steal_pointer(&request->proxy);

        ld_http_request_clear(request);
        request->proxy = proxy;
        request->place = curl_url_dup(next);
        request->url = g_strdup(url);
        request->tls = strcmp(scheme, "https") == 0;
        add_common_headers(request);
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
