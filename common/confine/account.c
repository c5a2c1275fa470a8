/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who a user is (identity.h). The machine's own files are read first, and
 * whoever is in them is taken as they say, with the groups that they give him:
 * getgrouplist() asks every service that nsswitch.conf names, and a director
 * that takes over must not wait for a directory on the network that has just
 * failed.
 */
#include <errno.h>
#include <glib.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "common/confine/identity.h"
#include "common/run/file.h"

/* A line of a file, and what a service answers. A group may have thousands of members. */
#define ENTRY_BYTES     16384
#define ENTRY_BYTES_MAX (1024 * 1024)
#define FILE_BYTES_MAX  (16 * 1024 * 1024)

struct space {
    char *bytes;
    size_t size;
};

static bool grow(struct space *space)
{
    if (space->size >= ENTRY_BYTES_MAX)
        return false;
    space->size *= 2;
    space->bytes = g_realloc(space->bytes, space->size);
    return true;
}

static bool number_of(const char *name, uid_t *uid)
{
    guint64 number;
    bool is = g_ascii_string_to_unsigned(name, 10, 0, G_MAXUINT32 - 1, &number, NULL);

    *uid = is ? (uid_t)number : 0;
    return is;
}

static void take(struct ha_identity *out, const struct passwd *found)
{
    out->uid = found->pw_uid;
    out->gid = found->pw_gid;
    g_strlcpy(out->name, found->pw_name, sizeof(out->name));
    out->groups[0] = found->pw_gid;
    out->group_count = 1;
}

/* ---- the files ---- */

/* Read whole: glibc asks for its place in a file before each line. */
struct text {
    char *bytes;
    FILE *lines;
};

/* 0 or positive errno; ENOENT: there is nothing in it either. */
static int open_text(struct text *text, const char *path)
{
    size_t length = 0;
    int error = -ha_file_read(path, FILE_BYTES_MAX, &text->bytes, &length, NULL);

    text->lines = NULL;
    if (error != 0)
        return error;
    if (length > 0)
        text->lines = fmemopen(text->bytes, length, "r");
    if (text->lines != NULL)
        return 0;
    error = length > 0 ? errno : ENOENT;
    g_free(text->bytes);
    return error;
}

static void close_text(struct text *text)
{
    fclose(text->lines);
    g_free(text->bytes);
}

/* 0 or positive errno: of the file, or of a line that cannot be read; ENOENT: he is not there. */
static int find_in_passwd(struct ha_identity *out, const char *name, struct space *space)
{
    struct passwd entry, *found = NULL;
    struct text text;
    uid_t uid;
    bool by_number = number_of(name, &uid);
    int error = open_text(&text, "/etc/passwd");

    if (error != 0)
        return error;
    do {
        error = fgetpwent_r(text.lines, &entry, space->bytes, space->size, &found);
        if (error == ERANGE && grow(space))
            error = 0;
        else if (error == 0 && (by_number ? found->pw_uid == uid : strcmp(found->pw_name, name) == 0))
            break;
    } while (error == 0);
    if (error == 0)
        take(out, found);
    close_text(&text);
    return error;
}

static bool is_member(const struct group *group, const char *name)
{
    for (char **member = group->gr_mem; *member != NULL; member++)
        if (strcmp(*member, name) == 0)
            return true;
    return false;
}

/* Those that fit; the first is his own. */
static void add_groups(struct ha_identity *out, struct space *space)
{
    struct group entry, *found = NULL;
    struct text text;
    int error = open_text(&text, "/etc/group");

    if (error != 0)
        return;
    while (error == 0 && out->group_count < HA_IDENTITY_GROUPS_MAX) {
        error = fgetgrent_r(text.lines, &entry, space->bytes, space->size, &found);
        if (error == ERANGE && grow(space))
            error = 0;
        else if (error == 0 && found->gr_gid != out->gid && is_member(found, out->name))
            out->groups[out->group_count++] = found->gr_gid;
    }
    close_text(&text);
}

static int find_here(struct ha_identity *out, const char *name, struct space *space)
{
    int error = find_in_passwd(out, name, space);

    if (error != 0 && error != ENOENT) /* no memory, no descriptor: for a moment, mostly */
        error = find_in_passwd(out, name, space);
    if (error == 0)
        add_groups(out, space);
    return error;
}

int ha_identity_find_here(struct ha_identity *out, const char *name)
{
    struct space space = {.bytes = g_malloc(ENTRY_BYTES), .size = ENTRY_BYTES};
    int error;

    memset(out, 0, sizeof(*out));
    error = find_here(out, name, &space);
    g_free(space.bytes);
    return -error;
}

/* ---- whoever else knows ---- */

static int ask(const char *name, struct passwd *entry, struct space *space, struct passwd **found)
{
    uid_t uid;

    if (number_of(name, &uid))
        return getpwuid_r(uid, entry, space->bytes, space->size, found);
    return getpwnam_r(name, entry, space->bytes, space->size, found);
}

static int find_elsewhere(struct ha_identity *out, const char *name, struct space *space)
{
    struct passwd entry, *found = NULL;
    int error = ask(name, &entry, space, &found);

    /* glibc has also found nobody when it had no memory for where to look. */
    if (error == 0 && found == NULL)
        error = ask(name, &entry, space, &found);
    if (found == NULL)
        return error == 0 || error == ESRCH || error == EBADF || error == EPERM ? ENOENT : error;
    take(out, found);
    out->group_count = HA_IDENTITY_GROUPS_MAX;
    if (getgrouplist(found->pw_name, found->pw_gid, out->groups, &out->group_count) < 0)
        out->group_count = HA_IDENTITY_GROUPS_MAX; /* the first of more */
    return 0;
}

int ha_identity_find(struct ha_identity *out, const char *name)
{
    struct space space = {.bytes = g_malloc(ENTRY_BYTES), .size = ENTRY_BYTES};
    int error;

    memset(out, 0, sizeof(*out));
    error = find_here(out, name, &space);
    if (error != 0)
        error = find_elsewhere(out, name, &space);
    g_free(space.bytes);
    return -error;
}

int ha_identity_first(struct ha_identity *out, const char *const *names)
{
    int error = -ENOENT;

    for (; *names != NULL && error != 0; names++)
        error = ha_identity_find(out, *names);
    return error;
}
