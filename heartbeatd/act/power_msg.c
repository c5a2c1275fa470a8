/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages for the helper. Numbers are as the machine has them: both ends are
 * of one build and on one machine, and what matters is their range.
 */
#include "heartbeatd/act/power_msg.h"

#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "common/run/child.h"

/* What of a start is set. */
enum { WITH_CWD = 1, WITH_INPUT = 2, MERGED = 4 };

int hb_power_flags(enum hb_power_file kind)
{
    static const int flags[HB_POWER_FILE_END] = {
        [HB_POWER_CONF] = O_RDONLY,
        [HB_POWER_LOG] = O_WRONLY | O_APPEND | O_CREAT,
        [HB_POWER_WATCHDOG] = O_WRONLY,
        [HB_POWER_SERIAL] = O_RDWR,
    };

    return flags[kind] | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
}

/* ---- writing ---- */

void hb_power_begin_message(GByteArray *out, enum hb_power_act act, uint32_t number)
{
    const struct hb_power_head head = {.magic = HB_POWER_MAGIC, .act = act, .number = number};

    g_byte_array_set_size(out, 0);
    hb_power_put(out, &head, sizeof head);
}

void hb_power_put(GByteArray *out, const void *bytes, size_t length)
{
    g_byte_array_append(out, bytes, (guint)length);
}

void hb_power_put_text(GByteArray *out, const char *text)
{
    hb_power_put(out, text, strlen(text) + 1);
}

static void put_number(GByteArray *out, uint32_t number)
{
    hb_power_put(out, &number, sizeof number);
}

static void put_words(GByteArray *out, char *const *words)
{
    guint count = words != NULL ? g_strv_length((char **)words) : 0;

    put_number(out, count);
    for (guint i = 0; i < count; i++)
        hb_power_put_text(out, words[i]);
}

void hb_power_put_start(GByteArray *out, const struct ha_child_spec *spec)
{
    put_number(out, (spec->cwd != NULL ? WITH_CWD : 0) | (spec->input != NULL ? WITH_INPUT : 0) |
                        (spec->merge_stderr ? MERGED : 0));
    hb_power_put_text(out, spec->path);
    hb_power_put_text(out, spec->cwd != NULL ? spec->cwd : "");
    hb_power_put_text(out, spec->input != NULL ? spec->input : "");
    put_words(out, spec->argv);
    put_words(out, spec->envp);
}

bool hb_power_finish(GByteArray *out)
{
    struct hb_power_head *head = (struct hb_power_head *)(void *)out->data;

    head->length = out->len - (guint)sizeof *head;
    return out->len <= HB_POWER_BYTES_MAX;
}

/* ---- reading ---- */

bool hb_power_read_head(const void *bytes, size_t length, struct hb_power_head *head,
                        struct hb_power_body *body)
{
    if (length < sizeof *head || length > HB_POWER_BYTES_MAX)
        return false;
    memcpy(head, bytes, sizeof *head);
    *body = (struct hb_power_body){(const uint8_t *)bytes + sizeof *head, length - sizeof *head};
    return head->magic == HB_POWER_MAGIC && head->length == body->left && head->act > 0 &&
           head->act < HB_POWER_ACT_END;
}

bool hb_power_take(struct hb_power_body *body, void *out, size_t length)
{
    if (body->left < length)
        return false;
    memcpy(out, body->at, length);
    body->at += length;
    body->left -= length;
    return true;
}

bool hb_power_take_text(struct hb_power_body *body, const char **out)
{
    const uint8_t *end = body->left > 0 ? memchr(body->at, '\0', body->left) : NULL;

    if (end == NULL)
        return false;
    *out = (const char *)body->at;
    body->left -= (size_t)(end + 1 - body->at);
    body->at = end + 1;
    return true;
}

bool hb_power_done(const struct hb_power_body *body)
{
    return body->left == 0;
}

static bool take_words(struct hb_power_body *body, GPtrArray *out)
{
    const char *word;
    uint32_t count;

    if (!hb_power_take(body, &count, sizeof count) || count > HB_POWER_WORDS_MAX)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (!hb_power_take_text(body, &word))
            return false;
        g_ptr_array_add(out, (void *)(uintptr_t)word);
    }
    g_ptr_array_add(out, NULL);
    return true;
}

bool hb_power_read_start(struct hb_power_body *body, struct hb_power_start *out)
{
    uint32_t set = 0;

    *out = (struct hb_power_start){.argv = g_ptr_array_new(), .envp = g_ptr_array_new()};
    if (!hb_power_take(body, &set, sizeof set) || (set & ~(WITH_CWD | WITH_INPUT | MERGED)) != 0 ||
        !hb_power_take_text(body, &out->path) || !hb_power_take_text(body, &out->cwd) ||
        !hb_power_take_text(body, &out->input) || !take_words(body, out->argv) ||
        !take_words(body, out->envp) || !hb_power_done(body))
        return false;
    out->cwd = (set & WITH_CWD) != 0 ? out->cwd : NULL;
    out->input = (set & WITH_INPUT) != 0 ? out->input : NULL;
    out->merge_stderr = (set & MERGED) != 0;
    return out->path[0] == '/' && out->argv->len >= 2;
}

void hb_power_start_clear(struct hb_power_start *start)
{
    g_ptr_array_free(start->argv, TRUE);
    g_ptr_array_free(start->envp, TRUE);
}

static bool is_family(uint16_t family)
{
    return family == AF_INET || family == AF_INET6;
}

/* The texts may be anything with an end: an alias has any name. */
static bool is_address(const struct hb_kernel_address *address)
{
    return address->index > 0 && is_family(address->addr.family) &&
           address->bits <= ha_addr_bits(&address->addr) &&
           (address->broadcast.family == AF_UNSPEC ||
            address->broadcast.family == address->addr.family) &&
           memchr(address->label, '\0', sizeof address->label) != NULL;
}

static bool take_array(struct hb_power_body *body, void *out, size_t size, size_t *count)
{
    *count = body->left / size;
    return *count > 0 && *count <= HB_POWER_CHANGES_MAX && body->left % size == 0 &&
           hb_power_take(body, out, *count * size);
}

bool hb_power_read_changes(struct hb_power_body *body, struct hb_change out[HB_POWER_CHANGES_MAX],
                           size_t *count)
{
    if (!take_array(body, out, sizeof *out, count))
        return false;
    for (size_t i = 0; i < *count; i++) {
        if ((out[i].kind != HB_CHANGE_ADD && out[i].kind != HB_CHANGE_REMOVE) ||
            !is_address(&out[i].address))
            return false;
    }
    return true;
}

bool hb_power_read_addresses(struct hb_power_body *body,
                             struct hb_kernel_address out[HB_POWER_CHANGES_MAX], size_t *count)
{
    if (!take_array(body, out, sizeof *out, count))
        return false;
    for (size_t i = 0; i < *count; i++) {
        if (!is_address(&out[i]))
            return false;
    }
    return true;
}

/* What the kernel makes for an address leads to no gateway. */
static bool is_direct(const uint8_t *message, size_t length)
{
    const struct rtattr *at = (const struct rtattr *)(const void *)(message + NLMSG_LENGTH(sizeof(struct rtmsg)));
    int left = (int)(length - NLMSG_LENGTH(sizeof(struct rtmsg)));

    for (; RTA_OK(at, left); at = RTA_NEXT(at, left)) {
        switch (at->rta_type & NLA_TYPE_MASK) {
        case RTA_GATEWAY:
        case RTA_VIA:
        case RTA_MULTIPATH:
        case RTA_ENCAP:
        case RTA_NEWDST:
        case RTA_NH_ID:
            return false;
        default:
            break;
        }
    }
    return true;
}

bool hb_power_read_route(struct hb_power_body *body, uint8_t out[HB_POWER_ROUTE_MAX])
{
    size_t length = body->left;
    struct nlmsghdr header;
    struct rtmsg route;

    if (length < NLMSG_LENGTH(sizeof route) || length > HB_POWER_ROUTE_MAX)
        return false;
    hb_power_take(body, out, length);
    memcpy(&header, out, sizeof header);
    memcpy(&route, out + NLMSG_HDRLEN, sizeof route);
    return header.nlmsg_len == length && header.nlmsg_type == RTM_DELROUTE &&
           is_family(route.rtm_family) && route.rtm_protocol == RTPROT_KERNEL &&
           (route.rtm_type == RTN_UNICAST || route.rtm_type == RTN_LOCAL ||
            route.rtm_type == RTN_BROADCAST || route.rtm_type == RTN_ANYCAST ||
            route.rtm_type == RTN_MULTICAST) &&
           is_direct(out, length);
}
