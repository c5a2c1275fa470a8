/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An operator's order, from the control socket into the core: who gives it, as
 * far as the kernel knows, and what comes of it. What it means is
 * core/wish.c's.
 */
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/run/clock.h"
#include "ldirectord/director_inside.h"

#define NOBODY UINT32_MAX /* nobody logged in: a program of the system's */

/* A user's name, from the file alone: a directory service might keep us waiting. */
static void name_of(uid_t uid, char *out, size_t size)
{
    FILE *users = fopen("/etc/passwd", "re");
    struct passwd user, *found = NULL;
    char buffer[1024];

    g_snprintf(out, size, "uid %u", (unsigned)uid);
    if (!users)
        return;
    while (fgetpwent_r(users, &user, buffer, sizeof(buffer), &found) == 0 && found)
        if (found->pw_uid == uid) {
            g_strlcpy(out, found->pw_name, size);
            break;
        }
    fclose(users);
}

/* Who logged in before becoming who asks now (su, sudo); NOBODY where the kernel does not say. */
static uint32_t login_uid(pid_t pid)
{
    char path[64], text[32] = "";
    uint32_t uid = NOBODY;
    int fd;

    g_snprintf(path, sizeof(path), "/proc/%d/loginuid", (int)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NOBODY;
    if (read(fd, text, sizeof(text) - 1) > 0)
        uid = (uint32_t)strtoul(text, NULL, 10);
    close(fd);
    return uid;
}

static void name_peer(const struct ha_control_peer *peer, struct ld_wish *wish)
{
    char user[LD_WISH_BY_MAX / 2], login[LD_WISH_BY_MAX / 3];
    uint32_t first = login_uid(peer->pid);

    wish->uid = peer->uid;
    name_of(peer->uid, user, sizeof(user));
    if (first == NOBODY || first == peer->uid) {
        g_strlcpy(wish->by, user, sizeof(wish->by));
        return;
    }
    name_of(first, login, sizeof(login));
    g_snprintf(wish->by, sizeof(wish->by), "%s (login %s)", user, login);
}

const char *ld_director_operators(const struct ld_director *director)
{
    return director->config->operators;
}

const char *ld_director_readers(const struct ld_director *director)
{
    return director->config->readers;
}

int ld_director_order(struct ld_director *director, const struct ha_control_peer *peer,
                      char *const *words, GString *answer)
{
    struct ld_wish wish;
    char *why = NULL, *text;
    unsigned count;
    int failed = 0;

    if (!ld_core_wish_parse(director->core, words, &wish, &why)) {
        g_string_append_printf(answer, "%s\n", why ? why : "not started yet");
        g_free(why);
        return 1;
    }
    name_peer(peer, &wish);
    wish.at_s = ha_clock_wall_s();
    if (!ld_core_wish_room(director->core, &wish)) {
        g_string_append_printf(answer, "there are %d orders already: enable a server first\n",
                               LD_WISHES_MAX);
        return 1;
    }
    count = ld_core_wish_count(director->core, &wish);
    ld_director_step(director, &(struct ld_event){.kind = LD_EV_WISH, .wish = &wish});
    if (director->table_wanted)
        failed = ld_director_write(director);
    ld_kept_write(director);
    text = ld_wish_text(&wish);
    g_string_append_printf(answer, "%s: %u real server%s%s\n", text, count, count == 1 ? "" : "s",
                           failed != 0 ? ", but the table could not be written whole (see the log)"
                                       : "");
    g_free(text);
    return failed != 0;
}
