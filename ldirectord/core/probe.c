/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From configuration to question: which checktype asks what, where, and how
 * long it may take. Asks nothing itself.
 */
#include "ldirectord/core/probe.h"

#include <string.h>

#include "common/base/time.h"

static bool asks_http(enum ld_app app)
{
    return app == LD_APP_HTTP || app == LD_APP_HTTPS || app == LD_APP_HTTP_PROXY;
}

/* Beside http, where it is the name in the handshake, or of the authority. */
static bool names_host(enum ld_app app)
{
    return app == LD_APP_GRPC || app == LD_APP_GRPCS || app == LD_APP_TLS;
}

/* Where the classic rules find no port (a real server without one, a service
 * without a well-known one), the virtual service's own is the best guess. */
static uint16_t port_of(const struct ld_service *service, const struct ld_real *real)
{
    if (service->checkport != 0)
        return service->checkport;
    if (real->port != 0)
        return real->port;
    if (ld_app_port(service->app) != 0)
        return ld_app_port(service->app);
    return service->id.port;
}

/* Over what to speak: a mark says nothing, so the usual transport of the service. */
static enum ld_protocol protocol_of(const struct ld_service *service)
{
    if (service->id.protocol != LD_FWM)
        return service->id.protocol;
    return service->app == LD_APP_DNS ? LD_UDP : LD_TCP;
}

/* Some library calls of the classic program were bounded by checktimeout. */
static uint64_t negotiate_ms(const struct ld_service *service)
{
    switch (service->app) {
    case LD_APP_LDAP:
    case LD_APP_LDAPS:
    case LD_APP_RADIUS:
        return service->checktimeout_ms;
    default:
        return service->negotiatetimeout_ms;
    }
}

/* One text for all questions that have it; NULL for NULL. */
static const char *shared(const char *text)
{
    return text ? g_ref_string_new_intern(text) : NULL;
}

static void let_go(const char *text)
{
    if (text)
        g_ref_string_release((char *)text);
}

static void fill_negotiate(struct ld_probe *probe, const struct ld_service *service,
                           const struct ld_real *real)
{
    probe->type = LD_CHECK_NEGOTIATE;
    probe->app = service->app;
    probe->protocol = protocol_of(service);
    probe->timeout_ms = negotiate_ms(service);
    probe->request = shared(real->request ? real->request : "/");
    probe->receive = shared(real->receive);
    ld_terms_inherit(&probe->terms, &service->terms, ld_app_terms(service->app));
    if (asks_http(service->app)) {
        probe->virtualhost = shared(service->virtualhost);
        probe->http_head = service->http_head;
        return;
    }
    if (names_host(service->app))
        probe->virtualhost = shared(service->virtualhost);
    probe->login = shared(service->login);
    probe->passwd = shared(service->passwd);
    probe->database = shared(service->database);
    probe->secret = shared(service->secret);
}

static void fill_ping(struct ld_probe *probe, const struct ld_service *service)
{
    probe->type = LD_CHECK_PING;
    probe->attempts = service->checkcount;
    probe->timeout_ms = service->checktimeout_ms * service->checkcount;
    probe->port = 0;
}

/* Nothing can be connected to over udp: there a connect check is an echo request. */
bool ld_service_pings(const struct ld_service *service)
{
    bool connects = service->checktype == LD_CHECK_CONNECT || service->checktype == LD_CHECK_COMBINED;

    return service->checktype == LD_CHECK_PING || (connects && service->id.protocol == LD_UDP);
}

static void fill_connect(struct ld_probe *probe, const struct ld_service *service,
                         const struct ld_real *real)
{
    if (ld_service_pings(service)) {
        fill_ping(probe, service);
        return;
    }
    probe->type = LD_CHECK_CONNECT;
    probe->timeout_ms = service->checktimeout_ms;
    /* Behind address translation nobody has the virtual address. */
    if (!service->checkvip || real->method == LD_MASQ || service->id.protocol != LD_TCP)
        return;
    probe->path = real->method == LD_IPIP ? LD_PATH_IPIP : LD_PATH_GATE;
    probe->service = service->id;
    probe->port = service->checkport != 0 ? service->checkport : service->id.port;
}

static void fill_external(struct ld_probe *probe, const struct ld_service *service,
                          const struct ld_real *real)
{
    probe->type = service->checktype;
    probe->timeout_ms = service->checktimeout_ms;
    probe->command = shared(service->checkcommand);
    probe->service = service->id;
    probe->real_port = real->port;
    /* A Perl program that dies does so with whatever errno was: that is no weight. */
    probe->weighs = service->checkweight && service->checktype == LD_CHECK_EXTERNAL;
}

/* ---- the same question ---- */

static bool same_text(const char *a, const char *b)
{
    return a == b; /* shared() makes equal texts one */
}

static bool same_probe(const struct ld_probe *a, const struct ld_probe *b)
{
    return a->type == b->type && a->app == b->app && a->protocol == b->protocol &&
           ha_addr_equal(&a->addr, &b->addr) && a->port == b->port &&
           a->timeout_ms == b->timeout_ms && a->attempts == b->attempts &&
           a->http_head == b->http_head && same_text(a->request, b->request) &&
           same_text(a->receive, b->receive) && same_text(a->virtualhost, b->virtualhost) &&
           same_text(a->command, b->command) && same_text(a->login, b->login) &&
           same_text(a->passwd, b->passwd) && same_text(a->database, b->database) &&
           same_text(a->secret, b->secret) && ld_terms_equal(&a->terms, &b->terms) &&
           a->path == b->path && ld_service_id_equal(&a->service, &b->service) &&
           a->real_port == b->real_port && a->weighs == b->weighs;
}

gboolean ld_question_equal(gconstpointer one, gconstpointer other)
{
    const struct ld_question *a = one, *b = other;

    return a->interval_ns == b->interval_ns && a->recheck_ns == b->recheck_ns &&
           a->combined == b->combined && a->connects == b->connects &&
           same_probe(&a->probe, &b->probe) &&
           (!a->combined || same_probe(&a->connect, &b->connect));
}

/* Where it is asked says nearly all; what is asked there, the rest. */
guint ld_question_hash(gconstpointer key)
{
    const struct ld_question *question = key;
    const struct ld_probe *probe = &question->probe;
    guint hash = ha_addr_hash(&probe->addr);

    hash = (hash ^ probe->port) * UINT32_C(2654435761);
    hash = (hash ^ (guint)probe->type << 8 ^ (guint)probe->app) * UINT32_C(2654435761);
    hash = (hash ^ (guint)question->interval_ns) * UINT32_C(2654435761);
    hash ^= g_direct_hash(probe->request) ^ g_direct_hash(probe->command);
    return hash ^ ld_service_id_hash(&probe->service);
}

static bool fill(struct ld_question *question, const struct ld_service *service,
                 const struct ld_real *real)
{
    switch (service->checktype) {
    case LD_CHECK_NEGOTIATE:
        if (service->app == LD_APP_NONE)
            return false;
        fill_negotiate(&question->probe, service, real);
        return true;
    case LD_CHECK_CONNECT:
        fill_connect(&question->probe, service, real);
        return true;
    case LD_CHECK_PING:
        fill_ping(&question->probe, service);
        return true;
    case LD_CHECK_EXTERNAL:
    case LD_CHECK_EXTERNAL_PERL:
        fill_external(&question->probe, service, real);
        return true;
    case LD_CHECK_COMBINED:
        /* A negotiate that asks nothing would bring a server whose connect
         * fails up again every other time: leave it out. */
        if (service->app == LD_APP_NONE) {
            fill_connect(&question->probe, service, real);
            return service->combined_connects > 0;
        }
        fill_negotiate(&question->probe, service, real);
        fill_connect(&question->connect, service, real);
        question->combined = service->combined_connects > 0;
        question->connects = service->combined_connects;
        return true;
    case LD_CHECK_ON:
    case LD_CHECK_OFF:
    case LD_CHECK_AGENT:
    case LD_CHECKTYPE_COUNT:
        break;
    }
    return false;
}

struct ld_question *ld_question_new(const struct ld_service *service, const struct ld_real *real)
{
    struct ld_question *question = g_new0(struct ld_question, 1);

    question->askers = g_ptr_array_new();
    question->interval_ns = MAX(ha_ms_to_ns(service->checkinterval_ms), HA_NS_PER_MS);
    question->recheck_ns = ha_ms_to_ns(service->recheckinterval_ms);
    question->probe.addr = question->connect.addr = real->addr;
    question->probe.port = question->connect.port = port_of(service, real);
    if (!fill(question, service, real)) {
        ld_question_free(question);
        return NULL;
    }
    return question;
}

struct ld_question *ld_question_new_agent(const struct ld_service *service,
                                          const struct ld_real *real)
{
    struct ld_question *question;

    if (service->agentport == 0)
        return NULL;
    question = g_new0(struct ld_question, 1);
    question->askers = g_ptr_array_new();
    question->interval_ns = MAX(ha_ms_to_ns(service->agentinterval_ms), HA_NS_PER_MS);
    question->probe.type = LD_CHECK_AGENT;
    question->probe.addr = real->addr;
    question->probe.port = service->agentport;
    question->probe.timeout_ms = service->checktimeout_ms;
    return question;
}

static void free_texts(struct ld_probe *probe)
{
    let_go(probe->request);
    let_go(probe->receive);
    let_go(probe->virtualhost);
    let_go(probe->command);
    let_go(probe->login);
    let_go(probe->passwd);
    let_go(probe->database);
    let_go(probe->secret);
    ld_terms_clear(&probe->terms);
}

void ld_question_free(struct ld_question *question)
{
    if (!question)
        return;
    free_texts(&question->probe);
    free_texts(&question->connect);
    g_ptr_array_free(question->askers, TRUE);
    g_free(question);
}

const struct ld_probe *ld_question_probe(const struct ld_question *question)
{
    return question->combined && question->connects_left > 0 ? &question->connect
                                                             : &question->probe;
}

void ld_question_answered(struct ld_question *question, enum ld_verdict verdict)
{
    question->unable = verdict == LD_INTERNAL;
    if (question->unable) /* what cannot be asked is not asked alone for ever */
        question->connects_left = 0;
    if (question->unable || verdict == LD_UNKNOWN)
        return;
    question->verdict = verdict;
    if (!question->combined)
        return;
    if (!ld_verdict_passed(verdict))
        question->connects_left = 0;
    else if (question->connects_left > 0)
        question->connects_left--;
    else
        question->connects_left = question->connects;
}
