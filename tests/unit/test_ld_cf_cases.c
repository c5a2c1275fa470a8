/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The 160 configurations that were given to ldirectord 4.12 and what it said
 * (tests/data/ldirectord/parse-cases.jsonl): ours accepts and refuses alike,
 * with the same words, except where this file says otherwise and why.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "tests/fakes/fake_names.h"

#define CASES 160
/* Right, but not acted on yet. This number only goes down. */
#define UNSUPPORTED 0

enum outcome { ACCEPTED, REFUSED, NOT_YET };

/* Where we do otherwise on purpose. */
static const struct {
    const char *name;
    enum outcome ours;
    const char *reason;
} differences[] = {
    {"RAW virtual=10.0.0.1", REFUSED, "an address without port was taken for firewall mark 10"},
    {"RAW virtual=12abc", REFUSED, "was taken for firewall mark 12"},
    {"RAW real=192.168.6.2::5060 gate", REFUSED, "was taken for the server 0.0.19.196"},
    {"RAW real=10.0.1.1: 80 gate", REFUSED, "was taken for the server 0.0.0.80"},
    {"V receive=\"(\"", REFUSED, "killed the daemon at the first check"},
    {"V quiescent=yes ", ACCEPTED, "a blank nobody can see is no reason to stop"},
    {"RAW no reals", ACCEPTED, "the message was wrong: nothing is there twice"},
    {"RAW hash in quotes", ACCEPTED, "a # in quotes belongs to the text"},
    {"G maintenancedir=/nonexistent", ACCEPTED, "who reads the file looks whether it is there"},
    {"V monitorfile=/nonexist/x", ACCEPTED, "who reads the file looks whether it can be written"},
    {"G logfile=\"/nonexist/x.log\"", ACCEPTED, "the daemon says so when it opens the file"},
};

/* ---- the one kind of JSON there is in that file: an object a line, of texts, a number and a
 * list of texts, with the escapes \" \\ \n \r \t ---- */

struct a_case {
    char *name, *config, *message; /* message: the first one, NULL if none */
    int status;
};

static const char *skip_bytes(const char *json, const char *bytes)
{
    return json + strspn(json, bytes);
}

static char *take_text(const char **json)
{
    GString *text = g_string_new(NULL);
    const char *next = *json;

    assert_int_equal(*next++, '"');
    for (; *next != '"'; next++) {
        assert_true(*next);
        if (*next == '\\') {
            const char *letters = "\"\\nrt", *letter = strchr(letters, *++next);

            assert_true(*next && letter);
            g_string_append_c(text, "\"\\\n\r\t"[letter - letters]);
        } else {
            g_string_append_c(text, *next);
        }
    }
    *json = next + 1;
    return g_string_free(text, FALSE);
}

static void take_member(const char **json, struct a_case *out)
{
    char *key = take_text(json);

    *json = skip_bytes(*json, ": ");
    if (strcmp(key, "exit") == 0) {
        out->status = (int)strtol(*json, (char **)json, 10);
    } else if (strcmp(key, "messages") == 0) {
        assert_int_equal(*(*json)++, '[');
        while (**json != ']') {
            char *text = take_text(json);

            if (!out->message)
                out->message = g_steal_pointer(&text);
            g_free(text);
            *json = skip_bytes(*json, ", ");
        }
        (*json)++;
    } else if (strcmp(key, "name") == 0) {
        out->name = take_text(json);
    } else {
        assert_string_equal(key, "config");
        out->config = take_text(json);
    }
    g_free(key);
}

static struct a_case read_case(const char *json)
{
    struct a_case out = {0};

    assert_int_equal(*json++, '{');
    while (*json != '}') {
        take_member(&json, &out);
        json = skip_bytes(json, ", ");
    }
    assert_true(out.name && out.config);
    return out;
}

static void free_case(struct a_case *one)
{
    g_free(one->name);
    g_free(one->config);
    g_free(one->message);
}

/* ---- ours ---- */

/* As the daemon prints it. */
static char *message_of(const struct ha_diag *diag)
{
    return g_strdup_printf("%s [PID] reading file FILE at line %u: %s",
                           diag->severity == HA_WARNING ? "Warning" : "Error", diag->line,
                           diag->text);
}

static enum outcome outcome_of(const struct ha_diags *diags, const struct ld_config *config)
{
    bool refused = false;

    assert_int_equal(config != NULL, diags->errors == 0);
    for (guint i = 0; i < diags->list->len; i++)
        refused |= ((struct ha_diag *)diags->list->pdata[i])->severity == HA_ERROR;
    return refused ? REFUSED : diags->errors > 0 ? NOT_YET : ACCEPTED;
}

static bool differs_on_purpose(const char *name, enum outcome *expected)
{
    for (size_t i = 0; i < G_N_ELEMENTS(differences); i++) {
        if (strcmp(differences[i].name, name) == 0) {
            *expected = differences[i].ours;
            return true;
        }
    }
    return false;
}

/* One of ours starts with the one of theirs: they stopped at the first fault,
 * and read the real servers of a block after its other lines. */
static void assert_message(const struct a_case *one, const struct ha_diags *diags)
{
    char **parts = g_strsplit(one->message, "\t", -1);
    char *theirs = g_strjoinv("    ", parts);
    bool found = false;

    for (guint i = 0; i < diags->list->len; i++) {
        char *ours = message_of(diags->list->pdata[i]);

        found |= g_str_has_prefix(ours, theirs);
        g_free(ours);
    }
    if (!found)
        fail_msg("%s: expected \"%s\", found %u others", one->name, theirs, diags->list->len);
    g_free(theirs);
    g_strfreev(parts);
}

static enum outcome play(const struct a_case *one)
{
    enum outcome expected = one->status == 3 ? ACCEPTED : REFUSED, found;
    bool on_purpose = differs_on_purpose(one->name, &expected);
    struct ld_config *config;
    struct ha_diags diags;
    GString *ours = g_string_new(NULL);

    ha_diags_init(&diags);
    config = ld_cf_parse("FILE", one->config, strlen(one->config), &fake_names, &diags);
    found = outcome_of(&diags, config);
    ha_diags_print(&diags, ours);
    if (found != expected && !(expected == ACCEPTED && found == NOT_YET && !on_purpose))
        fail_msg("%s: expected %d, found %d: %s", one->name, (int)expected, (int)found,
                 ours->str);
    if (!on_purpose && one->message && found != NOT_YET)
        assert_message(one, &diags);
    g_string_free(ours, TRUE);
    ld_config_free(config);
    ha_diags_clear(&diags);
    return found;
}

static void measured_configurations_are_accepted_and_refused_as_they_were(void **state)
{
    unsigned cases = 0, not_yet = 0;
    char *text, **lines;

    (void)state;
    assert_true(g_file_get_contents(TEST_DATA "/ldirectord/parse-cases.jsonl", &text, NULL, NULL));
    lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        struct a_case one;

        if (!**line)
            continue;
        one = read_case(*line);
        cases++;
        not_yet += play(&one) == NOT_YET;
        free_case(&one);
    }
    assert_int_equal(cases, CASES);
    assert_int_equal(not_yet, UNSUPPORTED);
    g_strfreev(lines);
    g_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measured_configurations_are_accepted_and_refused_as_they_were),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
