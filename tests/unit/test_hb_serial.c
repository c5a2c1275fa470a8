/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages out of a serial line's stream, and the ring. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "heartbeatd/core/ring.h"
#include "heartbeatd/media/serial_text.h"

static void note(void *ctx, const void *bytes, size_t length)
{
    GString *got = ctx;

    g_string_append_len(got, bytes, (gssize)length);
    g_string_append_c(got, '|');
}

/* What comes out of text, fed in pieces of that size. */
static char *cut(const char *bytes, size_t length, size_t piece)
{
    struct hb_serial_text text;
    GString *got = g_string_new(NULL);

    hb_serial_text_init(&text);
    for (size_t at = 0; at < length; at += piece)
        hb_serial_text_feed(&text, bytes + at, MIN(piece, length - at), note, got);
    hb_serial_text_clear(&text);
    return g_string_free(got, FALSE);
}

static void messages_are_found_however_they_come(void **state)
{
    static const struct {
        const char *bytes, *found;
    } cases[] = {
        {">>>\na=b\n<<<\n", ">>>\na=b\n<<<\n|"},
        {">>>\n<<<\n>>>\na=b\n<<<\n", ">>>\n<<<\n|>>>\na=b\n<<<\n|"},
        {"noise\n\n>>>\na=b\n<<<\n", ">>>\na=b\n<<<\n|"},
        {"half=message\n<<<\n>>>\na=b\n<<<\n", ">>>\na=b\n<<<\n|"},
        {">>>\na=cut off\n>>>\na=b\n<<<\n", ">>>\na=b\n<<<\n|"},
        {">>>\r\na=b\r\n<<<\r\n", ">>>\na=b\n<<<\n|"},
        {">>>>\na=b\n<<<\n", ""},
        {"x>>>\na=b\n<<<\n", ""},
        {">>>\na=<<<\nb=>>>\n<<<\n", ">>>\na=<<<\nb=>>>\n<<<\n|"},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        for (size_t piece = 1; piece <= 7; piece++) {
            char *found = cut(cases[i].bytes, strlen(cases[i].bytes), piece);

            assert_string_equal(found, cases[i].found);
            g_free(found);
        }
    }
}

static void a_message_without_end_is_forgotten(void **state)
{
    GString *bytes = g_string_new(">>>\n");
    struct hb_serial_text text;
    GString *got = g_string_new(NULL);

    (void)state;
    hb_serial_text_init(&text);
    while (bytes->len < 3 * HB_MSG_BYTES_MAX)
        g_string_append(bytes, "name=value\n");
    hb_serial_text_feed(&text, bytes->str, bytes->len, note, got);
    assert_true(text.kept->len <= HB_MSG_BYTES_MAX);
    hb_serial_text_feed(&text, "\n>>>\na=b\n<<<\n", 14, note, got);
    assert_string_equal(got->str, ">>>\na=b\n<<<\n|");
    hb_serial_text_clear(&text);
    g_string_free(got, TRUE);
    g_string_free(bytes, TRUE);
}

static void endless_noise_is_not_kept(void **state)
{
    struct hb_serial_text text;
    GString *got = g_string_new(NULL);

    (void)state;
    hb_serial_text_init(&text);
    for (int i = 0; i < 100000; i++)
        hb_serial_text_feed(&text, ">>>>", 4, note, got);
    assert_true(text.kept->len < 8);
    assert_string_equal(got->str, "");
    hb_serial_text_clear(&text);
    g_string_free(got, TRUE);
}

/* ---- the ring ---- */

static struct hb_msg *message(const char *src, const char *ttl)
{
    struct hb_msg *msg = hb_msg_new();

    hb_msg_add_text(msg, "t", "status");
    hb_msg_add_text(msg, "src", src);
    hb_msg_add(msg, HB_FIELD_BINARY, "srcuuid", "\0\1\2", 3);
    if (ttl != NULL)
        hb_msg_add_text(msg, "ttl", ttl);
    hb_msg_add_text(msg, "last", "x");
    return msg;
}

static void a_message_is_handed_on_with_one_hop_less(void **state)
{
    struct hb_msg *msg = message("node2", "3"), *copy = hb_ring_copy(msg, "node1");

    (void)state;
    assert_non_null(copy);
    assert_string_equal(hb_msg_text(copy, "ttl"), "2");
    assert_int_equal(hb_msg_count(copy), hb_msg_count(msg));
    for (size_t i = 0; i < hb_msg_count(msg); i++)
        assert_string_equal(hb_msg_at(copy, i)->name, hb_msg_at(msg, i)->name);
    assert_memory_equal(hb_msg_find(copy, "srcuuid")->value, "\0\1\2", 3);
    assert_string_equal(hb_msg_text(msg, "ttl"), "3");
    hb_msg_unref(copy);
    hb_msg_unref(msg);
}

static void what_is_ours_or_has_no_hops_left_ends_here(void **state)
{
    static const struct {
        const char *src, *ttl;
    } cases[] = {{"node1", "3"}, {"NODE1", "3"}, {"node2", "0"},
                 {"node2", NULL}, {"node2", "-1"}, {"node2", "many"}};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct hb_msg *msg = message(cases[i].src, cases[i].ttl);

        assert_null(hb_ring_copy(msg, "node1"));
        hb_msg_unref(msg);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_found_however_they_come),
        cmocka_unit_test(a_message_without_end_is_forgotten),
        cmocka_unit_test(endless_noise_is_not_kept),
        cmocka_unit_test(a_message_is_handed_on_with_one_hop_less),
        cmocka_unit_test(what_is_ours_or_has_no_hops_left_ends_here),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
