/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ldirectord's command line, as ldirectord(8) has it. No I/O. */
#ifndef LD_ARGS_H
#define LD_ARGS_H

#include <stdbool.h>

enum ld_order { LD_ORDER_START, LD_ORDER_STANDBY, LD_ORDER_STOP, LD_ORDER_RESTART, LD_ORDER_TRY_RESTART,
                LD_ORDER_RELOAD, LD_ORDER_STATUS, LD_ORDER_CONFIGTEST,
                LD_ORDER_WISH, /* enable, disable, drain, weight */ LD_ORDER_COUNT };
/* status: the classic line alone, or with a report behind it. */
enum ld_form { LD_FORM_CLASSIC, LD_FORM_TEXT, LD_FORM_JSON };

struct ld_args {
    bool help, version, debug;
    bool usage;            /* nothing that makes sense: show how it is used */
    char unknown[64];      /* the option that made it so; "" otherwise */
    enum ld_order order;
    enum ld_form form;     /* STATUS */
    char *const *words;    /* WISH: the order and what belongs to it, up to argv's end */
    const char *config;    /* as typed; "ldirectord.cf" if nothing was */
    const char *instance;  /* which pid file; points into config or is a constant */
};

/* argv must outlive args. */
void ld_args_parse(struct ld_args *args, int argc, char *const *argv);
/* "start", "try-restart" … */
const char *ld_order_name(enum ld_order order);

#endif
