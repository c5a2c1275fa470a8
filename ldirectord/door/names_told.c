/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers of the resolver, noted and repeated (names_told.h). Asks nobody itself. */
#include "ldirectord/door/names_told.h"

#include "common/confine/pack.h"

/* ---- noting ---- */

static bool note_host(void *ctx, const char *name, int family, struct ha_addr *out)
{
    struct ld_names_told *told = ctx;
    bool known = told->below->host(told->below->ctx, name, family, out);
    struct ha_addr plain;

    if (known && !ha_addr_parse(&plain, name)) {
        ha_pack_u8(told->notes, family == AF_INET6 ? 6 : 4);
        ha_pack_text(told->notes, name);
        ha_pack_addr(told->notes, out);
    }
    return known;
}

static bool note_port(void *ctx, const char *name, const char *protocol, uint16_t *out)
{
    struct ld_names_told *told = ctx;
    bool known = told->below->port(told->below->ctx, name, protocol, out);

    if (known) {
        ha_pack_u8(told->notes, 'p');
        ha_pack_text(told->notes, name);
        ha_pack_text(told->notes, protocol != NULL ? protocol : "");
        ha_pack_u16(told->notes, *out);
    }
    return known;
}

struct ld_names ld_names_noting(struct ld_names_told *told)
{
    return (struct ld_names){.host = note_host, .port = note_port, .ctx = told};
}

/* ---- repeating ---- */

struct answer {
    struct ha_addr addr;
    uint16_t port;
};

static char *host_key(const char *name, int family)
{
    return g_strdup_printf("%c%s", family == AF_INET6 ? '6' : '4', name);
}

static char *port_key(const char *name, const char *protocol)
{
    return g_strdup_printf("p%s/%s", name, protocol);
}

static void put(struct ld_names_noted *noted, char *key, const struct answer *answer)
{
    g_hash_table_replace(noted->answers, key, g_memdup2(answer, sizeof(*answer)));
}

static bool read_one(struct ld_names_noted *noted, struct ha_unpack *in)
{
    struct answer answer = {.port = 0};
    uint8_t kind = ha_unpack_u8(in);
    const char *name = ha_unpack_text(in), *protocol;
    int family = kind == 6 ? AF_INET6 : AF_INET;

    if (name == NULL || (kind != 4 && kind != 6 && kind != 'p'))
        return false;
    if (kind == 'p') {
        protocol = ha_unpack_text(in);
        answer.port = ha_unpack_u16(in);
        if (protocol != NULL && !in->bad)
            put(noted, port_key(name, protocol), &answer);
        return protocol != NULL && !in->bad;
    }
    ha_unpack_addr(in, &answer.addr);
    if (answer.addr.family != family)
        return false;
    put(noted, host_key(name, family), &answer);
    return true;
}

bool ld_names_noted_read(struct ld_names_noted *noted, const void *notes, size_t length)
{
    struct ha_unpack in = ha_unpack_begin(notes, length);

    noted->answers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    while (in.left > 0)
        if (!read_one(noted, &in))
            return false;
    return true;
}

void ld_names_noted_clear(struct ld_names_noted *noted)
{
    g_hash_table_destroy(noted->answers);
}

static const struct answer *find(const struct ld_names_noted *noted, char *key)
{
    const struct answer *answer = g_hash_table_lookup(noted->answers, key);

    g_free(key);
    return answer;
}

static bool repeat_host(void *ctx, const char *name, int family, struct ha_addr *out)
{
    const struct answer *answer;

    if (ha_addr_parse(out, name))
        return out->family == family;
    answer = find(ctx, host_key(name, family));
    if (answer != NULL)
        *out = answer->addr;
    return answer != NULL;
}

static bool repeat_port(void *ctx, const char *name, const char *protocol, uint16_t *out)
{
    const struct answer *answer = find(ctx, port_key(name, protocol != NULL ? protocol : ""));

    if (answer != NULL)
        *out = answer->port;
    return answer != NULL;
}

struct ld_names ld_names_of_notes(struct ld_names_noted *noted)
{
    return (struct ld_names){.host = repeat_host, .port = repeat_port, .ctx = noted};
}
