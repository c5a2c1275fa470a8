/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What there is to know about a running ldirectord, for people and programs:
 * services, servers, the last verdict on each with what it means, how long it
 * took and when, the last transitions, operators' orders. Decides nothing, and
 * words nothing that has a name elsewhere.
 *
 * A report on forty thousand servers is longer than an answer may be: it is
 * made once, kept for a moment and handed out in pieces. There is one at a
 * time; who asks next begins a new one.
 */
#include <string.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "common/show/writer.h"
#include "config.h"
#include "ldirectord/director_inside.h"

#define PIECE_BYTES ((gsize)512 << 10)
/* Who has not fetched the next piece within this has gone. */
#define KEEP_NS (10 * HA_NS_PER_S)

struct ld_report {
    struct ha_loop *loop;
    struct ha_timer end;
    GString *text;
    uint32_t number;
};

/* ---- what is shown ---- */

struct show {
    struct ha_writer *writer;
    const struct ld_service *service; /* the one that is open */
    uint64_t now_ns, wall_us;
};

/* A moment of the monotonic clock, as wall time. */
static void show_moment(struct show *show, const char *key, uint64_t at_ns)
{
    if (at_ns > 0 && at_ns != HA_NEVER)
        ha_show_time(show->writer, key,
                     (show->wall_us - (show->now_ns - MIN(at_ns, show->now_ns)) / HA_NS_PER_US) /
                         G_USEC_PER_SEC);
}

static void show_verdict(struct show *show, enum ld_verdict verdict, const char *detail,
                         uint64_t took_ns)
{
    ha_show_text(show->writer, "verdict", ld_verdict_code(verdict));
    ha_show_text(show->writer, "meaning", ld_verdict_text(verdict));
    ha_show_text(show->writer, "detail", detail);
    if (took_ns > 0)
        ha_show_count(show->writer, "latency_us", took_ns / HA_NS_PER_US);
}

static void show_turns(struct show *show, const struct ld_turns *turns)
{
    const struct ld_turn *turn;

    ha_show_list(show->writer, "transitions");
    for (unsigned i = 0; (turn = ld_turns_at(turns, i)) != NULL; i++) {
        ha_show_object(show->writer, NULL);
        show_moment(show, "at", turn->at_ns);
        ha_show_text(show->writer, "state", turn->up ? "up" : "down");
        show_verdict(show, turn->verdict, turn->detail, turn->took_ns);
        ha_show_end(show->writer);
    }
    ha_show_end(show->writer);
}

static void show_wish(struct show *show, const struct ld_wish *wish)
{
    char *text = ld_wish_text(wish);

    ha_show_text(show->writer, "order", text);
    ha_show_text(show->writer, "by", wish->by);
    ha_show_count(show->writer, "uid", wish->uid);
    ha_show_time(show->writer, "at", wish->at_s);
    g_free(text);
}

static void open_service(struct show *show, const struct ld_real_view *view)
{
    const struct ld_service *service = view->service;
    char *id = ld_service_id_text(&service->id), text[HA_ADDR_TEXT];

    show->service = service;
    ha_show_object(show->writer, NULL);
    ha_show_text(show->writer, "service", id);
    ha_show_text(show->writer, "scheduler", service->scheduler);
    ha_show_count(show->writer, "servers", service->reals->len);
    ha_show_count(show->writer, "up", view->service_up);
    if (service->fallback.set) {
        ha_show_text(show->writer, "fallback",
                     ha_addr_port_text(&service->fallback.addr, service->fallback.port, text));
        ha_show_flag(show->writer, "fallback_in_use", view->fallback);
    }
    ha_show_list(show->writer, "real_servers");
    g_free(id);
}

static void close_service(struct show *show)
{
    if (!show->service)
        return;
    ha_show_end(show->writer);
    ha_show_end(show->writer);
    show->service = NULL;
}

static void show_server(void *ctx, const struct ld_real_view *view)
{
    struct show *show = ctx;
    char text[HA_ADDR_TEXT];

    if (show->service != view->service) {
        close_service(show);
        open_service(show, view);
    }
    ha_show_object(show->writer, NULL);
    ha_show_text(show->writer, "server",
                 ha_addr_port_text(&view->real->addr, view->real->port, text));
    ha_show_text(show->writer, "state", view->up ? "up" : "down");
    show_moment(show, "since", view->since_ns);
    ha_show_count(show->writer, "weight", view->weight);
    ha_show_count(show->writer, "configured_weight", view->real->weight);
    show_verdict(show, view->verdict, view->detail, view->took_ns);
    show_moment(show, "checked", view->answered_ns);
    if (view->failures > 0)
        ha_show_count(show->writer, "failures_in_a_row", view->failures);
    if (view->successes > 0)
        ha_show_count(show->writer, "successes_in_a_row", view->successes);
    if (view->agent_down)
        ha_show_flag(show->writer, "its_agent_says_down", true);
    if (view->advice.given)
        ha_show_count(show->writer, "advised_percent", view->advice.percent);
    if (view->draining)
        ha_show_flag(show->writer, "draining", true);
    if (view->left_at_zero)
        ha_show_flag(show->writer, "set_to_weight_0_by_somebody_else", true);
    if (view->wish) {
        ha_show_object(show->writer, "ordered");
        show_wish(show, view->wish);
        ha_show_end(show->writer);
    }
    show_turns(show, view->turns);
    ha_show_end(show->writer);
}

static void show_wishes(const struct ld_director *director, struct show *show)
{
    const struct ld_wishes *wishes = ld_core_wishes(director->core);

    ha_show_list(show->writer, "orders");
    for (guint i = 0; i < wishes->list->len; i++) {
        const struct ld_wish *wish = wishes->list->pdata[i];

        ha_show_object(show->writer, NULL);
        show_wish(show, wish);
        ha_show_count(show->writer, "servers", ld_core_wish_count(director->core, wish));
        ha_show_end(show->writer);
    }
    ha_show_end(show->writer);
}

static void show_leaver(void *ctx, const struct ld_leaver_view *view)
{
    struct show *show = ctx;
    char *id = ld_service_id_text(view->service), text[HA_ADDR_TEXT];

    ha_show_object(show->writer, NULL);
    ha_show_text(show->writer, "server", ha_addr_port_text(view->addr, view->port, text));
    ha_show_text(show->writer, "service", id);
    show_moment(show, "since", view->since_ns);
    ha_show_count(show->writer, "seconds_left",
                  (view->until_ns - MIN(show->now_ns, view->until_ns)) / HA_NS_PER_S);
    ha_show_end(show->writer);
    g_free(id);
}

static void show_all(const struct ld_director *director, struct ha_writer *writer)
{
    struct show show = {.writer = writer, .now_ns = ha_clock_ns(), 
                        .wall_us = (uint64_t)g_get_real_time()};

    ha_show_text(writer, "instance", director->instance);
    ha_show_text(writer, "version", PACKAGE_VERSION " (Hearth)");
    ha_show_text(writer, "configuration", director->path);
    ha_show_count(writer, "pid", (uint64_t)getpid());
    ha_show_text(writer, "mode", ld_core_standby(director->core) ? "standby" : "active");
    ha_show_count(writer, "table_checks_that_found_changes", director->drifts);
    show_wishes(director, &show);
    ha_show_list(writer, "left_the_file_and_draining");
    ld_core_leavers(director->core, show_leaver, &show);
    ha_show_end(writer);
    ha_show_list(writer, "services");
    ld_core_view(director->core, show_server, &show);
    close_service(&show);
    ha_show_end(writer);
}

/* ---- handing it out ---- */

void ld_report_free(struct ld_report *report)
{
    if (!report)
        return;
    ha_timer_cancel(report->loop, &report->end);
    g_string_free(report->text, TRUE);
    g_free(report);
}

static void forget(struct ld_director *director)
{
    ld_report_free(director->report);
    director->report = NULL;
}

static void nobody_fetches(void *ctx, uint64_t now_ns)
{
    (void)now_ns;
    forget(ctx);
}

static int make(struct ld_director *director, const char *form, GString *answer)
{
    static uint32_t numbers;
    const struct ha_writer_ops *ops = ha_writer_find(form);
    struct ld_report *report;
    struct ha_writer writer;

    if (!ops) {
        g_string_append_printf(answer, "expected text or json, found %s\n", form);
        return 1;
    }
    forget(director);
    report = g_new0(struct ld_report, 1);
    report->loop = director->loop;
    report->number = ++numbers;
    report->text = g_string_new(NULL);
    ha_writer_begin(&writer, ops, report->text);
    show_all(director, &writer);
    ha_writer_finish(&writer);
    director->report = report;
    return 0;
}

/* From offset on, as much as goes into an answer. */
static void hand_out(struct ld_director *director, gsize offset, GString *answer)
{
    struct ld_report *report = director->report;
    gsize length = MIN(PIECE_BYTES, report->text->len - offset);

    g_string_append_printf(answer, "%u %" G_GSIZE_FORMAT "\n", report->number, report->text->len);
    g_string_append_len(answer, report->text->str + offset, (gssize)length);
    if (offset + length == report->text->len)
        forget(director);
    else
        ha_timer_set(director->loop, &report->end, ha_after_ns(ha_clock_ns(), KEEP_NS),
                     nobody_fetches, director);
}

int ld_director_show(struct ld_director *director, char *const *words, GString *answer)
{
    guint64 number, offset = 0;
    int status = 0;

    if (!words[0] || (words[1] && !words[2])) {
        g_string_append(answer, "expected a form, or a form, a number and an offset\n");
        return 1;
    }
    if (!words[1]) {
        status = make(director, words[0], answer);
    } else if (!g_ascii_string_to_unsigned(words[1], 10, 0, UINT32_MAX, &number, NULL) ||
               !g_ascii_string_to_unsigned(words[2], 10, 0, G_MAXINT32, &offset, NULL) ||
               !director->report || director->report->number != number ||
               offset > director->report->text->len) {
        g_string_append(answer, "somebody else asks now\n");
        status = 1;
    }
    if (status == 0)
        hand_out(director, offset, answer);
    return status;
}
