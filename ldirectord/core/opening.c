/* SPDX-License-Identifier: GPL-2.0-or-later */
/* First packets of connections, and who of a table's servers got them (opening.h). */
#include "ldirectord/core/opening.h"

#include <string.h>

#define IPV4_BYTES      20
#define IPV4_PLAIN      0x45   /* version 4, no options */
#define FRAGMENT_OFFSET 0x1fff
#define IPV6_BYTES      40
#define TCP_BYTES       20
#define FLAG_SYN        0x02
#define FLAG_ACK        0x10

/* The kernel's number of it, and how long it waits for the next packet. */
#define SYN_RECV        3
#define SYN_RECV_S      60

/* ---- reading ---- */

static uint16_t get_16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static void get_address(struct ha_addr *out, uint16_t family, const uint8_t *at)
{
    *out = (struct ha_addr){.family = family};
    memcpy(out->bytes, at, ha_addr_bits(out) / 8);
}

/* These two take the addresses and how long the packet says it is, and give the length of the head;
 * 0: it cannot be read here. At least IPV6_BYTES are there. */
static size_t read_ipv4(struct ld_opening *out, const uint8_t *packet, size_t *said)
{
    if (packet[0] != IPV4_PLAIN || packet[9] != IPPROTO_TCP ||
        (get_16(packet + 6) & FRAGMENT_OFFSET) != 0)
        return 0;
    *said = get_16(packet + 2);
    get_address(&out->from, AF_INET, packet + 12);
    get_address(&out->to, AF_INET, packet + 16);
    return IPV4_BYTES;
}

static size_t read_ipv6(struct ld_opening *out, const uint8_t *packet, size_t *said)
{
    if (packet[0] >> 4 != 6 || packet[6] != IPPROTO_TCP)
        return 0;
    *said = (size_t)IPV6_BYTES + get_16(packet + 4);
    get_address(&out->from, AF_INET6, packet + 8);
    get_address(&out->to, AF_INET6, packet + 24);
    return IPV6_BYTES;
}

static bool read_tcp(struct ld_opening *out, const uint8_t *tcp, size_t said)
{
    size_t head = (size_t)(tcp[12] >> 4) * 4;

    out->from_port = get_16(tcp);
    out->to_port = get_16(tcp + 2);
    return head >= TCP_BYTES && head <= said && (tcp[13] & (FLAG_SYN | FLAG_ACK)) == FLAG_SYN &&
           out->from_port != 0; /* to the kernel that would be persistence */
}

bool ld_opening_read(struct ld_opening *out, const struct ld_opening_record *record)
{
    size_t length = record->length, said = 0, head;

    *out = (struct ld_opening){.leaves = record->leaves != 0};
    if (length > LD_OPENING_PACKET || length < IPV4_BYTES + TCP_BYTES)
        return false;
    head = read_ipv4(out, record->packet, &said);
    if (head == 0)
        head = read_ipv6(out, record->packet, &said);
    if (head == 0 || length < head + TCP_BYTES || said < head + TCP_BYTES)
        return false;
    if (said > length && length < LD_OPENING_PACKET) /* less is Ethernet's padding */
        return false;
    out->has_mac = out->leaves && record->has_mac != 0;
    if (out->has_mac)
        memcpy(out->mac, record->mac, sizeof(out->mac));
    return read_tcp(out, record->packet + head, said - head);
}

/* ---- keys ---- */

static guint client_hash(gconstpointer key)
{
    const struct ld_opening *opening = key;

    return ha_addr_hash(&opening->from) ^ opening->from_port * UINT32_C(2654435761);
}

static gboolean client_equal(gconstpointer a, gconstpointer b)
{
    const struct ld_opening *one = a, *other = b;

    return one->from_port == other->from_port && ha_addr_equal(&one->from, &other->from);
}

static guint ends_hash(gconstpointer key)
{
    const struct ld_opening *opening = key;

    return client_hash(key) * 31 ^ ha_addr_hash(&opening->to) ^
           opening->to_port * UINT32_C(2246822519);
}

static gboolean ends_equal(gconstpointer a, gconstpointer b)
{
    const struct ld_opening *one = a, *other = b;

    return one->to_port == other->to_port && ha_addr_equal(&one->to, &other->to) &&
           client_equal(a, b);
}

static guint server_hash(gconstpointer key)
{
    return ha_addr_hash(key);
}

static gboolean server_equal(gconstpointer a, gconstpointer b)
{
    return ha_addr_equal(a, b);
}

/* With the family: a machine that serves both has an address of each. */
static guint mac_hash(gconstpointer key)
{
    const struct ld_neighbour *neighbour = key;
    guint hash = neighbour->server.family;

    for (size_t i = 0; i < sizeof(neighbour->mac); i++)
        hash = hash * 31 + neighbour->mac[i];
    return hash;
}

static gboolean mac_equal(gconstpointer a, gconstpointer b)
{
    const struct ld_neighbour *one = a, *other = b;

    return one->server.family == other->server.family &&
           memcmp(one->mac, other->mac, sizeof(one->mac)) == 0;
}

/* ---- servers ---- */

/* Those of one service with an address, or of all by firewall mark. */
struct servers {
    GHashTable *places; /* struct ld_dest * -> number of its service, the first of several */
    GHashTable *by_mac; /* struct ld_neighbour * -> gate struct ld_dest *; NULL: several have it */
    bool by_mark;
    bool masq; /* one of them is */
    bool hidden; /* what goes to one of them may not be seen as it leaves */
};

static void servers_free(void *item)
{
    struct servers *servers = item;

    g_hash_table_destroy(servers->places);
    g_hash_table_destroy(servers->by_mac);
    g_free(servers);
}

static struct servers *servers_new(bool by_mark)
{
    struct servers *servers = g_new0(struct servers, 1);

    servers->places = g_hash_table_new(ld_dest_place_hash, ld_dest_place_equal);
    servers->by_mac = g_hash_table_new(mac_hash, mac_equal);
    servers->by_mark = by_mark;
    return servers;
}

static void add_mac(struct servers *servers, struct ld_neighbour *neighbour, struct ld_dest *dest)
{
    void *there;

    if (!g_hash_table_lookup_extended(servers->by_mac, neighbour, NULL, &there))
        g_hash_table_insert(servers->by_mac, neighbour, dest);
    else if (there != NULL && !ha_addr_equal(&((struct ld_dest *)there)->addr, &dest->addr))
        g_hash_table_insert(servers->by_mac, neighbour, NULL);
}

/* macs: struct ha_addr * -> GPtrArray of struct ld_neighbour *. */
static void add_servers(struct servers *servers, const struct ld_vs *vs, guint number,
                        GHashTable *macs)
{
    for (guint i = 0; i < vs->dests->len; i++) {
        struct ld_dest *dest = &g_array_index(vs->dests, struct ld_dest, i);
        const GPtrArray *own = g_hash_table_lookup(macs, &dest->addr);

        servers->masq |= dest->method == LD_MASQ;
        servers->hidden |= own == NULL || (dest->method != LD_GATE && dest->method != LD_MASQ);
        if (!g_hash_table_contains(servers->places, dest))
            g_hash_table_insert(servers->places, dest, GUINT_TO_POINTER(number));
        for (guint j = 0; dest->method == LD_GATE && own != NULL && j < own->len; j++)
            add_mac(servers, own->pdata[j], dest);
    }
}

/* The one that ld_connection_dest() will find has that method. */
static bool is_at(const struct servers *servers, const struct ha_addr *addr, uint16_t port,
                  enum ld_method method)
{
    const struct ld_dest here = {.addr = *addr, .port = port}, any = {.addr = *addr};
    void *exact = NULL, *loose = NULL, *exact_number = NULL, *loose_number = NULL;
    const struct ld_dest *dest;

    g_hash_table_lookup_extended(servers->places, &here, &exact, &exact_number);
    if (servers->by_mark)
        g_hash_table_lookup_extended(servers->places, &any, &loose, &loose_number);
    dest = exact;
    if (exact == NULL || (loose != NULL && GPOINTER_TO_UINT(loose_number) <
                                               GPOINTER_TO_UINT(exact_number)))
        dest = loose;
    return dest != NULL && dest->method == method;
}

/* ---- resolving ---- */

struct client {
    unsigned asked;  /* for how many addresses and ports that matter */
    GPtrArray *left; /* of struct ld_opening *, in their order */
};

struct resolver {
    const struct ld_table *table;
    GHashTable *macs;       /* struct ha_addr * -> GPtrArray of struct ld_neighbour *, owned */
    GHashTable *clients;    /* struct ld_opening * by its client -> struct client *, owned */
    GHashTable *unchanged;  /* struct ld_opening * by both ends: the last of these that left */
    GHashTable *services;   /* struct ld_vs * -> struct servers *, owned; as they are asked for */
    struct servers *marked; /* of all services by firewall mark; NULL: there are none */
};

static void client_free(void *item)
{
    struct client *client = item;

    g_ptr_array_free(client->left, TRUE);
    g_free(client);
}

static void neighbours_free(void *item)
{
    g_ptr_array_free(item, TRUE);
}

static GHashTable *index_macs(const GArray *neighbours)
{
    GHashTable *macs = g_hash_table_new_full(server_hash, server_equal, NULL, neighbours_free);

    for (guint i = 0; i < neighbours->len; i++) {
        struct ld_neighbour *neighbour = &g_array_index(neighbours, struct ld_neighbour, i);
        GPtrArray *own = g_hash_table_lookup(macs, &neighbour->server);

        if (own == NULL) {
            own = g_ptr_array_new();
            g_hash_table_insert(macs, &neighbour->server, own);
        }
        g_ptr_array_add(own, neighbour);
    }
    return macs;
}

static void resolver_init(struct resolver *resolver, const GArray *neighbours,
                          const struct ld_table *table)
{
    *resolver = (struct resolver){.table = table, .macs = index_macs(neighbours)};
    resolver->clients = g_hash_table_new_full(client_hash, client_equal, NULL, client_free);
    resolver->unchanged = g_hash_table_new(ends_hash, ends_equal);
    resolver->services = g_hash_table_new_full(NULL, NULL, NULL, servers_free);
    for (guint i = 0; i < table->services->len; i++) {
        const struct ld_vs *vs = table->services->pdata[i];

        if (vs->id.protocol != LD_FWM)
            continue;
        if (resolver->marked == NULL)
            resolver->marked = servers_new(true);
        add_servers(resolver->marked, vs, i, resolver->macs);
    }
}

static void resolver_clear(struct resolver *resolver)
{
    if (resolver->marked != NULL)
        servers_free(resolver->marked);
    g_hash_table_destroy(resolver->services);
    g_hash_table_destroy(resolver->unchanged);
    g_hash_table_destroy(resolver->clients);
    g_hash_table_destroy(resolver->macs);
}

/* Those that it may have gone to; NULL: it does not matter. As in ld_connection_dest(), a service
 * with this address has precedence over those by firewall mark. */
static const struct servers *servers_of(struct resolver *resolver, const struct ld_opening *came)
{
    const struct ld_service_id id = {.protocol = LD_TCP, .addr = came->to, .port = came->to_port};
    struct ld_vs *vs = ld_table_find(resolver->table, &id);
    struct servers *servers;

    if (vs == NULL)
        return resolver->marked;
    servers = g_hash_table_lookup(resolver->services, vs);
    if (servers == NULL) {
        servers = servers_new(false);
        add_servers(servers, vs, 0, resolver->macs);
        servers->hidden |= resolver->marked != NULL; /* a mark may have sent it elsewhere */
        g_hash_table_insert(resolver->services, vs, servers);
    }
    return servers;
}

static struct client *client_of(struct resolver *resolver, struct ld_opening *opening)
{
    struct client *client = g_hash_table_lookup(resolver->clients, opening);

    if (client == NULL) {
        client = g_new0(struct client, 1);
        client->left = g_ptr_array_new();
        g_hash_table_insert(resolver->clients, opening, client);
    }
    return client;
}

/* Appends to begun (of struct ld_opening *) what came in and matters, each connection once. */
static void sort_out(struct resolver *resolver, const GArray *openings, GPtrArray *begun)
{
    GHashTable *seen = g_hash_table_new(ends_hash, ends_equal);

    for (guint i = 0; i < openings->len; i++) {
        struct ld_opening *opening = &g_array_index(openings, struct ld_opening, i);

        if (opening->leaves) {
            g_ptr_array_add(client_of(resolver, opening)->left, opening);
            g_hash_table_replace(resolver->unchanged, opening, opening);
        } else if (servers_of(resolver, opening) != NULL && g_hash_table_add(seen, opening)) {
            client_of(resolver, opening)->asked++;
            g_ptr_array_add(begun, opening);
        }
    }
    g_hash_table_destroy(seen);
}

/* The last packet that went to a masq server, if it left later than that one; NULL: none did. */
static const struct ld_opening *masqueraded(const struct client *client,
                                            const struct servers *servers,
                                            const struct ld_opening *came,
                                            const struct ld_opening *later_than)
{
    for (guint i = client->left->len; i > 0; i--) {
        const struct ld_opening *left = client->left->pdata[i - 1];

        if (left == later_than)
            return NULL;
        if (!ha_addr_equal(&left->to, &came->to) &&
            is_at(servers, &left->to, left->to_port, LD_MASQ))
            return left;
    }
    return NULL;
}

enum went { WENT, WENT_NOWHERE, WENT_UNKNOWN };

/* It was not sent on, or not to a server: the address was not here any more, or it was none of ours. */
static enum went nowhere(const struct servers *servers)
{
    return servers->hidden ? WENT_UNKNOWN : WENT_NOWHERE;
}

/* A gate server gets the packet as it came: only the mac says which. */
static enum went find_gate(const struct servers *servers, const struct ld_opening *left,
                           struct ld_connection *connection)
{
    struct ld_neighbour key = {.server.family = left->to.family};
    const struct ld_dest *dest;
    void *found;

    if (!left->has_mac)
        return WENT_UNKNOWN;
    memcpy(key.mac, left->mac, sizeof(key.mac));
    if (!g_hash_table_lookup_extended(servers->by_mac, &key, NULL, &found))
        return nowhere(servers);
    dest = found;
    if (dest == NULL)
        return WENT_UNKNOWN;
    connection->server = dest->addr;
    connection->server_port = left->to_port;
    if (is_at(servers, &dest->addr, left->to_port, LD_GATE))
        return WENT;
    connection->server_port = dest->port; /* by firewall mark it can have one of its own */
    return dest->port != 0 && is_at(servers, &dest->addr, dest->port, LD_GATE) ? WENT : WENT_UNKNOWN;
}

static enum went resolve(struct resolver *resolver, const struct ld_opening *came,
                         struct ld_connection *out)
{
    const struct servers *servers = servers_of(resolver, came);
    const struct client *client = g_hash_table_lookup(resolver->clients, came);
    const struct ld_opening *unchanged = g_hash_table_lookup(resolver->unchanged, came);
    const struct ld_opening *changed = NULL;

    *out = (struct ld_connection){.client = came->from, .client_port = came->from_port,
                                  .vip = came->to, .vip_port = came->to_port,
                                  .state = SYN_RECV, .left_s = SYN_RECV_S};
    if (servers->masq) {
        if (client->asked > 1) /* what left does not say for which of them */
            return WENT_UNKNOWN;
        changed = masqueraded(client, servers, came, unchanged);
    }
    if (changed != NULL) {
        out->server = changed->to;
        out->server_port = changed->to_port;
        return WENT;
    }
    return unchanged != NULL ? find_gate(servers, unchanged, out) : nowhere(servers);
}

bool ld_openings_resolve(GArray *out, const GArray *openings, const GArray *neighbours,
                         const struct ld_table *table)
{
    struct resolver resolver;
    GPtrArray *begun = g_ptr_array_new(); /* of struct ld_opening *, each connection once */
    struct ld_connection connection;
    bool all = true;

    resolver_init(&resolver, neighbours, table);
    sort_out(&resolver, openings, begun);
    for (guint i = 0; i < begun->len; i++) {
        enum went went = resolve(&resolver, begun->pdata[i], &connection);

        if (went == WENT)
            g_array_append_val(out, connection);
        all = all && went != WENT_UNKNOWN;
    }
    g_ptr_array_free(begun, TRUE);
    resolver_clear(&resolver);
    return all;
}
