/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looks at modes and owners and changes nothing. Whether a group has members is
 * not asked: it may get some tomorrow. Names are looked up only where there is
 * something to say.
 */
#include "common/run/trust.h"

#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define NAME_BYTES   64
#define BUFFER_BYTES 4096

static void user_name(uid_t uid, char out[NAME_BYTES])
{
    char buffer[BUFFER_BYTES];
    struct passwd user, *found = NULL;

    if (getpwuid_r(uid, &user, buffer, sizeof(buffer), &found) == 0 && found)
        g_strlcpy(out, user.pw_name, NAME_BYTES);
    else
        g_snprintf(out, NAME_BYTES, "uid %u", (unsigned)uid);
}

static void group_name(gid_t gid, char out[NAME_BYTES])
{
    char buffer[BUFFER_BYTES];
    struct group group, *found = NULL;

    if (getgrgid_r(gid, &group, buffer, sizeof(buffer), &found) == 0 && found)
        g_strlcpy(out, group.gr_name, NAME_BYTES);
    else
        g_snprintf(out, NAME_BYTES, "gid %u", (unsigned)gid);
}

/* Takes text over. */
static void tell(char *text, enum ha_severity severity, struct ha_trust_at at,
                 struct ha_diags *diags)
{
    for (guint i = 0; i < diags->list->len; i++) {
        const struct ha_diag *diag = g_ptr_array_index(diags->list, i);

        if (strcmp(diag->text, text) == 0) {
            g_free(text);
            return;
        }
    }
    ha_diag_add(diags, severity, at.file, at.line, at.column, "%s", text);
    g_free(text);
}

static struct {
    bool held;
    uid_t uid;
    gid_t gid;
} ours;

void ha_trust_hold(void)
{
    ours.uid = geteuid();
    ours.gid = getegid();
    ours.held = true;
}

/* Root's group, and that of a user who runs this as himself, give nothing to others. */
static bool is_our_group(gid_t gid)
{
    return gid == 0 || gid == (ours.held ? ours.gid : getegid());
}

static bool is_our_user(uid_t uid)
{
    return uid == 0 || uid == (ours.held ? ours.uid : geteuid());
}

static void look(const char *path, const struct stat *st, const char *danger,
                 enum ha_severity worst, struct ha_trust_at at, struct ha_diags *diags)
{
    /* Where only the owner of a file may take it away, as in /tmp. */
    bool shared = S_ISDIR(st->st_mode) && st->st_mode & S_ISVTX;
    char name[NAME_BYTES];

    if (st->st_mode & S_IWOTH && !shared)
        tell(g_strdup_printf("%s can be written by everybody, who %s: chmod o-w %s", path, danger, path),
             worst, at, diags);
    if (st->st_mode & S_IWGRP && !shared && !is_our_group(st->st_gid)) {
        group_name(st->st_gid, name);
        tell(g_strdup_printf("%s can be written by the group %s, which %s: chmod g-w %s", path, name,
                             danger, path),
             HA_WARNING, at, diags);
    }
    if (!is_our_user(st->st_uid)) {
        user_name(st->st_uid, name);
        tell(g_strdup_printf("%s belongs to the user %s, who %s: chown root %s", path, name, danger,
                             path),
             HA_WARNING, at, diags);
    }
}

void ha_trust_folder(const char *path, enum ha_severity worst, struct ha_trust_at at,
                     struct ha_diags *diags)
{
    struct stat st;

    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        look(path, &st, "could put other files there", worst, at, diags);
}

void ha_trust_file(const char *path, enum ha_severity worst, struct ha_trust_at at,
                   struct ha_diags *diags)
{
    char *folder;
    struct stat st;

    if (path[0] != '/' || stat(path, &st) != 0 || !S_ISREG(st.st_mode))
        return;
    look(path, &st, "could take over this machine by it", worst, at, diags);
    folder = g_path_get_dirname(path);
    ha_trust_folder(folder, worst, at, diags);
    g_free(folder);
}

void ha_trust_secret(const char *path, const struct stat *stat, struct ha_trust_at at,
                     struct ha_diags *diags)
{
    if (stat->st_mode & S_IROTH || (stat->st_mode & S_IRGRP && !is_our_group(stat->st_gid)))
        tell(g_strdup_printf("%s has passwords in it and can be read by %s: chmod 600 %s", path,
                             stat->st_mode & S_IROTH ? "everybody" : "a group", path),
             HA_WARNING, at, diags);
}

void ha_trust_command(const char *command, enum ha_severity worst, struct ha_trust_at at,
                      struct ha_diags *diags)
{
    char *path;

    if (!command || command[0] != '/')
        return;
    path = g_strndup(command, strcspn(command, " \t;|&"));
    ha_trust_file(path, worst, at, diags);
    g_free(path);
}
