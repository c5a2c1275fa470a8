/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An operator and one group: what it does, and what it shall do. The wish is
 * the core's to grant; what is said here is what it would answer now.
 */
#include "heartbeatd/daemon/groups.h"

#include "heartbeatd/daemon/answers.h"

static bool find(struct hb_daemon *daemon, const char *key, size_t *group, GString *answer)
{
    *group = hb_core_find_group(daemon->core, key);
    if (*group < daemon->setup.resources->groups->len)
        return true;
    g_string_append_printf(answer, "no resource group begins with %s\n", key);
    return false;
}

int hb_group_answer(struct hb_daemon *daemon, const char *key, GString *answer)
{
    const char *elsewhere;
    size_t group;

    if (!find(daemon, key, &group, answer))
        return HB_ANSWER_PARAMETER;
    elsewhere = hb_core_group_elsewhere(daemon->core, group);
    g_string_append(answer, hb_group_state_name(hb_core_group_state(daemon->core, group)));
    if (elsewhere)
        g_string_append_printf(answer, ", node %s has it", elsewhere);
    g_string_append_c(answer, '\n');
    return HB_ANSWER_OK;
}

static int wish(struct hb_daemon *daemon, const char *key, enum hb_wish wished, GString *answer)
{
    const char *elsewhere;
    size_t group;

    if (!find(daemon, key, &group, answer))
        return HB_ANSWER_PARAMETER;
    elsewhere = hb_core_group_elsewhere(daemon->core, group);
    if (wished == HB_WISH_TAKE && elsewhere &&
        hb_core_group_state(daemon->core, group) == HB_GROUP_STOPPED) {
        g_string_append_printf(answer, "node %s has the group %s; hb_takeover(1) would move it\n",
                               elsewhere, key);
        return HB_ANSWER_NO;
    }
    hb_daemon_step(daemon, &(struct hb_event){
                               .kind = HB_EV_WISH, .group = (unsigned)group, .wish = wished});
    return HB_ANSWER_OK;
}

int hb_group_take(struct hb_daemon *daemon, const char *key, GString *answer)
{
    return wish(daemon, key, HB_WISH_TAKE, answer);
}

int hb_group_give(struct hb_daemon *daemon, const char *key, GString *answer)
{
    return wish(daemon, key, HB_WISH_GIVE, answer);
}

int hb_group_seek(struct hb_daemon *daemon, const char *key, GString *answer)
{
    return wish(daemon, key, HB_WISH_SEEK, answer);
}
