/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client of heartbeat for tests, well-behaved or not.
 *
 *   api_client NAME ask REQUEST [FIELD VALUE]   prints the answers
 *   api_client NAME say TIMES FIELD=VALUE...    into the cluster
 *   api_client NAME hear                        prints its pid and what it hears, until killed
 *   api_client NAME mute                        signs on, wants to hear all, reads nothing
 *   api_client NAME rubbish                     everything that is no message
 *   api_client NAME crowd COUNT                 so many connections that say nothing
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "heartbeatd/api/client.h"

#define SOCKET HA_RUNDIR "/heartbeat/register"

static void show(const struct hb_msg *msg)
{
    for (size_t i = 0; i < hb_msg_count(msg); i++) {
        const struct hb_field *field = hb_msg_at(msg, i);

        printf("%s%s=%s", i ? " " : "", field->name,
               field->type == HB_FIELD_TEXT ? (const char *)field->value : "...");
    }
    printf("\n");
    fflush(stdout);
}

static int ask(struct hb_client *client, int argc, char **argv)
{
    GPtrArray *answers;
    int status = hb_client_ask(client, argv[0], argc > 2 ? argv[1] : NULL,
                               argc > 2 ? argv[2] : NULL, &answers);

    for (guint i = 0; i < answers->len; i++)
        show(answers->pdata[i]);
    g_ptr_array_unref(answers);
    return status;
}

static int say(struct hb_client *client, int argc, char **argv)
{
    struct hb_msg *msg = hb_msg_new();
    int status = 0;

    for (int i = 1; i < argc; i++) {
        char *value = strchr(argv[i], '=');

        *value = '\0';
        hb_msg_add_text(msg, argv[i], value + 1);
    }
    for (int times = atoi(argv[0]); status == 0 && times > 0; times--)
        status = hb_client_send(client, msg);
    hb_msg_unref(msg);
    return status == 0 ? ask(client, 1, (char *[]){(char *)"numnodes"}) : status;
}

static int hear(struct hb_client *client)
{
    struct hb_msg *msg;
    int status;

    printf("pid %d\n", (int)getpid());
    fflush(stdout);
    do {
        status = hb_client_next(client, 1000, &msg);
        if (status == 0) {
            show(msg);
            hb_msg_unref(msg);
        }
    } while (status == 0 || status == -EAGAIN);
    return status;
}

static int mute(struct hb_client *client)
{
    struct hb_msg *msg = hb_msg_new();

    ask(client, 3, (char *[]){(char *)"setfilter", (char *)"fmask", (char *)"3f"});
    hb_msg_add_text(msg, "t", "hbapi-req"); /* never answered */
    hb_msg_add_text(msg, "reqtype", "set_sendqlen");
    hb_msg_add_text(msg, "sendqlen", "20");
    hb_client_send(client, msg);
    hb_msg_unref(msg);
    pause();
    return 0;
}

static int reach(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = SOCKET};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        perror("connect");
        exit(1);
    }
    return fd;
}

/* Sent whole on a connection of its own; then the daemon may say or close, or wait for more. */
static void throw_at(const void *bytes, size_t length)
{
    char answer[4096];
    int fd = reach();
    struct pollfd heard = {.fd = fd, .events = POLLIN};

    if (send(fd, bytes, length, MSG_NOSIGNAL) >= 0 && poll(&heard, 1, 50) > 0)
        recv(fd, answer, sizeof answer, 0);
    close(fd);
}

static int rubbish(void)
{
    static const struct {
        uint32_t head[2];
        char body[64];
    } frames[] = {
        {{0, 0xabcd}, ""}, {{4, 0xabcd}, "abc"}, {{~0U, 0xabcd}, ">>>\n"}, {{5, 1}, "abcde"},
        {{9, 0xabcd}, ">>>\n<<<\n"}, {{12, 0xabcd}, ">>>\nt=x\n<<<\n"}, {{16, 0xabcd}, ">>>\nt=hbapi-req\n"},
        {{26, 0xabcd}, ">>>\nt=hbapi-req\n<<<\n\0\0\0\0\0\0"}, {{18, 0xabcd}, "###\n6:(9)t=x,%%%\n"},
        {{43, 0xabcd}, ">>>\nt=hbapi-req\nreqtype=signon\npid=x\n<<<\n"},
        {{48, 0xabcd}, ">>>\nt=hbapi-req\nreqtype=signon\nfrom_id=\n<<<\n\0\0\0"},
    };
    char noise[3000];

    for (size_t i = 0; i < G_N_ELEMENTS(frames); i++)
        throw_at(&frames[i], 8 + MIN(frames[i].head[0], sizeof frames[i].body));
    srand(1);
    for (int round = 0; round < 20; round++) {
        for (size_t i = 0; i < sizeof noise; i++)
            noise[i] = (char)rand();
        throw_at(noise, sizeof noise);
    }
    return 0;
}

static int crowd(int count)
{
    while (count-- > 0)
        reach();
    printf("there\n");
    fflush(stdout);
    pause();
    return 0;
}

int main(int argc, char **argv)
{
    struct hb_client *client = NULL;
    char *why = NULL, *own = NULL;
    int status = -EINVAL;

    if (argc < 3)
        return 2;
    if (strcmp(argv[2], "rubbish") == 0)
        return rubbish();
    if (strcmp(argv[2], "crowd") == 0 && argc > 3)
        return crowd(atoi(argv[3]));
    if (strcmp(argv[1], "-") == 0)
        own = g_strdup_printf("%d", (int)getpid());
    status = hb_client_open(&client, SOCKET, own ? own : argv[1], &why);
    if (status < 0) {
        printf("no: %s\n", why ? why : strerror(-status));
    } else if (strcmp(argv[2], "ask") == 0 && argc > 3) {
        status = ask(client, argc - 3, argv + 3);
    } else if (strcmp(argv[2], "say") == 0 && argc > 4) {
        status = say(client, argc - 3, argv + 3);
    } else if (strcmp(argv[2], "hear") == 0) {
        status = hear(client);
    } else if (strcmp(argv[2], "mute") == 0) {
        status = mute(client);
    }
    hb_client_close(client);
    g_free(why);
    g_free(own);
    return status < 0 ? 1 : 0;
}
