/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A node that has the key and says whatever it likes, to a core that holds
 * resources. A line is a message, "t=status|st=active" (as hand_hear() takes
 * it; standard fields are added), or if it begins with a blank one without any
 * fields but its own; "+500" lets so many milliseconds pass; "fail" fails what
 * is under way; "standby", "takeover", "stop" are an operator.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/unit/hand_core.h"

#define LINES_MAX   64
#define PASS_MAX_MS 60000

/* hand_hear() is for tests: it wants a value in each field. */
static bool is_fields(const char *line)
{
    bool good = true;
    char **parts = g_strsplit(line, "|", -1);

    for (char **part = parts; good && *part != NULL; part++)
        good = strchr(*part, '=') != NULL;
    good = good && parts[0] != NULL;
    g_strfreev(parts);
    return good;
}

static void say(struct hand *hand, const char *line)
{
    struct hb_now now = {.mono_ns = hand->now_ms * 1000000, .wall_s = 1700000000, .load = "0"};
    struct hb_msg *msg = hb_msg_new();
    struct hb_actions actions;
    char **parts = g_strsplit(line, "|", -1);

    for (char **part = parts; *part != NULL; part++) {
        char *equals = strchr(*part, '=');

        *equals = '\0';
        hb_msg_add_text(msg, *part, equals + 1);
    }
    g_strfreev(parts);
    hb_actions_init(&actions);
    /* No other gets past hb_wire_open(). */
    if (hb_msg_text(msg, "t") != NULL && hb_msg_text(msg, "src") != NULL)
        hb_core_step(hand->core, &now,
                     &(struct hb_event){.kind = HB_EV_MESSAGE, .msg = msg, .link = "eth0"}, &actions);
    hb_actions_clear(&actions);
    hb_msg_unref(msg);
}

static void obey(struct hand *hand, const char *line)
{
    if (line[0] == '+') {
        hand_pass(hand, MIN(g_ascii_strtoull(line + 1, NULL, 10), PASS_MAX_MS));
    } else if (strcmp(line, "fail") == 0) {
        hand->answer_ops = false;
        if (hand->ops->len > 0)
            hand_op_done(hand, 0, HB_OP_FAILED);
    } else if (strcmp(line, "standby") == 0) {
        hand_operator(hand, HB_EV_STANDBY, HB_WHAT_ALL);
    } else if (strcmp(line, "takeover") == 0) {
        hand_operator(hand, HB_EV_TAKEOVER, HB_WHAT_ALL);
    } else if (strcmp(line, "stop") == 0) {
        hand_operator(hand, HB_EV_STOP, HB_WHAT_ALL);
    } else if (line[0] == ' ' && is_fields(line + 1)) {
        say(hand, line + 1);
    } else if (line[0] != ' ' && is_fields(line) && g_str_has_prefix(line, "t=")) {
        hand_hear(hand, line);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_rest rest = {data, size}, piece;
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    hand_join(hand, "foreign");
    for (unsigned i = 0; i < LINES_MAX && !hand->stopped && fuzz_until(&rest, '\n', &piece); i++) {
        char *line = g_strndup((const char *)piece.at, piece.left);

        obey(hand, line);
        g_free(line);
    }
    hand->answer_ops = true;
    if (!hand->stopped)
        hand_pass(hand, 30000);
    hand_free(hand);
    return 0;
}
