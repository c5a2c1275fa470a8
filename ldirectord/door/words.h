/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The language at the door: kinds of frames (common/confine/frame.h), and how
 * what they are about lies in them. Two sockets: on one a question is asked and
 * its answer waited for, on the other programs are ordered and their ends told.
 *
 * Reading gives up at the first thing that makes no sense; what it has read by
 * then is freed.
 */
#ifndef LD_DOOR_WORDS_H
#define LD_DOOR_WORDS_H

#include "common/confine/pack.h"
#include "common/run/child.h"
#include "ldirectord/core/table.h"

enum ld_word {
    LD_WORD_IPVS = 1, /* open the kernel's table; answer: text, why not */
    LD_WORD_READ,     /* portion; answers: records of a table, the last with status 0, others LD_MORE */
    LD_WORD_APPLY,    /* operations; answer: an int32 each */
    LD_WORD_SYNC,     /* connection synchronisation */
    LD_WORD_SWITCH,   /* u8 on, text name */
    LD_WORD_OPEN,     /* u8 enum ld_file, text path; answer: a descriptor */
    LD_WORD_WATCH,    /* u8 enum ld_folder; answer: a descriptor */
    LD_WORD_SOCKET,   /* u8 enum ld_socket, u8 6 or 4, u16 port; answer: a descriptor */
    LD_WORD_NEIGHBOUR, /* address of a host */
    LD_WORD_TAP,      /* connections that begin are kept from now on */
    LD_WORD_TAPPED,   /* and no more; answers: struct ld_opening_record, the last with status 0, others LD_MORE */
    LD_WORD_KEEP,     /* a bulk: the orders to be kept; without: they are forgotten */
    LD_WORD_PREPARE,  /* u32 looks, text digest, a bulk of names; answer: diagnostics */
    LD_WORD_COMMIT,   /* what was prepared is in force */
    LD_WORD_PID_GONE, /* remove the pid file */
    LD_WORD_BYE,      /* the end that follows is meant */

    LD_WORD_RUN = 100, /* a program, its input as a bulk; number: the caller's */
    LD_WORD_ABANDON,   /* the same number */
    LD_WORD_ENDED,     /* the same number; its output as a bulk, if it is long */
};
/* Status of an answer that is not the last. */
#define LD_MORE 1

/* Operations in one frame at most; the netlink side takes as many at a time. */
#define LD_OPS_MAX 128
/* Services asked for in one frame at most. */
#define LD_IDS_MAX 1024
/* An argument list has so many words at most, and a program's input and output so many bytes. */
#define LD_WORDS_MAX  128
#define LD_INPUT_MAX  ((size_t)1 << 20)
#define LD_OUTPUT_MAX ((size_t)1 << 17)

void ld_put_id(GByteArray *out, const struct ld_service_id *id);
bool ld_get_id(struct ha_unpack *in, struct ld_service_id *out);

/* ---- operations ---- */
void ld_put_op(GByteArray *out, const struct ld_op *op);
/* A list of them; what they point at belongs to it. */
struct ld_op_list {
    GArray *ops;   /* of struct ld_op */
    GPtrArray *vs; /* of struct ld_vs *, one each, with the destination in its array */
};
/* All of the frame, at most LD_OPS_MAX; false: it makes no sense, and there is no list. */
bool ld_get_ops(struct ha_unpack in, struct ld_op_list *out);
void ld_op_list_clear(struct ld_op_list *list);

/* ---- tables ---- */
/* Appends what follows *next (service, destination) as far as it fits into a frame, and moves it. True:
 * that was all. */
struct ld_table_place {
    guint service, dest;
    bool begun; /* the service's own record is there already */
};
bool ld_put_table(GByteArray *out, const struct ld_table *table, struct ld_table_place *next);
/* Adds the records to table; *last is the service that destinations at the beginning belong to. */
bool ld_get_table(struct ha_unpack in, struct ld_table *table, struct ld_vs **last);

void ld_put_sync(GByteArray *out, const struct ld_sync *sync);
bool ld_get_sync(struct ha_unpack *in, struct ld_sync *out);

/* ---- programs ---- */
/* False: too many words, or too long. Input travels apart. */
bool ld_put_spec(GByteArray *out, const struct ha_child_spec *spec);
/* The texts are those of the frame; argv is spec's own, LD_WORDS_MAX + 1. */
bool ld_get_spec(struct ha_unpack in, struct ha_child_spec *out, char **argv);

#endif
