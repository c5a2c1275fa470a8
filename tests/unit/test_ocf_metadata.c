/* SPDX-License-Identifier: GPL-2.0-or-later */
/* resource.d/ocf/metadata: what an agent says of itself, and arguments held against it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "resource.d/ocf/metadata.h"

#define HEAD "<?xml version=\"1.0\"?>\n<!DOCTYPE resource-agent SYSTEM \"ra-api-1.dtd\">\n"
static const char agent[] = HEAD
    "<resource-agent name=\"disk\" version=\"1.0\">\n"
    " <longdesc lang=\"en\">Whatever &lt;it&gt; does</longdesc>\n"
    " <parameters>\n"
    "  <parameter name=\"device\" unique=\"0\" required=\"1\"><content type=\"string\"/></parameter>\n"
    "  <parameter name=\"tries\" required=\"1\"><content type=\"integer\" default=\"3\"/></parameter>\n"
    "  <parameter name=\"force\"><content type=\"boolean\"/></parameter>\n"
    "  <parameter name=\"old\"><deprecated/><content type=\"string\"/></parameter>\n"
    "  <parameter name=\"mode\"><content type=\"select\"><option value=\"ro\"/>"
    "<option value=\"rw\"/></content></parameter>\n"
    "  <parameter><content type=\"string\"/></parameter>\n"
    " </parameters>\n"
    " <actions><action name=\"start\" timeout=\"20s\"/></actions>\n"
    "</resource-agent>\n";

static GString *faults, *warnings;

/* Holds arguments, separated by blanks, against the agent above. */
static void hold(const char *text)
{
    char *why = NULL;
    struct ocf_metadata *metadata = ocf_metadata_parse(agent, strlen(agent), &why);
    char **words = *text ? g_strsplit(text, " ", -1) : g_new0(char *, 1);
    GPtrArray *arguments = g_ptr_array_new();

    assert_non_null(metadata);
    assert_null(why);
    for (char **word = words; *word; word++)
        g_ptr_array_add(arguments, *word);
    g_string_truncate(faults, 0);
    g_string_truncate(warnings, 0);
    ocf_metadata_check(metadata, arguments, faults, warnings);
    g_ptr_array_free(arguments, TRUE);
    g_strfreev(words);
    ocf_metadata_free(metadata);
}

static void what_the_agent_takes_is_taken(void **state)
{
    (void)state;
    hold("device=/dev/sda1 tries=-7 force=Yes mode=rw");
    assert_string_equal(faults->str, "");
    assert_string_equal(warnings->str, "");
    hold("device=a=b"); /* a value may hold the sign */
    assert_string_equal(faults->str, "");
}

static void a_parameter_that_it_does_not_have_is_a_fault(void **state)
{
    (void)state;
    hold("device=x devcie=y");
    assert_string_equal(faults->str, "devcie: the agent has no such parameter; it has: device "
                                     "tries force mode\n");
    hold("device=x tries"); /* of a name alone nobody knows what it is to be */
    assert_string_equal(faults->str, "tries: the agent has no such parameter; it has: device "
                                     "tries force mode\n");
}

static void a_missing_parameter_is_a_fault_unless_it_has_a_default(void **state)
{
    (void)state;
    hold("");
    assert_string_equal(faults->str, "device: missing; the agent cannot do without it\n");
}

static void a_value_that_is_not_of_its_type_is_a_fault(void **state)
{
    (void)state;
    hold("device=x tries=many force=maybe mode=wr");
    assert_string_equal(faults->str, "tries: expected a whole number, found \"many\"\n"
                                     "force: expected yes or no, found \"maybe\"\n"
                                     "mode: expected ro or rw, found \"wr\"\n");
    hold("device=x tries=");
    assert_string_equal(faults->str, "tries: expected a whole number, found \"\"\n");
}

static void a_deprecated_parameter_is_a_warning(void **state)
{
    (void)state;
    hold("device=x old=y");
    assert_string_equal(faults->str, "");
    assert_string_equal(warnings->str, "old: deprecated by the agent\n");
}

static void refused(const char *xml, size_t length, const char *part)
{
    char *why = NULL;

    assert_null(ocf_metadata_parse(xml, length, &why));
    assert_non_null(why);
    if (!strstr(why, part))
        fail_msg("\"%s\" does not say \"%s\"", why, part);
    g_free(why);
}

static void what_is_no_meta_data_is_refused_with_a_reason(void **state)
{
    char *many = g_malloc0(OCF_METADATA_MAX + 1);
    GString *crowd = g_string_new("<resource-agent><parameters>");

    (void)state;
    refused("", 0, "empty");
    refused(many, OCF_METADATA_MAX + 1, "longer");
    refused("not xml", 7, "line 1");
    refused("<a/>", 4, "resource-agent");
    refused(agent, 200, "line");
    for (int i = 0; i <= OCF_PARAMETERS_MAX; i++)
        g_string_append_printf(crowd, "<parameter name=\"p%d\"/>", i);
    g_string_append(crowd, "</parameters></resource-agent>");
    refused(crowd->str, crowd->len, "more than");
    g_string_free(crowd, TRUE);
    g_free(many);
}

/* Neither files nor a billion laughs. */
static void entities_are_not_followed(void **state)
{
    static const char file[] =
        "<!DOCTYPE r [<!ENTITY x SYSTEM \"file:///etc/hostname\">]>"
        "<resource-agent><parameters><parameter name=\"p\" required=\"1\">"
        "<content type=\"select\"><option value=\"a\"/></content>&x;</parameter></parameters>"
        "</resource-agent>";
    GString *laughs = g_string_new("<!DOCTYPE r [<!ENTITY l0 \"ha\">");
    char *why = NULL;
    struct ocf_metadata *metadata = ocf_metadata_parse(file, strlen(file), &why);

    (void)state;
    assert_non_null(metadata);
    assert_int_equal(metadata->parameters->len, 1);
    ocf_metadata_free(metadata);
    for (int i = 1; i < 30; i++)
        g_string_append_printf(laughs, "<!ENTITY l%d \"&l%d;&l%d;\">", i, i - 1, i - 1);
    g_string_append(laughs, "]><resource-agent name=\"&l29;\"><parameters><parameter "
                            "name=\"&l29;\"/></parameters></resource-agent>");
    metadata = ocf_metadata_parse(laughs->str, laughs->len, &why);
    assert_null(metadata);
    g_free(why);
    g_string_free(laughs, TRUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_agent_takes_is_taken),
        cmocka_unit_test(a_parameter_that_it_does_not_have_is_a_fault),
        cmocka_unit_test(a_missing_parameter_is_a_fault_unless_it_has_a_default),
        cmocka_unit_test(a_value_that_is_not_of_its_type_is_a_fault),
        cmocka_unit_test(a_deprecated_parameter_is_a_warning),
        cmocka_unit_test(what_is_no_meta_data_is_refused_with_a_reason),
        cmocka_unit_test(entities_are_not_followed),
    };
    int failed;

    faults = g_string_new(NULL);
    warnings = g_string_new(NULL);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    g_string_free(faults, TRUE);
    g_string_free(warnings, TRUE);
    return failed;
}
