/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The talker's process: plain blocking calls, one after the other. Ends with its parent. */
#include "tests/fakes/fake_talker.h"

#include "tests/fakes/fake_process.h"

#define DRIP_US  300000
#define SAID_MAX 65536

struct life {
    const struct fake_talk *talk;
    int type, fd, log_fd;
    struct sockaddr_storage to; /* of a datagram */
    socklen_t to_size;          /* 0: a stream */
};

/* In blocks large enough that a flood is one. False: nobody listens. */
static bool say(const struct life *life, int fd, const uint8_t *said, size_t length)
{
    enum fake_tone tone = life->talk->tone;

    if (tone == MUTE)
        return true;
    do {
        size_t step = tone == DRIPS ? 1 : length;

        for (size_t i = 0; i < length; i += step) {
            if (sendto(fd, said + i, step, MSG_NOSIGNAL,
                       life->to_size > 0 ? (const struct sockaddr *)&life->to : NULL,
                       life->to_size) < 0)
                return false;
            if (tone == DRIPS)
                g_usleep(DRIP_US);
        }
    } while (tone == FLOODS);
    return true;
}

static size_t compose(const struct life *life, const uint8_t *asked, size_t length, uint8_t *said)
{
    const struct fake_talk *talk = life->talk;
    size_t size = talk->length;

    if (talk->answer != NULL)
        return talk->answer(asked, length, said, SAID_MAX);
    if (size == 0)
        size = talk->text != NULL ? strlen(talk->text) : 0;
    if (size > 0)
        memcpy(said, talk->text, size);
    return size;
}

static void wait_for_close(const struct life *life, int fd)
{
    uint8_t bytes[4096];
    ssize_t length;

    while ((length = recv(fd, bytes, sizeof(bytes), 0)) > 0)
        (void)!write(life->log_fd, bytes, (size_t)length);
    /* It may have closed its side only, which cannot be told: wait for the end of the test. */
    if (life->talk->tone != TALKS)
        pause();
}

static void serve(const struct life *life, int fd)
{
    static uint8_t asked[SAID_MAX], said[SAID_MAX];
    size_t used = 0, length = 0;
    ssize_t got = 1;

    while (!life->talk->greets && length == 0 && got > 0 && used < sizeof(asked)) {
        got = recv(fd, asked + used, sizeof(asked) - used, 0);
        if (got > 0)
            (void)!write(life->log_fd, asked + used, (size_t)got);
        used += got > 0 ? (size_t)got : 0;
        if (life->talk->tone == HANGS_UP)
            return;
        if (!life->talk->at_end || got == 0)
            length = compose(life, asked, used, said);
    }
    if (life->talk->greets)
        length = compose(life, asked, 0, said);
    if (life->talk->tone != HANGS_UP && say(life, fd, said, length) && life->talk->tone != TALKS)
        wait_for_close(life, fd);
}

static void live_stream(const struct life *life)
{
    for (;;) {
        int fd = accept4(life->fd, NULL, NULL, SOCK_CLOEXEC);

        if (fd < 0)
            continue;
        serve(life, fd);
        close(fd);
    }
}

static void live_datagrams(struct life *life)
{
    static uint8_t asked[SAID_MAX], said[SAID_MAX];

    for (unsigned number = 0;; number++) {
        ssize_t got;

        life->to_size = sizeof(life->to);
        got = recvfrom(life->fd, asked, sizeof(asked), 0, (struct sockaddr *)&life->to,
                       &life->to_size);
        if (got < 0)
            continue;
        (void)!write(life->log_fd, asked, (size_t)got);
        if (number < life->talk->deaf_to)
            continue;
        say(life, life->fd, said, compose(life, asked, (size_t)got, said));
    }
}

static void live(void *ctx, int log_fd)
{
    struct life *life = ctx;

    life->log_fd = log_fd;
    if (life->type == SOCK_STREAM)
        live_stream(life);
    else
        live_datagrams(life);
}

void fake_talker_start(struct fake_talker *talker, const struct fake_talk *talk)
{
    int family = talk->family != 0 ? talk->family : AF_INET;
    int one = 1;
    struct life life = {.talk = talk, .type = talk->type != 0 ? talk->type : SOCK_STREAM};

    life.fd = socket(family, life.type | SOCK_CLOEXEC, 0);
    MUST(life.fd >= 0);
    if (life.type == SOCK_STREAM)
        setsockopt(life.fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    talker->port = fake_bind_loopback(life.fd, family, talk->port);
    MUST(life.type == SOCK_DGRAM || listen(life.fd, 16) == 0);
    talker->pid = fake_process_start(live, &life, &talker->log_fd);
    close(life.fd);
}

void fake_talker_stop(struct fake_talker *talker)
{
    fake_process_stop(talker->pid, talker->log_fd);
}

char *fake_talker_heard(struct fake_talker *talker)
{
    return fake_process_heard(talker->log_fd);
}
