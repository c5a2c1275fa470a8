/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line: options first, then [CONFIG] ACTION. getopt is not used,
 * since the rules are older than what it knows: options end at the first word,
 * long ones are not abbreviated, words beyond the second are ignored.
 */
#include "ldirectord/args.h"

#include <glib.h>
#include <string.h>

#include "common/base/name.h"

static const struct ha_name orders[] = {
    {LD_ORDER_START, "start"},
    {LD_ORDER_STANDBY, "standby"},
    {LD_ORDER_STOP, "stop"},
    {LD_ORDER_RESTART, "restart"},
    {LD_ORDER_TRY_RESTART, "try-restart"},
    {LD_ORDER_RELOAD, "reload"},
    {LD_ORDER_RELOAD, "force-reload"},
    {LD_ORDER_STATUS, "status"},
    {LD_ORDER_CONFIGTEST, "configtest"},
    {LD_ORDER_WISH, "enable"},
    {LD_ORDER_WISH, "disable"},
    {LD_ORDER_WISH, "drain"},
    {LD_ORDER_WISH, "weight"},
    HA_NAME_END,
};

const char *ld_order_name(enum ld_order order)
{
    return ha_name_of(orders, (int)order);
}

static void refuse(struct ld_args *args, const char *option)
{
    args->usage = true;
    if (args->unknown[0] == '\0')
        g_strlcpy(args->unknown, option, sizeof(args->unknown));
}

static void take_long(struct ld_args *args, const char *option)
{
    if (strcmp(option, "debug") == 0)
        args->debug = true;
    else if (strcmp(option, "help") == 0)
        args->help = true;
    else if (strcmp(option, "version") == 0)
        args->version = true;
    else
        refuse(args, option);
}

static void take_short(struct ld_args *args, const char *letters)
{
    for (; *letters != '\0'; letters++) {
        char one[2] = {*letters, '\0'};

        if (*letters == 'd')
            args->debug = true;
        else if (*letters == 'h' || *letters == '?')
            args->help = true;
        else if (*letters == 'v')
            args->version = true;
        else
            refuse(args, one);
    }
}

/* The place of the action among the words, or -1: an action that takes words of its own, first or
 * behind a CONFIG; else the last word of [CONFIG] ACTION. */
static int find_action(int count, char *const *words, int *order)
{
    int second;

    if (count > 1 && ha_name_find(orders, words[1], &second) && second != LD_ORDER_WISH) {
        *order = second;
        return 1;
    }
    if (ha_name_find(orders, words[0], order) &&
        (count == 1 || *order == LD_ORDER_WISH ||
         (*order == LD_ORDER_STATUS && g_str_has_prefix(words[1], "--"))))
        return 0;
    if (count > 1 && ha_name_find(orders, words[1], order))
        return 1;
    return -1;
}

/* What stands behind the action. Behind the classic ones it has always been ignored. */
static void take_rest(struct ld_args *args, int count, char *const *words)
{
    if (args->order == LD_ORDER_WISH) {
        args->words = words - 1;
        args->usage = count == 0;
    } else if (args->order == LD_ORDER_STATUS && count > 0) {
        if (strcmp(words[0], "--json") == 0)
            args->form = LD_FORM_JSON;
        else if (strcmp(words[0], "--text") == 0)
            args->form = LD_FORM_TEXT;
        else if (g_str_has_prefix(words[0], "--"))
            refuse(args, words[0]);
    }
}

static void take_words(struct ld_args *args, int count, char *const *words)
{
    int order = 0, at;

    if (count < 1) {
        args->usage = true;
        return;
    }
    if (strcmp(words[0], "configtest") == 0) { /* may have its file behind it */
        order = LD_ORDER_CONFIGTEST;
        args->config = count > 1 ? words[1] : args->config;
        args->order = (enum ld_order)order;
        return;
    }
    at = find_action(count, words, &order);
    if (at < 0) {
        args->usage = true;
        return;
    }
    args->order = (enum ld_order)order;
    if (at == 1) {
        const char *slash = strrchr(words[0], '/');

        args->config = words[0];
        args->instance = slash != NULL ? slash + 1 : words[0];
    } else if (order == LD_ORDER_STATUS) {
        args->form = LD_FORM_TEXT; /* who names no instance wants to see */
    }
    take_rest(args, count - at - 1, words + at + 1);
}

void ld_args_parse(struct ld_args *args, int argc, char *const *argv)
{
    int at = 1;

    *args = (struct ld_args){.config = "ldirectord.cf", .instance = "ldirectord"};
    for (; at < argc && argv[at][0] == '-' && argv[at][1] != '\0'; at++) {
        if (strcmp(argv[at], "--") == 0) {
            at++;
            break;
        }
        if (argv[at][1] == '-')
            take_long(args, argv[at] + 2);
        else
            take_short(args, argv[at] + 1);
    }
    if (args->usage) /* what is unknown outweighs what was asked for beside it */
        args->help = args->version = false;
    if (!args->help && !args->version && !args->usage)
        take_words(args, argc - at, argv + at);
}
