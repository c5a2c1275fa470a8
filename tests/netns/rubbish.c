/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a heartbeat may be sent by strangers, and by a peer gone mad: for the
 * test test_heartbeat_datagrams. Every run sends the same, given the same seed.
 *
 *   rubbish damaged ADDRESS PORT KEY    messages of right that no parser should
 *                                       take, each under a wrong digest and
 *                                       under a good one, and broken framings
 *   rubbish mutated ADDRESS PORT KEY SEED COUNT FILE...
 *                                       datagrams of captures, changed; every
 *                                       other one signed anew
 *   rubbish record INTERFACE PORT COUNT FILE   keeps what comes by
 *   rubbish replay ADDRESS PORT SEED TIMES FILE
 *   rubbish flood ADDRESS PORT SECONDS  as fast as it goes
 *
 * KEY is the text of key 1, sha1. Prints how many datagrams left.
 */
#include <arpa/inet.h>
#include <glib.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "authkeys/authkeys.h"
#include "common/base/rand.h"
#include "tests/unit/pcap.h"

#define DATAGRAM_MAX 65507
/* For the receiver's buffer: nothing here is to be lost, or it proves nothing. */
#define PAUSE_US 300

static int out_fd;
static struct sockaddr_in out_to;
static struct ak_key key = {.method = AK_SHA1};
static unsigned sent;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void send_to(const char *address, const char *port)
{
    out_fd = socket(AF_INET, SOCK_DGRAM, 0);
    out_to = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    if (out_fd < 0 || inet_pton(AF_INET, address, &out_to.sin_addr) != 1) {
        die(address);
    }
}

static void emit(const void *bytes, size_t length)
{
    sent += sendto(out_fd, bytes, MIN(length, DATAGRAM_MAX), 0, (struct sockaddr *)&out_to,
                   sizeof(out_to)) >= 0;
    usleep(PAUSE_US);
}

/* ---- damaged ---- */

/* The fields of a message that right would have sent in an earlier life. */
#define GOOD                                                                                   \
    "11:(0)t=status,12:(0)st=active,9:(0)dt=7d0,13:(0)protocol=1,12:(0)src=right,"             \
    "8:(0)seq=1,14:(0)hg=65000001,14:(0)ts=65000100,8:(0)ttl=3,"
#define WITHOUT_SEQ                                                                            \
    "11:(0)t=status,12:(0)src=right,14:(0)hg=65000001,14:(0)ts=65000100,"
#define WITHOUT_TS "11:(0)t=status,12:(0)src=right,8:(0)seq=1,14:(0)hg=65000001,"
#define WITHOUT_HG "11:(0)t=status,12:(0)src=right,8:(0)seq=1,14:(0)ts=65000100,"

static const char *const bodies[] = {
    "",
    "," GOOD,
    "8:t=status," GOOD,
    "11:t=status(0)," GOOD,
    "0:," GOOD,
    "1:(," GOOD,
    "2:()," GOOD,
    "4:()a=," GOOD,
    "3:(0)," GOOD,
    "4:(0)=," GOOD,
    "5:(0)=x," GOOD,
    "4:(0)x," GOOD,
    "6:(6)a=1," GOOD,
    "6:(9)a=1," GOOD,
    "6:(x)a=1," GOOD,
    "6:(-)a=1," GOOD,
    "7:(10)a=1," GOOD,
    "6:[0]a=1," GOOD,
    "6(0)a=1," GOOD,
    "6:(0)a=1" GOOD,
    "7:(0)a=1," GOOD,
    "5:(0)a=1," GOOD,
    "-6:(0)a=1," GOOD,
    "+6:(0)a=1," GOOD,
    "0x6:(0)a=1," GOOD,
    "99999:(0)a=1," GOOD,
    "4294967302:(0)a=1," GOOD,
    "18446744073709551622:(0)a=1," GOOD,
    "99999999999999999999999999999999999:(0)a=1," GOOD,
    GOOD "11:(0)t=status,12:(0)src=right,",
    GOOD "9:(2)a=###\n,",
    GOOD "13:(2)a=###\n%%%\n,",
    GOOD "19:(2)a=###\n0:,0:,%%%\n,",
    GOOD "8:(3)a=9:x,",
    GOOD "9:(3)a=-1:x,",
    GOOD "8:(4)a=\x78\x9c\xff,",
    GOOD "8:(5)a=zzz,",
    "30:(1)_compressed_payload=\x78\x9c\x03\x01\x02\x03\x04,30:(0)_compression_algorithm=zlib,",
    GOOD "16:(1)srcuuid=short,",
    GOOD "27:(0)srcuuid=0123456789abcdef,",
    WITHOUT_SEQ,
    WITHOUT_SEQ "8:(0)seq=0,",
    WITHOUT_SEQ "9:(0)seq=-1,",
    WITHOUT_SEQ "9:(0)seq=zz,",
    WITHOUT_SEQ "8:(1)seq=1,",
    WITHOUT_SEQ "25:(0)seq=1ffffffffffffffff1,",
    WITHOUT_TS,
    WITHOUT_TS "7:(0)ts=0,",
    WITHOUT_TS "8:(0)ts=zz,",
    WITHOUT_HG,
    WITHOUT_HG "7:(0)hg=0,",
    WITHOUT_HG "9:(0)hg=-10,",
    WITHOUT_HG "8:(1)hg=11,",
    "12:(0)src=right,8:(0)seq=1,14:(0)hg=65000001,14:(0)ts=65000100,",
    "11:(0)t=status,8:(0)seq=1,14:(0)hg=65000001,14:(0)ts=65000100,",
};

static const char *const framings[] = {
    "#", "###", "###\n", ">>>\n", ">>>\n<<<\n", ">>>\n<<<\n\n\n", "%%%\n", "<<<\n",
    "###\n" GOOD,
    "###\n" GOOD "%%%\n",
    "###\n" GOOD "%%%\n0:,",
    "###\n" GOOD "%%%\n1: ,",
    "###\n" GOOD "%%%\n2:1 ,",
    "###\n" GOOD "%%%\n3:1 0",
    "###\n" GOOD "%%%\n3:1 0;",
    "###\n" GOOD "%%%\n99:1 0,",
    "###\n" GOOD "%%%\n-3:1 0,",
    "###\n" GOOD "%%%\n18446744073709551619:1 0,",
    "###\n" GOOD "%%%\n43:-1 0000000000000000000000000000000000000000,",
    "###\n" GOOD "%%%\n43:99 0000000000000000000000000000000000000000,",
    "###\n" GOOD "%%%\n42:x 0000000000000000000000000000000000000000,",
    "###\n" GOOD "%%%\n42:2 0000000000000000000000000000000000000000,",
    "###\n" GOOD "%%%\n52:9999999999 0000000000000000000000000000000000000000,",
    ">>>\nt=status\nsrc=right\n<<<\n",
    ">>>\nauth=\n<<<\n",
    ">>>\nauth=1\n<<<\n",
    ">>>\nauth=1 \n<<<\n",
    ">>>\nt\nauth=1 0\n<<<\n",
    ">>>\n=\nauth=1 0\n<<<\n",
    ">>>\n(1)a=!\nauth=1 0\n<<<\n",
    ">>>\n(2)a=\x14\x15\x16\x17\nauth=1 0\n<<<\n",
    ">>>\nt=status\nauth=1 0000000000000000000000000000000000000000",
};

static void sign(GByteArray *datagram, const struct ak_key *with)
{
    char digest[AK_DIGEST_TEXT];
    size_t length = ak_digest(with, datagram->data, datagram->len, digest);
    char *trailer = g_strdup_printf("%zu:1 %s,", length + 2, digest);

    g_byte_array_append(datagram, (const guint8 *)trailer, (guint)strlen(trailer));
    g_free(trailer);
}

static void emit_body(const char *body, size_t length)
{
    const struct ak_key wrong = {.method = AK_SHA1, .text = (char *)"wrong", .length = 5};
    const struct ak_key *const with[] = {&wrong, &key};

    for (size_t i = 0; i < G_N_ELEMENTS(with); i++) {
        GByteArray *datagram = g_byte_array_new();

        g_byte_array_append(datagram, (const guint8 *)"###\n", 4);
        g_byte_array_append(datagram, (const guint8 *)body, (guint)length);
        g_byte_array_append(datagram, (const guint8 *)"%%%\n", 4);
        sign(datagram, with[i]);
        emit(datagram->data, datagram->len);
        g_byte_array_unref(datagram);
    }
}

/* The string form with an inner digest that is right for its bytes as they stand. */
static void emit_lines(const char *lines)
{
    char digest[AK_DIGEST_TEXT];
    char *datagram;

    ak_digest(&key, lines, strlen(lines), digest);
    datagram = g_strdup_printf(">>>\n%sauth=1 %s\n<<<\n", lines, digest);
    emit(datagram, strlen(datagram) + 1);
    g_free(datagram);
}

/* count times piece, between GOOD and last. */
static void emit_many(const char *piece, size_t length, unsigned count, const char *last)
{
    GString *body = g_string_new(GOOD);

    while (count-- > 0) {
        g_string_append_len(body, piece, (gssize)length);
    }
    g_string_append(body, last);
    emit_body(body->str, body->len);
    g_string_free(body, TRUE);
}

static void emit_long(const char *before, size_t fill, const char *after)
{
    GString *bytes = g_string_new(before);

    for (size_t i = 0; i < fill; i++) {
        g_string_append_c(bytes, 'a');
    }
    g_string_append(bytes, after);
    emit(bytes->str, bytes->len);
    g_string_free(bytes, TRUE);
}

static void damaged(void)
{
    static char zeros[DATAGRAM_MAX];

    for (size_t i = 0; i < G_N_ELEMENTS(bodies); i++) {
        emit_body(bodies[i], strlen(bodies[i]));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(framings); i++) {
        emit(framings[i], strlen(framings[i]));
    }
    emit_body("6:(0)a=\0," GOOD, strlen(GOOD) + 9);
    emit_many("6:(0)a=1,", 9, 300, "");
    emit_many("6:(0)a=1,", 9, 7000, "");
    emit_many("20:(2)a=###\n", 12, 1000, "");
    emit_many("a", 1, 60000, "");
    emit_long("###\n" GOOD "%%%\n6000:1 ", 5998, ",");
    emit_long("###\n" GOOD "%%%\n60000:", 60000, ",");
    emit_long("###\n60000:(0)", 59990, "=12345,");
    emit_long(">>>\n", 60000, "=1\n<<<\n");
    emit_long(">>>\nt=", 60000, "\nauth=1 0\n<<<\n");
    emit_long("###\n", 65000, "");
    emit_lines("t=status\nsrc=right\n(1)srcuuid=!!!!\nseq=1\nhg=65000001\nts=65000100\n");
    emit_lines("t=status\nsrc=right\nno equals sign\nseq=1\nhg=65000001\nts=65000100\n");
    emit_lines("t=status\nsrc=right\n(9)a=1\nseq=1\nhg=65000001\nts=65000100\n");
    emit_lines("t=status\nsrc=right\n(2)a=>>>\x14<<<\nseq=1\nhg=65000001\nts=65000100\n");
    emit_lines("\n\n\n");
    emit_lines("");
    emit("", 0);
    emit(zeros, 1);
    emit(zeros, sizeof(zeros));
}

/* ---- mutated ---- */

static void keep(void *ctx, const uint8_t *payload, size_t length)
{
    g_ptr_array_add(ctx, g_byte_array_append(g_byte_array_new(), payload, (guint)length));
}

static void mutate(GByteArray *bytes, struct ha_rand *rand)
{
    guint at = (guint)ha_rand_below(rand, bytes->len), run = 1 + (guint)ha_rand_below(rand, 40);
    static const char special[] = "#%<>:,=()0123456789 \n\0\x14\xff";

    run = MIN(run, bytes->len - at);
    switch (ha_rand_below(rand, 6)) {
    case 0:
        bytes->data[at] ^= (guint8)(1u << ha_rand_below(rand, 8));
        break;
    case 1:
        bytes->data[at] = (guint8)special[ha_rand_below(rand, sizeof(special) - 1)];
        break;
    case 2:
        g_byte_array_remove_range(bytes, at, MIN(run, bytes->len - 1));
        break;
    case 3: {
        guint8 *copy = g_memdup2(bytes->data + at, run);

        g_byte_array_append(bytes, copy, run);
        g_free(copy);
        break;
    }
    case 4:
        g_byte_array_set_size(bytes, at + 1);
        break;
    default:
        for (guint i = 0; i < run; i++) {
            bytes->data[at + i] = (guint8)ha_rand_below(rand, 256);
        }
    }
}

static void mutated(char **words)
{
    GPtrArray *all = g_ptr_array_new();
    struct ha_rand rand;
    unsigned count = (unsigned)atoi(words[1]);

    ha_rand_seed(&rand, g_ascii_strtoull(words[0], NULL, 10));
    for (char **file = words + 2; *file; file++) {
        if (!pcap_each_udp(*file, 694, keep, all, NULL)) {
            die(*file);
        }
    }
    for (unsigned i = 0; i < count; i++) {
        const GByteArray *from = all->pdata[ha_rand_below(&rand, all->len)];
        GByteArray *bytes = g_byte_array_new();

        g_byte_array_append(bytes, from->data, from->len);
        if (i % 2) {
            g_byte_array_set_size(bytes, from->len - 45); /* "42:1 " digest "," off */
        }
        for (unsigned times = 1 + (unsigned)ha_rand_below(&rand, 6); times > 0; times--) {
            mutate(bytes, &rand);
        }
        if (i % 2) {
            g_byte_array_append(bytes, (const guint8 *)"%%%\n", 4);
            sign(bytes, &key);
        }
        emit(bytes->data, bytes->len);
        g_byte_array_unref(bytes);
    }
}

/* ---- recorded ---- */

/* A file of records: a length of four bytes, the datagram. */
static void record(const char *interface, const char *port, unsigned count, const char *path)
{
    struct sockaddr_ll at = {.sll_family = AF_PACKET,
                             .sll_protocol = htons(ETH_P_ALL),
                             .sll_ifindex = (int)if_nametoindex(interface)};
    int fd = socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_ALL));
    static guint8 packet[DATAGRAM_MAX];
    FILE *file = fopen(path, "w");

    if (fd < 0 || !file || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0) {
        die("rubbish: record");
    }
    while (sent < count) {
        ssize_t got = recv(fd, packet, sizeof(packet), 0);
        struct iphdr ip;
        struct udphdr udp;
        size_t head;
        uint32_t length;

        if (got < (ssize_t)(sizeof(ip) + sizeof(udp)) || packet[0] >> 4 != 4) {
            continue;
        }
        memcpy(&ip, packet, sizeof(ip));
        head = ip.ihl * 4u;
        if (ip.protocol != IPPROTO_UDP || head + sizeof(udp) > (size_t)got) {
            continue;
        }
        memcpy(&udp, packet + head, sizeof(udp));
        length = ntohs(udp.len) - (uint32_t)sizeof(udp);
        if (ntohs(udp.dest) != atoi(port) || head + sizeof(udp) + length > (size_t)got) {
            continue;
        }
        fwrite(&length, sizeof(length), 1, file);
        fwrite(packet + head + sizeof(udp), length, 1, file);
        sent++;
    }
    fclose(file);
}

static void replay(uint64_t seed, unsigned times, const char *path)
{
    GPtrArray *all = g_ptr_array_new();
    static guint8 bytes[DATAGRAM_MAX];
    FILE *file = fopen(path, "r");
    struct ha_rand rand;
    uint32_t length;

    if (!file) {
        die(path);
    }
    while (fread(&length, sizeof(length), 1, file) == 1 && length <= sizeof(bytes) &&
           fread(bytes, length, 1, file) == 1) {
        keep(all, bytes, length);
    }
    ha_rand_seed(&rand, seed);
    for (unsigned i = 0; all->len > 0 && i < times * all->len; i++) {
        const GByteArray *one = all->pdata[i < all->len ? i : ha_rand_below(&rand, all->len)];

        emit(one->data, one->len);
    }
}

static void flood(unsigned seconds)
{
    static char bytes[1200] = "###\n" GOOD "%%%\n42:1 0000000000000000000000000000000000000000,";
    gint64 until = g_get_monotonic_time() + seconds * G_USEC_PER_SEC;
    static const size_t lengths[] = {5, 60, 400, 1200};

    for (unsigned i = 0; g_get_monotonic_time() < until; i++) {
        sent += sendto(out_fd, bytes, lengths[i % 4], 0, (struct sockaddr *)&out_to,
                       sizeof(out_to)) >= 0;
    }
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";

    if (argc == 6 && !strcmp(what, "record")) {
        record(argv[2], argv[3], (unsigned)atoi(argv[4]), argv[5]);
    } else if (argc >= 5) {
        send_to(argv[2], argv[3]);
        key.text = argv[4];
        key.length = strlen(argv[4]);
        if (argc == 5 && !strcmp(what, "damaged")) {
            damaged();
        } else if (argc >= 8 && !strcmp(what, "mutated")) {
            mutated(argv + 5);
        } else if (argc == 7 && !strcmp(what, "replay")) {
            replay(g_ascii_strtoull(argv[4], NULL, 10), (unsigned)atoi(argv[5]), argv[6]);
        } else if (argc == 5 && !strcmp(what, "flood")) {
            flood((unsigned)atoi(argv[4]));
        }
    }
    printf("%u\n", sent);
    return sent == 0;
}
