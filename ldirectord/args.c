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

static void take_words(struct ld_args *args, int count, char *const *words)
{
    int order = 0;

    if (count < 1) {
        args->usage = true;
        return;
    }
    if (strcmp(words[0], "configtest") == 0) { /* may have its file behind it */
        order = LD_ORDER_CONFIGTEST;
        args->config = count > 1 ? words[1] : args->config;
    } else if (!ha_name_find(orders, words[count > 1 ? 1 : 0], &order)) {
        args->usage = true;
    } else if (count > 1) {
        const char *slash = strrchr(words[0], '/');

        args->config = words[0];
        args->instance = slash != NULL ? slash + 1 : words[0];
    }
    args->order = (enum ld_order)order;
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
    if (!args->help && !args->version && !args->usage)
        take_words(args, argc - at, argv + at);
}
