/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ldirectord.cf: lines and blocks. Decides for each line whether it is blank,
 * a comment, global, the start of a block or part of one, and finds its
 * directive; what the directive says is read elsewhere (ld_cf_inside.h). Goes
 * on after a fault, so that one run shows them all.
 */
#include <stdarg.h>
#include <string.h>

#include "ldirectord/conf/ld_cf_inside.h"

#define INDENT 4 /* blanks that make a line part of a block; a tab counts as so many */

/* ---- diagnostics ---- */

static const char *skip_blanks(const char *text)
{
    while (*text == ' ' || (*text >= '\t' && *text <= '\r' && *text != '\n'))
        text++;
    return text;
}

/* Column in the file of a place in cf->text, where tabs became blanks. */
static unsigned column_of(const struct ld_cf *cf, const char *at)
{
    size_t offset, seen = 0;
    const char *raw = cf->raw;

    if (!at)
        at = skip_blanks(cf->text);
    if (at < cf->text || at > cf->text + strlen(cf->text))
        return 0;
    offset = (size_t)(at - cf->text);
    if (!cf->expanded)
        return (unsigned)offset + 1;
    for (; *raw && seen < offset; raw++)
        seen += *raw == '\t' ? INDENT : 1;
    return (unsigned)(raw - cf->raw) + 1;
}

static void G_GNUC_PRINTF(4, 0) add(struct ld_cf *cf, enum ha_severity severity, const char *at,
                                    const char *format, va_list args)
{
    ha_diag_addv(cf->diags, severity, cf->file, cf->line, column_of(cf, at), format, args);
}

void ld_cf_error(struct ld_cf *cf, const char *at, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add(cf, HA_ERROR, at, format, args);
    va_end(args);
}

void ld_cf_warning(struct ld_cf *cf, const char *at, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add(cf, HA_WARNING, at, format, args);
    va_end(args);
}

void ld_cf_wrong(struct ld_cf *cf, const char *wrong, const char *expected, const char *value)
{
    ld_cf_error(cf, value, "%s: expected %s, found \"%s\"", wrong, expected, ld_cf_shown(cf, value));
}

const char *ld_cf_shown(const struct ld_cf *cf, const char *value)
{
    return value[strspn(value, "\" ")] && ld_cf_is_secret(cf->text) ? "..." : value;
}

struct ld_cf_settings *ld_cf_scope(struct ld_cf *cf)
{
    return cf->block ? &cf->block->settings : &cf->global;
}

struct ld_cf_place ld_cf_here(const struct ld_cf *cf, const char *at)
{
    return (struct ld_cf_place){.line = cf->line, .column = column_of(cf, at)};
}

static void G_GNUC_PRINTF(4, 0) add_there(struct ld_cf *cf, enum ha_severity severity,
                                          struct ld_cf_place there, const char *format,
                                          va_list args)
{
    ha_diag_addv(cf->diags, severity, cf->file, there.line, there.column, format, args);
}

void ld_cf_error_there(struct ld_cf *cf, struct ld_cf_place there, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add_there(cf, HA_ERROR, there, format, args);
    va_end(args);
}

void ld_cf_warning_there(struct ld_cf *cf, struct ld_cf_place there, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add_there(cf, HA_WARNING, there, format, args);
    va_end(args);
}

/* ---- lines ---- */

static void expand_tabs(GString *text, const char *raw)
{
    const char *tab;

    g_string_truncate(text, 0);
    for (; (tab = strchr(raw, '\t')) != NULL; raw = tab + 1) {
        g_string_append_len(text, raw, tab - raw);
        g_string_append_len(text, "    ", INDENT);
    }
    g_string_append(text, raw);
}

size_t ld_cf_span(const char *text, const char *others)
{
    size_t length = 0;

    while (g_ascii_isalnum(text[length]) || (text[length] != '\0' && strchr(others, text[length]) != NULL))
        length++;
    return length;
}

/* The value of "NAME = VALUE" in text, and how long the name is; NULL: it has no "=". */
static const char *split(const char *text, size_t *name_length)
{
    const char *equals;

    *name_length = ld_cf_span(text, "_-");
    equals = skip_blanks(text + *name_length);
    return *equals == '=' ? skip_blanks(equals + 1) : NULL;
}

/* Cuts a comment off a line of a block: from the first "#". Where a quoted
 * string was open at that place, cutting has always made the line invalid; so
 * there the "#" may be taken for what it is, and the next one is looked at.
 * A string is open if one quote precedes; for a real server, which has two
 * strings, if an odd number does. */
static void cut_comment(char *text, const struct ld_cf_row *row)
{
    bool real = row && row->set == ld_cf_set_real;
    unsigned quotes = 0;

    for (char *next = text; *next; next++) {
        if (*next == '"') {
            quotes++;
        } else if (*next == '#') {
            bool open = row && row->quoted && (real ? quotes % 2 == 1 : quotes == 1) &&
                        strchr(next, '"');

            if (!open) {
                *next = '\0';
                return;
            }
        }
    }
}

/* The line as a message may have it: a password in it is not for the log. g_free() it. */
static char *shown_line(const struct ld_cf *cf)
{
    GString *line = g_string_new(NULL);
    size_t length;

    expand_tabs(line, cf->raw);
    if (ld_cf_is_secret(line->str)) {
        length = strspn(line->str, " \t\r\f\v");
        length += strcspn(line->str + length, "= \t\r\f\v");
        g_string_truncate(line, length);
        g_string_append(line, " ...");
    }
    return g_string_free(line, FALSE);
}

/* What a word would be in lower case, with the comma before it; "": nothing either. g_free() it. */
static char *in_lower_case(const char *text)
{
    size_t length;
    char *lower = g_ascii_strdown(text, -1), *advice;
    bool known;

    split(lower, &length);
    known = ld_cf_row_find(lower, length) != NULL ||
            (length >= 7 && strncmp(lower, "virtual6", length) == 0);
    known &= strncmp(lower, text, length) != 0;
    advice = known ? g_strdup_printf(", in lower case: %.*s", (int)length, lower) : g_strdup("");
    g_free(lower);
    return advice;
}

static void unknown_in_block(struct ld_cf *cf, const struct ld_cf_row *row, const char *at)
{
    char *line = shown_line(cf), *lower = in_lower_case(at);
    size_t length;

    if (row && !split(at, &length))
        ld_cf_error(cf, at, "Unknown command \"%s\": expected \"=\" after %s", line, row->name);
    else if (row && !(row->where & LD_CF_BLOCK))
        ld_cf_error(cf, at, "Unknown command \"%s\": %s is a global directive, it stands outside "
                            "of blocks and starts in column 1", line, row->name);
    else if (row)
        ld_cf_error(cf, at, "Unknown command \"%s\": expected %s = \"TEXT\", in double quotes",
                    line, row->name);
    else
        ld_cf_error(cf, at, "Unknown command \"%s\": expected a directive of a virtual service%s",
                    line, lower);
    g_free(lower);
    g_free(line);
}

static void unknown_global(struct ld_cf *cf, const struct ld_cf_row *row)
{
    char *line = shown_line(cf), *lower = in_lower_case(cf->text);
    const char *start = skip_blanks(cf->text);
    size_t length;

    if (start != cf->text)
        ld_cf_error(cf, start, "Unknown command %s: expected a global directive in column 1; an "
                               "empty line ends a block, and a line of a block starts with a tab "
                               "or four blanks", line);
    else if (row && !split(start, &length))
        ld_cf_error(cf, start, "Unknown command %s: expected \"=\" after %s", line, row->name);
    else if (row && !(row->where & LD_CF_GLOBAL))
        ld_cf_error(cf, start, "Unknown command %s: %s belongs in a virtual block, after a tab or "
                               "four blanks", line, row->name);
    else if (row)
        ld_cf_error(cf, start, "Unknown command %s: expected %s = \"TEXT\", in double quotes",
                    line, row->name);
    else
        ld_cf_error(cf, start, "Unknown command %s: expected a global directive%s", line, lower);
    g_free(lower);
    g_free(line);
}

/* False: no command at all. */
static bool run_row(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    unsigned errors = cf->diags->errors;

    if (!row->set(cf, row, value))
        return cf->diags->errors > errors;
    return true;
}

/* False: no command. */
static bool global_line(struct ld_cf *cf)
{
    size_t length;
    const char *value = split(cf->text, &length);
    const struct ld_cf_row *row = ld_cf_row_find(cf->text, length);

    if (!value && row && strcmp(row->name, "supervised") == 0 &&
        !*skip_blanks(cf->text + length)) {
        ld_cf_warning(cf, NULL, "please update your config not to use a bare supervised directive");
        cf->global.supervised = LD_CF_YES;
        return true;
    }
    if (value && row && row->where & LD_CF_GLOBAL && run_row(cf, row, value))
        return true;
    if (!value && row && strcmp(row->name, "supervised") == 0) {
        ld_cf_error(cf, NULL, "supervised must be 'yes' or 'no': found \"%s\"", cf->text);
        return true;
    }
    unknown_global(cf, row);
    return false;
}

static void block_line(struct ld_cf *cf)
{
    char *start = cf->text + strspn(cf->text, " ");
    size_t length;
    const char *value = split(start, &length);
    const struct ld_cf_row *row = ld_cf_row_find(start, length);

    cut_comment(cf->text, row);
    if (!value || !row || !(row->where & LD_CF_BLOCK) || !run_row(cf, row, value))
        unknown_in_block(cf, row, start);
}

/* ---- blocks ---- */

static void free_settings(struct ld_cf_settings *settings)
{
    char *texts[] = {settings->logfile,      settings->request,
                     settings->receive,      settings->checkcommand, settings->scheduler,
                     settings->schedflags,   settings->virtualhost, settings->login,
                     settings->passwd,       settings->database,   settings->secret};

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    ld_cf_free_alerts(settings);
    ld_terms_clear(&settings->terms);
}

static void block_free(void *item)
{
    struct ld_cf_block *block = item;

    free_settings(&block->settings);
    ld_service_free(block->service);
    g_free(block->port_text);
    g_free(block);
}

static bool starts_block(const struct ld_cf *cf, bool *six, const char **value)
{
    size_t length;

    *value = split(cf->text, &length);
    *six = length == 8 && strncmp(cf->text, "virtual6", 8) == 0;
    return *value && (*six || (length == 7 && strncmp(cf->text, "virtual", 7) == 0));
}

static void open_block(struct ld_cf *cf, bool six, const char *value)
{
    struct ld_cf_block *block = g_new0(struct ld_cf_block, 1);

    block->service = ld_service_new();
    block->service->line = cf->line;
    block->last_line = cf->line;
    block->family = six ? AF_INET6 : AF_INET;
    block->keyword = six ? "6" : "";
    block->service->id.addr.family = (uint16_t)block->family;
    g_ptr_array_add(cf->blocks, block);
    cf->block = block;
    block->at = ld_cf_here(cf, value);
    block->located = ld_cf_set_virtual(cf, value);
}

/* A block that stands as it stood; lines: at its first one. */
static void take_over(struct ld_cf *cf, struct ld_service *service, struct ha_lines *lines)
{
    struct ld_cf_block *block = g_new0(struct ld_cf_block, 1);

    block->service = ld_service_hold(service);
    block->taken_over = block->located = true;
    block->at.line = service->line;
    block->last_line = service->last_line;
    cf->reals += service->reals->len;
    g_ptr_array_add(cf->blocks, block);
    ha_lines_pass(lines, service->last_line);
}

static void close_block(struct ld_cf *cf)
{
    if (cf->block)
        ld_cf_end_block(cf);
    cf->block = NULL;
}

/* True: the line was part of the block. */
static bool take_in_block(struct ld_cf *cf)
{
    if (*skip_blanks(cf->raw) == '#')
        return true;
    expand_tabs(cf->line_text, cf->raw);
    cf->text = cf->line_text->str;
    cf->expanded = true;
    if (strspn(cf->text, " ") < INDENT || strlen(cf->text) == INDENT)
        return false;
    cf->block->last_line = cf->line;
    block_line(cf);
    return true;
}

/* ---- the file ---- */

static void take_line(struct ld_cf *cf, bool *lost)
{
    const char *value;
    bool six, indented;

    if (cf->block && take_in_block(cf)) {
        *lost = false;
        return;
    }
    close_block(cf);
    g_string_assign(cf->line_text, cf->raw);
    cf->text = cf->line_text->str;
    cf->expanded = false;
    indented = skip_blanks(cf->text) != cf->text;
    if (!*skip_blanks(cf->text) || *skip_blanks(cf->text) == '#')
        return;
    /* The lines of a block whose head is missing are one fault, not one each. */
    if (indented && *lost)
        return;
    *lost = false;
    if (starts_block(cf, &six, &value))
        open_block(cf, six, value);
    else
        *lost = !global_line(cf);
}

static void read_lines(struct ld_cf *cf, const char *text, size_t length)
{
    struct ha_lines lines;
    struct ld_service *service;
    bool lost = false;

    ha_lines_init(&lines, cf->file, text, length, LD_CF_LINE_MAX, cf->diags);
    for (const char *at = lines.rest; (cf->raw = ha_lines_next(&lines)); at = lines.rest) {
        cf->line = lines.line;
        service = ld_cf_again_find(&cf->again, at, cf->line);
        if (service) {
            close_block(cf);
            take_over(cf, service, &lines);
            lost = false;
        } else {
            take_line(cf, &lost);
        }
    }
    close_block(cf);
    ha_lines_clear(&lines);
}

struct ld_config *ld_cf_parse(const char *file, const char *text, size_t length,
                              const struct ld_names *names, struct ha_diags *diags)
{
    unsigned errors = diags->errors;
    struct ld_config *config = ld_cf_parse_anyway(file, text, length, names, diags);

    if (diags->errors > errors) {
        ld_config_free(config);
        config = NULL;
    }
    return config;
}

static struct ld_config *parse(struct ld_cf *cf, const char *text, size_t length)
{
    struct ld_config *config;

    cf->config = ld_config_new();
    cf->line_text = g_string_new(NULL);
    cf->blocks = g_ptr_array_new_with_free_func(block_free);
    read_lines(cf, text, length);
    ld_cf_finish(cf);
    config = cf->config;
    g_ptr_array_free(cf->blocks, TRUE);
    free_settings(&cf->global);
    g_string_free(cf->line_text, TRUE);
    return config;
}

struct ld_config *ld_cf_parse_anyway(const char *file, const char *text, size_t length,
                                     const struct ld_names *names, struct ha_diags *diags)
{
    struct ld_cf cf = {.file = file, .names = names, .diags = diags};

    return parse(&cf, text, length);
}

struct ld_config *ld_cf_parse_again(const struct ld_config *prior, const char *file, GBytes *text,
                                    const struct ld_names *names, struct ha_diags *diags)
{
    struct ld_cf cf = {.file = file, .names = names, .diags = diags};
    guint said = diags->list->len;
    struct ld_config *config;
    size_t length;
    const char *bytes = g_bytes_get_data(text, &length);

    if (prior && prior->text && g_bytes_equal(prior->text, text))
        return ld_config_copy(prior);
    if (prior && prior->text)
        ld_cf_again_init(&cf.again, prior, bytes, length);
    config = parse(&cf, bytes, length);
    if (!cf.asked && diags->list->len == said)
        config->text = g_bytes_ref(text);
    return config;
}
