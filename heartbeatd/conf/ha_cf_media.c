/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The setters of ha.cf for nodes and media: who is in the cluster, and on which
 * ways they talk. Names and addresses are checked for their form only; whether
 * an interface is there and a name resolves is seen when media are opened.
 */
#include <string.h>

#include "common/conf/lines.h"
#include "common/conf/value.h"
#include "heartbeatd/conf/ha_cf_set.h"

#define BLANKS " \t"

/* Kernel's bound on interface names (IFNAMSIZ) without the NUL. */
#define INTERFACE_MAX 15
#define HOST_MAX      253
#define DEVICE_MAX    255

static bool is_printable(const char *text)
{
    for (; *text; text++)
        if (!g_ascii_isgraph(*text))
            return false;
    return true;
}

/* Of a node, a link or another ping line: *again then says that it was a ping line. */
static bool is_taken(const struct hb_cf *cf, const char *name, bool *again)
{
    const GPtrArray *nodes = cf->config->nodes, *media = cf->config->media;

    *again = false;
    for (guint i = 0; i < nodes->len; i++)
        if (g_ascii_strcasecmp(nodes->pdata[i], name) == 0)
            return true;
    for (guint i = 0; i < media->len; i++) {
        const struct hb_medium *medium = media->pdata[i];

        *again = medium->kind == HB_PING;
        if (g_ascii_strcasecmp(medium->interface, name) == 0)
            return true;
    }
    return false;
}

enum hb_cf_result hb_cf_set_node(struct hb_cf *cf, char *value)
{
    GPtrArray *nodes = cf->config->nodes;
    bool pinged;
    char *name;

    if (strlen(value) > HB_NAME_MAX || !is_printable(value))
        return HB_CF_BAD;
    name = g_ascii_strdown(value, -1);
    for (guint i = 0; i < nodes->len; i++) {
        if (strcmp(nodes->pdata[i], name) == 0) {
            hb_cf_tell(cf, HA_WARNING, "%s is named more than once", name);
            g_free(name);
            return HB_CF_OK;
        }
    }
    if (is_taken(cf, name, &pinged) && pinged) { /* the other way round add_ping() finds it */
        hb_cf_tell(cf, HA_ERROR, "expected a name of its own, found %s a second time", name);
        g_free(name);
        return HB_CF_TOLD;
    }
    if (nodes->len >= HB_NODES_MAX) {
        hb_cf_tell(cf, HA_ERROR, "expected at most %d nodes, found \"%s\" as well", HB_NODES_MAX,
                   name);
        g_free(name);
        return HB_CF_TOLD;
    }
    g_ptr_array_add(nodes, name);
    return HB_CF_OK;
}

static bool is_interface(const char *text)
{
    return strlen(text) <= INTERFACE_MAX && is_printable(text) && !strchr(text, '/') &&
           strcmp(text, ".") != 0 && strcmp(text, "..") != 0;
}

/* Digits and dots that are no address are a slip, not a host's name. */
static bool is_host(const char *text)
{
    if (strlen(text) > HOST_MAX || !g_ascii_isalnum(text[0]) ||
        strspn(text, "0123456789.") == strlen(text))
        return false;
    for (; *text; text++)
        if (!g_ascii_isalnum(*text) && !strchr("-._", *text))
            return false;
    return true;
}

/* NULL (and told) if there is no room for one more. */
static struct hb_medium *add_medium(struct hb_cf *cf, enum hb_medium_kind kind,
                                    const char *interface)
{
    struct hb_medium *medium;

    if (cf->config->media->len >= HB_MEDIA_MAX) {
        hb_cf_tell(cf, HA_ERROR, "expected at most %d media, found one more", HB_MEDIA_MAX);
        return NULL;
    }
    medium = g_new0(struct hb_medium, 1);
    medium->kind = kind;
    medium->interface = g_strdup(interface);
    medium->port = cf->config->udpport;
    medium->line = cf->line;
    g_ptr_array_add(cf->config->media, medium);
    return medium;
}

enum hb_cf_result hb_cf_set_bcast(struct hb_cf *cf, char *value)
{
    if (!is_interface(value))
        return HB_CF_BAD;
    return add_medium(cf, HB_BCAST, value) ? HB_CF_OK : HB_CF_TOLD;
}

enum hb_cf_result hb_cf_set_udp(struct hb_cf *cf, char *value)
{
    hb_cf_tell(cf, HA_WARNING, "is an old name; write \"bcast %s\"", value);
    return hb_cf_set_bcast(cf, value);
}

/* Splits value in place into exactly count words. */
static bool exact_words(char *value, char **words, size_t count)
{
    char *rest = value;

    for (size_t i = 0; i < count; i++)
        if (!(words[i] = ha_word(&rest, BLANKS)))
            return false;
    return !ha_word(&rest, BLANKS);
}

enum hb_cf_result hb_cf_set_ucast(struct hb_cf *cf, char *value)
{
    struct hb_medium *medium;
    struct ha_addr to;
    char *words[2];

    if (!exact_words(value, words, 2) || !is_interface(words[0]))
        return HB_CF_BAD;
    if (ha_addr_parse(&to, words[1]) && to.family == AF_INET6) {
        hb_cf_tell(cf, HA_ERROR, "expected an IPv4 address or a name, found %s; write \"ucast6 %s %s\"",
                   words[1], words[0], words[1]);
        return HB_CF_TOLD;
    }
    if (to.family == AF_UNSPEC && !is_host(words[1]))
        return HB_CF_BAD;
    medium = add_medium(cf, HB_UCAST, words[0]);
    if (!medium)
        return HB_CF_TOLD;
    medium->peer = g_strdup(words[1]);
    medium->to = to;
    return HB_CF_OK;
}

enum hb_cf_result hb_cf_set_ucast6(struct hb_cf *cf, char *value)
{
    struct hb_medium *medium;
    struct ha_addr to;
    char *words[2];

    if (!exact_words(value, words, 2) || !is_interface(words[0]) ||
        !ha_addr_parse(&to, words[1]) || to.family != AF_INET6 || IN6_IS_ADDR_MULTICAST(&to.v6) ||
        words[1][0] == '[')
        return HB_CF_BAD;
    medium = add_medium(cf, HB_UCAST, words[0]);
    if (!medium)
        return HB_CF_TOLD;
    medium->peer = g_strdup(words[1]);
    medium->to = to;
    return HB_CF_OK;
}

static bool is_group(const struct ha_addr *addr, sa_family_t family)
{
    return addr->family == family && (family == AF_INET ? addr->bytes[0] >> 4 == 14
                                                        : IN6_IS_ADDR_MULTICAST(&addr->v6));
}

static enum hb_cf_result set_mcast(struct hb_cf *cf, char *value, sa_family_t family)
{
    uint64_t port, ttl, loop;
    struct hb_medium *medium;
    struct ha_addr group;
    char *words[5];

    if (!exact_words(value, words, 5) || !is_interface(words[0]) ||
        !ha_addr_parse(&group, words[1]) || !is_group(&group, family) || !ha_value_uint(words[2], 1, 65535, &port) ||
        !ha_value_uint(words[3], 0, 255, &ttl) || !ha_value_uint(words[4], 0, 1, &loop))
        return HB_CF_BAD;
    medium = add_medium(cf, HB_MCAST, words[0]);
    if (!medium)
        return HB_CF_TOLD;
    medium->to = group;
    medium->port = (uint16_t)port;
    medium->ttl = (uint8_t)ttl;
    medium->loop = loop == 1;
    return HB_CF_OK;
}

enum hb_cf_result hb_cf_set_mcast(struct hb_cf *cf, char *value)
{
    return set_mcast(cf, value, AF_INET);
}

enum hb_cf_result hb_cf_set_mcast6(struct hb_cf *cf, char *value)
{
    return set_mcast(cf, value, AF_INET6);
}

enum hb_cf_result hb_cf_set_serial(struct hb_cf *cf, char *value)
{
    struct hb_medium *medium;

    if (value[0] != '/' || strlen(value) > DEVICE_MAX || !is_printable(value))
        return HB_CF_BAD;
    for (guint i = 0; i < cf->config->media->len; i++) {
        medium = cf->config->media->pdata[i];
        if (strcmp(medium->interface, value) == 0) {
            hb_cf_tell(cf, HA_WARNING, "%s is named more than once", value);
            return HB_CF_OK;
        }
    }
    medium = add_medium(cf, HB_SERIAL, value);
    if (!medium)
        return HB_CF_TOLD;
    medium->baud = cf->config->baud;
    return HB_CF_OK;
}

/* ---- ping nodes ---- */

/* NULL (and told) where it cannot be had. */
static struct hb_medium *add_ping(struct hb_cf *cf, const char *name)
{
    struct hb_medium *medium;
    bool again;

    if (is_taken(cf, name, &again)) {
        hb_cf_tell(cf, HA_ERROR, "expected a name of its own, found %s a second time", name);
        return NULL;
    }
    medium = add_medium(cf, HB_PING, name);
    if (medium)
        medium->hosts = g_ptr_array_new_with_free_func(g_free);
    return medium;
}

static bool is_ping_host(const char *text, sa_family_t family)
{
    struct ha_addr addr;

    if (strlen(text) > HB_NAME_MAX)
        return false;
    if (ha_addr_parse(&addr, text))
        return addr.family == family;
    return family == AF_INET && is_host(text);
}

static enum hb_cf_result set_ping(struct hb_cf *cf, char *value, sa_family_t family)
{
    struct hb_medium *medium;

    bool again;

    if (!is_ping_host(value, family))
        return HB_CF_BAD;
    if (is_taken(cf, value, &again) && again) {
        hb_cf_tell(cf, HA_WARNING, "%s is named more than once", value);
        return HB_CF_OK;
    }
    medium = add_ping(cf, value);
    if (!medium)
        return HB_CF_TOLD;
    g_ptr_array_add(medium->hosts, g_strdup(value));
    return HB_CF_OK;
}

enum hb_cf_result hb_cf_set_ping(struct hb_cf *cf, char *value)
{
    return set_ping(cf, value, AF_INET);
}

enum hb_cf_result hb_cf_set_ping6(struct hb_cf *cf, char *value)
{
    return set_ping(cf, value, AF_INET6);
}

enum hb_cf_result hb_cf_set_ping_group(struct hb_cf *cf, char *value)
{
    const char *name = ha_word(&value, BLANKS), *host = ha_word(&value, BLANKS);
    struct hb_medium *medium;

    if (!name || strlen(name) > HB_NAME_MAX || !is_printable(name) || !host)
        return HB_CF_BAD;
    medium = add_ping(cf, name);
    if (!medium)
        return HB_CF_TOLD;
    medium->group = true;
    for (; host; host = ha_word(&value, BLANKS)) {
        if (medium->hosts->len >= HB_PING_GROUP_MAX) {
            hb_cf_tell(cf, HA_ERROR, "expected at most %d hosts, found %s as well",
                       HB_PING_GROUP_MAX, host);
            return HB_CF_TOLD;
        }
        if (!is_ping_host(host, AF_INET) && !is_ping_host(host, AF_INET6)) {
            hb_cf_tell(cf, HA_ERROR, "expected the address or name of a host, found \"%s\"", host);
            return HB_CF_TOLD;
        }
        g_ptr_array_add(medium->hosts, g_strdup(host));
    }
    return HB_CF_OK;
}
