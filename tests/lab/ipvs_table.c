/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ldirectord/ipvs against a real kernel: what is written is what ipvsadm shows,
 * what ipvsadm writes is what is read. Run by the scenario ipvs-table in the
 * network namespace of a host of its own; changes whatever table it finds.
 *
 * usage: ipvs_table IPVSADM
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/ip_vs.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ldirectord/ipvs/ipvs.h"

static const char *ipvsadm;
static struct ld_ipvs *ipvs;

/* ---- ipvsadm ---- */

static char *ask_ipvsadm(const char *arguments)
{
    char *command = g_strdup_printf("%s %s 2>&1", ipvsadm, arguments);
    FILE *out = popen(command, "r");
    GString *text = g_string_new(NULL);
    char line[1024];

    assert_non_null(out);
    while (fgets(line, sizeof(line), out) != NULL)
        g_string_append(text, line);
    if (pclose(out) != 0)
        fail_msg("%s: %s", command, text->str);
    g_free(command);
    return g_string_free(text, FALSE);
}

static void tell_ipvsadm(const char *arguments)
{
    g_free(ask_ipvsadm(arguments));
}

static gint by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The table as ipvsadm saves it, its lines sorted: the kernel's order is by hash. */
static void assert_saved(const char *expected)
{
    char *text = ask_ipvsadm("-Sn");
    char **lines = g_strsplit(g_strchomp(text), "\n", -1);
    GPtrArray *sorted = g_ptr_array_new();
    char *joined;

    for (char **line = lines; *line != NULL; line++)
        g_ptr_array_add(sorted, g_strchomp(*line));
    g_ptr_array_sort(sorted, by_text);
    g_ptr_array_add(sorted, NULL);
    joined = g_strjoinv("\n", (char **)sorted->pdata);
    assert_string_equal(joined, expected);
    g_free(joined);
    g_ptr_array_free(sorted, TRUE);
    g_strfreev(lines);
    g_free(text);
}

/* ---- tables ---- */

static struct ha_addr address(const char *text)
{
    struct ha_addr addr;

    assert_true(ha_addr_parse(&addr, text));
    return addr;
}

static struct ld_vs *want(struct ld_table *table, enum ld_protocol protocol, const char *addr,
                          unsigned port, const char *scheduler)
{
    struct ld_service_id id = {.protocol = protocol};
    struct ld_vs *vs;

    id.addr = address(addr);
    if (protocol == LD_FWM) {
        uint16_t family = id.addr.family;
        memset(&id.addr, 0, sizeof(id.addr));
        id.addr.family = family;
        id.fwmark = port;
    } else {
        id.port = (uint16_t)port;
    }
    vs = ld_table_add(table, &id);
    assert_non_null(vs);
    g_strlcpy(vs->scheduler, scheduler, sizeof(vs->scheduler));
    return vs;
}

static struct ld_dest *serve(struct ld_vs *vs, const char *addr, unsigned port,
                             enum ld_method method, unsigned weight)
{
    struct ld_dest dest = {
        .addr = address(addr), .port = (uint16_t)port, .method = method, .weight = weight};

    g_array_append_val(vs->dests, dest);
    return &g_array_index(vs->dests, struct ld_dest, vs->dests->len - 1);
}

static struct ld_table *read_table(void)
{
    struct ld_table *table;

    assert_int_equal(ipvs->ops->read(ipvs, NULL, &table), 0);
    return table;
}

static guint id_hash(gconstpointer id)
{
    return ld_service_id_hash(id);
}

static gboolean id_equal(gconstpointer a, gconstpointer b)
{
    return ld_service_id_equal(a, b);
}

static GHashTable *ids_of(const struct ld_table *table)
{
    GHashTable *ids = g_hash_table_new(id_hash, id_equal);

    for (guint i = 0; i < table->services->len; i++) {
        struct ld_vs *vs = g_ptr_array_index(table->services, i);
        g_hash_table_add(ids, &vs->id);
    }
    return ids;
}

struct answers {
    int errors[8];
    guint count;
};

static void keep_answer(void *ctx, const struct ld_op *op, int error)
{
    struct answers *answers = ctx;

    (void)op;
    if (answers->count < G_N_ELEMENTS(answers->errors))
        answers->errors[answers->count] = error;
    answers->count++;
}

/* Makes the kernel's table this one, whatever it was; the number of operations that took. */
static guint make_it(const struct ld_table *wanted)
{
    struct ld_table *actual = read_table();
    GHashTable *ours = ids_of(actual);
    GArray *ops = g_array_new(FALSE, FALSE, sizeof(struct ld_op));
    guint count;

    ld_table_diff(actual, wanted, ours, ops);
    assert_int_equal(ipvs->ops->apply(ipvs, ops, NULL, NULL), 0);
    count = ops->len;
    g_array_free(ops, TRUE);
    g_hash_table_destroy(ours);
    ld_table_free(actual);
    return count;
}

/* Written and read back it is the same: a second time there is nothing to do. */
static void assert_made(const struct ld_table *wanted)
{
    make_it(wanted);
    assert_int_equal(make_it(wanted), 0);
}

static int begin_empty(void **state)
{
    (void)state;
    tell_ipvsadm("-C");
    return 0;
}

/* ---- cases ---- */

static void an_empty_table_is_read_as_empty(void **state)
{
    struct ld_table *table = read_table();

    (void)state;
    assert_int_equal(table->services->len, 0);
    ld_table_free(table);
}

static void every_kind_of_service_and_server_is_what_ipvsadm_shows(void **state)
{
    struct ld_table *table = ld_table_new();
    struct ld_vs *vs;

    (void)state;
    vs = want(table, LD_TCP, "10.9.0.1", 80, "wlc");
    serve(vs, "10.9.1.1", 80, LD_GATE, 1);
    serve(vs, "10.9.1.2", 80, LD_IPIP, 0);
    serve(vs, "10.9.1.3", 8080, LD_MASQ, 65535);
    vs = want(table, LD_UDP, "10.9.0.1", 53, "rr");
    vs->flags = IP_VS_SVC_F_ONEPACKET;
    serve(vs, "10.9.1.1", 53, LD_GATE, 3);
    vs = want(table, LD_FWM, "0.0.0.0", 7, "wrr");
    vs->flags = IP_VS_SVC_F_PERSISTENT;
    vs->timeout_s = 600;
    vs->netmask = 0xffffff00;
    serve(vs, "10.9.1.1", 0, LD_GATE, 1);
    vs = want(table, LD_TCP, "fd09::1", 443, "sh");
    vs->flags = IP_VS_SVC_F_PERSISTENT | IP_VS_SVC_F_SCHED2;
    vs->timeout_s = 300;
    vs->netmask = 64;
    serve(vs, "fd09::2", 443, LD_GATE, 2);
    vs = want(table, LD_FWM, "::", 7, "lc");
    serve(vs, "fd09::2", 0, LD_MASQ, 1);
    assert_made(table);
    assert_saved("-A -f 7 -6 -s lc\n"
                 "-A -f 7 -s wrr -p 600 -M 255.255.255.0\n"
                 "-A -t 10.9.0.1:80 -s wlc\n"
                 "-A -t [fd09::1]:443 -s sh -p 300 -M 64 -b sh-port\n"
                 "-A -u 10.9.0.1:53 -s rr -o\n"
                 "-a -f 7 -6 -r [fd09::2]:0 -m -w 1\n"
                 "-a -f 7 -r 10.9.1.1:0 -g -w 1\n"
                 "-a -t 10.9.0.1:80 -r 10.9.1.1:80 -g -w 1\n"
                 "-a -t 10.9.0.1:80 -r 10.9.1.2:80 -i -w 0 --tun-type ipip\n"
                 "-a -t 10.9.0.1:80 -r 10.9.1.3:8080 -m -w 65535\n"
                 "-a -t [fd09::1]:443 -r [fd09::2]:443 -g -w 2\n"
                 "-a -u 10.9.0.1:53 -r 10.9.1.1:53 -g -w 3");
    ld_table_free(table);
}

static void what_ipvsadm_wrote_is_read_and_needs_no_change(void **state)
{
    struct ld_table *table = ld_table_new();
    struct ld_dest *dest;
    struct ld_vs *vs;

    (void)state;
    tell_ipvsadm("-A -t 10.9.0.1:80 -s sh -p 600 -M 255.255.0.0 -b sh-fallback,sh-port");
    tell_ipvsadm("-a -t 10.9.0.1:80 -r 10.9.1.1:80 -g -w 5 -x 20 -y 10");
    tell_ipvsadm("-A -f 9 -6 -s rr");
    tell_ipvsadm("-a -f 9 -6 -r [fd09::2]:0 -i -w 1");
    vs = want(table, LD_TCP, "10.9.0.1", 80, "sh");
    vs->flags = IP_VS_SVC_F_PERSISTENT | IP_VS_SVC_F_SCHED1 | IP_VS_SVC_F_SCHED2;
    vs->timeout_s = 600;
    vs->netmask = 0xffff0000;
    dest = serve(vs, "10.9.1.1", 80, LD_GATE, 5);
    dest->upper = 20;
    dest->lower = 10;
    serve(want(table, LD_FWM, "::", 9, "rr"), "fd09::2", 0, LD_IPIP, 1);
    assert_int_equal(make_it(table), 0);
    ld_table_free(table);
}

static void thresholds_are_what_ipvsadm_shows(void **state)
{
    struct ld_table *table = ld_table_new();
    struct ld_dest *dest =
        serve(want(table, LD_TCP, "10.9.0.1", 80, "rr"), "10.9.1.1", 80, LD_MASQ, 1);
    char *text;

    (void)state;
    dest->upper = 123;
    dest->lower = 45;
    assert_made(table);
    text = ask_ipvsadm("-Ln --thresholds");
    assert_true(g_regex_match_simple("10.9.1.1:80 +123 +45 ", text, 0, 0));
    g_free(text);
    ld_table_free(table);
}

static void an_edit_changes_the_entry_and_not_its_neighbours(void **state)
{
    struct ld_table *table = ld_table_new();
    struct ld_vs *vs = want(table, LD_TCP, "10.9.0.1", 80, "wlc");

    (void)state;
    serve(vs, "10.9.1.1", 80, LD_GATE, 1);
    serve(vs, "10.9.1.2", 80, LD_GATE, 1);
    vs->flags = IP_VS_SVC_F_PERSISTENT;
    vs->timeout_s = 300;
    vs->netmask = UINT32_MAX;
    tell_ipvsadm("-A -t 10.9.0.9:80 -s rr"); /* make_it() owns all it finds; so it goes */
    assert_made(table);
    g_strlcpy(vs->scheduler, "rr", sizeof(vs->scheduler));
    vs->flags = 0;
    vs->timeout_s = vs->netmask = 0;
    g_array_index(vs->dests, struct ld_dest, 1).weight = 0;
    g_array_index(vs->dests, struct ld_dest, 1).method = LD_MASQ;
    assert_int_equal(make_it(table), 2);
    assert_saved("-A -t 10.9.0.1:80 -s rr\n"
                 "-a -t 10.9.0.1:80 -r 10.9.1.1:80 -g -w 1\n"
                 "-a -t 10.9.0.1:80 -r 10.9.1.2:80 -m -w 0");
    g_array_set_size(vs->dests, 1);
    assert_int_equal(make_it(table), 1);
    assert_saved("-A -t 10.9.0.1:80 -s rr\n"
                 "-a -t 10.9.0.1:80 -r 10.9.1.1:80 -g -w 1");
    ld_table_free(table);
}

static void every_scheduler_of_the_kernel_can_be_had(void **state)
{
    static const char *const schedulers[] = {"rr", "wrr", "lc", "wlc", "fo", "ovf", "lblc",
                                             "lblcr", "dh", "sh", "mh", "sed", "nq"};

    (void)state;
    for (unsigned i = 0; i < G_N_ELEMENTS(schedulers); i++) {
        struct ld_table *table = ld_table_new();
        char *expected = g_strdup_printf("-A -t 10.9.0.1:80 -s %s\n"
                                         "-a -t 10.9.0.1:80 -r 10.9.1.1:80 -g -w 1", schedulers[i]);

        serve(want(table, LD_TCP, "10.9.0.1", 80, schedulers[i]), "10.9.1.1", 80, LD_GATE, 1);
        assert_made(table);
        assert_saved(expected);
        g_free(expected);
        ld_table_free(table);
    }
}

static struct ld_op op_of(enum ld_op_kind kind, const struct ld_vs *vs)
{
    return (struct ld_op){.kind = kind, .vs = vs,
                          .dest = &g_array_index(vs->dests, struct ld_dest, 0)};
}

static void assert_says(const struct ld_op *op, int error, const char *expected)
{
    char *text = ld_ipvs_error_text(op, error);

    if (strstr(text, expected) == NULL)
        fail_msg("expected \"%s\" in \"%s\"", expected, text);
    g_free(text);
}

static void a_refused_operation_is_explained_and_the_rest_is_done(void **state)
{
    struct ld_table *table = ld_table_new();
    struct ld_vs *good = want(table, LD_TCP, "10.9.0.1", 80, "rr");
    struct ld_vs *bad = want(table, LD_TCP, "10.9.0.2", 80, "nosuch");
    struct ld_vs *odd = want(table, LD_TCP, "10.9.0.1", 81, "rr");
    struct answers answers = {0};
    struct ld_op list[6];
    GArray *ops = g_array_new(FALSE, FALSE, sizeof(struct ld_op));

    (void)state;
    serve(good, "10.9.1.1", 80, LD_GATE, 1);
    serve(bad, "10.9.1.1", 80, LD_GATE, 1);
    serve(odd, "10.9.1.1", 80, LD_GATE, 1)->lower = 5; /* above upper, which is 0 */
    list[0] = op_of(LD_OP_ADD_SERVICE, bad);
    list[1] = op_of(LD_OP_ADD_SERVICE, good);
    list[2] = op_of(LD_OP_ADD_SERVICE, good);
    list[3] = op_of(LD_OP_ADD_DEST, bad);
    list[4] = (struct ld_op){.kind = LD_OP_ADD_DEST, .vs = good,
                             .dest = &g_array_index(odd->dests, struct ld_dest, 0)};
    list[5] = op_of(LD_OP_ADD_DEST, good);
    g_array_append_vals(ops, list, G_N_ELEMENTS(list));
    assert_int_equal(ipvs->ops->apply(ipvs, ops, keep_answer, &answers), 4);
    assert_int_equal(answers.count, 6);
    assert_int_equal(answers.errors[0], -ENOENT);
    assert_says(&list[0], -ENOENT, "no scheduler \"nosuch\"");
    assert_int_equal(answers.errors[1], 0);
    assert_int_equal(answers.errors[2], -EEXIST);
    assert_says(&list[2], -EEXIST, "cannot add virtual server tcp:10.9.0.1:80: somebody else");
    assert_int_equal(answers.errors[3], -ESRCH);
    assert_int_equal(answers.errors[4], -ERANGE);
    assert_says(&list[4], -ERANGE, "cannot add real server 10.9.1.1:80 (tcp:10.9.0.1:80): weight 1 "
                                   "or thresholds l:5 u:0");
    assert_int_equal(answers.errors[5], 0);
    assert_saved("-A -t 10.9.0.1:80 -s rr\n"
                 "-a -t 10.9.0.1:80 -r 10.9.1.1:80 -g -w 1");
    g_array_free(ops, TRUE);
    ld_table_free(table);
}

static void a_thousand_services_are_written_and_read_back(void **state)
{
    struct ld_table *table = ld_table_new(), *nothing = ld_table_new();
    char *text;
    guint lines = 0, expected = 0;

    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        char *addr = g_strdup_printf("10.9.%u.%u", 2 + i / 250, 1 + i % 250);
        struct ld_vs *vs = want(table, i % 2 ? LD_UDP : LD_TCP, addr, 80 + i, "wlc");

        expected += 1 + 1 + i % 7;
        for (unsigned j = 0; j < 1 + i % 7; j++) {
            char *real = g_strdup_printf("10.9.100.%u", 1 + j);
            serve(vs, real, 80 + i, LD_GATE, j);
            g_free(real);
        }
        g_free(addr);
    }
    assert_made(table);
    text = ask_ipvsadm("-Sn");
    for (char *at = text; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    assert_int_equal(lines, expected);
    g_free(text);
    assert_made(nothing);
    assert_saved("");
    ld_table_free(table);
    ld_table_free(nothing);
}

static void a_service_with_thousands_of_servers_is_read_whole(void **state)
{
    struct ld_table *table = ld_table_new();
    struct ld_vs *vs = want(table, LD_TCP, "10.9.0.1", 80, "rr");

    (void)state;
    for (unsigned i = 0; i < 5000; i++) {
        char *real = g_strdup_printf("10.9.%u.%u", 10 + i / 250, 1 + i % 250);
        serve(vs, real, 80, LD_MASQ, i);
        g_free(real);
    }
    assert_made(table);
    ld_table_free(table);
}

static void a_portion_is_read_alone_and_what_is_not_there_is_not_in_it(void **state)
{
    static const struct ld_service_id missing = {.protocol = LD_FWM, .addr = {.family = AF_INET},
                                                 .fwmark = 4711};
    struct ld_table *table = ld_table_new(), *read;
    struct ld_portion portion;
    GArray *ops = g_array_new(FALSE, FALSE, sizeof(struct ld_op));

    (void)state;
    serve(want(table, LD_TCP, "10.9.0.1", 80, "rr"), "10.9.1.1", 80, LD_GATE, 1);
    serve(want(table, LD_UDP, "10.9.0.1", 80, "wlc"), "10.9.1.2", 80, LD_MASQ, 2);
    serve(want(table, LD_FWM, "::", 7, "rr"), "fd09::1", 80, LD_GATE, 3);
    serve(want(table, LD_TCP, "fd09::9", 443, "lc"), "fd09::2", 443, LD_IPIP, 4);
    make_it(table);
    ld_portion_init(&portion);
    for (guint i = 1; i < 4; i++) {
        const struct ld_vs *vs = table->services->pdata[i];

        g_ptr_array_add(portion.ids, g_memdup2(&vs->id, sizeof(vs->id)));
    }
    g_ptr_array_add(portion.ids, g_memdup2(&missing, sizeof(missing)));
    assert_int_equal(ipvs->ops->read(ipvs, &portion, &read), 0);
    assert_int_equal(read->services->len, 3);
    ld_table_diff(read, table, NULL, ops);
    assert_int_equal(ops->len, 2); /* the first service and its server */
    g_array_free(ops, TRUE);
    ld_portion_clear(&portion);
    ld_table_free(read);
    ld_table_free(table);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_empty_table_is_read_as_empty, begin_empty),
        cmocka_unit_test_setup(every_kind_of_service_and_server_is_what_ipvsadm_shows, begin_empty),
        cmocka_unit_test_setup(what_ipvsadm_wrote_is_read_and_needs_no_change, begin_empty),
        cmocka_unit_test_setup(thresholds_are_what_ipvsadm_shows, begin_empty),
        cmocka_unit_test_setup(an_edit_changes_the_entry_and_not_its_neighbours, begin_empty),
        cmocka_unit_test_setup(every_scheduler_of_the_kernel_can_be_had, begin_empty),
        cmocka_unit_test_setup(a_refused_operation_is_explained_and_the_rest_is_done, begin_empty),
        cmocka_unit_test_setup(a_thousand_services_are_written_and_read_back, begin_empty),
        cmocka_unit_test_setup(a_service_with_thousands_of_servers_is_read_whole, begin_empty),
        cmocka_unit_test_setup(a_portion_is_read_alone_and_what_is_not_there_is_not_in_it,
                               begin_empty),
    };
    char *why;
    int failed;

    alarm(240);
    ipvsadm = argc > 1 ? argv[1] : "ipvsadm";
    if (ld_ipvs_netlink_open(&ipvs, &why) != 0) {
        fprintf(stderr, "%s\n", why);
        return 2;
    }
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    ipvs->ops->close(ipvs);
    return failed;
}
