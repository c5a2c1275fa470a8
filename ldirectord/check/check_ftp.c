/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ftp: a greeting, a login, and where a request is given that file, whole and
 * binary, with `receive` found in its first MiB. Data come over a connection
 * that we make (passive), to the server's own address, whatever its answer
 * names: so a server behind an address translation can be asked, and none can
 * send us elsewhere.
 */
#include <limits.h>
#include <unistd.h>

#include "ldirectord/check/dialogue.h"
#include "ldirectord/check/ftp_reply.h"
#include "ldirectord/check/late.h"
#include "ldirectord/check/wire.h"

#define FILE_MAX_BYTES (1 << 20)

enum { GREETING, USER, PASS, TYPE, PASSIVE, CONNECTING, RETR };

struct ftp_state {
    struct ld_dialogue dialogue; /* must come first */
    struct ld_channel data;
    GString *file;
    bool all_sent, confirmed;
};

/* ---- the end ---- */

static void leave(struct ftp_state *state, enum ld_verdict verdict, const char *words)
{
    ld_channel_close(&state->data);
    ld_dialogue_leave(&state->dialogue, verdict, words);
}

static void judge_file(struct ftp_state *state)
{
    struct ld_check *check = state->dialogue.check;
    const char *receive = ld_check_probe(check)->receive, *why = NULL;
    bool cut = state->file->len >= FILE_MAX_BYTES;
    int found = 1;

    if (receive != NULL && receive[0] != '\0')
        found = ld_checks_match(ld_check_room(check), receive, state->file->str, state->file->len,
                                &why);
    if (found > 0)
        leave(state, LD_L7OK, NULL);
    else if (found == 0)
        leave(state, LD_L7MATCH, cut ? "not found in the first MiB" : "not found in the file");
    else
        leave(state, LD_L7MATCH, why);
}

/* ---- the data connection ---- */

static void data_opened(void *ctx)
{
    struct ftp_state *state = ctx;
    const char *request = ld_check_probe(state->dialogue.check)->request;

    state->dialogue.step = RETR;
    ld_dialogue_say(&state->dialogue, "RETR", "RETR %s", request);
}

static void data_heard(void *ctx, const char *bytes, size_t length)
{
    struct ftp_state *state = ctx;
    size_t room = FILE_MAX_BYTES - state->file->len;

    g_string_append_len(state->file, bytes, (gssize)MIN(length, room));
    if (length >= room)
        judge_file(state); /* of the rest we need neither bytes nor confirmation */
}

static void data_closed(void *ctx)
{
    struct ftp_state *state = ctx;

    state->all_sent = true;
    if (state->confirmed)
        judge_file(state);
}

static void data_failed(void *ctx, enum ld_verdict verdict, const char *why)
{
    struct ftp_state *state = ctx;

    state->dialogue.topic = "data connection";
    leave(state, verdict, why);
}

static const struct ld_channel_ops data_ops = {
    .opened = data_opened,
    .heard = data_heard,
    .closed = data_closed,
    .failed = data_failed,
};

static void connect_data(struct ftp_state *state, uint16_t port)
{
    struct ld_check *check = state->dialogue.check;
    int error;

    state->dialogue.step = CONNECTING;
    error = ld_channel_open(&state->data, check, &ld_check_probe(check)->addr, port,
                            LD_CHANNEL_PLAIN, &data_ops, state);
    if (error != 0)
        leave(state, LD_INTERNAL, g_strerror(-error));
}

/* ---- the control connection ---- */

static void say_user(struct ftp_state *state)
{
    const char *login = ld_check_probe(state->dialogue.check)->login;

    state->dialogue.step = USER;
    ld_dialogue_say(&state->dialogue, "USER", "USER %s",
                    login != NULL && login[0] != '\0' ? login : "anonymous");
}

/* Who gives no password is asked for something like a mail address. */
static void say_pass(struct ftp_state *state)
{
    const char *passwd = ld_check_probe(state->dialogue.check)->passwd;
    char name[HOST_NAME_MAX + 1] = "";

    state->dialogue.step = PASS;
    if (passwd != NULL && passwd[0] != '\0') {
        ld_dialogue_say(&state->dialogue, "PASS", "PASS %s", passwd);
        return;
    }
    (void)!gethostname(name, sizeof(name) - 1);
    ld_dialogue_say(&state->dialogue, "PASS", "PASS ldirectord@%s", name);
}

static void logged_in(struct ftp_state *state)
{
    const struct ld_probe *probe = ld_check_probe(state->dialogue.check);
    bool wants_file = ld_wire_request(probe)[0] != '\0' ||
                      (probe->receive != NULL && probe->receive[0] != '\0');

    if (!wants_file) {
        leave(state, LD_L7OK, NULL);
        return;
    }
    state->dialogue.step = TYPE;
    ld_dialogue_say(&state->dialogue, "TYPE", "TYPE I");
}

static void say_passive(struct ftp_state *state)
{
    bool v6 = ld_check_probe(state->dialogue.check)->addr.family == AF_INET6;

    state->dialogue.step = PASSIVE;
    ld_dialogue_say(&state->dialogue, v6 ? "EPSV" : "PASV", v6 ? "EPSV" : "PASV");
}

static void passive(struct ftp_state *state, const char *line)
{
    uint16_t port;

    if (ld_ftp_passive_port(line, &port))
        connect_data(state, port);
    else
        ld_dialogue_improper(&state->dialogue, line);
}

static void confirmed(struct ftp_state *state)
{
    state->confirmed = true;
    if (state->all_sent)
        judge_file(state);
}

/* code is 200 to 299, or 331 after USER. */
static void went_well(struct ftp_state *state, const char *line)
{
    switch (state->dialogue.step) {
    case GREETING:
        say_user(state);
        return;
    case USER:
        if (state->dialogue.code / 100 == 3)
            say_pass(state);
        else
            logged_in(state);
        return;
    case PASS:
        logged_in(state);
        return;
    case TYPE:
        say_passive(state);
        return;
    case PASSIVE:
        passive(state, line);
        return;
    case RETR:
        confirmed(state);
        return;
    default:
        ld_dialogue_improper(&state->dialogue, line); /* nothing was asked */
    }
}

static void ftp_heard(struct ld_dialogue *dialogue, char *line)
{
    struct ftp_state *state = (struct ftp_state *)dialogue;

    if (!ld_dialogue_reply(dialogue, line) || dialogue->code / 100 == 1)
        return; /* 1xx: there is more to come */
    if (dialogue->code / 100 == 2 || (dialogue->code / 100 == 3 && dialogue->step == USER))
        went_well(state, line);
    else
        leave(state, LD_L7STS, line);
}

static const struct ld_dialogue_rules rules = {
    .protocol = "FTP",
    .goodbye = "QUIT",
    .heard = ftp_heard,
};

static int ftp_start(struct ld_check *check)
{
    struct ftp_state *state = ld_check_state(check);

    state->file = g_string_new(NULL);
    return ld_dialogue_start(check, &rules, LD_CHANNEL_PLAIN);
}

static void ftp_stop(struct ld_check *check)
{
    struct ftp_state *state = ld_check_state(check);

    ld_channel_close(&state->data);
    if (state->file != NULL)
        g_string_free(state->file, TRUE);
    ld_dialogue_stop(check);
}

const struct ld_check_ops ld_check_ftp = {
    .name = "ftp",
    .late = &ld_late_curl,
    .state_size = sizeof(struct ftp_state),
    .start = ftp_start,
    .stop = ftp_stop,
    .deadline = ld_dialogue_deadline,
};
