/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An Access-Request and the answers to it, as bytes (RFC 2865; the
 * Message-Authenticator of RFC 3579). Pure. An answer counts only if it is
 * signed with our secret, over our very request.
 */
#ifndef LD_CHECK_RADIUS_MESSAGE_H
#define LD_CHECK_RADIUS_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/addr.h"

#define LD_RADIUS_MAX        4096
#define LD_RADIUS_LOGIN_MAX  253
#define LD_RADIUS_PASSWD_MAX 128
#define LD_RADIUS_DIGEST     16

struct ld_radius_ask {
    const char *login, *passwd, *secret; /* never NULL */
    struct ha_addr nas;                  /* who asks */
    uint8_t id;
    uint8_t authenticator[LD_RADIUS_DIGEST]; /* random */
};

enum ld_radius {
    LD_RADIUS_NOT_OURS, /* an answer to another request, or none at all */
    LD_RADIUS_FORGED,   /* to ours, but not signed with our secret */
    LD_RADIUS_BROKEN,   /* signed, but cannot be read */
    LD_RADIUS_ACCEPT,
    LD_RADIUS_REJECT,
    LD_RADIUS_CHALLENGE,
    LD_RADIUS_COUNT
};

/* The length of the request; 0: login or passwd are longer than RADIUS can say. */
size_t ld_radius_request(const struct ld_radius_ask *ask, uint8_t out[LD_RADIUS_MAX]);
enum ld_radius ld_radius_read(const uint8_t *bytes, size_t length, const struct ld_radius_ask *ask);

#endif
