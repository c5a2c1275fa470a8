/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gives orders, and takes them: a word each. What they mean is ldirectord.c's. */
#include "ldirectord/orders.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "ldirectord/core/wish.h"
#include "ldirectord/who_may.h"

/* Activating writes a whole table. */
#define ORDER_WAIT_MS 60000
#define STATE_WAIT_MS 2000
#define REPORT_TRIES  5
/* One that was killed just now may have its socket for a moment longer. */
#define LISTEN_TRIES    40
#define LISTEN_PAUSE_MS 25

/* ---- taking ---- */

static int set_standby(struct ld_director *director, bool standby, GString *answer)
{
    unsigned refused;
    int error = ld_director_set_standby(director, standby, &refused);

    if (error != 0) {
        g_string_append_printf(answer, "the kernel's IPVS table cannot be used: %s\n",
                               g_strerror(-error));
        return 1;
    }
    if (refused > 0)
        g_string_append_printf(answer, "%u changes to the table were refused (see the log)\n",
                               refused);
    return 0;
}

/* Asking is for the readers of the file, orders about servers for its operators, what concerns the whole
 * for root. */
static bool may(const struct ld_director *director, const char *word,
                const struct ha_control_peer *peer, GString *answer)
{
    bool asks = strcmp(word, HA_DIRECTOR_STATUS) == 0 || strcmp(word, HA_DIRECTOR_SHOW) == 0;
    enum ld_will will;
    bool order = ld_will_find(word, &will);
    const char *list = asks ? ld_director_readers(director) : order ? ld_director_operators(director) : NULL;

    if ((asks && !list) || ld_who_may(list, peer))
        return true;
    g_string_append_printf(answer, "%s (you are uid %u, gid %u)\n",
                           asks    ? "the line \"readers\" of the configuration says who may ask; it does "
                                     "not name you"
                           : order ? "only root may do this, and who the line \"operators\" of the "
                                     "configuration names"
                                   : "only root may do this",
                           (unsigned)peer->uid, (unsigned)peer->gid);
    return false;
}

static int obey(void *ctx, const struct ha_control_peer *peer, char *const *words, GString *answer)
{
    struct ld_director *director = *(struct ld_director **)ctx;
    struct ha_director_state state;
    enum ld_will will;

    if (director == NULL) { /* before the first table is written */
        g_string_append(answer, "not started yet\n");
        return 1;
    }
    if (!may(director, words[0], peer, answer))
        return HA_DIRECTOR_NOT_YOU;
    if (strcmp(words[0], HA_DIRECTOR_STATUS) == 0) {
        ld_director_state(director, &state);
        ha_director_state_print(&state, answer);
        return 0;
    }
    if (strcmp(words[0], HA_DIRECTOR_SHOW) == 0)
        return ld_director_show(director, words + 1, answer);
    if (ld_will_find(words[0], &will))
        return ld_director_order(director, peer, words, answer);
    if (strcmp(words[0], HA_DIRECTOR_GET_READY) == 0) {
        ld_director_get_ready(director);
        return 0;
    }
    if (strcmp(words[0], HA_DIRECTOR_HAND_OVER) == 0) {
        ld_director_hand_over(director);
        return 0;
    }
    if (strcmp(words[0], HA_DIRECTOR_TAKE_IN) == 0) {
        ld_director_take_in(director);
        return 0;
    }
    if (strcmp(words[0], HA_DIRECTOR_ACTIVATE) == 0)
        return set_standby(director, false, answer);
    if (strcmp(words[0], HA_DIRECTOR_STANDBY) == 0)
        return set_standby(director, true, answer);
    g_string_append(answer, "this ldirectord does not know the order\n");
    return 1;
}

int ld_orders_listen(struct ha_control **out, struct ha_loop *loop, const char *instance,
                     struct ld_director **director)
{
    char name[HA_DIRECTOR_SOCKET_MAX];
    int error;

    ha_director_socket(instance, name);
    for (int i = 0; i < LISTEN_TRIES; i++) {
        error = ha_control_start(out, loop, name, obey, director);
        if (error != -EADDRINUSE)
            break;
        poll(NULL, 0, LISTEN_PAUSE_MS);
    }
    return error;
}

/* ---- giving ---- */

static int ask_words(const char *instance, char *const *words, int wait_ms, GString *answer)
{
    char name[HA_DIRECTOR_SOCKET_MAX];
    int status = 0, error;

    ha_director_socket(instance, name);
    error = ha_control_ask(name, words, wait_ms, &status, answer);
    return error != 0 ? error : status;
}

static int ask(const char *instance, const char *word, int wait_ms, GString *answer)
{
    char *words[] = {(char *)word, NULL};

    return ask_words(instance, words, wait_ms, answer);
}

int ld_orders_give(const char *instance, const char *word, GString *answer)
{
    return ask(instance, word, ORDER_WAIT_MS, answer);
}

int ld_orders_state(const char *instance, struct ha_director_state *out)
{
    GString *answer = g_string_new(NULL);
    int error = ask(instance, HA_DIRECTOR_STATUS, STATE_WAIT_MS, answer);

    *out = (struct ha_director_state){0};
    if (error == 0 && !ha_director_state_read(answer->str, out))
        error = -EPROTO;
    g_string_free(answer, TRUE);
    return error;
}

int ld_orders_say(const char *instance, char *const *words, GString *answer)
{
    return ask_words(instance, words, ORDER_WAIT_MS, answer);
}

/* ---- the report ---- */

/* "NUMBER LENGTH\n", and what follows it. */
static bool take_piece(const char *piece, guint64 *number, guint64 *length, GString *out)
{
    char *end;

    *number = g_ascii_strtoull(piece, &end, 10);
    if (*end != ' ')
        return false;
    *length = g_ascii_strtoull(end + 1, &end, 10);
    if (*end != '\n')
        return false;
    g_string_append(out, end + 1);
    return true;
}

static int fetch(const char *instance, const char *form, GString *out)
{
    char number_text[24], offset_text[24];
    char *words[] = {HA_DIRECTOR_SHOW, (char *)form, NULL, NULL, NULL};
    GString *piece = g_string_new(NULL);
    guint64 number, length = 0;
    int status;

    do {
        gsize before = out->len;

        g_string_truncate(piece, 0);
        status = ask_words(instance, words, ORDER_WAIT_MS, piece);
        if (status == HA_DIRECTOR_NOT_YOU)
            g_string_append(out, piece->str);
        if (status == 0 && (!take_piece(piece->str, &number, &length, out) ||
                            (out->len == before && before < length)))
            status = -EPROTO;
        if (status != 0)
            break;
        g_snprintf(number_text, sizeof(number_text), "%" G_GUINT64_FORMAT, number);
        g_snprintf(offset_text, sizeof(offset_text), "%" G_GSIZE_FORMAT, out->len);
        words[2] = number_text;
        words[3] = offset_text;
    } while (out->len < length);
    g_string_free(piece, TRUE);
    return status;
}

int ld_orders_report(const char *instance, const char *form, GString *out)
{
    int status = -EAGAIN;

    for (int i = 0; i < REPORT_TRIES; i++) {
        g_string_truncate(out, 0);
        status = fetch(instance, form, out);
        if (status != 1) /* somebody else asked meanwhile */
            break;
    }
    return status == 1 ? -EAGAIN : status;
}
