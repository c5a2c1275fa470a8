/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The word: what Hearth nodes tell each other beside Heartbeat's own fields, as
 * `hearth=1` and one text field `hstate` of key=value pairs (doc/states.md,
 * "Word"). A 3.0.6 node ignores both. It says what is the case, not what has
 * changed, so any one that arrives makes up for all that were lost; an older
 * one than what is known is not listened to.
 */
#include <string.h>
#include <syslog.h>

#include "common/base/time.h"
#include "heartbeatd/core/state.h"

/* Extra beats come no closer together than this. */
#define EXTRA_BEAT_MS 50

/* The types that carry it: those that tell of a node, or are steps of the exchange. */
bool hb_word_on(const char *type)
{
    static const char *const types[] = {"status", "resource", "starting", "ask_resources",
                                        "shutdone"};

    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        if (strcmp(types[i], type) == 0)
            return true;
    }
    return false;
}

static uint32_t digest_text(uint32_t digest, const char *text)
{
    for (; *text != '\0'; text++)
        digest = (digest ^ (uint8_t)*text) * UINT32_C(16777619);
    return (digest ^ 0xff) * UINT32_C(16777619);
}

uint32_t hb_word_digest(const struct hb_haresources *resources)
{
    uint32_t digest = UINT32_C(2166136261); /* FNV-1a */

    for (guint i = 0; i < resources->groups->len; i++) {
        const struct hb_group *group = g_ptr_array_index(resources->groups, i);

        digest = digest_text(digest, group->home);
        for (guint j = 0; j < group->resources->len; j++) {
            const struct hb_resource *resource = g_ptr_array_index(group->resources, j);

            digest = digest_text(digest, resource->text);
        }
    }
    return digest;
}

uint8_t hb_word_bits(const struct hb_core *core, size_t group)
{
    const struct hb_owned *owned = &core->groups[group];

    bool wants = owned->run.wanted || owned->withheld || owned->asking;

    return (uint8_t)((hb_group_claimed(&owned->run) || owned->withheld ? HB_G_CLAIMED : 0) |
                     (wants ? HB_G_WANTED : 0) | (owned->took ? HB_G_TOOK : 0) |
                     (owned->failed || owned->run.failing ? HB_G_FAILED : 0));
}

static inline void put(GString *text, const char *bytes, size_t length)
{
    if (text->len + length >= text->allocated_len) {
        g_string_append_len(text, bytes, (gssize)length);
        return;
    }
    memcpy(text->str + text->len, bytes, length);
    text->len += length;
    text->str[text->len] = '\0';
}

static inline void put_text(GString *text, const char *string)
{
    put(text, string, strlen(string));
}

static void put_hex(GString *text, uint64_t value)
{
    char digits[HB_HEX_MAX];
    unsigned count = hb_hex_write(digits, value);

    put(text, digits, count);
}

static bool lacks_link(const struct hb_owned *owned)
{
    return owned->carrier.lacks;
}

/* A digit for each group, if it is 1 for any. */
static void append_bits(const struct hb_core *core, GString *text, const char *key,
                        bool (*holds)(const struct hb_owned *owned))
{
    bool any = false;

    for (size_t i = 0; i < core->group_count; i++)
        any |= holds(&core->groups[i]);
    if (any)
        put_text(text, key);
    for (size_t i = 0; any && i < core->group_count; i++)
        put(text, holds(&core->groups[i]) ? "1" : "0", 1);
}

/* All but "seen", which changes with every message heard. */
static void compose_word(const struct hb_core *core, GString *text)
{
    g_string_truncate(text, 0);
    put_text(text, "rs=");
    put_text(text, hb_stage_name(core->stage));
    put_text(text, core->config->auto_failback != HB_FAILBACK_OFF ? " fb=on" : " fb=off");
    put_text(text, " ho=");
    put_text(text, hb_handover_name(core->standby.phase));
    put_text(text, " rd=");
    put_hex(text, core->digest);
    put_text(text, " cd=");
    put_text(text, core->agreed);
    put_text(text, " rh=");
    put_text(text, hb_hold_name(hb_owner_hold(core)));
    put_text(text, " tr=");
    put_hex(text, core->trust);
    if (core->fence_me)
        put_text(text, " fm=1");
    put_text(text, " g=");
    for (size_t i = 0; i < core->group_count; i++)
        put(text, &"0123456789abcdef"[hb_word_bits(core, i)], 1);
    append_bits(core, text, " nl=", lacks_link);
    append_bits(core, text, " nw=", hb_warm_not_ready);
    hb_claims_append(core, text);
}

/* All that the word is composed of, one behind the other: the same gist, the same word. Whether it
 * has changed is asked at each step, and it seldom has. */
static void take_gist(const struct hb_core *core, GString *gist)
{
    struct {
        uint64_t trust;
        uint32_t digest, group_count;
        uint8_t stage, failback, handover, hold, fence_me;
        char agreed[HB_AGREE_TEXT];
    } fixed;

    memset(&fixed, 0, sizeof fixed); /* the gaps as well */
    fixed.trust = core->trust;
    fixed.digest = core->digest;
    fixed.group_count = (uint32_t)core->group_count;
    fixed.stage = (uint8_t)core->stage;
    fixed.failback = core->config->auto_failback != HB_FAILBACK_OFF;
    fixed.handover = (uint8_t)core->standby.phase;
    fixed.hold = (uint8_t)hb_owner_hold(core);
    fixed.fence_me = core->fence_me;
    memcpy(fixed.agreed, core->agreed, sizeof fixed.agreed);
    gist->len = 0;
    put(gist, (const char *)&fixed, sizeof fixed);
    for (size_t i = 0; i < core->group_count; i++) {
        char bits = (char)(hb_word_bits(core, i) | core->groups[i].carrier.lacks << 4 |
                           hb_warm_not_ready(&core->groups[i]) << 5);

        put(gist, &bits, 1);
    }
    hb_claims_append(core, gist);
}

/* Since the word was composed. */
static bool has_changed(struct hb_core *core)
{
    take_gist(core, core->gist);
    return core->gist->len != core->told->len ||
           memcmp(core->gist->str, core->told->str, core->gist->len) != 0;
}

static void append_seen(struct hb_core *core, GString *text)
{
    put_text(text, " seen=");
    for (size_t i = 0; i < core->node_count; i++) {
        const struct hb_node *node = &core->nodes[i];

        if (node->self || !hb_node_alive(node) || node->generation == 0)
            continue;
        put_text(text, node->name);
        put(text, ":", 1);
        put_hex(text, node->generation);
        put(text, ":", 1);
        put_hex(text, node->seq.last);
        put(text, ",", 1);
    }
}

void hb_word_add(struct hb_core *core, struct hb_msg *msg)
{
    size_t length;

    if (core->trust == HA_NEVER)
        core->trust = core->number;
    if (has_changed(core)) {
        GString *gist = core->gist;

        core->gist = core->told;
        core->told = gist;
        compose_word(core, core->word);
    }
    length = core->word->len;
    append_seen(core, core->word);
    hb_msg_add_text(msg, "hearth", "1");
    hb_msg_add(msg, HB_FIELD_TEXT, "hstate", core->word->str, core->word->len);
    g_string_truncate(core->word, length);
    core->word_ns = HA_NEVER;
}

void hb_word_hurry(struct hb_core *core)
{
    uint64_t earliest_ns = ha_after_ns(core->sent_beat_ns, ha_ms_to_ns(EXTRA_BEAT_MS));

    core->word_ns = MIN(core->word_ns, MAX(earliest_ns, hb_mono(core)));
}

static bool any_hearth(const struct hb_core *core)
{
    for (size_t i = 0; i < core->node_count; i++) {
        const struct hb_node *node = &core->nodes[i];

        if (!node->self && node->hearth && hb_node_alive(node))
            return true;
    }
    return false;
}

void hb_word_settle(struct hb_core *core)
{
    if (core->word_ns == HA_NEVER && any_hearth(core) && has_changed(core))
        hb_word_hurry(core);
    if (core->word_ns <= hb_mono(core))
        hb_member_send_status(core);
}

void hb_word_renew_trust(struct hb_core *core)
{
    core->trust = HA_NEVER; /* until the next message that carries the word */
}

/* The keys of hstate. Unknown ones are for later versions and passed over. */
enum key { RS, FB, HO, RD, CD, RH, TR, FM, G, NL, NW, GR, SEEN, KEYS };
static const char *const keys[KEYS] = {"rs", "fb", "ho", "rd", "cd", "rh",
                                       "tr", "fm", "g",  "nl", "nw", "gr", "seen"};

struct value {
    const char *text;
    size_t length;
};

static void keep_value(struct value values[KEYS], const char *key, size_t key_length,
                       const char *value, size_t length)
{
    for (int i = 0; i < KEYS; i++) {
        if (keys[i][0] == key[0] && strlen(keys[i]) == key_length &&
            memcmp(keys[i], key, key_length) == 0)
            values[i] = (struct value){value, length};
    }
}

static void split(const char *text, struct value values[KEYS])
{
    memset(values, 0, KEYS * sizeof *values);
    while (*text != '\0') {
        const char *equals = text, *end;

        while (*equals != '=' && *equals != ' ' && *equals != '\0')
            equals++;
        for (end = equals; *end != ' ' && *end != '\0';)
            end++;
        if (*equals == '=')
            keep_value(values, text, (size_t)(equals - text), equals + 1,
                       (size_t)(end - equals - 1));
        for (text = end; *text == ' ';)
            text++;
    }
}

static bool value_is(const struct value *value, const char *wanted)
{
    return value->length == strlen(wanted) && memcmp(value->text, wanted, value->length) == 0;
}

/* Hexadecimal digits up to something else; false if there is none or too many. */
static bool hex_at(const char *text, const char **end, uint64_t *out)
{
    uint64_t value = 0;
    unsigned digits = 0;

    for (unsigned digit; (digit = hb_hex_digit(*text)) < 16; text++, digits++)
        value = value << 4 | digit;
    *end = text;
    *out = value;
    return digits > 0 && digits <= 16;
}

static uint64_t hex_of(const struct value *value)
{
    const char *end;
    uint64_t number;

    return value->length > 0 && hex_at(value->text, &end, &number) ? number : 0;
}

/* "name:generation:number," for us, in this life of ours? */
static bool sees_us(const struct hb_core *core, const struct value *value, uint64_t *saw)
{
    const char *name = core->nodes[core->self].name;
    size_t name_length = strlen(name);
    const char *at = value->text, *end;

    if (value->length == 0)
        return false; /* and no text at all */
    end = at + value->length;
    while (at < end) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        uint64_t generation;

        if (comma == NULL)
            return false;
        if ((size_t)(comma - at) > name_length && at[name_length] == ':' &&
            memcmp(at, name, name_length) == 0)
            return hex_at(at + name_length + 1, &at, &generation) && *at == ':' &&
                   generation == core->generation && hex_at(at + 1, &at, saw);
        at = comma + 1;
    }
    return false;
}

/* ---- the newest word of a node, as we understood it: most beats say it once more ---- */

struct hb_said {
    struct value values[KEYS]; /* in text; SEEN may be of another message */
    uint64_t digest, trust;
    enum hb_stage stage;       /* COUNT: none that we know */
    enum hb_handover handover; /* COUNT: none */
    size_t length;             /* of what it begins with up to " seen="; SIZE_MAX: it does not end so */
    char text[];
};

#define SEEN_KEY    " seen="
#define SEEN_LENGTH (sizeof SEEN_KEY - 1)

static bool says_the_same(const struct hb_said *said, const char *text, size_t length)
{
    const char *at = text + said->length;

    return said->length < length && length - said->length >= SEEN_LENGTH &&
           memcmp(text, said->text, said->length) == 0 && memcmp(at, SEEN_KEY, SEEN_LENGTH) == 0 &&
           memchr(at + 1, ' ', length - said->length - 1) == NULL;
}

static void learn_by_heart(struct hb_said *said, const char *text, size_t length)
{
    const struct value *seen = &said->values[SEEN];

    memcpy(said->text, text, length + 1);
    split(said->text, said->values);
    said->digest = hex_of(&said->values[RD]);
    said->trust = hex_of(&said->values[TR]);
    said->stage = HB_STAGE_COUNT;
    said->handover = HB_HANDOVER_COUNT;
    if (said->values[RS].length > 0)
        hb_stage_find(said->values[RS].text, said->values[RS].length, &said->stage);
    if (said->values[HO].length > 0)
        hb_handover_find(said->values[HO].text, said->values[HO].length, &said->handover);
    said->length = SIZE_MAX;
    if (seen->text != NULL && seen->text + seen->length == said->text + length &&
        seen->text >= said->text + SEEN_LENGTH)
        said->length = (size_t)(seen->text - said->text) - SEEN_LENGTH;
}

/* *seen: what it says of what it sees, of this message. */
static const struct hb_said *understand(struct hb_node *node, const struct hb_field *field,
                                        struct value *seen)
{
    const char *text = (const char *)field->value;
    size_t from;

    if (node->said == NULL || !says_the_same(node->said, text, field->length)) {
        node->said = g_realloc(node->said, sizeof *node->said + field->length + 1);
        learn_by_heart(node->said, text, field->length);
        *seen = node->said->values[SEEN];
    } else {
        from = node->said->length + SEEN_LENGTH;
        *seen = (struct value){text + from, field->length - from};
    }
    return node->said;
}

static void read_groups(struct hb_core *core, struct hb_node *node, const struct hb_said *said)
{
    const struct value *values = said->values;
    enum hb_hold hold = HB_HOLD_NONE;
    bool differ = said->digest != core->digest || values[G].length != core->group_count;

    if (differ && !node->view.told_resources)
        hb_say(core, LOG_ERR, "haresources on node %s is not the same as here", node->name);
    else if (!differ && node->view.told_resources)
        hb_say(core, LOG_NOTICE, "haresources on node %s is the same as here again", node->name);
    node->view.told_resources = node->view.other_resources = differ;
    if (!differ) {
        for (size_t i = 0; i < core->group_count; i++) {
            node->view.groups[i] = hb_hex_digit(values[G].text[i]) & 15; /* no digit: nothing */
            if (values[NL].length == core->group_count && values[NL].text[i] == '1')
                node->view.groups[i] |= HB_G_NO_CARRIER;
            if (values[NW].length == core->group_count && values[NW].text[i] == '1')
                node->view.groups[i] |= HB_G_NOT_READY;
        }
    }
    if (hb_claims_read(core, node, values[GR].text, values[GR].length) || !differ)
        return;
    for (int word = 0; word < HB_HOLD_COUNT; word++) {
        if (values[RH].length > 0 && value_is(&values[RH], hb_hold_name((enum hb_hold)word)))
            hold = (enum hb_hold)word;
    }
    hb_owner_claims(core, node, hold);
}

static void read_stage(struct hb_core *core, struct hb_node *node, const struct hb_said *said)
{
    enum hb_stage before = node->view.stage;

    if (said->stage != HB_STAGE_COUNT)
        node->view.stage = said->stage;
    if (said->handover != HB_HANDOVER_COUNT)
        node->view.handover = said->handover;
    if (before != HB_STAGE_STABLE && node->view.stage == HB_STAGE_STABLE)
        hb_say(core, LOG_INFO, "remote resource transition completed.");
}

void hb_word_read(struct hb_core *core, struct hb_node *node, const struct hb_msg *msg,
                  const struct hb_proof_words *proof, uint64_t number)
{
    const struct hb_field *field = hb_msg_find(msg, "hstate");
    struct hb_view *view = &node->view;
    const struct hb_said *said;
    struct value seen;

    node->hearth = field != NULL && field->type == HB_FIELD_TEXT;
    if (!node->hearth || number <= view->number)
        return;
    said = understand(node, field, &seen);
    view->known = true;
    view->number = number;
    view->told_ns = hb_mono(core);
    view->failback = value_is(&said->values[FB], "on");
    view->fence_me = value_is(&said->values[FM], "1");
    read_stage(core, node, said);
    read_groups(core, node, said);
    if (said->values[CD].length > 0)
        hb_agree_read(core, node, said->values[CD].text, said->values[CD].length);
    view->saw = 0;
    view->sees_us = sees_us(core, &seen, &view->saw) && (proof->nonce == 0 || proof->known);
    if (view->sees_us)
        view->blind_ns = HA_NEVER;
    else if (view->blind_ns == HA_NEVER)
        view->blind_ns = hb_mono(core);
    if (!view->sees_us || said->trust != view->trust)
        hb_word_hurry(core);
    view->trust = said->trust;
}

bool hb_core_all_hearth(const struct hb_core *core)
{
    for (size_t i = 0; i < core->node_count; i++) {
        if (!core->nodes[i].self && !core->nodes[i].hearth)
            return false;
    }
    return true;
}
