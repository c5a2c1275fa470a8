/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * haresources: logical lines of a node and its resources. Joins continued
 * lines after it has cut their comments. Looks for no script and resolves no
 * address: it says only what the text itself gets wrong.
 */
#include "heartbeatd/conf/haresources.h"

#include <string.h>

#include "common/base/addr.h"
#include "common/conf/lines.h"

#define BLANKS         " \t\v\f"
#define LINE_MAX_BYTES 5119
/* Longest "name::arg::arg…": what still fits into one message of the dialogue. */
#define RESOURCE_MAX 1024

struct reader {
    const struct hb_config *config;
    struct hb_haresources *resources;
    struct ha_diags *diags;
    const char *file;
    unsigned line;         /* where the message belongs */
    struct hb_group *group; /* continued on the next line; NULL: none open */
    bool skip;             /* the open group is refused already: read it, keep nothing */
    GHashTable *lines_by_key; /* key (owned by its resource) -> line of its group */
};

static void G_GNUC_PRINTF(3, 4) tell(struct reader *reader, enum ha_severity severity,
                                     const char *format, ...)
{
    va_list args;

    va_start(args, format);
    ha_diag_addv(reader->diags, severity, reader->file, reader->line, 0, format, args);
    va_end(args);
}

/* ---- one resource ---- */

static bool is_script_name(const char *name)
{
    if (name[0] == '\0' || name[0] == '.' || name[0] == '-')
        return false;
    for (; *name; name++)
        if (!g_ascii_isalnum(*name) && !strchr("._-+@:", *name))
            return false;
    return true;
}

/* Four numbers with dots, perhaps followed by "/…": meant as an address. */
static bool looks_like_address(const char *text)
{
    size_t length = strspn(text, "0123456789.");
    unsigned dots = 0;

    for (size_t i = 0; i < length; i++)
        dots += text[i] == '.';
    return dots == 3 && (text[length] == '\0' || text[length] == '/');
}

/* The part before the first '/' is an address. */
static bool starts_with_address(const char *text, uint16_t family)
{
    char *host = g_strndup(text, strcspn(text, "/"));
    struct ha_addr addr;
    bool is = ha_addr_parse(&addr, host) && addr.family == family;

    g_free(host);
    return is;
}

static bool sets_address(const struct hb_resource *resource)
{
    static const char *const scripts[] = {"IPaddr", "IPaddr2", "IPv6addr"};

    for (size_t i = 0; i < G_N_ELEMENTS(scripts); i++)
        if (strcmp(resource->name, scripts[i]) == 0)
            return true;
    return false;
}

static void add_args(struct hb_resource *resource, const char *text)
{
    const char *next;

    if (sets_address(resource) && starts_with_address(text, AF_INET6)) {
        /* The "::" belongs to the address, it separates nothing. */
        g_ptr_array_add(resource->args, g_strdup(text));
        return;
    }
    for (; text; text = next) {
        const char *end = strstr(text, "::");

        next = end ? end + 2 : NULL;
        if (end != text && *text)
            g_ptr_array_add(resource->args,
                            end ? g_strndup(text, (gsize)(end - text)) : g_strdup(text));
    }
}

/* NULL (and told) if text is no resource. */
static struct hb_resource *read_resource(struct reader *reader, const char *text)
{
    const char *colons = strstr(text, "::");
    struct hb_resource *resource = NULL;
    char *name = colons ? g_strndup(text, (gsize)(colons - text)) : g_strdup(text);

    if (strlen(text) > RESOURCE_MAX) {
        tell(reader, HA_ERROR, "expected a resource of at most %d bytes, found %zu", RESOURCE_MAX,
             strlen(text));
    } else if (looks_like_address(name)) {
        if (starts_with_address(name, AF_INET)) {
            resource = hb_resource_new("IPaddr", text);
            add_args(resource, text);
        } else {
            tell(reader, HA_ERROR, "expected an IPv4 address, found \"%s\"", name);
        }
    } else if (!is_script_name(name)) {
        tell(reader, HA_ERROR,
             "expected a resource (an address such as 10.0.0.5/24/eth0, or the name of a script "
             "in resource.d with its arguments, SCRIPT::ARG::ARG), found \"%s\"", text);
    } else {
        resource = hb_resource_new(name, text);
        if (colons)
            add_args(resource, colons + 2);
    }
    g_free(name);
    return resource;
}

/* ---- one group ---- */

static bool is_node(const struct hb_config *config, const char *name)
{
    for (guint i = 0; i < config->nodes->len; i++)
        if (g_ascii_strcasecmp(config->nodes->pdata[i], name) == 0)
            return true;
    return false;
}

static char *node_list(const struct hb_config *config)
{
    GString *names = g_string_new(NULL);

    for (guint i = 0; i < config->nodes->len; i++)
        g_string_append_printf(names, "%s%s", i > 0 ? " or " : "",
                               (const char *)config->nodes->pdata[i]);
    return g_string_free(names, FALSE);
}

static void open_group(struct reader *reader, const char *node)
{
    char *home = g_ascii_strdown(node, -1);

    reader->group = hb_group_new(home, reader->line);
    reader->skip = false;
    g_free(home);
    if (is_node(reader->config, node))
        return;
    home = node_list(reader->config);
    tell(reader, HA_ERROR, "expected a node of ha.cf (%s) at the start of the line, found \"%s\"",
         home, node);
    g_free(home);
}

static void add_resource(struct reader *reader, const char *text)
{
    struct hb_resource *resource;

    if (reader->skip)
        return;
    if (reader->group->resources->len >= HB_RESOURCES_MAX) {
        tell(reader, HA_ERROR, "expected at most %d resources in a group, found more",
             HB_RESOURCES_MAX);
        reader->skip = true;
        return;
    }
    resource = read_resource(reader, text);
    if (resource)
        g_ptr_array_add(reader->group->resources, resource);
}

/* Takes the finished group into the result, if it is one. */
static void close_group(struct reader *reader, unsigned errors_before)
{
    struct hb_group *group = reader->group;
    unsigned first;

    reader->group = NULL;
    reader->line = group->line;
    if (reader->diags->errors == errors_before && group->resources->len == 0)
        tell(reader, HA_ERROR, "expected resources after \"%s\", found nothing", group->home);
    /* What is left of a group that was refused in part is no group. */
    if (reader->diags->errors != errors_before) {
        hb_group_free(group);
        return;
    }
    first = GPOINTER_TO_UINT(g_hash_table_lookup(reader->lines_by_key, hb_group_key(group)));
    if (first > 0)
        tell(reader, HA_ERROR,
             "expected a first resource that no other line begins with, found \"%s\" of line %u",
             hb_group_key(group), first);
    else if (reader->resources->groups->len >= HB_GROUPS_MAX)
        tell(reader, HA_ERROR, "expected at most %d groups, found more", HB_GROUPS_MAX);
    if (first > 0 || reader->resources->groups->len >= HB_GROUPS_MAX) {
        hb_group_free(group);
        return;
    }
    g_hash_table_insert(reader->lines_by_key, (char *)hb_group_key(group),
                        GUINT_TO_POINTER(group->line));
    g_ptr_array_add(reader->resources->groups, group);
}

/* ---- the file ---- */

/* Cuts the comment and the backslash off; true if the next line continues this one. */
static bool cut_line(struct reader *reader, char *line)
{
    char *comment = strchr(line, '#');
    size_t length;

    if (comment) {
        ha_strip(comment);
        if (g_str_has_suffix(comment, "\\"))
            tell(reader, HA_WARNING,
                 "the \\ in the comment does not continue the line; put it before the #");
        *comment = '\0';
    }
    length = strlen(line);
    while (length > 0 && strchr(BLANKS, line[length - 1]))
        length--;
    line[length] = '\0';
    if (length == 0 || line[length - 1] != '\\')
        return false;
    line[length - 1] = '\0';
    return true;
}

static void read_all(struct reader *reader, struct ha_lines *lines)
{
    unsigned errors_before = 0;
    bool continues = false;
    char *line;

    while ((line = ha_lines_next(lines))) {
        char *rest = line;
        const char *word;

        reader->line = lines->line;
        if (!continues)
            errors_before = reader->diags->errors;
        continues = cut_line(reader, line);
        while ((word = ha_word(&rest, BLANKS))) {
            if (reader->group)
                add_resource(reader, word);
            else
                open_group(reader, word);
        }
        if (reader->group && !continues)
            close_group(reader, errors_before);
    }
    if (continues)
        tell(reader, HA_ERROR, "expected a line after the \\, found the end of the file");
    if (reader->group)
        close_group(reader, errors_before);
}

/* A key that is somewhere in another group as well is started twice. */
static void warn_of_shared_keys(struct reader *reader)
{
    const GPtrArray *groups = reader->resources->groups;

    for (guint i = 0; i < groups->len; i++) {
        const struct hb_group *group = groups->pdata[i];

        for (guint j = 1; j < group->resources->len; j++) {
            const struct hb_resource *resource = group->resources->pdata[j];
            unsigned other = GPOINTER_TO_UINT(
                g_hash_table_lookup(reader->lines_by_key, resource->text));

            reader->line = group->line;
            if (other > 0)
                tell(reader, HA_WARNING, "\"%s\" is the first resource of line %u as well",
                     resource->text, other);
        }
    }
}

/* The address that it sets, in the one way to write it; NULL: none, or several. */
static const char *address_of(const struct hb_resource *resource, char text[HA_ADDR_TEXT])
{
    struct ha_addr addr;
    bool has = sets_address(resource) && resource->args->len > 0;
    const char *written = has ? resource->args->pdata[0] : "";
    char *host = g_strndup(written, strcspn(written, "/"));
    bool is = ha_addr_parse(&addr, host);

    g_free(host);
    return is ? ha_addr_text(&addr, text) : NULL;
}

struct setter {
    const char *text; /* of the resource */
    unsigned line;
};

/* The same address, however it is written: both nodes would have it. Of what is the same text, and a key,
 * warn_of_shared_keys() has told. */
static void warn_of_shared_addresses(struct reader *reader)
{
    const GPtrArray *groups = reader->resources->groups;
    GHashTable *setters = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    char text[HA_ADDR_TEXT];

    for (guint i = 0; i < groups->len; i++) {
        const struct hb_group *group = groups->pdata[i];

        reader->line = group->line;
        for (guint j = 0; j < group->resources->len; j++) {
            const struct hb_resource *resource = group->resources->pdata[j];
            const struct setter here = {resource->text, group->line}, *first;
            const char *address = address_of(resource, text);

            if (!address)
                continue;
            first = g_hash_table_lookup(setters, address);
            if (!first)
                g_hash_table_insert(setters, g_strdup(address), g_memdup2(&here, sizeof(here)));
            else if (first->line != here.line &&
                     (strcmp(first->text, here.text) != 0 ||
                      !g_hash_table_contains(reader->lines_by_key, here.text)))
                tell(reader, HA_WARNING, "\"%s\" sets the address of line %u: two groups cannot share one",
                     here.text, first->line);
        }
    }
    g_hash_table_destroy(setters);
}

struct hb_haresources *hb_haresources_parse(const char *file, const char *text, size_t length,
                                            const struct hb_config *config,
                                            struct ha_diags *diags)
{
    struct reader reader = {.config = config, .diags = diags, .file = file};
    unsigned errors_before = diags->errors;
    struct ha_lines lines;

    reader.resources = hb_haresources_new();
    reader.lines_by_key = g_hash_table_new(g_str_hash, g_str_equal);
    ha_lines_init(&lines, file, text, length, LINE_MAX_BYTES, diags);
    read_all(&reader, &lines);
    ha_lines_clear(&lines);
    warn_of_shared_keys(&reader);
    warn_of_shared_addresses(&reader);
    g_hash_table_destroy(reader.lines_by_key);
    if (diags->errors == errors_before)
        return reader.resources;
    hb_haresources_free(reader.resources);
    return NULL;
}
