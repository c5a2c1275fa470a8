/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses in ldirectord.cf: the virtual service, real servers with all that
 * stands on their line, ranges of them, the fallback. Names are resolved at
 * once, through the caller. Refuses three things that used to be taken for
 * something nobody meant: an address without port as a firewall mark, "::"
 * before a port, and a blank after the colon. Refuses IPv6 addresses that the
 * kernel has no use for as well: link-local ones, IPv4 in disguise.
 */
#include <arpa/inet.h>
#include <string.h>

#include "ldirectord/conf/ld_cf_inside.h"

#define DIGITS "0123456789"

bool ld_cf_port(struct ld_cf *cf, const char *text, const char *protocol, uint16_t *out)
{
    uint64_t number = 0;

    if (*text == '\0')
        return false;
    if (text[strspn(text, DIGITS)] == '\0') {
        for (; *text; text++) {
            number = number * 10 + (uint64_t)(*text - '0');
            if (number > 65535)
                return false;
        }
        *out = (uint16_t)number;
        return true;
    }
    cf->asked = true;
    return cf->names && cf->names->port && cf->names->port(cf->names->ctx, text, protocol, out);
}

/* Digits and dots are an address or nothing: a resolver would read "5060" as 0.0.19.196. */
static bool resolve(struct ld_cf *cf, const char *text, int family, struct ha_addr *out)
{
    if (ha_addr_parse(out, text))
        return out->family == family;
    if (text[strspn(text, DIGITS ".")] == '\0' || *text == '[')
        return false;
    cf->asked = true;
    return cf->names && cf->names->host && cf->names->host(cf->names->ctx, text, family, out);
}

/* "[10.0.0.1]...": an address of IPv4 where only one of IPv6 stands in brackets. */
static bool is_ipv4_in_brackets(const char *text)
{
    char inner[HA_ADDR_TEXT];
    struct ha_addr addr;
    size_t length = *text == '[' ? strcspn(text + 1, "]") : 0;

    if (length == 0 || length >= sizeof(inner))
        return false;
    g_strlcpy(inner, text + 1, length + 1);
    return ha_addr_parse(&addr, inner) && addr.family == AF_INET;
}

/* What more can be said of a text that is no address of the family, to go behind a message. */
static const char *because(const char *text, int family)
{
    struct ha_addr addr;

    if (strchr(text, '%'))
        return ": a scope has no place in the kernel's table, expected an address that is known on more "
               "than one link";
    if (is_ipv4_in_brackets(text))
        return ": brackets are for addresses of IPv6, expected one of IPv4 without them";
    if (!ha_addr_parse(&addr, text) || addr.family == family)
        return "";
    return family == AF_INET6 ? ": an IPv4 address, where the service is one of IPv6: expected one of the same "
                                "family"
                              : ": an IPv6 address, where the service is one of IPv4: expected one of the same "
                                "family";
}

/* Is it an address that the kernel takes for a server, or meets in packets to a service? */
static bool check_fit(struct ld_cf *cf, const char *at, const struct ha_addr *addr, const char *what,
                      bool server)
{
    const char *why = NULL;
    char text[HA_ADDR_TEXT];

    if (addr->family != AF_INET6)
        return true;
    if (IN6_IS_ADDR_V4MAPPED(&addr->v6))
        why = "an IPv4 address in the form of an IPv6 one, which no packet has: expected the IPv4 "
              "address, in a block of virtual";
    else if (server && IN6_IS_ADDR_LINKLOCAL(&addr->v6))
        why = "a link-local one, where the kernel sends no clients: expected an address that is known "
              "on more than one link";
    else if (server && (IN6_IS_ADDR_MULTICAST(&addr->v6) || IN6_IS_ADDR_UNSPECIFIED(&addr->v6)))
        why = "not that of one host";
    if (why)
        ld_cf_error(cf, at, "invalid address (%s) for %s: %s", ha_addr_text(addr, text), what, why);
    else if (IN6_IS_ADDR_LINKLOCAL(&addr->v6))
        ld_cf_warning(cf, at, "%s is a link-local address, and the kernel's table has no scope: it is "
                              "meant on every link", ha_addr_text(addr, text));
    return why == NULL;
}

/* ---- virtual ---- */

/* The rest of the line has never mattered. */
static void warn_of_more(struct ld_cf *cf, const char *rest)
{
    const char *more = rest + strspn(rest, " \t\r\f\v");

    if (*more && *more != '#')
        ld_cf_warning(cf, more, "passed over: expected nothing behind the virtual service, found \"%s\"",
                      more);
}

static bool virtual_mark(struct ld_cf *cf, const char *value)
{
    struct ld_service_id *id = &cf->block->service->id;
    size_t digits = strspn(value, DIGITS);
    uint64_t mark = 0;

    for (size_t i = 0; i < digits && mark <= UINT32_MAX; i++)
        mark = mark * 10 + (uint64_t)(value[i] - '0');
    if (value[digits] && !strchr(" \t\r", value[digits])) {
        ld_cf_error(cf, value, "invalid address for virtual server: expected ADDRESS:PORT, "
                               "NAME:PORT or a firewall mark, found \"%s\" (formerly taken for "
                               "firewall mark %.*s)", value, (int)digits, value);
        return false;
    }
    if (mark == 0 || mark > UINT32_MAX) {
        ld_cf_wrong(cf, "invalid address for virtual server", "a firewall mark from 1 to 4294967295",
                    value);
        return false;
    }
    warn_of_more(cf, value + digits);
    id->protocol = LD_FWM;
    id->fwmark = (uint32_t)mark;
    return true;
}

/* HOST:PORT at the start of value. */
static bool virtual_address(struct ld_cf *cf, const char *value, size_t host_length)
{
    struct ld_cf_block *block = cf->block;
    const char *port = value + host_length + 1;
    size_t port_length = ld_cf_span(port, "_-");
    char *host = g_strndup(value, host_length);
    bool known = resolve(cf, host, block->family, &block->service->id.addr);

    if (!known)
        ld_cf_error(cf, value, "invalid address for virtual service: \"%s\" is neither an IPv%s "
                               "address nor a known name%s", host,
                    block->family == AF_INET6 ? "6" : "4", because(host, block->family));
    g_free(host);
    if (!known || !check_fit(cf, value, &block->service->id.addr, "virtual service", false))
        return false;
    warn_of_more(cf, port + port_length);
    block->port_text = g_strndup(port, port_length);
    block->port_column = (unsigned)(port - cf->text) + 1;
    if (strcmp(block->port_text, "53") == 0 || strcmp(block->port_text, "domain") == 0)
        block->service->id.protocol = LD_UDP;
    return true;
}

bool ld_cf_set_virtual(struct ld_cf *cf, const char *value)
{
    size_t name = ld_cf_span(value, "._+-"), bracket = 0;

    if (*value == '[')
        bracket = 1 + strspn(value + 1, "0123456789abcdefABCDEF:.");
    if (bracket > 1 && value[bracket] == '%')
        bracket += strcspn(value + bracket, "]");
    if (bracket > 0 && value[bracket] == ']') {
        if (cf->block->family == AF_INET) {
            ld_cf_error(cf, value, is_ipv4_in_brackets(value)
                                       ? "invalid address for virtual service: brackets are for addresses of "
                                         "IPv6, expected ADDRESS:PORT without them"
                                       : "cannot specify an IPv6 address here. please use \"virtual6\" instead.");
            return false;
        }
        if (value[bracket + 1] == ':' && g_ascii_isalnum(value[bracket + 2]))
            return virtual_address(cf, value, bracket + 1);
    }
    if (name > 0 && value[name] == ':' && g_ascii_isalnum(value[name + 1]))
        return virtual_address(cf, value, name);
    if (g_ascii_isdigit(*value))
        return virtual_mark(cf, value);
    ld_cf_error(cf, value, "invalid address for virtual server: expected %s, NAME:PORT or a "
                           "firewall mark, found \"%s\"",
                cf->block->family == AF_INET6 ? "[ADDRESS]:PORT" : "ADDRESS:PORT", value);
    return false;
}

/* ---- real ---- */

/* One line "real = FROM->TO:PORT METHOD ...", cut up; texts are owned. */
struct real_line {
    char *from, *to, *port; /* to, port: NULL if not given */
    const char *after;      /* the address: blanks, then the method */
    unsigned column;
    struct ld_real real;    /* all but the address */
    bool has_lower, has_upper;
    bool has_weight, upper_first;
};

/* Of an address, a name, or an address in brackets; 0: none of them. */
static size_t host_length(const char *text)
{
    size_t length;

    if (*text == '[') {
        length = strcspn(text, "]");
        return text[length] ? length + 1 : 0;
    }
    length = ld_cf_span(text, ".-");
    /* The "-" of "->" is none of the name's. */
    return length > 0 && text[length - 1] == '-' && text[length] == '>' ? length - 1 : length;
}

static bool cut_address(struct ld_cf *cf, const char *value, struct real_line *line)
{
    const char *next = value;
    size_t length = host_length(next), port_length;

    line->from = g_strndup(next, length);
    next += length;
    if (length > 0 && strncmp(next, "->", 2) == 0) {
        length = host_length(next + 2);
        line->to = g_strndup(next + 2, length);
        next += 2 + length;
    }
    if (length > 0 && *next == ':') {
        port_length = ld_cf_span(next + 1, "_-");
        if (port_length == 0) {
            ld_cf_error(cf, next, "invalid address for real server (wrong format): expected a "
                                  "single \":\" directly followed by the port, found \"%s\" "
                                  "(formerly what follows was taken for the address)", value);
            return false;
        }
        line->port = g_strndup(next + 1, port_length);
        next += 1 + port_length;
    }
    line->after = next;
    if (length > 0 && *next == ' ' && next[strspn(next, " ")])
        return true;
    ld_cf_error(cf, next, "invalid address for real server (wrong format): expected "
                          "%s[:PORT] gate|masq|ipip [WEIGHT] "
                          "[\"REQUEST\", \"RECEIVE\"] [l:N] [u:N], found \"%s\" (formerly the part of "
                          "it that could be an address was taken for it)",
                cf->block->family == AF_INET6 ? "[ADDRESS]" : "ADDRESS[->ADDRESS]", value);
    return false;
}

static bool take_number(const char **next, uint32_t max, uint32_t *out)
{
    uint64_t value = 0;

    if (!g_ascii_isdigit(**next))
        return false;
    for (; g_ascii_isdigit(**next); (*next)++) {
        value = value * 10 + (uint64_t)(**next - '0');
        if (value > max)
            return false;
    }
    *out = (uint32_t)value;
    return true;
}

/* "REQUEST" then "," or blanks then "RECEIVE", the latter up to the last quote. Of several places to
 * part them the last one has always counted. */
static bool take_pair(const char **next, struct ld_real *real)
{
    const char *start = *next + 1, *last = strrchr(start, '"');

    if (real->request || !last)
        return false;
    for (const char *quote = last - 1; quote >= start; quote--) {
        const char *second = quote + 1 + strspn(quote + 1, ", ");
        char *request;

        if (*quote != '"' || second == quote + 1 || *second != '"' || second == last)
            continue;
        request = g_strndup(start, (gsize)(quote - start));
        real->request = ld_cf_request_of(request, true);
        g_free(request);
        if (last > second + 1)
            real->receive = g_strndup(second + 1, (gsize)(last - second - 1));
        *next = last + 1;
        return true;
    }
    return false;
}

static bool take_threshold(const char **next, char letter, bool *has, uint32_t *out)
{
    if (*has || **next != letter || (*next)[1] != ':')
        return false;
    *next += 2;
    *has = take_number(next, G_MAXINT32, out);
    return *has;
}

static bool take_option(const char **next, struct real_line *line)
{
    if (g_ascii_isdigit(**next) && !line->has_weight)
        return line->has_weight = take_number(next, G_MAXINT32, &line->real.weight);
    if (**next == '"')
        return take_pair(next, &line->real);
    if (take_threshold(next, 'l', &line->has_lower, &line->real.lower)) {
        line->upper_first = line->has_upper;
        return true;
    }
    return take_threshold(next, 'u', &line->has_upper, &line->real.upper);
}

/* What follows the method, in any order. Words that say nothing have always been passed over when
 * something followed that did. */
static bool take_options(struct ld_cf *cf, const char *next, struct real_line *line)
{
    const char *lost = NULL; /* the first of them since the last one understood */

    for (;;) {
        const char *word = next + strspn(next, " ");
        bool parted = word > next;

        next = word;
        if (!*word)
            break;
        if (parted && take_option(&next, line)) {
            if (lost)
                ld_cf_warning(cf, lost, "passed over: expected [WEIGHT] [\"REQUEST\", \"RECEIVE\"] "
                                        "[l:N] [u:N], found \"%.*s\"", (int)(word - lost - 1), lost);
            lost = NULL;
            continue;
        }
        lost = lost ? lost : word;
        next = word + strcspn(word, " ");
    }
    if (!lost)
        return true;
    ld_cf_error(cf, lost, "Invalid real server line, around \"%s%s\": expected [WEIGHT] "
                          "[\"REQUEST\", \"RECEIVE\"] [l:N] [u:N]",
                lost[-1] == ' ' ? " " : "", lost);
    return false;
}

/* The kernel refuses a lower threshold above the upper one; alone it does nothing. */
static bool check_thresholds(struct ld_cf *cf, struct real_line *line)
{
    if (line->upper_first)
        ld_cf_warning(cf, line->after, "u:%u stands before l:%u: read, but formerly u was lost then and "
                                       "the kernel refused the server; write l:%u u:%u",
                      line->real.upper, line->real.lower, line->real.lower, line->real.upper);
    if (line->real.lower == 0 || line->real.lower <= line->real.upper)
        return true;
    if (line->real.upper == 0) {
        ld_cf_warning(cf, line->after, "l:%u has no effect without an upper threshold (u:N)",
                      line->real.lower);
        line->real.lower = 0;
        return true;
    }
    ld_cf_error(cf, line->after, "Invalid real server line, around \"l:%u u:%u\": the lower "
                                 "threshold is above the upper one", line->real.lower,
                line->real.upper);
    return false;
}

static bool take_rest(struct ld_cf *cf, struct real_line *line)
{
    const char *method = line->after + strspn(line->after, " ");
    size_t length = ld_cf_span(method, "_");
    char word[8] = ""; /* room for each of them */

    if (length < sizeof(word))
        memcpy(word, method, length);
    if (!ld_method_find(word, &line->real.method)) {
        ld_cf_error(cf, method, "forward method must be gate, masq or ipip: found \"%s\"", method);
        return false;
    }
    return take_options(cf, method + length, line) && check_thresholds(cf, line);
}

static void add_real(struct ld_cf *cf, const struct real_line *line, const struct ha_addr *addr)
{
    struct ld_real *real = ld_real_new();

    *real = line->real;
    real->addr = *addr;
    real->request = g_strdup(line->real.request);
    real->receive = g_strdup(line->real.receive);
    real->line = cf->line;
    real->column = line->column;
    g_ptr_array_add(cf->block->service->reals, real);
    cf->reals++;
}

static bool add_range(struct ld_cf *cf, const char *value, const struct real_line *line,
                      struct ha_addr first, const struct ha_addr *last)
{
    uint32_t from = ntohl(first.v4.s_addr), to = ntohl(last->v4.s_addr);

    if (from > to) {
        ld_cf_error(cf, value, "Invalid Range: %s-%s: First value must be greater than or equal to "
                               "the second value: expected the lower address first", line->from,
                    line->to);
        return false;
    }
    if (to - from >= LD_REALS_MAX - cf->reals) {
        ld_cf_error(cf, value, "Invalid Range: %s-%s: more than %u real servers in the "
                               "configuration", line->from, line->to, (unsigned)LD_REALS_MAX);
        return false;
    }
    for (uint64_t each = from; each <= to; each++) {
        first.v4.s_addr = htonl((uint32_t)each);
        add_real(cf, line, &first);
    }
    return true;
}

static bool place_real(struct ld_cf *cf, const char *value, struct real_line *line)
{
    struct ha_addr first, last;

    if (!resolve(cf, line->from, cf->block->family, &first)) {
        ld_cf_error(cf, value, "invalid address (%s) for real server (could not resolve host)%s",
                    line->from, because(line->from, cf->block->family));
        return false;
    }
    if (!check_fit(cf, value, &first, "real server", true))
        return false;
    if (line->to && cf->block->family != AF_INET) {
        ld_cf_error(cf, value, "Address range for IPv6 is not supported yet: expected one address, "
                               "found %s->%s", line->from, line->to);
        return false;
    }
    if (line->to && !resolve(cf, line->to, cf->block->family, &last)) {
        ld_cf_error(cf, value, "invalid address (%s) for real server (could not resolve end host)",
                    line->to);
        return false;
    }
    if (line->port && !ld_cf_port(cf, line->port, NULL, &line->real.port)) {
        ld_cf_error(cf, value, "invalid port (%s) for real server (could not resolve port): expected "
                               "0 to 65535 or the name of a service", line->port);
        return false;
    }
    return add_range(cf, value, line, first, line->to ? &last : &first);
}

bool ld_cf_set_real(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    struct real_line line = {.real.weight = 1};
    bool six = row->name[4] == '6', good;

    cf->block->real_tried = true;
    if (six != (cf->block->family == AF_INET6)) {
        ld_cf_error(cf, NULL, "cannot specify \"%s\" here.  please use \"real%s\" instead: expected "
                              "servers of the same family as the service",
                    row->name, cf->block->keyword);
        return false;
    }
    value += strspn(value, "= ");
    line.column = ld_cf_here(cf, value).column;
    good = cut_address(cf, value, &line) && take_rest(cf, &line) && place_real(cf, value, &line);
    g_free(line.from);
    g_free(line.to);
    g_free(line.port);
    g_free(line.real.request);
    g_free(line.real.receive);
    return good;
}

/* ---- fallback ---- */

static bool fallback_port(struct ld_cf *cf, const char *value, const char *text, size_t length,
                          struct ld_cf_fallback *out)
{
    char *port = g_strndup(text, length);

    out->has_port = ld_cf_port(cf, port, NULL, &out->port);
    g_free(port);
    if (!out->has_port)
        ld_cf_wrong(cf, "invalid port for fallback server",
                    "a number from 0 to 65535 or the name of a service", value);
    return out->has_port;
}

static bool fallback_host(struct ld_cf *cf, const char *value, size_t length, int family,
                          struct ld_cf_fallback *out)
{
    char *host = g_strndup(value, length);
    bool known = length > 0 && resolve(cf, host, family, &out->addr);

    if (!known)
        ld_cf_error(cf, value, "invalid IPv%s address or could not resolve for fallback server: %s%s",
                    family == AF_INET6 ? "6" : "4", length > 0 ? host : value, because(host, family));
    g_free(host);
    return known && check_fit(cf, value, &out->addr, "fallback server", true);
}

/* Without brackets the last ":" is in front of the port. */
static size_t fallback_length(const char *value, int family)
{
    const char *last = g_strrstr_len(value, (gssize)strcspn(value, " \t\r"), ":");

    return family == AF_INET6 && *value != '[' && last ? (size_t)(last - value) : host_length(value);
}

static bool read_fallback(struct ld_cf *cf, const char *value, int family,
                          struct ld_cf_fallback *out)
{
    size_t length = fallback_length(value, family);
    const char *next = value + length;
    char *method;
    bool good = true;

    if (!fallback_host(cf, value, length, family, out))
        return false;
    if (*next == ':') {
        size_t port_length = ld_cf_span(next + 1, "_-");

        if (!fallback_port(cf, value, next + 1, port_length, out))
            return false;
        next += 1 + port_length;
    }
    method = g_strstrip(g_strdup(next));
    out->method = LD_GATE;
    if (*method && !(good = ld_method_find(method, &out->method)))
        ld_cf_error(cf, next, "forward method must be gate, masq or ipip: found \"%s\"", method);
    g_free(method);
    return good;
}

bool ld_cf_set_fallback(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    bool six = row->name[8] == '6';
    struct ld_cf_settings *scope = ld_cf_scope(cf);
    struct ld_cf_fallback fallback = {.set = true, .at = ld_cf_here(cf, value)};

    if (cf->block && six != (cf->block->family == AF_INET6)) {
        ld_cf_error(cf, NULL, "cannot specify \"%s\" here.  please use \"fallback%s\" instead",
                    row->name, cf->block->keyword);
        return false;
    }
    if (!read_fallback(cf, value, six ? AF_INET6 : AF_INET, &fallback))
        return false;
    *(six && !cf->block ? &scope->fallback6 : &scope->fallback) = fallback;
    return true;
}
