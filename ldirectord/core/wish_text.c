/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Wishes in words: as an operator types them, as a log shows them, and as a
 * file keeps them. What comes in is checked as if a stranger had written it.
 *
 * A line of the file, the last field up to its end:
 *     WILL WEIGHT SERVER SERVICE|* UID SECONDS BY
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/name.h"
#include "ldirectord/core/model.h"
#include "ldirectord/core/wish.h"

/* A line of the file has at most so many fields. */
#define FIELDS 7

static const struct ha_name wills[] = {
    {LD_WILL_ENABLE, "enable"},
    {LD_WILL_DISABLE, "disable"},
    {LD_WILL_DRAIN, "drain"},
    {LD_WILL_WEIGHT, "weight"},
    HA_NAME_END,
};

const char *ld_will_name(enum ld_will will)
{
    return ha_name_of(wills, (int)will);
}

bool ld_will_find(const char *word, enum ld_will *will)
{
    int value;

    if (!ha_name_find(wills, word, &value))
        return false;
    *will = (enum ld_will)value;
    return true;
}

static bool number(const char *text, guint64 max, guint64 *out)
{
    return g_ascii_string_to_unsigned(text, 10, 0, max, out, NULL);
}

/* "10.0.0.1", "10.0.0.1:80", "fd00::1", "[fd00::1]:80"; without a port it is 0. */
static bool read_server(const char *text, struct ha_addr *addr, uint16_t *port)
{
    const char *colon = strrchr(text, ':');
    guint64 value;
    char *host;
    bool good;

    *port = 0;
    if (ha_addr_parse(addr, text))
        return true;
    if (!colon || !number(colon + 1, UINT16_MAX, &value))
        return false;
    host = g_strndup(text, (gsize)(colon - text));
    good = ha_addr_parse(addr, host) && (addr->family == AF_INET || *host == '[');
    g_free(host);
    *port = (uint16_t)value;
    return good && value > 0;
}

/* "tcp:10.0.0.1:80", "fwm:1", "fwm6:1" */
static bool read_service(const char *text, struct ld_service_id *id)
{
    static const struct {
        const char *prefix;
        enum ld_protocol protocol;
        uint16_t family;
    } kinds[] = {{"tcp:", LD_TCP, 0},
                 {"udp:", LD_UDP, 0},
                 {"fwm:", LD_FWM, AF_INET},
                 {"fwm6:", LD_FWM, AF_INET6}};
    guint64 mark;

    memset(id, 0, sizeof(*id));
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        const char *rest = text + strlen(kinds[i].prefix);

        if (!g_str_has_prefix(text, kinds[i].prefix))
            continue;
        id->protocol = kinds[i].protocol;
        if (id->protocol != LD_FWM)
            return read_server(rest, &id->addr, &id->port) && id->port > 0;
        id->addr.family = kinds[i].family;
        if (!number(rest, UINT32_MAX, &mark) || mark == 0)
            return false;
        id->fwmark = (uint32_t)mark;
        return true;
    }
    return false;
}

/* As read_service(), or short where only one service of the model can be meant. */
static bool find_service(const char *text, const struct ld_model *model, struct ld_service_id *id,
                         char **why)
{
    static const char *const prefixes[] = {"", "tcp:", "udp:", "fwm:", "fwm6:"};
    unsigned found = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++) {
        char *whole = g_strconcat(prefixes[i], text, NULL);
        struct ld_service_id one;

        if (read_service(whole, &one) && ld_model_slot(model, &one)) {
            *id = one;
            found++;
        }
        g_free(whole);
    }
    if (found > 1)
        *why = g_strdup_printf("%s is a virtual service twice: say tcp:%s or udp:%s (fwm:, fwm6:)",
                               text, text, text);
    else if (found == 0)
        *why = g_strdup_printf("there is no virtual service %s (expected as in tcp:10.0.0.1:80 or "
                               "fwm:1)", text);
    return found == 1;
}

static bool read_weight(const char *text, struct ld_wish *out, char **why)
{
    guint64 weight;

    if (!text || !number(text, LD_WEIGHT_MAX, &weight)) {
        *why = g_strdup_printf("expected a weight from 0 to %d, found \"%s\"", LD_WEIGHT_MAX,
                               text ? text : "");
        return false;
    }
    out->weight = (uint32_t)weight;
    if (weight == 0)
        out->will = LD_WILL_DRAIN;
    return true;
}

static bool check_found(const struct ld_wish *wish, const struct ld_model *model, char **why)
{
    char *text;

    if (ld_wish_count(wish, model) > 0)
        return true;
    text = ld_wish_text(wish);
    *why = g_strdup_printf("no real server of the configuration is meant by: %s", text);
    g_free(text);
    return false;
}

bool ld_wish_parse(struct ld_wish *out, char *const *words, const struct ld_model *model,
                   char **why)
{
    const char *service;
    unsigned count = 0, next = 2;

    *why = NULL;
    *out = (struct ld_wish){.everywhere = true};
    while (words[count])
        count++;
    if (count < 2 || !ld_will_find(words[0], &out->will)) {
        *why = g_strdup("expected enable, disable, drain or weight, and a real server");
        return false;
    }
    if (!read_server(words[1], &out->addr, &out->port)) {
        *why = g_strdup_printf("expected the real server as ADDRESS or ADDRESS:PORT, found \"%s\"",
                               words[1]);
        return false;
    }
    if (out->will == LD_WILL_WEIGHT && !read_weight(words[next++], out, why))
        return false;
    service = next < count ? words[next++] : NULL;
    if (next < count) {
        *why = g_strdup_printf("expected nothing after the virtual service, found \"%s\"",
                               words[next]);
        return false;
    }
    out->everywhere = !service;
    if (service && !find_service(service, model, &out->service, why))
        return false;
    return check_found(out, model, why);
}

static const char *server_text(const struct ld_wish *wish, char text[HA_ADDR_TEXT])
{
    return wish->port ? ha_addr_port_text(&wish->addr, wish->port, text)
                      : ha_addr_text(&wish->addr, text);
}

char *ld_wish_text(const struct ld_wish *wish)
{
    char *service = wish->everywhere ? g_strdup("everywhere") : ld_service_id_text(&wish->service);
    char *weight = wish->will == LD_WILL_WEIGHT ? g_strdup_printf(" %u", wish->weight) : g_strdup("");
    char server[HA_ADDR_TEXT];
    char *text = g_strdup_printf("%s%s %s (%s)", ld_will_name(wish->will), weight,
                                 server_text(wish, server), service);

    g_free(weight);
    g_free(service);
    return text;
}

/* ---- the file ---- */

void ld_wishes_print(const struct ld_wishes *wishes, GString *out)
{
    for (guint i = 0; i < wishes->list->len; i++) {
        const struct ld_wish *wish = wishes->list->pdata[i];
        char *service = wish->everywhere ? g_strdup("*") : ld_service_id_text(&wish->service);
        char server[HA_ADDR_TEXT];

        g_string_append_printf(out, "%s %u %s %s %u %" G_GUINT64_FORMAT " %s\n",
                               ld_will_name(wish->will), wish->weight, server_text(wish, server),
                               service, wish->uid, wish->at_s, wish->by);
        g_free(service);
    }
}

static bool read_line(const char *line, struct ld_wish *out)
{
    char **field = g_strsplit(line, " ", FIELDS);
    guint64 weight, uid, at_s;
    bool good = g_strv_length(field) == FIELDS;

    *out = (struct ld_wish){0};
    good = good && ld_will_find(field[0], &out->will) && number(field[1], LD_WEIGHT_MAX, &weight) &&
           read_server(field[2], &out->addr, &out->port) &&
           number(field[4], UINT32_MAX, &uid) && number(field[5], G_MAXINT64, &at_s);
    if (good) {
        out->everywhere = strcmp(field[3], "*") == 0;
        good = out->everywhere || read_service(field[3], &out->service);
        out->weight = (uint32_t)weight;
        out->uid = (uint32_t)uid;
        out->at_s = at_s;
        g_strlcpy(out->by, field[6], sizeof(out->by));
        good = good && (out->will != LD_WILL_WEIGHT || weight > 0);
    }
    g_strfreev(field);
    return good;
}

unsigned ld_wishes_read(struct ld_wishes *wishes, const char *text)
{
    char **lines = g_strsplit(text, "\n", 2 * LD_WISHES_MAX);
    unsigned refused = 0;

    for (char **line = lines; *line; line++) {
        struct ld_wish wish;

        if (**line && (!read_line(*line, &wish) || !ld_wishes_take(wishes, &wish)))
            refused++;
    }
    g_strfreev(lines);
    return refused;
}
