/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The interface for programs: frames, rights, requests, and who hears what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "heartbeatd/api/api.h"
#include "heartbeatd/api/frame.h"
#include "heartbeatd/api/rights.h"
#include "heartbeatd/core/program.h"
#include "tests/unit/hand_core.h"

#define CLUSTER_USER 90
#define CLIENT_GROUP 91

struct desk {
    struct hand *hand;
    struct hb_api *api;
    struct hb_api_world world;
    GPtrArray *rights;
    GArray *acts;
};

static void allow(GPtrArray *rights, const char *client, uid_t uid, gid_t gid)
{
    struct hb_right *right = hb_rights_add(rights, client);

    if (uid != (uid_t)-1)
        g_array_append_val(right->uids, uid);
    if (gid != (gid_t)-1)
        g_array_append_val(right->gids, gid);
}

static struct desk *desk_open(void)
{
    struct desk *desk = g_new0(struct desk, 1);

    desk->hand = hand_new(HB_FAILBACK_ON);
    hand_join(desk->hand, "local");
    desk->api = hb_api_new();
    desk->rights = hb_rights_new();
    allow(desk->rights, "ipfail", CLUSTER_USER, (gid_t)-1);
    allow(desk->rights, "anon", 0, CLIENT_GROUP);
    desk->world = (struct hb_api_world){.config = desk->hand->config,
                                        .core = desk->hand->core,
                                        .node = "node1",
                                        .version = "1",
                                        .rights = desk->rights};
    hb_api_acts_init(&desk->acts);
    return desk;
}

static void desk_close(struct desk *desk)
{
    hb_api_acts_clear(&desk->acts);
    g_ptr_array_unref(desk->rights);
    hb_api_free(desk->api);
    hand_free(desk->hand);
    g_free(desk);
}

/* "a=b c=d": all text. */
static struct hb_msg *message(const char *fields)
{
    char **words = g_strsplit(fields, " ", -1);
    struct hb_msg *msg = hb_msg_new();

    for (char **word = words; *word; word++) {
        char *equals = strchr(*word, '=');

        *equals = '\0';
        hb_msg_add_text(msg, *word, equals + 1);
    }
    g_strfreev(words);
    return msg;
}

static char *show(const struct hb_msg *msg)
{
    GString *text = g_string_new(NULL);

    for (size_t i = 0; i < hb_msg_count(msg); i++) {
        const struct hb_field *field = hb_msg_at(msg, i);

        g_string_append_printf(text, "%s%s=%s", i ? " " : "", field->name,
                               field->type == HB_FIELD_TEXT ? (char *)field->value : "...");
    }
    return g_string_free(text, FALSE);
}

/* All that was done: "2< message" told to client 2, "> message" cast, "2x" sent away, "!" logged. */
static char *done(struct desk *desk)
{
    GString *all = g_string_new(NULL);

    for (guint i = 0; i < desk->acts->len; i++) {
        const struct hb_api_act *act = &g_array_index(desk->acts, struct hb_api_act, i);
        char *text = act->msg ? show(act->msg) : NULL;

        if (act->kind == HB_API_TELL)
            g_string_append_printf(all, "%u< %s\n", act->client, text);
        else if (act->kind == HB_API_CAST)
            g_string_append_printf(all, "> %s\n", text);
        else if (act->kind == HB_API_CLOSE)
            g_string_append_printf(all, "%ux\n", act->client);
        else if (act->kind == HB_API_LOG)
            g_string_append(all, "!\n");
        else
            g_string_append_printf(all, "%u queue %u\n", act->client, act->queue);
        g_free(text);
    }
    hb_api_acts_reset(desk->acts);
    return g_string_free(all, FALSE);
}

static void says(struct desk *desk, unsigned client, const char *fields, const char *expected)
{
    struct hb_msg *msg = message(fields);
    char *got;

    hb_api_message(desk->api, &desk->world, client, msg, desk->acts);
    got = done(desk);
    assert_string_equal(got, expected);
    g_free(got);
    hb_msg_unref(msg);
}

static void asks(struct desk *desk, const char *request, const char *answer)
{
    char *fields = g_strconcat("t=hbapi-req reqtype=", request, NULL);
    char *first = g_strndup(request, strcspn(request, " "));
    char *expected = g_strconcat("1< t=hbapi-resp reqtype=", first, " ", answer, "\n", NULL);

    says(desk, 1, fields, expected);
    g_free(fields);
    g_free(first);
    g_free(expected);
}

static void hears(struct desk *desk, const char *fields, enum hb_heard heard, const char *expected)
{
    struct hb_msg *msg = message(fields);
    char *got;

    hb_api_heard(desk->api, &desk->world, msg, heard, desk->acts);
    got = done(desk);
    assert_string_equal(got, expected);
    g_free(got);
    hb_msg_unref(msg);
}

#define WELCOME "deadtime=1388 keepalive=3e8 node=node1 hbversion=1 pacemaker=false logfacility=-1\n"

static void sign_on(struct desk *desk, unsigned client, const char *name, uid_t uid)
{
    char *fields = g_strdup_printf("t=hbapi-req reqtype=signon pid=7 from_id=%s", name);
    struct hb_msg *msg = message(fields);

    hb_api_connected(desk->api, client, uid, 100, 7);
    hb_api_message(desk->api, &desk->world, client, msg, desk->acts);
    hb_api_acts_reset(desk->acts);
    assert_true(hb_api_signed_on(desk->api, client));
    hb_msg_unref(msg);
    g_free(fields);
}

/* ---- frames ---- */

static void a_message_survives_its_frame(void **state)
{
    struct hb_msg *msg = message("t=x info=");
    GByteArray *bytes = g_byte_array_new();
    const uint8_t *body = NULL;
    struct hb_msg *again;
    size_t length = 0;
    char *text;

    (void)state;
    hb_msg_add(msg, HB_FIELD_BINARY, "b", "\0\1\n", 3);
    hb_frame_append(bytes, msg);
    for (guint i = 0; i < bytes->len; i++)
        assert_int_equal(hb_frame_find(bytes->data, i, &body, &length), HB_FRAME_PART);
    assert_int_equal(hb_frame_find(bytes->data, bytes->len, &body, &length), HB_FRAME_WHOLE);
    assert_int_equal(length, bytes->len - HB_FRAME_HEAD);
    assert_memory_equal(body, ">>>\nt=x\ninfo=\n(1)b=AAEK\n<<<\n", length);
    again = hb_frame_open(body, length);
    text = show(again);
    assert_string_equal(text, "t=x info= b=...");
    g_free(text);
    hb_msg_unref(again);
    hb_msg_unref(msg);
    g_byte_array_unref(bytes);
}

/* The string form has no way to write a message within a message. */
static void what_the_string_form_cannot_carry_goes_in_the_other(void **state)
{
    struct hb_msg *msg = message("t=x"), *again;
    GByteArray *bytes = g_byte_array_new();
    const uint8_t *body = NULL;
    size_t length = 0;

    (void)state;
    assert_true(hb_msg_add(msg, HB_FIELD_STRUCT, "inner", "###\n6:(0)a=b,%%%\n", 17));
    hb_frame_append(bytes, msg);
    assert_int_equal(hb_frame_find(bytes->data, bytes->len, &body, &length), HB_FRAME_WHOLE);
    assert_memory_equal(body, "###\n", 4);
    again = hb_frame_open(body, length);
    assert_memory_equal(hb_msg_find(again, "inner")->value, "###\n6:(0)a=b,%%%\n", 17);
    assert_string_equal(hb_msg_text(again, "t"), "x");
    hb_msg_unref(again);
    hb_msg_unref(msg);
    g_byte_array_unref(bytes);
}

static void both_forms_are_read_with_or_without_the_final_nul(void **state)
{
    static const char *const good[] = {">>>\nt=x\n<<<\n", "###\n6:(0)t=x,%%%\n"};
    static const char *const bad[] = {"", "x", ">>>\n", ">>>\nt=x\n", "###\n6:(0)t=x,", ">>>\nt\n<<<\n",
                                      ">>>\nt=x\n<<<\nmore", "###\n9:(0)t=x,%%%\n", "###\n3:t=x,%%%\n"};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        for (size_t nul = 0; nul < 2; nul++) {
            struct hb_msg *msg = hb_frame_open((const uint8_t *)good[i], strlen(good[i]) + nul);

            assert_non_null(msg);
            assert_string_equal(hb_msg_text(msg, "t"), "x");
            hb_msg_unref(msg);
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        assert_null(hb_frame_open((const uint8_t *)bad[i], strlen(bad[i])));
}

static void a_frame_of_another_mark_or_too_long_is_bad(void **state)
{
    uint32_t heads[][2] = {{5, 0xabce}, {0, 0xabcd}, {HB_FRAME_MAX + 1, 0xabcd}, {~0U, 0xabcd}};
    const uint8_t *body;
    size_t length;

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(heads); i++)
        assert_int_equal(hb_frame_find((const uint8_t *)heads[i], 8, &body, &length), HB_FRAME_BAD);
}

/* ---- signing on ---- */

static void a_name_is_for_those_who_have_the_right_to_it(void **state)
{
    struct desk *desk = desk_open();

    (void)state;
    hb_api_connected(desk->api, 1, CLUSTER_USER, 5, 11);
    says(desk, 1, "t=hbapi-req reqtype=signon pid=11 from_id=ipfail",
         "1< t=hbapi-resp reqtype=signon result=OK " WELCOME
         "> t=hbapi-clstat st=join from_id=ipfail to_id=ipfail src=node1 info=signon client_gen=0\n");
    says(desk, 1, "t=hbapi-req reqtype=signon pid=11 from_id=ipfail",
         "1< t=hbapi-resp reqtype=signon result=badreq\n");
    hb_api_connected(desk->api, 2, 0, 0, 12);
    says(desk, 2, "t=hbapi-req reqtype=signon pid=12 from_id=ipfail",
         "!\n2< t=hbapi-resp reqtype=signon info=client failed authorization result=badreq " WELCOME
         "2x\n");
    hb_api_connected(desk->api, 3, CLUSTER_USER, 5, 13);
    says(desk, 3, "t=hbapi-req reqtype=signon pid=13 from_id=ipfail",
         "!\n3< t=hbapi-resp reqtype=signon info=duplicate add request result=badreq " WELCOME "3x\n");
    hb_api_connected(desk->api, 4, 0, 0, 14);
    says(desk, 4, "t=hbapi-req reqtype=signon pid=14 from_id=other",
         "!\n4< t=hbapi-resp reqtype=signon info=no default client auth result=badreq " WELCOME
         "4x\n");
    assert_true(hb_api_has(desk->api, "ipfail"));
    desk_close(desk);
}

static void without_a_name_root_and_the_clients_group_may_ask(void **state)
{
    struct desk *desk = desk_open();

    (void)state;
    hb_api_connected(desk->api, 1, 5, CLIENT_GROUP, 11);
    says(desk, 1, "t=hbapi-req reqtype=signon pid=11 from_id=11",
         "1< t=hbapi-resp reqtype=signon result=OK " WELCOME);
    hb_api_connected(desk->api, 2, 0, 0, 12);
    says(desk, 2, "t=hbapi-req reqtype=signon pid=12",
         "2< t=hbapi-resp reqtype=signon result=OK " WELCOME);
    hb_api_connected(desk->api, 3, 5, 5, 13);
    says(desk, 3, "t=hbapi-req reqtype=signon pid=13 from_id=13",
         "!\n3< t=hbapi-resp reqtype=signon info=incorrect/false credentials result=badreq " WELCOME
         "3x\n");
    desk_close(desk);
}

static void nonsense_ends_the_connection_and_nothing_else(void **state)
{
    static const char *const first[] = {"a=b", "t=status st=dead", "t=hbapi-req",
                                        "t=hbapi-req reqtype=nodelist"};
    struct desk *desk = desk_open();

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(first); i++) {
        hb_api_connected(desk->api, 1, 0, 0, 11);
        says(desk, 1, first[i], "!\n1x\n");
        hb_api_closed(desk->api, &desk->world, 1, desk->acts);
        assert_int_equal(desk->acts->len, 0);
    }
    hb_api_connected(desk->api, 1, 0, 0, 11);
    says(desk, 1, "t=hbapi-req reqtype=signon from_id=x",
         "!\n1< t=hbapi-resp reqtype=signon info=bad message result=badreq " WELCOME "1x\n");
    says(desk, 9, "t=hbapi-req reqtype=nodelist", "");
    desk_close(desk);
}

/* ---- requests ---- */

static void every_request_is_answered_as_3_0_6_does(void **state)
{
    struct desk *desk = desk_open();
    struct hb_directive *directive = g_new0(struct hb_directive, 1);

    (void)state;
    directive->name = g_strdup("deadtime");
    directive->text = g_strdup("5");
    g_ptr_array_add(desk->hand->config->directives, directive);
    sign_on(desk, 1, "7", 0);
    says(desk, 1, "t=hbapi-req reqtype=nodelist",
         "1< t=hbapi-resp reqtype=nodelist node=node1 nodetype=normal st=active result=ok/more\n"
         "1< t=hbapi-resp reqtype=nodelist node=node2 nodetype=normal st=active result=OK\n");
    asks(desk, "nodestatus node=NODE2", "st=active result=OK");
    asks(desk, "nodestatus node=x", "result=badreq info=EINVAL");
    asks(desk, "nodestatus", "result=badreq info=EINVAL");
    asks(desk, "nodetype node=node2", "nodetype=normal result=OK");
    asks(desk, "nodeweight node=node2", "weight=100 result=OK");
    asks(desk, "nodesite node=node2", "site= result=OK");
    asks(desk, "nodesite node=x", "result=badreq info=EINVAL");
    asks(desk, "numnodes", "numnodes=2 result=OK");
    asks(desk, "iflist node=node2", "ifname=eth0 st=up result=OK");
    asks(desk, "iflist node=x", "result=badreq info=EINVAL");
    asks(desk, "ifstatus node=node2 ifname=eth0", "st=up result=OK");
    asks(desk, "ifstatus node=node2 ifname=eth9", "result=badreq info=EINVAL");
    asks(desk, "ifstatus node=node2", "result=badreq info=EINVAL");
    asks(desk, "getparm pname=deadtime", "pvalue=5 result=OK");
    asks(desk, "getparm pname=hbversion", "pvalue=1 result=OK");
    asks(desk, "getparm pname=x", "result=OK");
    asks(desk, "getparm", "result=badreq info=EINVAL");
    asks(desk, "getrsc", "rsc_hold=local result=OK");
    asks(desk, "getuuid queryname=node1", "queryuuid=... result=OK");
    asks(desk, "getuuid queryname=x", "result=OK");
    asks(desk, "getuuid", "result=badreq info=no query node name found");
    asks(desk, "getnodename", "result=badreq info=no query node name found");
    asks(desk, "setfilter fmask=1", "result=OK");
    asks(desk, "setfilter fmask=0", "result=badreq info=EINVAL");
    asks(desk, "setfilter fmask=40", "result=badreq info=EINVAL");
    asks(desk, "setsignal signal=10", "result=OK");
    asks(desk, "setsignal signal=0", "result=OK");
    asks(desk, "setsignal signal=200", "result=badreq info=EINVAL");
    asks(desk, "nonsense", "result=badreq");
    says(desk, 1, "t=hbapi-req reqtype=set_sendqlen sendqlen=20", "1 queue 20\n");
    says(desk, 1, "t=hbapi-req reqtype=set_sendqlen sendqlen=99999", "1 queue 1000\n");
    says(desk, 1, "t=hbapi-req reqtype=set_sendqlen sendqlen=x", "");
    says(desk, 1, "t=hbapi-req reqtype=signoff", "1x\n");
    desk_close(desk);
}

static void a_uuid_finds_its_node(void **state)
{
    struct desk *desk = desk_open();
    struct hb_msg *msg = message("t=hbapi-req reqtype=getnodename");
    uint8_t uuid[16] = {1};
    char *got;

    (void)state;
    sign_on(desk, 1, "7", 0);
    hb_msg_add(msg, HB_FIELD_BINARY, "queryuuid", uuid, sizeof uuid);
    hb_api_message(desk->api, &desk->world, 1, msg, desk->acts);
    got = done(desk);
    assert_string_equal(got, "1< t=hbapi-resp reqtype=getnodename queryname=node1 result=OK\n");
    g_free(got);
    hb_msg_unref(msg);
    desk_close(desk);
}

static void a_client_of_this_node_or_another_is_found(void **state)
{
    struct desk *desk = desk_open();

    (void)state;
    sign_on(desk, 1, "7", 0);
    asks(desk, "clientstatus node=node1 cn=ipfail", "subt=respond-cstatus cs=offline result=OK");
    sign_on(desk, 2, "ipfail", CLUSTER_USER);
    asks(desk, "clientstatus node=node1 cn=ipfail", "subt=respond-cstatus cs=online result=OK");
    asks(desk, "clientstatus node=x cn=ipfail", "result=badreq info=EINVAL");
    asks(desk, "clientstatus node=node2", "result=badreq info=EINVAL");
    says(desk, 1, "t=hbapi-req reqtype=clientstatus node=node2 cn=ipfail",
         "> t=query-cstatus dest=node2 cn=ipfail from_id=7\n");
    hears(desk, "t=respond-cstatus dest=node1 result=OK cn=ipfail to_id=7 cs=online src=node2",
          HB_HEARD_NEWS,
          "1< t=respond-cstatus dest=node1 result=OK cn=ipfail to_id=7 cs=online src=node2\n");
    hears(desk, "t=query-cstatus dest=node1 cn=ipfail from_id=9 src=node2", HB_HEARD_API,
          "> t=respond-cstatus dest=node2 result=OK cn=ipfail to_id=9 cs=online\n");
    hears(desk, "t=query-cstatus dest=node1 cn=ccm from_id=9 src=node2", HB_HEARD_API,
          "> t=respond-cstatus dest=node2 result=OK cn=ccm to_id=9 cs=offline\n");
    hears(desk, "t=query-cstatus dest=node1 src=node2", HB_HEARD_API, "");
    desk_close(desk);
}

/* ---- speaking and hearing ---- */

static void a_named_client_speaks_in_its_own_name_only(void **state)
{
    struct desk *desk = desk_open();

    (void)state;
    sign_on(desk, 1, "7", 0);
    sign_on(desk, 2, "ipfail", CLUSTER_USER);
    says(desk, 2, "t=num_ping_nodes src=node1 num_ping=2 dest=node2",
         "> t=num_ping_nodes src=node1 num_ping=2 dest=node2 from_id=ipfail to_id=ipfail "
         "client_gen=1\n");
    says(desk, 2, "t=x from_id=ccm to_id=ccm client_gen=9",
         "> t=x from_id=ipfail to_id=ipfail client_gen=1\n");
    says(desk, 2, "t=shutdone st=dead", "!\n");
    says(desk, 2, "t=NS_rexmit firstseq=1", "!\n");
    says(desk, 2, "t=hbapi-clstat st=leave", "!\n");
    says(desk, 1, "t=x", "!\n1x\n");
    desk_close(desk);
}

static void a_client_hears_what_it_asked_for_and_what_is_for_its_name(void **state)
{
    struct desk *desk = desk_open();

    (void)state;
    sign_on(desk, 1, "7", 0);
    sign_on(desk, 2, "ipfail", CLUSTER_USER);
    hears(desk, "t=resource src=node2", HB_HEARD_NEWS,
          "1< t=resource src=node2\n2< t=resource src=node2\n");
    hears(desk, "t=status src=node2", HB_HEARD_SAME, "");
    hears(desk, "t=x to_id=ipfail", HB_HEARD_NEWS, "2< t=x to_id=ipfail\n");
    asks(desk, "setfilter fmask=6", "result=OK");
    hears(desk, "t=status src=node2", HB_HEARD_SAME, "1< t=status src=node2\n");
    hears(desk, "t=NS_ackmsg src=node2", HB_HEARD_INNER, "1< t=NS_ackmsg src=node2\n");
    hb_api_node_dead(desk->api, "node2", 0x10, desk->acts);
    hb_api_link(desk->api, "node2", "eth0", false, desk->acts);
    char *got = done(desk);
    assert_string_equal(got, "2< t=status seq=1 ts=10 src=node2 st=dead\n"
                             "2< t=ifstat node=node2 ifname=eth0 st=dead\n");
    g_free(got);
    desk_close(desk);
}

static void the_others_learn_that_a_client_went(void **state)
{
    struct desk *desk = desk_open();
    char *got;

    (void)state;
    sign_on(desk, 1, "ipfail", CLUSTER_USER);
    assert_true(hb_api_listens(desk->api));
    hb_api_closed(desk->api, &desk->world, 1, desk->acts);
    got = done(desk);
    assert_string_equal(got, "> t=hbapi-clstat st=leave from_id=ipfail to_id=ipfail src=node1 "
                             "info=died client_gen=0\n");
    g_free(got);
    assert_false(hb_api_listens(desk->api));
    sign_on(desk, 2, "ipfail", CLUSTER_USER);
    says(desk, 2, "t=hbapi-req reqtype=signoff",
         "> t=hbapi-clstat st=leave from_id=ipfail to_id=ipfail src=node1 info=signoff "
         "client_gen=1\n2x\n");
    hb_api_closed(desk->api, &desk->world, 2, desk->acts);
    assert_int_equal(desk->acts->len, 0);
    desk_close(desk);
}

/* ---- the core's part ---- */

static void others_are_asked_for_patience_while_a_program_starts(void **state)
{
    struct desk *desk = desk_open();

    (void)state;
    hand_pass_beating(desk->hand, 10000);
    hand_forget(desk->hand);
    hand_operator(desk->hand, HB_EV_CLIENT_START, HB_WHAT_ALL);
    assert_string_equal(hb_msg_text(hand_sent(desk->hand, "status"), "dt"), "1b58");
    hand_forget(desk->hand);
    hand_pass_beating(desk->hand, 1000);
    assert_string_equal(hb_msg_text(hand_sent(desk->hand, "status"), "dt"), "1388");
    desk_close(desk);
}

/* ---- programs ---- */

static void a_program_is_started_again_by_the_rule(void **state)
{
    unsigned lives = 0;

    (void)state;
    assert_int_equal(hb_program_ended(&lives, false, 10, true, 100), HB_PROGRAM_NEVER);
    assert_int_equal(hb_program_ended(&lives, false, 30000, true, 0), HB_PROGRAM_AGAIN);
    for (int i = 0; i < HB_PROGRAM_SHORT_MAX; i++)
        assert_int_equal(hb_program_ended(&lives, false, 29999, i % 2 == 0, 11), HB_PROGRAM_PAUSE);
    assert_int_equal(hb_program_ended(&lives, false, 0, true, 1), HB_PROGRAM_GIVEN_UP);
    assert_int_equal(hb_program_ended(&lives, false, 40000, true, 1), HB_PROGRAM_AGAIN);
    assert_int_equal(hb_program_ended(&lives, false, 0, true, 1), HB_PROGRAM_PAUSE);
    assert_int_equal(hb_program_ended(&lives, true, 99999, false, 9), HB_PROGRAM_FATAL);
    assert_int_equal(hb_program_ended(&lives, true, 0, true, 1), HB_PROGRAM_FATAL);
    assert_int_equal(hb_program_ended(&lives, true, 0, true, 100), HB_PROGRAM_NEVER);
    assert_int_equal(hb_program_ended(&lives, true, 99999, true, 0), HB_PROGRAM_AGAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_survives_its_frame),
        cmocka_unit_test(what_the_string_form_cannot_carry_goes_in_the_other),
        cmocka_unit_test(both_forms_are_read_with_or_without_the_final_nul),
        cmocka_unit_test(a_frame_of_another_mark_or_too_long_is_bad),
        cmocka_unit_test(a_name_is_for_those_who_have_the_right_to_it),
        cmocka_unit_test(without_a_name_root_and_the_clients_group_may_ask),
        cmocka_unit_test(nonsense_ends_the_connection_and_nothing_else),
        cmocka_unit_test(every_request_is_answered_as_3_0_6_does),
        cmocka_unit_test(a_uuid_finds_its_node),
        cmocka_unit_test(a_client_of_this_node_or_another_is_found),
        cmocka_unit_test(a_named_client_speaks_in_its_own_name_only),
        cmocka_unit_test(a_client_hears_what_it_asked_for_and_what_is_for_its_name),
        cmocka_unit_test(the_others_learn_that_a_client_went),
        cmocka_unit_test(others_are_asked_for_patience_while_a_program_starts),
        cmocka_unit_test(a_program_is_started_again_by_the_rule),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
