/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether two services, or servers, of two configurations say the same, wherever
 * they stand in the file. The texts are compared one by one and all else as
 * bytes, so that a text that is not in these lists, being at two addresses, makes
 * two services unlike: who forgets one costs time at a reload, and no change.
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

static const size_t real_texts[] = {
    offsetof(struct ld_real, request),
    offsetof(struct ld_real, receive),
};

/* Two copies, made for this: their texts are compared and taken out of them. */
static bool take_same_texts(void *one, void *other, const size_t *offsets, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char **a = (char **)(void *)((char *)one + offsets[i]);
        char **b = (char **)(void *)((char *)other + offsets[i]);

        if (*a != *b && (!*a || !*b || strcmp(*a, *b) != 0))
            return false;
        *a = *b = NULL;
    }
    return true;
}

static bool same_real(const struct ld_real *one, const struct ld_real *other)
{
    struct ld_real a, b;

    memcpy(&a, one, sizeof(a)); /* with what is between the members, unlike an assignment */
    memcpy(&b, other, sizeof(b));
    a.line = b.line = a.column = b.column = 0;
    return take_same_texts(&a, &b, real_texts, G_N_ELEMENTS(real_texts)) &&
           memcmp(&a, &b, sizeof(a)) == 0;
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

    memcpy(&a, one, sizeof(a));
    memcpy(&b, other, sizeof(b));
    a.line = b.line = a.app_line = b.app_line = a.app_column = b.app_column = 0;
    a.monitorfile_line = b.monitorfile_line = 0;
    a.reals = b.reals = NULL;
    memset(&a.terms, 0, sizeof(a.terms));
    memset(&b.terms, 0, sizeof(b.terms));
    return take_same_texts(&a, &b, service_texts, G_N_ELEMENTS(service_texts)) &&
           memcmp(&a, &b, sizeof(a)) == 0 && ld_terms_equal(&one->terms, &other->terms) &&
           same_reals(one->reals, other->reals);
}
