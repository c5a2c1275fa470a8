/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the daemon holds, written down where it outlives the daemon: a file in
 * /run that daemon and guardian (guardian.c) have mapped. A slot per native
 * address, a line per group, and the time of the last beat. Each slot is valid
 * or not by one store, so a daemon may die between any two of them. A slot is
 * valid before its address is set and until after it is removed.
 *
 * Who takes the addresses off has to win `state` first (doc/states.md,
 * "Guardian"). No allocation, no glib: the guardian is to be small.
 */
#ifndef HB_ACT_GUARD_TABLE_H
#define HB_ACT_GUARD_TABLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HB_GUARD_MAGIC  UINT64_C(0x4865617274683031) /* "Hearth01" */
#define HB_GUARD_SLOTS  2048
#define HB_GUARD_GROUPS 4096
#define HB_GUARD_KEY    52
#define HB_GUARD_LABEL  16

/* What a guardian is started with; its descriptors HB_GUARD_FD() of each. */
enum hb_guard_fd {
    HB_GUARD_TABLE, /* the table's file */
    HB_GUARD_PIDFD, /* of the daemon */
    HB_GUARD_TIMER, /* hb_guard_timer() */
    HB_GUARD_FDS
};
#define HB_GUARD_FD(which) (3 + (which))

enum hb_guard_state {
    HB_GUARD_WATCHING = 1, /* what the slots say is set */
    HB_GUARD_RELEASING,    /* somebody is taking it off */
    HB_GUARD_RELEASED,     /* it is off */
    HB_GUARD_ADOPTED,      /* a new daemon has its own table: this one is of no concern any more */
};

enum hb_guard_kind {
    HB_GUARD_FREE,
    HB_GUARD_REMOVE, /* take it off */
    HB_GUARD_RETURN, /* and put it back there: it was taken from a real server's place */
};

struct hb_guard_slot {
    _Atomic uint32_t kind;
    int32_t index; /* of its interface */
    uint16_t family;
    uint8_t bits, scope;
    uint8_t addr[16];
    char label[HB_GUARD_LABEL];
};

struct hb_guard_group {
    uint64_t hash; /* of its line */
    _Atomic uint32_t claimed;
    char key[HB_GUARD_KEY]; /* the beginning of it, for the log */
};

/* Times are of CLOCK_BOOTTIME: a machine that was suspended has been away, too. */
struct hb_guard_table {
    uint64_t magic;
    _Atomic uint32_t state;
    _Atomic uint32_t used;      /* slots at and after that are free */
    _Atomic uint64_t beat_ns;   /* last beat sent */
    _Atomic uint64_t stall_ns;  /* so long without a beat: off */
    _Atomic uint64_t death_ns;  /* the same when the daemon is dead */
    _Atomic uint64_t released_ns;
    _Atomic uint32_t released;  /* addresses, the last time */
    uint32_t groups;
    struct hb_guard_slot slots[HB_GUARD_SLOTS];
    struct hb_guard_group group[HB_GUARD_GROUPS];
};

uint64_t hb_guard_now_ns(void);

/* The guardian sleeps until this is due. Who beats puts it off, so that nobody is woken while all is well: the
 * guardian's own setting of it is never later than that of a beat. A descriptor or negative errno. */
int hb_guard_timer(void);
void hb_guard_set_timer(int timer, uint64_t at_ns);

/* A new file for a table, of no bytes yet; one that stood at path before goes. A descriptor or negative
 * errno. */
int hb_guard_file(const char *path);

/* There is one slot per kind and address; putting it again replaces it. False: no room. */
bool hb_guard_put(struct hb_guard_table *table, enum hb_guard_kind kind,
                  const struct hb_guard_slot *slot);
/* Both kinds. */
void hb_guard_drop(struct hb_guard_table *table, uint16_t family, const uint8_t addr[16]);
bool hb_guard_empty(const struct hb_guard_table *table);

/* Has the last beat been so long ago that we may be counted dead? */
bool hb_guard_overdue(const struct hb_guard_table *table, bool dead, uint64_t now_ns);
/* WATCHING or, when force, RELEASING as well, to RELEASING: whoever gets true has to release. */
bool hb_guard_win(struct hb_guard_table *table, bool force);
/* Takes everything off over the rtnetlink socket fd, and goes from RELEASING to RELEASED; any other
 * state stays. The slots stay as they are. Returns the number of addresses. */
unsigned hb_guard_release(struct hb_guard_table *table, int fd);
/* A socket for that. Negative errno. */
int hb_guard_socket(void);

#endif
