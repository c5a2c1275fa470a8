/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The line that a check adds to a monitor file, but for date and pid:
 *
 *     negotiate http tcp 10.0.0.1 80 www.x.y 1 masq /index.html Test Page [up] 200 OK
 *
 * What was asked of whom, the answer in one word, and what there is to say of
 * it. In what was asked colons are blanks and backslashes left out, as they have
 * always been; in addresses they stay. What there is to say of an HTTP check is
 * the status with its usual words, as ever. Writes nothing itself.
 */
#include <stdio.h>
#include <string.h>

#include "ldirectord/core/model.h"

static void append(GString *line, const char *text)
{
    if (!text || !*text)
        return;
    if (line->len > 0)
        g_string_append_c(line, ' ');
    for (; *text; text++)
        if (*text != ':' && *text != '\\')
            g_string_append_c(line, *text);
        else if (*text == ':' && line->str[line->len - 1] != ' ')
            g_string_append_c(line, ' ');
}

static void append_check(GString *line, const struct ld_service *service)
{
    append(line, ld_checktype_name(service->checktype));
    if (service->checktype == LD_CHECK_NEGOTIATE || service->checktype == LD_CHECK_COMBINED)
        append(line, ld_app_name(service->app));
    else if (service->checktype == LD_CHECK_EXTERNAL ||
             service->checktype == LD_CHECK_EXTERNAL_PERL)
        append(line, service->checkcommand);
}

void ld_monitor(const struct ld_server *server, bool up, const char *text,
                struct ld_actions *actions)
{
    const struct ld_service *service = server->slot->service;
    struct ld_action action = {.kind = LD_ACT_MONITOR};
    const struct ld_real *real = server->real;
    char address[HA_ADDR_TEXT];
    GString *line;

    if (!service->monitorfile)
        return;
    line = g_string_new(NULL);
    append_check(line, service);
    append(line, ld_protocol_name(service->id.protocol));
    g_string_append_printf(line, real->addr.family == AF_INET6 ? " [%s]" : " %s",
                           ha_addr_text(&real->addr, address));
    g_string_append_printf(line, " %u", real->port);
    append(line, service->virtualhost);
    if (service->checkport != 0)
        g_string_append_printf(line, " %u", service->checkport);
    g_string_append_printf(line, " %u %s", real->weight, ld_method_name(real->method));
    append(line, real->request);
    append(line, real->receive);
    /* Without a receive there have always been two blanks. */
    g_string_append_printf(line, "%s [%s] %s", real->receive ? "" : " ", up ? "up" : "down",
                           text ? text : "-");
    action.key = g_strdup(service->monitorfile);
    action.text = g_string_free(line, FALSE);
    g_array_append_val(actions->list, action);
}

static const struct {
    unsigned status;
    const char *words;
} usual_words[] = {
    {200, "OK"},          {201, "Created"},      {202, "Accepted"},
    {203, "Non-Authoritative Information"},      {204, "No Content"},
    {205, "Reset Content"},                      {206, "Partial Content"},
    {301, "Moved Permanently"},                  {302, "Found"},
    {303, "See Other"},   {304, "Not Modified"}, {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},                 {400, "Bad Request"},
    {401, "Unauthorized"},                       {403, "Forbidden"},
    {404, "Not Found"},   {405, "Method Not Allowed"}, {410, "Gone"},
    {429, "Too Many Requests"},                  {500, "Internal Server Error"},
    {501, "Not Implemented"},                    {502, "Bad Gateway"},
    {503, "Service Unavailable"},                {504, "Gateway Timeout"},
};

/* "HTTP status 503" as "503 Service Unavailable"; NULL: it says something else. */
static char *http_text(const struct ld_service *service, enum ld_verdict verdict, const char *detail)
{
    bool web = service->app == LD_APP_HTTP || service->app == LD_APP_HTTPS ||
               service->app == LD_APP_HTTP_PROXY;
    unsigned status = 200;
    int end = 0;

    if (!web || (verdict != LD_L7OK && verdict != LD_L7STS) || (verdict == LD_L7STS && !detail))
        return NULL;
    if (detail && (sscanf(detail, "HTTP status %3u%n", &status, &end) != 1 || detail[end] != '\0'))
        return NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(usual_words); i++)
        if (usual_words[i].status == status)
            return g_strdup_printf("%u %s", status, usual_words[i].words);
    return g_strdup_printf("%u", status);
}

void ld_monitor_verdict(const struct ld_server *server, enum ld_verdict verdict, const char *detail,
                        struct ld_actions *actions)
{
    char *text;

    if (!server->slot->service->monitorfile)
        return;
    text = http_text(server->slot->service, verdict, detail);
    if (!text)
        text = ld_verdict_passed(verdict)
               ? g_strdup(detail)
               : g_strdup_printf("%s, %s", ld_verdict_code(verdict),
                                 detail ? detail : ld_verdict_text(verdict));
    ld_monitor(server, ld_verdict_passed(verdict), text, actions);
    g_free(text);
}
