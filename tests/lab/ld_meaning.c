/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What our ldirectord makes of configuration files: for each its verdict and,
 * if it takes the file, what it read in it, in the same words as ld_meaning.pl
 * has for the original. Run by the scenario ldirectord-files. Judges nothing.
 *
 * usage: ld_meaning FILE.cf...     (each gives a FILE.ours and a FILE.ours.err)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ldirectord/config_file.h"

static const char *or_dash(const char *text)
{
    return text && *text ? text : "-";
}

static const char *yes_no(bool yes)
{
    return yes ? "yes" : "no";
}

static void print_persistent(FILE *out, const struct ld_service *service)
{
    uint32_t mask = service->netmask;

    if (!service->persistent) {
        fputs(" persistent=-", out);
        return;
    }
    fprintf(out, " persistent=%u/", service->persistent_s);
    if (mask == (service->id.addr.family == AF_INET6 ? 128 : UINT32_MAX))
        fputs("whole", out);
    else if (service->id.addr.family == AF_INET6)
        fprintf(out, "%u", mask);
    else
        fprintf(out, "%u.%u.%u.%u", mask >> 24, mask >> 16 & 255, mask >> 8 & 255, mask & 255);
}

static void print_check(FILE *out, const struct ld_service *service)
{
    bool combined = service->checktype == LD_CHECK_COMBINED;

    fprintf(out, " check=%s", combined ? "combined" : ld_checktype_name(service->checktype));
    if (combined)
        fprintf(out, ":%u", service->combined_connects);
    fprintf(out, " service=%s checkport=", ld_app_name(service->app));
    if (service->checkport)
        fprintf(out, "%u", service->checkport);
    else
        fputs("-", out);
    fprintf(out, " checktimeout=%g negotiatetimeout=%g checkinterval=%g checkcount=%u failurecount=%u",
            (double)service->checktimeout_ms / 1000, (double)service->negotiatetimeout_ms / 1000,
            (double)service->checkinterval_ms / 1000, service->checkcount, service->failurecount);
}

static void print_fallback(FILE *out, const struct ld_service *service)
{
    char text[HA_ADDR_TEXT];

    if (service->fallback.set)
        fprintf(out, " fallback=%s/%s",
                ha_addr_port_text(&service->fallback.addr, service->fallback.port, text),
                ld_method_name(service->fallback.method));
    else
        fputs(" fallback=-", out);
}

static void print_alerts(FILE *out, const struct ld_service *service)
{
    fprintf(out, " fallbackcommand=%s emailalert=%s emailalertfreq=%g emailalertstatus=%u smtp=%s",
            or_dash(service->fallbackcommand), or_dash(service->emailalert),
            (double)service->emailalertfreq_ms / 1000, service->emailalertstatus,
            or_dash(service->smtp));
    fprintf(out, " servicename=%s comment=%s monitorfile=%s", or_dash(service->servicename),
            or_dash(service->comment), or_dash(service->monitorfile));
}

static void print_virtual(FILE *out, const struct ld_service *service)
{
    char *id = ld_service_id_text(&service->id);

    fprintf(out, "virtual %s scheduler=%s schedflags=%s", id, service->scheduler,
            or_dash(service->schedflags));
    print_persistent(out, service);
    fprintf(out, " ops=%s", yes_no(service->ops && service->id.protocol == LD_UDP));
    print_check(out, service);
    fprintf(out, " quiescent=%s cleanstop=%s method=%s", yes_no(service->quiescent),
            yes_no(service->cleanstop), service->http_head ? "HEAD" : "GET");
    print_fallback(out, service);
    fprintf(out, " command=%s virtualhost=%s login=%s passwd=%s database=%s secret=%s",
            service->checkcommand ? service->checkcommand : "/bin/true",
            or_dash(service->virtualhost), or_dash(service->login), or_dash(service->passwd),
            or_dash(service->database), or_dash(service->secret));
    print_alerts(out, service);
    fputc('\n', out);
    g_free(id);
}

static void print_real(FILE *out, const struct ld_real *real)
{
    char text[HA_ADDR_TEXT];

    fprintf(out, "  real %s %s %u l=%u u=%u request=%s receive=%s\n",
            ha_addr_port_text(&real->addr, real->port, text), ld_method_name(real->method),
            real->weight, real->lower, real->upper, real->request, or_dash(real->receive));
}

static gint by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void print_config(FILE *out, const struct ld_config *config)
{
    fprintf(out, "global autoreload=%s supervised=%s fork=%s readdquiescent=%s logfile=%s",
            yes_no(config->autoreload), yes_no(config->supervised), yes_no(config->fork),
            yes_no(config->readdquiescent),
            config->logfile ? or_dash(config->logfile) : "/var/log/ldirectord.log");
    fprintf(out, " emailalertfrom=%s maintenancedir=%s callback=%s execute=",
            or_dash(config->emailalertfrom), or_dash(config->maintenancedir),
            or_dash(config->callback));
    g_ptr_array_sort(config->execute, by_text);
    for (guint i = 0; i < config->execute->len; i++)
        fprintf(out, "%s%s", i > 0 ? "," : "", (char *)config->execute->pdata[i]);
    fputc('\n', out);
    for (guint i = 0; i < config->services->len; i++) {
        const struct ld_service *service = config->services->pdata[i];

        print_virtual(out, service);
        for (guint j = 0; j < service->reals->len; j++)
            print_real(out, service->reals->pdata[j]);
    }
}

static FILE *beside(const char *path, const char *ending)
{
    size_t length = strlen(path) - (g_str_has_suffix(path, ".cf") ? 3 : 0);
    char *name = g_strdup_printf("%.*s%s", (int)length, path, ending);
    FILE *out = fopen(name, "w");

    if (!out) {
        perror(name);
        exit(1);
    }
    g_free(name);
    return out;
}

static void judge(const char *path)
{
    FILE *out = beside(path, ".ours"), *err = beside(path, ".ours.err");
    GString *said = g_string_new(NULL);
    struct ld_content content;
    struct ld_config *config;
    struct ha_diags diags;

    ha_diags_init(&diags);
    config = ld_config_load(path, &content, LD_LOOK_FILES, &diags);
    ha_diags_print(&diags, said);
    fputs(said->str, err);
    if (config)
        print_config(out, config);
    else
        fputs("refused 2\n", out);
    ld_config_free(config);
    ha_diags_clear(&diags);
    g_string_free(said, TRUE);
    fclose(out);
    fclose(err);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        judge(argv[i]);
    return 0;
}
