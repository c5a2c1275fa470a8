/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one beat costs from bytes to a message: authenticate, then parse, as the
 * daemon does with every datagram; and, as the floor, its digest alone. Prints
 * "hearth|floor NANOSECONDS", one line for each of ROUNDS batches.
 *
 * usage: packet_cost ROUNDS METHOD
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "authkeys/authkeys.h"
#include "heartbeatd/core/wire.h"

#define BATCH 2000

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* The fields of a beat between two nodes of ours, at their usual lengths. */
static struct hb_msg *beat(void)
{
    static const uint8_t uuid[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    static const char *const fields[][2] = {
        {"t", "status"},      {"st", "active"},  {"dt", "1f4"},
        {"protocol", "1"},    {"src", "left"},   {"(1)srcuuid", "36c0a8f51c3e4f1a"},
        {"seq", "1a2b"},      {"hg", "69212f01"}, {"ts", "69213a55"},
        {"ld", "0.31 0.42 0.40 1/231 8112"},     {"ttl", "3"},
        {"hlife", "9f3c66d0a1b2c3d4:1e8480"},    {"hecho", "right 77aa88bb99cc00dd:19fe k"},
        {"hstate", "active 1 1:local"}};
    struct hb_msg *msg = hb_msg_new();

    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        if (fields[i][0][0] == '(')
            hb_msg_add(msg, HB_FIELD_BINARY, "srcuuid", uuid, sizeof uuid);
        else
            hb_msg_add_text(msg, fields[i][0], fields[i][1]);
    }
    return msg;
}

static double cost_of_opening(const struct ak_keys *keys, const GByteArray *bytes)
{
    uint64_t from = now_ns();

    for (int i = 0; i < BATCH; i++) {
        struct hb_msg *msg;

        if (hb_wire_open(keys, bytes->data, bytes->len, &msg) != HB_ACCEPTED) {
            fprintf(stderr, "packet_cost: the beat was refused\n");
            exit(1);
        }
        hb_msg_unref(msg);
    }
    return (double)(now_ns() - from) / BATCH;
}

static double cost_of_digest(const struct ak_keys *keys, const GByteArray *bytes)
{
    uint64_t from = now_ns();
    char digest[AK_DIGEST_TEXT];

    for (int i = 0; i < BATCH; i++) {
        if (ak_digest(&keys->keys[1], bytes->data, bytes->len, digest) == 0)
            exit(1);
    }
    return (double)(now_ns() - from) / BATCH;
}

int main(int argc, char **argv)
{
    GByteArray *bytes = g_byte_array_new();
    struct ak_keys keys;
    struct ha_diags diags;
    struct hb_msg *msg = beat();
    char *text = g_strdup_printf("auth 1\n1 %s a-key-of-some-length\n", argc > 2 ? argv[2] : "");

    ha_diags_init(&diags);
    if (argc != 3 || !ak_keys_parse(&keys, "authkeys", text, strlen(text), 0600, &diags) ||
        hb_wire_seal(&keys, msg, false, bytes) != 0) {
        fprintf(stderr, "usage: packet_cost ROUNDS METHOD\n");
        return 2;
    }
    for (int rounds = atoi(argv[1]); rounds > 0; rounds--) {
        printf("hearth %.1f\n", cost_of_opening(&keys, bytes));
        printf("floor %.1f\n", cost_of_digest(&keys, bytes));
    }
    hb_msg_unref(msg);
    ak_keys_clear(&keys);
    g_byte_array_unref(bytes);
    g_free(text);
    ha_diags_clear(&diags);
    return 0;
}
