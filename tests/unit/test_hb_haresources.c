/* SPDX-License-Identifier: GPL-2.0-or-later */
/* heartbeatd/conf/haresources: groups as they are meant, and each fault with its line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "heartbeatd/conf/haresources.h"

static struct hb_config *two_nodes(void)
{
    struct hb_config *config = hb_config_new();

    g_ptr_array_add(config->nodes, g_strdup("node1"));
    g_ptr_array_add(config->nodes, g_strdup("node2.example.org"));
    return config;
}

/* "home@line: name(arg,arg) name()" a line for each group, then the messages. */
static char *read_back(const char *text, size_t length)
{
    GString *out = g_string_new(NULL);
    struct hb_config *config = two_nodes();
    char *copy = g_memdup2(text, length); /* exact size: reading past the end is seen */
    struct hb_haresources *resources;
    struct ha_diags diags;

    ha_diags_init(&diags);
    resources = hb_haresources_parse("haresources", copy, length, config, &diags);
    assert_int_equal(resources == NULL, diags.errors > 0);
    for (guint i = 0; resources && i < resources->groups->len; i++) {
        const struct hb_group *group = resources->groups->pdata[i];

        g_string_append_printf(out, "%s@%u:", group->home, group->line);
        for (guint j = 0; j < group->resources->len; j++) {
            const struct hb_resource *resource = group->resources->pdata[j];

            assert_false(resource->native);
            g_string_append_printf(out, " %s(", resource->name);
            for (guint k = 0; k < resource->args->len; k++)
                g_string_append_printf(out, "%s%s", k > 0 ? "," : "",
                                       (const char *)resource->args->pdata[k]);
            g_string_append_c(out, ')');
        }
        g_string_append_c(out, '\n');
    }
    ha_diags_print(&diags, out);
    hb_haresources_free(resources);
    ha_diags_clear(&diags);
    g_free(copy);
    hb_config_free(config);
    return g_string_free(out, FALSE);
}

static void assert_reads(const char *text, const char *expected)
{
    char *read = read_back(text, strlen(text));

    assert_string_equal(read, expected);
    g_free(read);
}

static void groups_are_nodes_with_resources(void **state)
{
    (void)state;
    assert_reads("", "");
    assert_reads("# nothing\n\n \t \n", "");
    assert_reads("node1 10.0.0.5/24/eth0 httpd\n", "node1@1: IPaddr(10.0.0.5/24/eth0) httpd()\n");
    assert_reads("  NODE1\t10.0.0.5\n\nNode2.Example.org IPaddr2::10.0.0.6/24/eth0:1/10.0.0.255 x",
                 "node1@1: IPaddr(10.0.0.5)\n"
                 "node2.example.org@3: IPaddr2(10.0.0.6/24/eth0:1/10.0.0.255) x()\n");
    assert_reads("node1 Filesystem::/dev/sda1::/data::ext3 mysql # data base\n",
                 "node1@1: Filesystem(/dev/sda1,/data,ext3) mysql()\n");
    assert_reads("node1 ldirectord::ldirectord.cf LVSSyncDaemonSwap::master a::::b::\r\n",
                 "node1@1: ldirectord(ldirectord.cf) LVSSyncDaemonSwap(master) a(b)\n");
}

static void several_groups_of_a_node_are_kept_apart_and_in_order(void **state)
{
    (void)state;
    assert_reads("node1 10.0.0.2\nnode1 10.0.0.1\n",
                 "node1@1: IPaddr(10.0.0.2)\nnode1@2: IPaddr(10.0.0.1)\n");
}

static void a_backslash_continues_the_line_also_behind_a_comment_on_the_next(void **state)
{
    static const char *const expected = "node1@1: IPaddr(10.0.0.5) a() b()\n";

    (void)state;
    assert_reads("node1 10.0.0.5 \\\n a \\\n b\n", expected);
    assert_reads("node1 10.0.0.5 \\\r\n a \\\r\n b # the end\r\n", expected);
    assert_reads("node1 10.0.0.5\\\na\\ \nb#the end", expected);
    assert_reads("node1 \\\n10.0.0.5 a b\n", expected);
}

static void a_backslash_in_a_comment_continues_nothing(void **state)
{
    (void)state;
    assert_reads("node1 10.0.0.5 # the address \\\nnode1 10.0.0.6\n",
                 "node1@1: IPaddr(10.0.0.5)\nnode1@2: IPaddr(10.0.0.6)\n"
                 "haresources:1: warning: the \\ in the comment does not continue the line; "
                 "put it before the #\n");
}

static void addresses_of_ipv6_are_one_argument(void **state)
{
    (void)state;
    assert_reads("node1 IPv6addr::2001:db8::1/64/eth0\n",
                 "node1@1: IPv6addr(2001:db8::1/64/eth0)\n");
    assert_reads("node1 IPaddr2::::1\n", "node1@1: IPaddr2(::1)\n");
    assert_reads("node1 script::1::2\n", "node1@1: script(1,2)\n");
}

static void the_key_is_the_text_of_the_first_resource(void **state)
{
    struct hb_config *config = two_nodes();
    struct ha_diags diags;
    static const char text[] = "node1 10.0.0.5/24::x y\n";
    struct hb_haresources *resources;

    (void)state;
    ha_diags_init(&diags);
    resources = hb_haresources_parse("f", text, strlen(text), config, &diags);
    assert_string_equal(hb_group_key(resources->groups->pdata[0]), "10.0.0.5/24::x");
    hb_haresources_free(resources);
    ha_diags_clear(&diags);
    hb_config_free(config);
}

#define RESOURCE                                                                                   \
    "expected a resource (an address such as 10.0.0.5/24/eth0, or the name of a script in "        \
    "resource.d with its arguments, SCRIPT::ARG::ARG), found "
#define A_NODE "expected a node of ha.cf (node1 or node2.example.org) at the start of the line, found "

static void each_fault_has_its_message(void **state)
{
    static const struct {
        const char *text, *said;
    } cases[] = {
        {"node3 10.0.0.5\n", "haresources:1: " A_NODE "\"node3\"\n"},
        {"\n10.0.0.5\n", "haresources:2: " A_NODE "\"10.0.0.5\"\n"},
        {"node1\n", "haresources:1: expected resources after \"node1\", found nothing\n"},
        {"node1 # 10.0.0.5\n", "haresources:1: expected resources after \"node1\", found nothing\n"},
        {"node1 300.0.0.1/24\n", "haresources:1: expected an IPv4 address, found \"300.0.0.1/24\"\n"},
        {"node1 10.0.0.5 ../x\n", "haresources:1: " RESOURCE "\"../x\"\n"},
        {"node1 10.0.0.5 /bin/sh\n", "haresources:1: " RESOURCE "\"/bin/sh\"\n"},
        {"node1 10.0.0.5 ::x\n", "haresources:1: " RESOURCE "\"::x\"\n"},
        {"node1 10.0.0.5 -x\n", "haresources:1: " RESOURCE "\"-x\"\n"},
        {"node1 10.0.0.5 a;b\n", "haresources:1: " RESOURCE "\"a;b\"\n"},
        {"node1 10.0.0.5 \\ httpd\n", "haresources:1: " RESOURCE "\"\\\"\n"},
        {"node1 10.0.0.5 \\\n  ../x \\\n  $y\n",
         "haresources:2: " RESOURCE "\"../x\"\nharesources:3: " RESOURCE "\"$y\"\n"},
        {"node1 10.0.0.5\nnode2.example.org 10.0.0.5 x\n",
         "haresources:2: expected a first resource that no other line begins with, "
         "found \"10.0.0.5\" of line 1\n"},
        {"node1 10.0.0.5 \\\n",
         "haresources:1: expected a line after the \\, found the end of the file\n"},
        {"node1 \\", "haresources:1: expected a line after the \\, found the end of the file\n"},
        {"a b\nnode1 10.0.0.5\nnode1\n",
         "haresources:1: " A_NODE "\"a\"\n"
         "haresources:3: expected resources after \"node1\", found nothing\n"},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_reads(cases[i].text, cases[i].said);
}

static void a_key_inside_another_group_is_a_warning(void **state)
{
    (void)state;
    assert_reads("node1 10.0.0.5 httpd\nnode1 10.0.0.6 httpd 10.0.0.5\n",
                 "node1@1: IPaddr(10.0.0.5) httpd()\n"
                 "node1@2: IPaddr(10.0.0.6) httpd() IPaddr(10.0.0.5)\n"
                 "haresources:2: warning: \"10.0.0.5\" is the first resource of line 1 as well\n");
}

static void an_address_in_two_groups_is_a_warning_however_it_is_written(void **state)
{
    (void)state;
    assert_reads("node1 10.0.0.5/24/eth0 httpd\nnode1 IPaddr::10.0.0.5/24/eth0\n",
                 "node1@1: IPaddr(10.0.0.5/24/eth0) httpd()\n"
                 "node1@2: IPaddr(10.0.0.5/24/eth0)\n"
                 "haresources:2: warning: \"IPaddr::10.0.0.5/24/eth0\" sets the address of line 1: two groups "
                 "cannot share one\n");
    assert_reads("node1 IPv6addr::2001:db8::5/64\nnode1 httpd IPaddr2::2001:db8:0::5/64/eth0\n",
                 "node1@1: IPv6addr(2001:db8::5/64)\n"
                 "node1@2: httpd() IPaddr2(2001:db8:0::5/64/eth0)\n"
                 "haresources:2: warning: \"IPaddr2::2001:db8:0::5/64/eth0\" sets the address of line 1: two groups "
                 "cannot share one\n");
    assert_reads("node1 10.0.0.6 10.0.0.5\nnode1 10.0.0.5\n", /* told once */
                 "node1@1: IPaddr(10.0.0.6) IPaddr(10.0.0.5)\nnode1@2: IPaddr(10.0.0.5)\n"
                 "haresources:1: warning: \"10.0.0.5\" is the first resource of line 2 as well\n");
    assert_reads("node1 a 10.0.0.5\nnode1 b 10.0.0.5\n",
                 "node1@1: a() IPaddr(10.0.0.5)\nnode1@2: b() IPaddr(10.0.0.5)\n"
                 "haresources:2: warning: \"10.0.0.5\" sets the address of line 1: two groups cannot share one\n");
    assert_reads("node1 10.0.0.5 10.0.0.6\nnode1 10.0.0.7 10.0.0.8\n",
                 "node1@1: IPaddr(10.0.0.5) IPaddr(10.0.0.6)\nnode1@2: IPaddr(10.0.0.7) IPaddr(10.0.0.8)\n");
}

static void the_seed_document_s_file_is_read(void **state)
{
    struct hb_config *config = hb_config_new();
    struct hb_haresources *resources;
    struct ha_diags diags;
    char *text;
    gsize length;

    (void)state;
    g_ptr_array_add(config->nodes, g_strdup("rh1.cluster.net"));
    assert_true(g_file_get_contents(TEST_DATA "/seeds/haresources", &text, &length, NULL));
    ha_diags_init(&diags);
    resources = hb_haresources_parse("f", text, length, config, &diags);
    assert_int_equal(diags.errors + diags.warnings, 0);
    assert_int_equal(resources->groups->len, 1);
    assert_string_equal(hb_group_key(resources->groups->pdata[0]), "172.26.46.119/24/eth0");
    hb_haresources_free(resources);
    ha_diags_clear(&diags);
    g_free(text);
    hb_config_free(config);
}

static void files_that_are_no_text_get_few_words(void **state)
{
    char *huge = g_strdup_printf("node1 10.0.0.5\nnode1 %*s\nnode1 10.0.0.6\n", 1 << 20, "x");
    static const char nul[] = "node1 10.0.0.5 Filesystem::/dev/sda1\nnode1 10.0.0.6 \0 x\n";
    char noise[2048], *read;

    (void)state;
    for (size_t i = 0; i < sizeof(noise); i++)
        noise[i] = (char)(i * 89 + i / 256);
    read = read_back(noise, sizeof(noise));
    assert_string_equal(read, "haresources: expected a text file, found binary data\n");
    g_free(read);
    read = read_back(nul, sizeof(nul) - 1);
    assert_string_equal(read, "haresources:2: expected text, found a NUL byte\n");
    g_free(read);
    assert_reads(huge, "haresources:2: expected a line of at most 5119 bytes, found 1048582\n");
    g_free(huge);
}

static void many_groups_and_large_ones_are_read_up_to_the_bounds(void **state)
{
    GString *text = g_string_new("node1 first");
    char *read;

    (void)state;
    for (int i = 1; i < HB_RESOURCES_MAX; i++)
        g_string_append_printf(text, " \\\n r%d", i);
    for (int i = 1; i < HB_GROUPS_MAX; i++)
        g_string_append_printf(text, "\nnode1 10.%d.%d.1", i / 256, i % 256);
    read = read_back(text->str, text->len);
    assert_null(strstr(read, "haresources"));
    g_free(read);
    g_string_append(text, "\nnode1 one_more\n");
    read = read_back(text->str, text->len);
    assert_string_equal(read, "haresources:8192: expected at most 4096 groups, found more\n");
    g_free(read);
    g_string_insert(text, 12, "x y ");
    read = read_back(text->str, text->len);
    assert_non_null(strstr(read, "haresources:4095: expected at most 4096 resources in a group, "
                                 "found more\n"));
    g_free(read);
    g_string_free(text, TRUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_are_nodes_with_resources),
        cmocka_unit_test(several_groups_of_a_node_are_kept_apart_and_in_order),
        cmocka_unit_test(a_backslash_continues_the_line_also_behind_a_comment_on_the_next),
        cmocka_unit_test(a_backslash_in_a_comment_continues_nothing),
        cmocka_unit_test(addresses_of_ipv6_are_one_argument),
        cmocka_unit_test(the_key_is_the_text_of_the_first_resource),
        cmocka_unit_test(each_fault_has_its_message),
        cmocka_unit_test(a_key_inside_another_group_is_a_warning),
        cmocka_unit_test(an_address_in_two_groups_is_a_warning_however_it_is_written),
        cmocka_unit_test(the_seed_document_s_file_is_read),
        cmocka_unit_test(files_that_are_no_text_get_few_words),
        cmocka_unit_test(many_groups_and_large_ones_are_read_up_to_the_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
