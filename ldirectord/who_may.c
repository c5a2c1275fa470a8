/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names are looked up in the files alone: a directory service might keep us
 * waiting. Numbers are as good as names.
 */
#include "ldirectord/who_may.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "ldirectord/door/door.h"

#define LINE_BYTES 65536 /* of a group with thousands of members */

static bool is_number(const char *text, unsigned number)
{
    guint64 value;

    return g_ascii_string_to_unsigned(text, 10, 0, UINT32_MAX, &value, NULL) && value == number;
}

static bool is_user(const char *name, uid_t uid)
{
    FILE *users = fopen("/etc/passwd", "re");
    struct passwd user, *found = NULL;
    char buffer[4096];
    bool is = false;

    while (users && !is && fgetpwent_r(users, &user, buffer, sizeof(buffer), &found) == 0 && found)
        is = found->pw_uid == uid && strcmp(found->pw_name, name) == 0;
    if (users)
        fclose(users);
    return is || is_number(name, uid);
}

static bool has_member(char *const *members, uid_t uid)
{
    for (; *members; members++)
        if (is_user(*members, uid))
            return true;
    return false;
}

/* The group that is in force, or one of which the user is a member. */
static bool is_in_group(const char *name, const struct ha_control_peer *peer)
{
    FILE *groups = fopen("/etc/group", "re");
    struct group group, *found = NULL;
    char *buffer = g_malloc(LINE_BYTES);
    bool is = false;

    while (groups && !is && fgetgrent_r(groups, &group, buffer, LINE_BYTES, &found) == 0 && found)
        is = strcmp(found->gr_name, name) == 0 &&
             (found->gr_gid == peer->gid || has_member(found->gr_mem, peer->uid));
    if (groups)
        fclose(groups);
    g_free(buffer);
    return is || is_number(name, peer->gid);
}

bool ld_who_may(const char *list, const struct ha_control_peer *peer)
{
    char **names = g_strsplit_set(list ? list : "", ", \t", -1);
    bool may = peer->uid == 0 || peer->uid == ld_door_uid() || is_user(HA_USER, peer->uid);

    for (char **name = names; *name && !may; name++)
        may = **name == '@' ? is_in_group(*name + 1, peer) : **name != '\0' && is_user(*name, peer->uid);
    g_strfreev(names);
    return may;
}
