/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two messages of grpc.health.v1.Health/Check, with their five bytes in front. No I/O. */
#ifndef LD_CHECK_GRPC_MESSAGE_H
#define LD_CHECK_GRPC_MESSAGE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum ld_grpc_health { /* as on the wire */
    LD_GRPC_UNKNOWN,
    LD_GRPC_SERVING,
    LD_GRPC_NOT_SERVING,
    LD_GRPC_SERVICE_UNKNOWN,
};

/* The question for a service; "": for the server as a whole. */
GByteArray *ld_grpc_question(const char *service);
/* False: the bytes are no whole, plain answer. */
bool ld_grpc_answer(const uint8_t *bytes, size_t length, uint64_t *health);

#endif
