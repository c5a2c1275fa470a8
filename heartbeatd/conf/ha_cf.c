/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ha.cf, line by line: cut off the comment, find the directive in the table,
 * hand its values to the setter; at the end the rules between directives and
 * the defaults that depend on others. A value is refused where it stands, the
 * rest of the file is read all the same.
 */
#include "heartbeatd/conf/ha_cf.h"

#include <string.h>

#include "common/conf/lines.h"
#include "heartbeatd/conf/ha_cf_set.h"

/* As long as the lines of the original may be. */
#define LINE_MAX_BYTES 5119

#define BLANKS     " \t\v\f"
#define SEPARATORS " \t\v\f,"

/* More nodes than this cannot agree on who takes over. */
#define NODES_MANAGED 2

void hb_cf_record(GPtrArray *directives, const char *name, const char *text, unsigned line)
{
    struct hb_directive *directive = NULL;

    for (guint i = 0; i < directives->len && !directive; i++) {
        struct hb_directive *earlier = directives->pdata[i];

        if (strcmp(earlier->name, name) == 0)
            directive = earlier;
    }
    if (!directive) {
        directive = g_new0(struct hb_directive, 1);
        directive->name = g_strdup(name);
        g_ptr_array_add(directives, directive);
    }
    g_free(directive->text);
    directive->text = g_strdup(text);
    directive->line = line;
}

/* The line on which an option was set, 0 if the file does not say. */
static unsigned line_of(const struct hb_cf *cf, const char *name)
{
    const GPtrArray *directives = cf->config->directives;

    for (guint i = 0; i < directives->len; i++) {
        const struct hb_directive *directive = directives->pdata[i];

        if (strcmp(directive->name, name) == 0)
            return directive->line;
    }
    return 0;
}

/* The parameters of a device are passwords as often as not: what comes before them. g_free() it. */
static char *fit_to_be_shown(const struct hb_cf_directive *directive, const char *value)
{
    size_t length = 0;

    if (strcmp(directive->name, "fence") != 0 && !g_str_has_prefix(directive->name, "stonith"))
        return g_strdup(value);
    for (int words = 0; words < 2; words++) {
        length += strspn(value + length, BLANKS);
        length += strcspn(value + length, BLANKS);
    }
    return g_strdup_printf("%.*s%s", (int)length, value, value[length] ? " ..." : "");
}

static bool set_value(struct hb_cf *cf, char *value)
{
    char *as_written = g_strdup(value), *shown;
    enum hb_cf_result result = cf->directive->set(cf, value);

    if (result == HB_CF_BAD) {
        shown = fit_to_be_shown(cf->directive, as_written);
        hb_cf_tell(cf, HA_ERROR, "expected %s, found \"%s\"", cf->directive->expected, shown);
        g_free(shown);
    }
    if (result == HB_CF_OK && cf->directive->option)
        hb_cf_record(cf->config->directives, cf->directive->name, as_written, cf->line);
    g_free(as_written);
    return result == HB_CF_OK;
}

static void set_values(struct hb_cf *cf, char *rest)
{
    const struct hb_cf_directive *directive = cf->directive;
    unsigned values = 0;
    char *value;

    if (directive->use == HB_CF_NOT_YET) {
        hb_cf_tell(cf, HA_UNSUPPORTED, "this version does not act on it yet");
        return;
    }
    if (directive->whole_line) {
        value = ha_strip(rest);
        if (*value) {
            set_value(cf, value);
            return;
        }
    } else {
        for (; (value = ha_word(&rest, SEPARATORS)); values++) {
            if (directive->once && values > 0) {
                hb_cf_tell(cf, HA_ERROR, "expected only one value, found \"%s\" as well", value);
                return;
            }
            set_value(cf, value);
        }
    }
    if (values == 0)
        hb_cf_tell(cf, HA_ERROR, "expected %s, found nothing", directive->expected);
}

static void tell_unknown(struct hb_cf *cf, const char *name)
{
    for (const struct hb_cf_directive *row = hb_cf_directives; row->name; row++) {
        if (g_ascii_strcasecmp(row->name, name) == 0) {
            ha_diag_add(cf->diags, HA_ERROR, cf->file, cf->line, 0,
                        "expected a directive in lower case (%s), found \"%s\"", row->name, name);
            return;
        }
    }
    ha_diag_add(cf->diags, HA_ERROR, cf->file, cf->line, 0,
                "expected a directive of ha.cf(5), found \"%s\"", name);
}

static void keep_line(struct hb_cf *cf, const char *rest)
{
    struct hb_directive *line = g_new0(struct hb_directive, 1);
    char *copy = g_strdup(rest), *at = copy;
    GString *text = g_string_new(NULL);
    const char *word;

    while ((word = ha_word(&at, BLANKS)))
        g_string_append_printf(text, "%s%s", text->len > 0 ? " " : "", word);
    line->name = g_strdup(cf->directive->name);
    line->text = g_string_free(text, FALSE);
    line->line = cf->line;
    g_ptr_array_add(cf->config->lines, line);
    g_free(copy);
}

/* seen[i]: the line of the first use of directive i of the table. */
static void read_line(struct hb_cf *cf, char *line, unsigned *seen)
{
    char *comment = strchr(line, '#');
    char *rest = line;
    const char *name;
    size_t index;

    if (comment)
        *comment = '\0';
    name = ha_word(&rest, BLANKS);
    if (!name)
        return;
    cf->directive = hb_cf_directive_find(name);
    if (!cf->directive) {
        tell_unknown(cf, name);
        return;
    }
    index = (size_t)(cf->directive - hb_cf_directives);
    if (cf->directive->once && seen[index] > 0) {
        hb_cf_tell(cf, HA_ERROR, "expected only once, found in line %u already", seen[index]);
        return;
    }
    seen[index] = cf->line;
    keep_line(cf, rest);
    set_values(cf, rest);
}

/* ---- the whole ---- */

static char *duration_text(uint64_t ms)
{
    if (ms % 1000 == 0)
        return g_strdup_printf("%" G_GUINT64_FORMAT, ms / 1000);
    return g_strdup_printf("%" G_GUINT64_FORMAT "ms", ms);
}

/* As 3.0.6 writes what the file does not say. */
static void record_ms(struct hb_cf *cf, const char *name, uint64_t ms)
{
    char *text = g_strdup_printf("%" G_GUINT64_FORMAT "ms", ms);

    hb_cf_record(cf->config->directives, name, text, 0);
    g_free(text);
}

/* Defaults that follow from deadtime. */
static void derive_times(struct hb_cf *cf)
{
    struct hb_config *config = cf->config;
    uint64_t deadtime = config->deadtime_ms;

    if (line_of(cf, "warntime") == 0) {
        config->warntime_ms = deadtime > 1 ? deadtime / 2 : 1;
        record_ms(cf, "warntime", config->warntime_ms);
    }
    if (line_of(cf, "initdead") == 0) {
        config->initdead_ms = deadtime > 10000 ? deadtime : deadtime < 6000 ? 12000 : 2 * deadtime;
        record_ms(cf, "initdead", config->initdead_ms);
    }
    if (line_of(cf, "deadping") == 0) {
        config->deadping_ms = deadtime;
        record_ms(cf, "deadping", deadtime);
    }
}

/* "name: expected <rule> <limit>, found <ms>" on the line of name, or of other
 * where the file says nothing about name. */
static void tell_time(struct hb_cf *cf, enum ha_severity severity, const char *name,
                      const char *other, const char *rule, uint64_t limit_ms, uint64_t ms)
{
    unsigned line = line_of(cf, name);
    char *limit = duration_text(limit_ms);
    char *found = duration_text(ms);

    ha_diag_add(cf->diags, severity, cf->file, line ? line : line_of(cf, other), 0,
                "%s: expected %s (%s), found %s", name, rule, limit, found);
    g_free(limit);
    g_free(found);
}

static void check_times(struct hb_cf *cf)
{
    const struct hb_config *config = cf->config;
    uint64_t keepalive = config->keepalive_ms, deadtime = config->deadtime_ms;

    if (deadtime <= 2 * keepalive)
        tell_time(cf, HA_ERROR, "deadtime", "keepalive", "more than two keepalives", 2 * keepalive,
                  deadtime);
    if (line_of(cf, "deadping") > 0 && config->deadping_ms <= 2 * keepalive)
        tell_time(cf, HA_ERROR, "deadping", "keepalive", "more than two keepalives", 2 * keepalive,
                  config->deadping_ms);
    if (config->initdead_ms < deadtime)
        tell_time(cf, HA_ERROR, "initdead", "deadtime", "at least deadtime", deadtime,
                  config->initdead_ms);
    else if (config->initdead_ms < 10000)
        tell_time(cf, HA_WARNING, "initdead", "deadtime",
                  "time for the network to come up", 10000, config->initdead_ms);
    if (config->warntime_ms > deadtime)
        tell_time(cf, HA_WARNING, "warntime", "deadtime", "at most deadtime", deadtime,
                  config->warntime_ms);
}

static void tell_file(struct hb_cf *cf, enum ha_severity severity, const char *text)
{
    ha_diag_add(cf->diags, severity, cf->file, 0, 0, "%s", text);
}

static void check_nodes(struct hb_cf *cf, const char *local)
{
    const GPtrArray *nodes = cf->config->nodes;
    GString *names = g_string_new(NULL);
    bool found = false;

    for (guint i = 0; i < nodes->len; i++) {
        g_string_append_printf(names, "%s%s", i > 0 ? ", " : "", (const char *)nodes->pdata[i]);
        if (local && g_ascii_strcasecmp(nodes->pdata[i], local) == 0)
            found = true;
    }
    if (nodes->len == 0)
        tell_file(cf, HA_ERROR, "expected a line \"node NAME\" for each node, found none");
    else if (local && !found)
        ha_diag_add(cf->diags, HA_ERROR, cf->file, 0, 0,
                    "expected this node, %s (uname -n), among the nodes, found %s", local,
                    names->str);
    if (nodes->len > NODES_MANAGED)
        ha_diag_add(cf->diags, HA_UNSUPPORTED, cf->file, 0, 0,
                    "expected at most %d nodes, found %u: this version does not act on more yet",
                    NODES_MANAGED, nodes->len);
    g_string_free(names, TRUE);
}

static bool any_seen(const unsigned *seen, const char *const *names)
{
    for (; *names; names++)
        if (seen[hb_cf_directive_find(*names) - hb_cf_directives] > 0)
            return true;
    return false;
}

/* In 3.0.6's words; without any auto_failback line as well. */
static void deprecate_legacy(struct hb_cf *cf)
{
    tell_file(cf, HA_WARNING, "Deprecated 'legacy' auto_failback option selected.");
    tell_file(cf, HA_WARNING, "Please convert to 'auto_failback on'.");
    tell_file(cf, HA_WARNING, "See documentation for conversion details.");
}

static void check_whole(struct hb_cf *cf, const char *local, const unsigned *seen)
{
    static const char *const media[] = {"bcast", "udp", "ucast", "mcast", "ucast6", "mcast6",
                                        "serial", NULL};
    static const char *const times[] = {"keepalive", "deadtime", "warntime", "initdead",
                                        "deadping", NULL};
    bool times_read = true;

    check_nodes(cf, local);
    hb_cf_check_fence(cf);
    if (!any_seen(seen, media))
        tell_file(cf, HA_ERROR,
                  "expected a medium, a line \"ucast INTERFACE ADDRESS\", \"bcast INTERFACE\" or "
                  "\"mcast ...\", found none");
    if (cf->config->auto_failback == HB_FAILBACK_LEGACY)
        deprecate_legacy(cf);
    /* Between times of which one was refused no rule says anything useful. */
    for (const char *const *name = times; *name; name++)
        if (seen[hb_cf_directive_find(*name) - hb_cf_directives] > 0 && line_of(cf, *name) == 0)
            times_read = false;
    derive_times(cf);
    if (times_read)
        check_times(cf);
}

static void read_all(struct hb_cf *cf, const char *text, size_t length, const char *local)
{
    size_t count = 0;
    struct ha_lines lines;
    unsigned *seen;
    char *line;

    for (; hb_cf_directives[count].name; count++)
        if (hb_cf_directives[count].standard)
            hb_cf_record(cf->config->directives, hb_cf_directives[count].name,
                         hb_cf_directives[count].standard, 0);
    seen = g_new0(unsigned, count);
    ha_lines_init(&lines, cf->file, text, length, LINE_MAX_BYTES, cf->diags);
    while ((line = ha_lines_next(&lines))) {
        cf->line = lines.line;
        read_line(cf, line, seen);
    }
    /* What was no text at all has its message already. */
    if (length == 0 || lines.line > 0)
        check_whole(cf, local, seen);
    ha_lines_clear(&lines);
    g_free(seen);
}

struct hb_config *hb_ha_cf_parse(const char *file, const char *text, size_t length,
                                 const char *local, struct ha_diags *diags)
{
    struct hb_cf cf = {.config = hb_config_new(), .diags = diags, .file = file};
    unsigned errors_before = diags->errors;

    read_all(&cf, text, length, local);
    if (diags->errors == errors_before)
        return cf.config;
    hb_config_free(cf.config);
    return NULL;
}
