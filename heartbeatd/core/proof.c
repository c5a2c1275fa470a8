/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proof of life (proof.h). Two text fields, passed over by 3.0.6:
 *
 *   hlife   nonce:age[:count]                  of the sender
 *   hecho   nonce mark number "," …            of each life it hears; the mark
 *           is ":" for the one it believes and "?" for one it does not
 *
 * all numbers hexadecimal, the age in milliseconds.
 */
#include <inttypes.h>
#include <string.h>
#include <syslog.h>

#include "common/base/time.h"
#include "heartbeatd/core/state.h"

/* ---- reading ---- */

/* Hexadecimal digits from the front of *text. */
static bool take_hex(const char **text, uint64_t *out)
{
    const char *at = *text;
    uint64_t value = 0;
    ptrdiff_t digits;

    for (unsigned digit; (digit = hb_hex_digit(*at)) < 16; at++)
        value = value << 4 | digit;
    digits = at - *text;
    *text = at;
    *out = value;
    return digits > 0 && digits <= 16;
}

static bool take(const char **text, char byte)
{
    if (**text != byte)
        return false;
    (*text)++;
    return true;
}

static void read_echo(const struct hb_core *core, const char *text, struct hb_proof_words *words)
{
    uint64_t nonce, number;

    while (text != NULL && *text != '\0') {
        bool known;

        if (!take_hex(&text, &nonce))
            return;
        known = *text == ':';
        if ((!known && *text != '?') || (text++, !take_hex(&text, &number)) || !take(&text, ','))
            return;
        if (nonce == core->nonce && number <= core->number) {
            words->echo = number;
            words->known = known;
        }
    }
}

bool hb_proof_read(const struct hb_core *core, const struct hb_msg *msg,
                   struct hb_proof_words *words)
{
    const char *life = hb_msg_text(msg, "hlife");
    uint64_t age_ms;

    *words = (struct hb_proof_words){0};
    if (life == NULL)
        return true;
    if (!take_hex(&life, &words->nonce) || words->nonce == 0 || !take(&life, ':') ||
        !take_hex(&life, &age_ms) || age_ms > INT64_MAX / (2 * HA_NS_PER_MS) ||
        (take(&life, ':') && !take_hex(&life, &words->count)) || *life != '\0')
        return false;
    words->age_ns = ha_ms_to_ns(age_ms);
    read_echo(core, hb_msg_text(msg, "hecho"), words);
    return true;
}

/* ---- judging ---- */

/* What is older than a dead time tells nothing about life. */
static uint64_t limit_ns(const struct hb_core *core, const struct hb_node *node)
{
    return node->dead_ns > 0 ? node->dead_ns : ha_ms_to_ns(core->config->deadtime_ms);
}

/* It answers a message that we sent a moment ago: it is no older than *most_ns. */
static bool fresh(const struct hb_core *core, const struct hb_node *node,
                  const struct hb_proof_words *words, uint64_t *most_ns)
{
    uint64_t sent_ns;

    if (words->echo == 0 || !hb_history_sent(&core->history, words->echo, &sent_ns))
        return false;
    *most_ns = hb_mono(core) - sent_ns;
    return *most_ns <= limit_ns(core, node);
}

static int64_t offset_ns(const struct hb_core *core, const struct hb_proof_words *words)
{
    return (int64_t)hb_mono(core) - (int64_t)words->age_ns;
}

/* By the clock of its life, where it does not answer: it may not hear us. */
static bool in_time(const struct hb_core *core, const struct hb_node *node,
                    const struct hb_proof_words *words)
{
    return offset_ns(core, words) - node->proof.offset_ns <= (int64_t)limit_ns(core, node);
}

bool hb_proof_in_time(const struct hb_core *core, const struct hb_node *node,
                      const struct hb_proof_words *words)
{
    uint64_t most_ns;

    return words->nonce == 0 || fresh(core, node, words, &most_ns) || in_time(core, node, words);
}

enum hb_standing hb_proof_judge(const struct hb_core *core, const struct hb_node *node,
                                const struct hb_proof_words *words, uint64_t number)
{
    const struct hb_proof *proof = &node->proof;
    uint64_t most_ns;

    if (words->nonce == 0)
        return HB_STANDING_BARE;
    if (!proof->proven || words->nonce != proof->nonce)
        return fresh(core, node, words, &most_ns) && words->echo > proof->echoed ? HB_STANDING_NEWBORN
                                                                       : HB_STANDING_STRANGER;
    /* What is sent again was made long ago; sequence numbers see to it. */
    if (number > 0 && number <= node->seq.last)
        return HB_STANDING_KNOWN;
    return hb_proof_in_time(core, node, words) ? HB_STANDING_KNOWN : HB_STANDING_OLD;
}

/* ---- remembering ---- */

void hb_proof_believed(struct hb_core *core, struct hb_node *node,
                       const struct hb_proof_words *words, uint64_t number)
{
    struct hb_proof *proof = &node->proof;
    int64_t offset = offset_ns(core, words); /* if it took no time at all to come */
    uint64_t most_ns;

    proof->heard = MAX(proof->heard, number);
    proof->echoed = MAX(proof->echoed, words->echo);
    proof->unnumbered = MAX(proof->unnumbered, words->count);
    if (!fresh(core, node, words, &most_ns))
        return;
    /* It took between nothing and all of that time to come. From below, so that the clock of its
     * life never makes a message younger than it is. */
    proof->offset_ns = MIN(proof->offset_ns, offset);
    proof->offset_ns = MAX(proof->offset_ns, offset - (int64_t)most_ns);
}

void hb_proof_begin(struct hb_core *core, struct hb_node *node,
                    const struct hb_proof_words *words, uint64_t generation)
{
    struct hb_proof *proof = &node->proof;
    uint64_t floor = generation + (words->nonce != 0);

    if (floor <= proof->floor && generation < node->generation)
        hb_say(core, LOG_WARNING, "node %s has lost its generation: %" PRIu64 " after %" PRIu64
               " (it answers, so it is no replay)", node->name, generation, node->generation);
    proof->proven = words->nonce != 0;
    proof->nonce = words->nonce;
    proof->heard = proof->unnumbered = 0;
    proof->echoed = core->number; /* no other life is proven by what was made before now */
    proof->doubted = false;
    proof->offset_ns = INT64_MIN / 2; /* the first answer says more */
    for (unsigned i = 0; i < HB_CALLERS_MAX; i++) {
        if (proof->callers[i].nonce == words->nonce)
            proof->callers[i].nonce = 0;
    }
    if (floor > proof->floor) {
        proof->floor = floor;
        hb_actions_add(core->out, HB_ACT_REMEMBER);
    }
}

static void doubt(struct hb_core *core, struct hb_node *node, const struct hb_caller *caller)
{
    if (node->proof.doubted ||
        hb_mono(core) - caller->first_ns <= ha_ms_to_ns(core->config->deadtime_ms))
        return;
    node->proof.doubted = true;
    hb_say(core, LOG_WARNING, "node %s is heard, but nothing shows that it hears this node: not "
           "believed. The way to it is cut, or somebody plays its messages again.", node->name);
}

void hb_proof_call(struct hb_core *core, struct hb_node *node, const struct hb_proof_words *words,
                   uint64_t number)
{
    struct hb_proof *proof = &node->proof;
    struct hb_caller *caller = NULL;
    uint64_t quiet_ns = ha_ms_to_ns(core->config->deadtime_ms);

    if (number == 0)
        return;
    hb_word_hurry(core);
    if (proof->proven && words->nonce == proof->nonce) {
        proof->heard = MAX(proof->heard, number);
        return;
    }
    for (unsigned i = 0; i < HB_CALLERS_MAX && caller == NULL; i++) {
        if (proof->callers[i].nonce == words->nonce)
            caller = &proof->callers[i];
    }
    for (unsigned i = 0; i < HB_CALLERS_MAX && caller == NULL; i++) {
        if (proof->callers[i].nonce == 0 ||
            ha_after_ns(proof->callers[i].last_ns, quiet_ns) <= hb_mono(core))
            caller = &proof->callers[i];
    }
    if (caller == NULL) /* by chance, so that nobody who plays many lives can keep one out */
        caller = &proof->callers[ha_rand_below(&core->rand, HB_CALLERS_MAX)];
    if (caller->nonce != words->nonce)
        *caller = (struct hb_caller){.nonce = words->nonce, .first_ns = hb_mono(core)};
    caller->number = MAX(caller->number, number);
    caller->last_ns = hb_mono(core);
    doubt(core, node, caller);
}

/* ---- writing ---- */

#define ECHO_MAX 35 /* two numbers, a mark and a comma */

static char *put_echo(char *at, uint64_t nonce, char mark, uint64_t number)
{
    at += hb_hex_write(at, nonce);
    *at++ = mark;
    at += hb_hex_write(at, number);
    *at++ = ',';
    return at;
}

static void add_echo(const struct hb_core *core, struct hb_msg *msg)
{
    char text[1024], *at = text;
    uint64_t quiet_ns = ha_ms_to_ns(core->config->deadtime_ms);

    for (size_t i = 0; i < core->node_count; i++) {
        const struct hb_proof *proof = &core->nodes[i].proof;

        if (at - text > (ptrdiff_t)(sizeof text - (HB_CALLERS_MAX + 1) * ECHO_MAX - 1))
            break;
        if (proof->proven)
            at = put_echo(at, proof->nonce, ':', MAX(proof->heard, core->nodes[i].seq.last));
        for (unsigned j = 0; j < HB_CALLERS_MAX; j++) {
            const struct hb_caller *caller = &proof->callers[j];

            if (caller->nonce != 0 && ha_after_ns(caller->last_ns, quiet_ns) > hb_mono(core))
                at = put_echo(at, caller->nonce, '?', caller->number);
        }
    }
    *at = '\0';
    if (at > text)
        hb_msg_add(msg, HB_FIELD_TEXT, "hecho", text, (size_t)(at - text));
}

void hb_proof_add(const struct hb_core *core, struct hb_msg *msg, uint64_t count)
{
    char text[64], *at = text;

    at += hb_hex_write(at, core->nonce);
    *at++ = ':';
    at += hb_hex_write(at, (hb_mono(core) - core->started_ns) / HA_NS_PER_MS);
    if (count > 0) {
        *at++ = ':';
        at += hb_hex_write(at, count);
    }
    hb_msg_add(msg, HB_FIELD_TEXT, "hlife", text, (size_t)(at - text));
    add_echo(core, msg);
}
