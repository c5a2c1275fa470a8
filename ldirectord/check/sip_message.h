/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An OPTIONS request and the answers to it, as text (RFC 3261, 7 and 8). Pure.
 * Reads of an answer what it takes to know whether it is ours, whether it is
 * the last, and where the next one begins.
 */
#ifndef LD_CHECK_SIP_MESSAGE_H
#define LD_CHECK_SIP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/addr.h"

/* Of a header section, and of a body that is skipped. */
#define LD_SIP_MAX 16384

struct ld_sip_ask {
    const char *login; /* user@host */
    bool tcp;
    struct ha_addr local;
    uint16_t local_port;
    char token[17]; /* random; makes call, tag and branch ours */
};

enum ld_sip {
    LD_SIP_UNFINISHED,
    LD_SIP_NONE,   /* no SIP answer can look like that */
    LD_SIP_OTHER,  /* an answer to somebody else's request */
    LD_SIP_ANSWER, /* status says the rest; 1xx: another one follows */
    LD_SIP_COUNT
};

/* g_free() it. */
char *ld_sip_options(const struct ld_sip_ask *ask);
/* What the bytes begin with. OTHER and ANSWER: size bytes of them, body included, which may
 * not have come yet. */
enum ld_sip ld_sip_read(const uint8_t *bytes, size_t length, const struct ld_sip_ask *ask,
                        unsigned *status, size_t *size);

#endif
