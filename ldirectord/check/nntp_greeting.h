/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first line a news server says (RFC 3977, 5.1): three digits, and words for a reader. */
#ifndef LD_CHECK_NNTP_GREETING_H
#define LD_CHECK_NNTP_GREETING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A line has at most so many bytes, its end included. */
#define LD_NNTP_LINE_MAX 512

enum ld_nntp { LD_NNTP_UNFINISHED, LD_NNTP_NONE, LD_NNTP_GREETING, LD_NNTP_COUNT };

/* What the bytes begin with: a greeting with its status, nothing of the kind, or not all of it. */
enum ld_nntp ld_nntp_greeting(const uint8_t *bytes, size_t length, unsigned *status);

#endif
