/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ha.cf(5) against the table of directives: each has its paragraph, in the right section. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <glib.h>
#include <string.h>

#include "heartbeatd/conf/ha_cf_table.h"

/* A .TP paragraph of the manual. */
struct paragraph {
    char *section;
    char **lines;
};

static GPtrArray *paragraphs; /* of struct paragraph *; read once for all cases */

/* A paragraph begins at .TP and ends before the next .TP or .SH. */
static int read_manual(void **state)
{
    char *text, **lines, *section = g_strdup("");
    GPtrArray *open = NULL;

    (void)state;
    if (!g_file_get_contents(TOP_SRCDIR "/doc/ha.cf.5", &text, NULL, NULL))
        return -1;
    paragraphs = g_ptr_array_new();
    lines = g_strsplit(text, "\n", -1);
    for (char **line = lines;; line++) {
        bool section_begins = *line && g_str_has_prefix(*line, ".SH ");

        if (open && (!*line || section_begins || strcmp(*line, ".TP") == 0)) {
            struct paragraph *paragraph = g_new0(struct paragraph, 1);

            g_ptr_array_add(open, NULL);
            paragraph->section = g_strdup(section);
            paragraph->lines = (char **)g_ptr_array_free(open, FALSE);
            g_ptr_array_add(paragraphs, paragraph);
            open = NULL;
        }
        if (!*line)
            break;
        if (section_begins) {
            g_free(section);
            section = g_strdup(*line + 4);
        }
        if (strcmp(*line, ".TP") == 0)
            open = g_ptr_array_new();
        else if (open)
            g_ptr_array_add(open, g_strdup(*line));
    }
    g_free(section);
    g_strfreev(lines);
    g_free(text);
    return 0;
}

static int free_manual(void **state)
{
    (void)state;
    for (guint i = 0; i < paragraphs->len; i++) {
        struct paragraph *paragraph = paragraphs->pdata[i];

        g_free(paragraph->section);
        g_strfreev(paragraph->lines);
        g_free(paragraph);
    }
    g_ptr_array_free(paragraphs, TRUE);
    return 0;
}

/* The line is a tag (".B name", ".BI \"name \" VALUE") of this directive. */
static bool tags(const char *line, const char *name)
{
    size_t length = strlen(name);

    if (g_str_has_prefix(line, ".BI \""))
        line += 5;
    else if (g_str_has_prefix(line, ".B "))
        line += 3;
    else
        return false;
    return strncmp(line, name, length) == 0 && (line[length] == ' ' || line[length] == '\0');
}

/* Tags are the first line, and each line after a .TQ. */
static const struct paragraph *find(const char *name)
{
    for (guint i = 0; i < paragraphs->len; i++) {
        const struct paragraph *paragraph = paragraphs->pdata[i];

        for (char **line = paragraph->lines; *line; line++)
            if ((line == paragraph->lines || strcmp(line[-1], ".TQ") == 0) && tags(*line, name))
                return paragraph;
    }
    return NULL;
}

static void every_directive_has_its_paragraph_in_the_right_section(void **state)
{
    (void)state;
    for (const struct hb_cf_directive *row = hb_cf_directives; row->name; row++) {
        const struct paragraph *paragraph = find(row->name);
        enum hb_cf_use use = HB_CF_ACTED;

        if (!paragraph)
            fail_msg("ha.cf(5) has no paragraph on %s", row->name);
        if (strcmp(paragraph->section, "ACCEPTED WITHOUT EFFECT") == 0)
            use = HB_CF_NO_EFFECT;
        else if (strcmp(paragraph->section, "NOT ACTED ON YET") == 0)
            use = HB_CF_NOT_YET;
        if (use != row->use)
            fail_msg("ha.cf(5) has %s in section %s", row->name, paragraph->section);
    }
}

static void every_default_of_the_table_is_in_the_manual(void **state)
{
    (void)state;
    for (const struct hb_cf_directive *row = hb_cf_directives; row->name; row++) {
        char *text, *expected;

        if (!row->standard)
            continue;
        text = g_strjoinv(" ", find(row->name)->lines);
        expected = g_strdup_printf("Default: %s.", row->standard);
        if (!strstr(text, expected))
            fail_msg("ha.cf(5) does not say of %s: %s", row->name, expected);
        g_free(expected);
        g_free(text);
    }
}

static void the_manual_has_no_directive_that_the_table_lacks(void **state)
{
    (void)state;
    for (guint i = 0; i < paragraphs->len; i++) {
        const struct paragraph *paragraph = paragraphs->pdata[i];
        const struct hb_cf_directive *row = hb_cf_directives;

        while (row->name && !tags(paragraph->lines[0], row->name))
            row++;
        if (!row->name)
            fail_msg("ha.cf(5) describes what the parser does not know: %s", paragraph->lines[0]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_directive_has_its_paragraph_in_the_right_section),
        cmocka_unit_test(every_default_of_the_table_is_in_the_manual),
        cmocka_unit_test(the_manual_has_no_directive_that_the_table_lacks),
    };

    return cmocka_run_group_tests(tests, read_manual, free_manual);
}
