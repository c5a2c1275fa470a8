/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether two services, or servers, of two configurations say the same, wherever
 * they stand in the file. Of a service the texts are compared one by one and all
 * numbers as bytes, so that a text that is not in this list, being at two
 * addresses, makes two services unlike: who forgets one costs time at a reload,
 * and no change.
 */
#include <string.h>

#include "ldirectord/core/config.h"

static const size_t service_texts[] = {
    offsetof(struct ld_service, scheduler),    offsetof(struct ld_service, schedflags),
    offsetof(struct ld_service, checkcommand), offsetof(struct ld_service, virtualhost),
    offsetof(struct ld_service, login),        offsetof(struct ld_service, passwd),
    offsetof(struct ld_service, database),     offsetof(struct ld_service, secret),
    offsetof(struct ld_service, fallbackcommand), offsetof(struct ld_service, emailalert),
    offsetof(struct ld_service, smtp),         offsetof(struct ld_service, servicename),
    offsetof(struct ld_service, comment),      offsetof(struct ld_service, monitorfile),
};

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* Two copies, made for this: their texts are compared and taken out of them. */
static bool take_same_texts(struct ld_service *one, struct ld_service *other)
{
    for (size_t i = 0; i < G_N_ELEMENTS(service_texts); i++) {
        char **a = (char **)(void *)((char *)one + service_texts[i]);
        char **b = (char **)(void *)((char *)other + service_texts[i]);

        if (!same_text(*a, *b))
            return false;
        *a = *b = NULL;
    }
    return true;
}

bool ld_fallback_equal(const struct ld_fallback *a, const struct ld_fallback *b)
{
    return a->set == b->set && ha_addr_equal(&a->addr, &b->addr) && a->port == b->port &&
           a->method == b->method;
}

static bool same_quorum(const struct ld_quorum *a, const struct ld_quorum *b)
{
    return a->by_weight == b->by_weight && a->quorum == b->quorum && a->hysteresis == b->hysteresis;
}

/* What has bytes between its members that nobody has written is compared by itself and taken out, too. */
static bool take_same_parts(struct ld_service *a, struct ld_service *b)
{
    if (!ld_service_id_equal(&a->id, &b->id) || !ld_fallback_equal(&a->fallback, &b->fallback) ||
        !same_quorum(&a->quorum, &b->quorum) || !ld_terms_equal(&a->terms, &b->terms))
        return false;
    memset(&a->id, 0, sizeof(a->id));
    memset(&b->id, 0, sizeof(b->id));
    memset(&a->fallback, 0, sizeof(a->fallback));
    memset(&b->fallback, 0, sizeof(b->fallback));
    memset(&a->quorum, 0, sizeof(a->quorum));
    memset(&b->quorum, 0, sizeof(b->quorum));
    memset(&a->terms, 0, sizeof(a->terms));
    memset(&b->terms, 0, sizeof(b->terms));
    return true;
}

static bool same_real(const struct ld_real *a, const struct ld_real *b)
{
    return ha_addr_equal(&a->addr, &b->addr) && a->port == b->port && a->method == b->method &&
           a->weight == b->weight && a->lower == b->lower && a->upper == b->upper &&
           same_text(a->request, b->request) && same_text(a->receive, b->receive);
}

static bool same_reals(const GPtrArray *one, const GPtrArray *other)
{
    if (one->len != other->len)
        return false;
    for (guint i = 0; i < one->len; i++)
        if (!same_real(one->pdata[i], other->pdata[i]))
            return false;
    return true;
}

bool ld_service_alike(const struct ld_service *one, const struct ld_service *other)
{
    struct ld_service a, b;

    if (one == other)
        return true;
    memcpy(&a, one, sizeof(a)); /* with what is between the members, unlike an assignment */
    memcpy(&b, other, sizeof(b));
    a.line = b.line = a.last_line = b.last_line = a.app_line = b.app_line = a.app_column = b.app_column = 0;
    a.monitorfile_line = b.monitorfile_line = 0;
    a.reals = b.reals = NULL;
    a.holders = b.holders;
    return take_same_texts(&a, &b) && take_same_parts(&a, &b) && memcmp(&a, &b, sizeof(a)) == 0 &&
           same_reals(one->reals, other->reals);
}
