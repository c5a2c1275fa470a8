/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages for the helper that has root's power: whole ones are read, all others are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <linux/rtnetlink.h>
#include <string.h>

#include "common/run/child.h"
#include "heartbeatd/act/power_msg.h"

static struct hb_change change(const char *text)
{
    struct hb_change one = {.kind = HB_CHANGE_ADD, .address = {.index = 2, .bits = 24}};

    assert_true(ha_addr_parse(&one.address.addr, text));
    return one;
}

static bool reads(const GByteArray *message, struct hb_power_body *body)
{
    struct hb_power_head head;

    return hb_power_read_head(message->data, message->len, &head, body);
}

static bool reads_changes(const void *bytes, size_t length)
{
    struct hb_change list[HB_POWER_CHANGES_MAX];
    struct hb_power_body body = {bytes, length};
    size_t count;

    return hb_power_read_changes(&body, list, &count);
}

static void a_head_that_is_not_one_is_refused(void **state)
{
    GByteArray *message = g_byte_array_new();
    struct hb_power_head *head;
    struct hb_power_body body;

    (void)state;
    hb_power_begin_message(message, HB_POWER_LISTEN, 7);
    assert_true(hb_power_finish(message));
    assert_true(reads(message, &body));
    assert_true(hb_power_done(&body));
    head = (struct hb_power_head *)(void *)message->data;
    head->magic++;
    assert_false(reads(message, &body));
    head->magic--;
    head->act = 0;
    assert_false(reads(message, &body));
    head->act = HB_POWER_ACT_END;
    assert_false(reads(message, &body));
    head->act = HB_POWER_LISTEN;
    head->length = 1;
    assert_false(reads(message, &body));
    head->length = UINT32_MAX;
    assert_false(reads(message, &body));
    assert_false(hb_power_read_head(message->data, sizeof(*head) - 1, head, &body));
    g_byte_array_free(message, TRUE);
}

static void a_start_comes_back_as_it_was(void **state)
{
    char *const argv[] = {(char *)"/etc/ha.d/resource.d/IPaddr", (char *)"10.0.0.1", (char *)"start", NULL};
    char *const envp[] = {(char *)"HA_OSTATUS=up", NULL};
    const struct ha_child_spec spec = {.path = argv[0], .argv = argv, .envp = envp,
                                       .merge_stderr = true, .input = "text"};
    GByteArray *message = g_byte_array_new();
    struct hb_power_start start;
    struct hb_power_body body, whole;

    (void)state;
    hb_power_begin_message(message, HB_POWER_START, 1);
    hb_power_put_start(message, &spec);
    assert_true(hb_power_finish(message));
    assert_true(reads(message, &body));
    whole = body;
    assert_true(hb_power_read_start(&body, &start));
    assert_string_equal(start.path, spec.path);
    assert_null(start.cwd);
    assert_string_equal(start.input, "text");
    assert_true(start.merge_stderr);
    assert_int_equal(start.argv->len, 4);
    assert_string_equal(start.argv->pdata[2], "start");
    assert_null(start.argv->pdata[3]);
    assert_string_equal(start.envp->pdata[0], "HA_OSTATUS=up");
    hb_power_start_clear(&start);
    /* Cut anywhere, it is none. */
    for (size_t length = 0; length < whole.left; length++) {
        struct hb_power_body cut = {whole.at, length};

        assert_false(hb_power_read_start(&cut, &start));
        hb_power_start_clear(&start);
    }
    g_byte_array_free(message, TRUE);
}

static void a_start_with_more_words_than_there_are_is_refused(void **state)
{
    static const uint32_t counts[] = {1, HB_POWER_WORDS_MAX + 1, UINT32_MAX};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(counts); i++) {
        GByteArray *bytes = g_byte_array_new();
        struct hb_power_start start;
        struct hb_power_body body;
        uint32_t none = 0;

        hb_power_put(bytes, &none, sizeof none);
        for (int text = 0; text < 3; text++)
            hb_power_put_text(bytes, "/x");
        hb_power_put(bytes, &counts[i], sizeof counts[i]);
        body = (struct hb_power_body){bytes->data, bytes->len};
        assert_false(hb_power_read_start(&body, &start));
        hb_power_start_clear(&start);
        g_byte_array_free(bytes, TRUE);
    }
}

static void changes_are_believed_only_if_each_of_them_can_be(void **state)
{
    struct hb_change list[2] = {change("10.0.0.1"), change("2001:db8::1")}, forged;

    (void)state;
    assert_true(reads_changes(list, sizeof list));
    assert_false(reads_changes(list, sizeof list - 1));
    assert_false(reads_changes(list, 0));
    forged = list[0];
    forged.kind = (enum hb_change_kind)7;
    assert_false(reads_changes(&forged, sizeof forged));
    forged = list[0];
    forged.address.addr.family = AF_UNIX;
    assert_false(reads_changes(&forged, sizeof forged));
    forged = list[0];
    forged.address.index = 0;
    assert_false(reads_changes(&forged, sizeof forged));
    forged = list[0];
    forged.address.bits = 33;
    assert_false(reads_changes(&forged, sizeof forged));
    forged = list[0];
    memset(forged.address.label, 'x', sizeof forged.address.label);
    assert_false(reads_changes(&forged, sizeof forged));
    forged = list[0];
    forged.address.broadcast.family = AF_INET6;
    assert_false(reads_changes(&forged, sizeof forged));
}

static void more_changes_than_a_message_has_are_refused(void **state)
{
    struct hb_change *list = g_new0(struct hb_change, HB_POWER_CHANGES_MAX + 1);

    (void)state;
    for (size_t i = 0; i <= HB_POWER_CHANGES_MAX; i++)
        list[i] = change("10.0.0.1");
    assert_true(reads_changes(list, HB_POWER_CHANGES_MAX * sizeof *list));
    assert_false(reads_changes(list, (HB_POWER_CHANGES_MAX + 1) * sizeof *list));
    g_free(list);
}

/* ---- routes ---- */

struct route {
    struct nlmsghdr header;
    struct rtmsg body;
    struct rtattr gateway;
    uint8_t address[4];
};

static struct route route(void)
{
    return (struct route){
        .header = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct rtmsg)), .nlmsg_type = RTM_DELROUTE},
        .body = {.rtm_family = AF_INET, .rtm_protocol = RTPROT_KERNEL, .rtm_type = RTN_UNICAST},
        .gateway = {.rta_len = RTA_LENGTH(4), .rta_type = RTA_GATEWAY},
        .address = {10, 0, 0, 9}};
}

static bool reads_route(const struct route *of)
{
    uint8_t out[HB_POWER_ROUTE_MAX] __attribute__((aligned(8)));
    struct hb_power_body body = {(const uint8_t *)of, of->header.nlmsg_len};

    return hb_power_read_route(&body, out);
}

static void only_a_route_that_the_kernel_had_made_is_set_again(void **state)
{
    struct route of = route();

    (void)state;
    assert_true(reads_route(&of));
    of.body.rtm_protocol = RTPROT_STATIC;
    assert_false(reads_route(&of));
    of = route();
    of.header.nlmsg_type = RTM_NEWROUTE;
    assert_false(reads_route(&of));
    of = route();
    of.body.rtm_type = RTN_BLACKHOLE;
    assert_false(reads_route(&of));
    of = route();
    of.header.nlmsg_len = sizeof of;
    assert_false(reads_route(&of)); /* by a gateway */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_head_that_is_not_one_is_refused),
        cmocka_unit_test(a_start_comes_back_as_it_was),
        cmocka_unit_test(a_start_with_more_words_than_there_are_is_refused),
        cmocka_unit_test(changes_are_believed_only_if_each_of_them_can_be),
        cmocka_unit_test(more_changes_than_a_message_has_are_refused),
        cmocka_unit_test(only_a_route_that_the_kernel_had_made_is_set_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
