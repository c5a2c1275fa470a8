/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Meta-data of OCF agents (metadata.h). libxml2 reads it, without network,
 * without entities and without a word of its own; what is not understood is
 * passed over, because agents say far more than matters here.
 */
#include "resource.d/ocf/metadata.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <string.h>

static bool is_element(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

static const xmlNode *child(const xmlNode *parent, const char *name)
{
    const xmlNode *node = parent ? parent->children : NULL;

    while (node && !is_element(node, name))
        node = node->next;
    return node;
}

/* NULL if it is not there; the caller's to free. */
static char *attribute(const xmlNode *node, const char *name)
{
    xmlChar *value = node ? xmlGetNoNsProp(node, (const xmlChar *)name) : NULL;
    char *copy = value ? g_strdup((const char *)value) : NULL;

    xmlFree(value);
    return copy;
}

static bool attribute_is(const xmlNode *node, const char *name, const char *a, const char *b)
{
    char *value = attribute(node, name);
    bool is = value && (strcmp(value, a) == 0 || strcmp(value, b) == 0);

    g_free(value);
    return is;
}

static void parameter_free(void *data)
{
    struct ocf_parameter *parameter = data;

    g_free(parameter->name);
    g_ptr_array_free(parameter->options, TRUE);
    g_free(parameter);
}

static enum ocf_type type_of(const xmlNode *content)
{
    static const char *const names[OCF_TYPE_COUNT] = {
        [OCF_STRING] = "string",
        [OCF_INTEGER] = "integer",
        [OCF_BOOLEAN] = "boolean",
        [OCF_SELECT] = "select",
    };

    for (int type = 0; type < OCF_TYPE_COUNT; type++) {
        if (attribute_is(content, "type", names[type], names[type]))
            return (enum ocf_type)type;
    }
    return OCF_STRING;
}

static struct ocf_parameter *read_parameter(const xmlNode *node)
{
    struct ocf_parameter *parameter;
    const xmlNode *content = child(node, "content");
    char *name = attribute(node, "name");
    char *fallback = attribute(content, "default");

    if (!name || !*name) {
        g_free(name);
        g_free(fallback);
        return NULL;
    }
    parameter = g_new0(struct ocf_parameter, 1);
    parameter->name = name;
    parameter->type = type_of(content);
    parameter->required = attribute_is(node, "required", "1", "true") && !(fallback && *fallback);
    parameter->deprecated =
        child(node, "deprecated") || attribute_is(node, "deprecated", "1", "true");
    parameter->options = g_ptr_array_new_with_free_func(g_free);
    for (const xmlNode *option = content ? content->children : NULL; option;
         option = option->next) {
        char *value = is_element(option, "option") ? attribute(option, "value") : NULL;

        if (value)
            g_ptr_array_add(parameter->options, value);
    }
    g_free(fallback);
    return parameter;
}

static struct ocf_metadata *read_agent(const xmlNode *root, char **why)
{
    const xmlNode *parameters = child(root, "parameters");
    struct ocf_metadata *metadata;

    if (!root || !is_element(root, "resource-agent")) {
        *why = g_strdup("it is not about a resource-agent");
        return NULL;
    }
    metadata = g_new0(struct ocf_metadata, 1);
    metadata->parameters = g_ptr_array_new_with_free_func(parameter_free);
    for (const xmlNode *node = parameters ? parameters->children : NULL; node; node = node->next) {
        struct ocf_parameter *parameter =
            is_element(node, "parameter") ? read_parameter(node) : NULL;

        if (parameter)
            g_ptr_array_add(metadata->parameters, parameter);
        if (metadata->parameters->len > OCF_PARAMETERS_MAX) {
            ocf_metadata_free(metadata);
            *why = g_strdup_printf("it has more than %d parameters", OCF_PARAMETERS_MAX);
            return NULL;
        }
    }
    return metadata;
}

static void no_word(void *ctx, const char *format, ...)
{
    (void)ctx;
    (void)format;
}

struct ocf_metadata *ocf_metadata_parse(const char *xml, size_t length, char **why)
{
    struct ocf_metadata *metadata;
    const xmlError *fault;
    xmlDoc *doc;

    *why = NULL;
    if (length == 0 || length > OCF_METADATA_MAX) {
        *why = g_strdup(length == 0 ? "it is empty" : "it is longer than a megabyte");
        return NULL;
    }
    xmlSetGenericErrorFunc(NULL, no_word);
    doc = xmlReadMemory(xml, (int)length, "meta-data", NULL,
                        XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    if (!doc) {
        fault = xmlGetLastError();
        *why = fault && fault->message
                   ? g_strdup_printf("line %d: %.200s", fault->line, g_strchomp(fault->message))
                   : g_strdup("it is not XML");
        return NULL;
    }
    metadata = read_agent(xmlDocGetRootElement(doc), why);
    xmlFreeDoc(doc);
    return metadata;
}

void ocf_metadata_free(struct ocf_metadata *metadata)
{
    if (!metadata)
        return;
    g_ptr_array_free(metadata->parameters, TRUE);
    g_free(metadata);
}

/* ---- arguments against it ---- */

static const struct ocf_parameter *find(const struct ocf_metadata *metadata, const char *argument)
{
    size_t length = strcspn(argument, "=");

    if (argument[length] == '\0')
        return NULL; /* it gives no value, to whatever parameter */
    for (guint i = 0; i < metadata->parameters->len; i++) {
        const struct ocf_parameter *parameter = g_ptr_array_index(metadata->parameters, i);

        if (strlen(parameter->name) == length && strncmp(parameter->name, argument, length) == 0)
            return parameter;
    }
    return NULL;
}

static bool is_integer(const char *text)
{
    text += *text == '-' || *text == '+';
    return *text && text[strspn(text, "0123456789")] == '\0';
}

static bool is_boolean(const char *text)
{
    static const char *const words[] = {"yes", "no", "true", "false", "on", "off", "1", "0",
                                        "y",   "n",  "ja",   "t",     "f"};

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (g_ascii_strcasecmp(words[i], text) == 0)
            return true;
    }
    return false;
}

static void check_value(const struct ocf_parameter *parameter, const char *value, GString *faults)
{
    if (parameter->type == OCF_INTEGER && !is_integer(value)) {
        g_string_append_printf(faults, "%s: expected a whole number, found \"%s\"\n",
                               parameter->name, value);
    } else if (parameter->type == OCF_BOOLEAN && !is_boolean(value)) {
        g_string_append_printf(faults, "%s: expected yes or no, found \"%s\"\n", parameter->name,
                               value);
    } else if (parameter->type == OCF_SELECT && parameter->options->len > 0 &&
               !g_ptr_array_find_with_equal_func(parameter->options, value, g_str_equal, NULL)) {
        g_string_append_printf(faults, "%s: expected", parameter->name);
        for (guint i = 0; i < parameter->options->len; i++) {
            g_string_append_printf(faults, "%s %s", i > 0 ? " or" : "",
                                   (const char *)g_ptr_array_index(parameter->options, i));
        }
        g_string_append_printf(faults, ", found \"%s\"\n", value);
    }
}

static void say_unknown(const struct ocf_metadata *metadata, const char *argument, GString *faults)
{
    g_string_append_printf(faults, "%.*s: the agent has no such parameter; it has:",
                           (int)strcspn(argument, "="), argument);
    for (guint i = 0; i < metadata->parameters->len; i++) {
        const struct ocf_parameter *parameter = g_ptr_array_index(metadata->parameters, i);

        if (!parameter->deprecated)
            g_string_append_printf(faults, " %s", parameter->name);
    }
    g_string_append_c(faults, '\n');
}

void ocf_metadata_check(const struct ocf_metadata *metadata, const GPtrArray *arguments,
                        GString *faults, GString *warnings)
{
    for (guint i = 0; i < arguments->len; i++) {
        const char *argument = g_ptr_array_index(arguments, i);
        const struct ocf_parameter *parameter = find(metadata, argument);

        if (!parameter) {
            say_unknown(metadata, argument, faults);
            continue;
        }
        check_value(parameter, strchr(argument, '=') + 1, faults);
        if (parameter->deprecated)
            g_string_append_printf(warnings, "%s: deprecated by the agent\n", parameter->name);
    }
    for (guint i = 0; i < metadata->parameters->len; i++) {
        const struct ocf_parameter *parameter = g_ptr_array_index(metadata->parameters, i);
        bool given = false;

        for (guint j = 0; j < arguments->len && !given; j++)
            given = find(metadata, g_ptr_array_index(arguments, j)) == parameter;
        if (parameter->required && !given)
            g_string_append_printf(faults, "%s: missing; the agent cannot do without it\n",
                                   parameter->name);
    }
}
