/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ldirectord/conf: what a file means, and what is said about a bad one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "tests/fakes/fake_names.h"

static struct ld_config *parse_bytes(const char *text, size_t length, char **messages)
{
    struct ha_diags diags;
    struct ld_config *config;
    GString *out = g_string_new(NULL);

    ha_diags_init(&diags);
    config = ld_cf_parse("f", text, length, &fake_names, &diags);
    assert_int_equal(config != NULL, diags.errors == 0);
    ha_diags_print(&diags, out);
    ha_diags_clear(&diags);
    *messages = g_string_free(out, FALSE);
    return config;
}

/* The configuration of a text without fault; warnings, if any, must be these. */
static struct ld_config *parse_warned(const char *text, const char *warnings)
{
    char *messages;
    struct ld_config *config = parse_bytes(text, strlen(text), &messages);

    assert_string_equal(messages, warnings);
    assert_non_null(config);
    g_free(messages);
    return config;
}

/* The same, whatever is warned of: that is for test_ld_cf_traps. */
static struct ld_config *parse(const char *text)
{
    char *messages;
    struct ld_config *config = parse_bytes(text, strlen(text), &messages);

    if (!config)
        fail_msg("%s: %s", text, messages);
    g_free(messages);
    return config;
}

static void assert_refused(const char *text, const char *expected)
{
    char *messages;
    struct ld_config *config = parse_bytes(text, strlen(text), &messages);

    assert_string_equal(messages, expected);
    assert_null(config);
    g_free(messages);
}

/* The same, but only this has to be among what is said. */
static void assert_refused_with(const char *text, const char *expected)
{
    char *messages;
    struct ld_config *config = parse_bytes(text, strlen(text), &messages);

    if (config || !strstr(messages, expected))
        fail_msg("%s: expected \"%s\", found \"%s\"", text, expected, messages);
    g_free(messages);
}

static const struct ld_service *service(const struct ld_config *config, guint number)
{
    assert_true(number < config->services->len);
    return config->services->pdata[number];
}

static const struct ld_real *real(const struct ld_config *config, guint number)
{
    assert_true(number < service(config, 0)->reals->len);
    return service(config, 0)->reals->pdata[number];
}

static void assert_id(const struct ld_service *one, const char *expected)
{
    char *text = ld_service_id_text(&one->id);

    assert_string_equal(text, expected);
    g_free(text);
}

static void assert_addr(const struct ha_addr *addr, uint16_t port, const char *expected)
{
    char text[HA_ADDR_TEXT];

    assert_string_equal(ha_addr_port_text(addr, port, text), expected);
}

#define HEAD "virtual=10.0.0.1:80\n\treal=10.1.0.1:80 gate\n"

static void the_configuration_of_an_old_howto_means_what_it_meant(void **state)
{
    struct ld_config *config;
    char *text;

    (void)state;
    assert_true(g_file_get_contents(TEST_DATA "/seeds/ldirectord.cf", &text, NULL, NULL));
    config = parse(text);
    assert_true(config->autoreload);
    assert_string_equal(config->logfile, "/var/log/ldirectord.log");
    assert_int_equal(config->services->len, 1);
    assert_id(service(config, 0), "tcp:192.168.195.200:80");
    assert_string_equal(service(config, 0)->scheduler, "wlc");
    assert_true(service(config, 0)->quiescent);
    assert_false(service(config, 0)->fallback.set); /* that line is a comment */
    assert_int_equal(service(config, 0)->checktype, LD_CHECK_NEGOTIATE);
    assert_int_equal(service(config, 0)->app, LD_APP_HTTP);
    assert_int_equal(service(config, 0)->checktimeout_ms, 3000);
    assert_int_equal(service(config, 0)->negotiatetimeout_ms, 3000);
    assert_int_equal(service(config, 0)->checkinterval_ms, 5000);
    assert_int_equal(service(config, 0)->reals->len, 2);
    assert_addr(&real(config, 1)->addr, real(config, 1)->port, "192.168.195.135:80");
    assert_int_equal(real(config, 1)->method, LD_GATE);
    assert_string_equal(real(config, 1)->request, "/test.html");
    assert_string_equal(real(config, 1)->receive, "fake");
    ld_config_free(config);
    g_free(text);
}

static void an_empty_file_has_no_services(void **state)
{
    struct ld_config *config;

    (void)state;
    config = parse("");
    assert_int_equal(config->services->len, 0);
    assert_false(config->autoreload || config->supervised || config->readdquiescent);
    ld_config_free(config);
    config = parse("\n  # only a comment\n\n");
    ld_config_free(config);
}

static void a_virtual_service_is_an_address_a_name_or_a_mark(void **state)
{
    static const struct {
        const char *text, *id;
        enum ld_app app;
    } cases[] = {
        {"virtual=10.0.0.1:80", "tcp:10.0.0.1:80", LD_APP_HTTP},
        {"virtual = 10.0.0.1:http # c", "tcp:10.0.0.1:80", LD_APP_HTTP},
        {"virtual=web-1.example.com:443 junk", "tcp:10.1.0.1:443", LD_APP_HTTPS},
        {"virtual6=web-1.example.com:8080", "tcp:[2001:db8::1]:8080", LD_APP_NONE},
        {"virtual6=[2001:DB8::5]:80", "tcp:[2001:db8::5]:80", LD_APP_HTTP},
        {"virtual=7", "fwm:7", LD_APP_NONE},
        {"virtual=4294967295 # all", "fwm:4294967295", LD_APP_NONE},
        {"virtual6=7", "fwm6:7", LD_APP_NONE},
        {"virtual=10.0.0.1:0", "tcp:10.0.0.1:0", LD_APP_NONE},
        {"virtual=10.0.0.1:80\n\tprotocol=udp", "udp:10.0.0.1:80", LD_APP_HTTP},
        {"virtual=10.0.0.1:53\n\tservice=none", "udp:10.0.0.1:53", LD_APP_NONE},
        {"virtual=10.0.0.1:domain\n\tservice=none", "udp:10.0.0.1:53", LD_APP_NONE},
        {"virtual=10.0.0.1:53\n\tprotocol=tcp\n\tservice=none", "tcp:10.0.0.1:53", LD_APP_NONE},
        {"virtual=10.0.0.1:radius\n\tprotocol=udp\n\tservice=none", "udp:10.0.0.1:1812",
         LD_APP_NONE},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct ld_config *config = parse(cases[i].text);

        assert_id(service(config, 0), cases[i].id);
        assert_int_equal(service(config, 0)->app, cases[i].app);
        ld_config_free(config);
    }
}

static void what_nobody_can_have_meant_is_refused(void **state)
{
    (void)state;
    assert_refused_with("virtual=192.168.6.240\n", "f:1:9: invalid address for virtual server: "
                                                   "expected ADDRESS:PORT, NAME:PORT or a firewall "
                                                   "mark, found \"192.168.6.240\" (formerly taken "
                                                   "for firewall mark 192)");
    assert_refused_with("virtual=0\n", "a firewall mark from 1 to 4294967295, found \"0\"");
    assert_refused_with("virtual=4294967296\n", "a firewall mark from 1 to 4294967295");
    assert_refused_with("virtual=99999999999999999999999999\n", "a firewall mark from 1 to");
    assert_refused_with("virtual=10.0.0.1:80\n\treal=10.1.0.1::80 gate\n",
                        "f:2:15: invalid address for real server (wrong format): expected a single "
                        "\":\" directly followed by the port, found \"10.1.0.1::80 gate\"");
    assert_refused_with("virtual=10.0.0.1:80\n\treal=5060 gate\n",
                        "invalid address (5060) for real server (could not resolve host)");
    assert_refused_with("virtual=10.0.0.1:80\n\treal=10.1.0.1:80 gate 1 u:5 l:10\n",
                        "Invalid real server line, around \"l:10 u:5\": the lower threshold is "
                        "above the upper one");
    assert_refused_with("virtual=10.0.0.1:80\n\treal=10.1.0.1:80 gate 99999999999\n",
                        "Invalid real server line, around \" 99999999999\"");
    assert_refused_with(HEAD "\treceive=\"(\"\n", "f:3:10: invalid receive string: expected a regular "
                                                  "expression, found \"(\": ");
}

struct real_case {
    const char *line;
    const char *addr; /* with port */
    enum ld_method method;
    uint32_t weight, lower, upper;
    const char *request, *receive;
};

static void a_real_server_line_is_read_in_all_its_forms(void **state)
{
    static const struct real_case cases[] = {
        {"real=10.1.0.1 gate", "10.1.0.1:0", LD_GATE, 1, 0, 0, "/v", "V"},
        {"real = 10.1.0.1:80 masq 5", "10.1.0.1:80", LD_MASQ, 5, 0, 0, "/v", "V"},
        {"real=10.1.0.1:80\tipip\t0", "10.1.0.1:80", LD_IPIP, 0, 0, 0, "/v", "V"},
        {"real=web-1.example.com:http-alt gate", "10.1.0.1:8080", LD_GATE, 1, 0, 0, "/v", "V"},
        {"real==10.1.0.1:80 gate", "10.1.0.1:80", LD_GATE, 1, 0, 0, "/v", "V"},
        {"real=10.1.0.1:80 gate l:5 u:10", "10.1.0.1:80", LD_GATE, 1, 5, 10, "/v", "V"},
        {"real=10.1.0.1:80 gate 2 u:10 l:5", "10.1.0.1:80", LD_GATE, 2, 5, 10, "/v", "V"},
        {"real=10.1.0.1:80 gate u:10 3", "10.1.0.1:80", LD_GATE, 3, 0, 10, "/v", "V"},
        {"real=10.1.0.1:80 gate 2 \"a\",\"b\"", "10.1.0.1:80", LD_GATE, 2, 0, 0, "/a", "b"},
        {"real=10.1.0.1:80 gate \"/a\"  \"b c\" 4 # x", "10.1.0.1:80", LD_GATE, 4, 0, 0, "/a",
         "b c"},
        {"real=10.1.0.1:80 gate \"a 5\", \"b\"", "10.1.0.1:80", LD_GATE, 1, 0, 0, "/a 5", "b"},
        {"real=10.1.0.1:80 gate \"a#1\",\"b#2\"  # x", "10.1.0.1:80", LD_GATE, 1, 0, 0, "/a#1",
         "b#2"},
        {"real=10.1.0.1:80 gate \"http://h/p\",\"<a href=\"y\">\" l:1 u:2", "10.1.0.1:80", LD_GATE,
         1, 1, 2, "http://h/p", "<a href=\"y\">"},
        {"real=10.1.0.1:80 gate \"a\",\"\"", "10.1.0.1:80", LD_GATE, 1, 0, 0, "/a", NULL},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        char *text = g_strdup_printf("virtual=10.0.0.1:80\n\t%s\n\trequest=\"v\"\n"
                                     "\treceive=\"V\"\n", cases[i].line);
        struct ld_config *config = parse(text);

        assert_addr(&real(config, 0)->addr, real(config, 0)->port, cases[i].addr);
        assert_int_equal(real(config, 0)->method, cases[i].method);
        assert_int_equal(real(config, 0)->weight, cases[i].weight);
        assert_int_equal(real(config, 0)->lower, cases[i].lower);
        assert_int_equal(real(config, 0)->upper, cases[i].upper);
        assert_string_equal(real(config, 0)->request, cases[i].request);
        assert_int_equal(g_strcmp0(real(config, 0)->receive, cases[i].receive), 0);
        ld_config_free(config);
        g_free(text);
    }
}

static void a_range_is_every_address_from_first_to_last(void **state)
{
    struct ld_config *config =
        parse("virtual=10.0.0.1:80\n    real=10.1.0.254->10.1.1.1:80 masq 3 \"/x\",\"y\"\n");

    (void)state;
    assert_int_equal(service(config, 0)->reals->len, 4);
    assert_addr(&real(config, 0)->addr, 80, "10.1.0.254:80");
    assert_addr(&real(config, 3)->addr, 80, "10.1.1.1:80");
    assert_int_equal(real(config, 3)->weight, 3);
    assert_string_equal(real(config, 3)->receive, "y");
    assert_int_equal(real(config, 3)->line, 2);
    ld_config_free(config);
    config = parse("virtual=10.0.0.1:80\n\treal=web-1.example.com->only4:80 gate\n");
    assert_int_equal(service(config, 0)->reals->len, 4);
    ld_config_free(config);
    config = parse("virtual=10.0.0.1:80\n\treal=255.255.255.255->255.255.255.255:80 gate\n");
    assert_int_equal(service(config, 0)->reals->len, 1);
    ld_config_free(config);
    assert_refused_with("virtual=10.0.0.1:80\n\treal=1.0.0.0->255.255.255.255:80 gate\n",
                        "more than 262144 real servers");
    assert_refused_with("virtual=10.0.0.1:80\n\treal=10.0.0.0->10.2.255.255:80 gate\n"
                        "\treal=11.0.0.0->11.1.255.255:80 gate\n", "f:3:7: Invalid Range");
    assert_refused_with("virtual6=[::1]:80\n\treal6=[::2]->[::3]:80 gate\n",
                        "Address range for IPv6 is not supported yet");
}

static void a_block_wins_over_the_file_wherever_the_line_stands(void **state)
{
    struct ld_config *config =
        parse("quiescent=yes\nfailurecount=2\nvirtual=10.0.0.1:80\n\treal=10.1.0.1:80 gate\n"
              "\tquiescent=no\n\tcleanstop=yes\n\tfailurecount=4\nvirtual=10.0.0.2:80\n"
              "\treal=10.1.0.1:80 gate\n\ncleanstop=no\ncheckinterval=3\nfailurecount=5\n");

    (void)state;
    assert_false(service(config, 0)->quiescent);
    assert_true(service(config, 0)->cleanstop);
    assert_int_equal(service(config, 0)->failurecount, 4);
    assert_true(service(config, 1)->quiescent);
    assert_false(service(config, 1)->cleanstop);
    assert_int_equal(service(config, 1)->failurecount, 5);
    assert_int_equal(service(config, 0)->checkinterval_ms, 3000);
    ld_config_free(config);
}

/* 0: not given. vc, vn: in the block; gc, gn: in the file. */
static void each_timeout_is_the_others_default(void **state)
{
    static const struct {
        unsigned vc, vn, gc, gn, check_s, negotiate_s;
    } cases[] = {
        {0, 0, 0, 0, 5, 30}, {0, 0, 3, 0, 3, 3}, {0, 0, 0, 4, 4, 4}, {0, 0, 3, 4, 3, 4},
        {1, 0, 3, 4, 1, 1},  {0, 2, 3, 4, 2, 2}, {1, 2, 3, 4, 1, 2}, {1, 2, 0, 0, 1, 2},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        GString *text = g_string_new(NULL);
        struct ld_config *config;

        if (cases[i].gc)
            g_string_append_printf(text, "checktimeout=%u\n", cases[i].gc);
        if (cases[i].gn)
            g_string_append_printf(text, "negotiatetimeout=%u\n", cases[i].gn);
        g_string_append(text, HEAD);
        if (cases[i].vc)
            g_string_append_printf(text, "\tchecktimeout=%u\n", cases[i].vc);
        if (cases[i].vn)
            g_string_append_printf(text, "\tnegotiatetimeout=%u\n", cases[i].vn);
        config = parse(text->str);
        assert_int_equal(service(config, 0)->checktimeout_ms, cases[i].check_s * 1000);
        assert_int_equal(service(config, 0)->negotiatetimeout_ms, cases[i].negotiate_s * 1000);
        ld_config_free(config);
        g_string_free(text, TRUE);
    }
}

static void the_interval_of_a_block_counts_only_with_fork(void **state)
{
    struct ld_config *config = parse("fork=yes\n" HEAD "\tcheckinterval=2\n");

    (void)state;
    assert_int_equal(service(config, 0)->checkinterval_ms, 2000);
    ld_config_free(config);
    config = parse_warned(HEAD "\tcheckinterval=2\n",
                          "f:3:16: warning: checkinterval in virtual service tcp:10.0.0.1:80 ignored "
                          "when fork=no\n");
    assert_int_equal(service(config, 0)->checkinterval_ms, 10000);
    ld_config_free(config);
}

static void a_fallback_without_port_takes_the_port_of_the_service(void **state)
{
    struct ld_config *config =
        parse("fallback=127.0.0.1\nfallback6=[::1]:81 masq\n" HEAD
              "virtual=10.0.0.2:443\n\tfallback=localhost:http-alt ipip\n\treal=10.1.0.1:80 gate\n"
              "virtual=5\n\treal=10.1.0.1 gate\nvirtual6=[::5]:80\n\treal6=[::6]:80 gate\n");

    (void)state;
    assert_addr(&service(config, 0)->fallback.addr, service(config, 0)->fallback.port,
                "127.0.0.1:80");
    assert_int_equal(service(config, 0)->fallback.method, LD_GATE);
    assert_addr(&service(config, 1)->fallback.addr, service(config, 1)->fallback.port,
                "127.0.0.1:8080");
    assert_int_equal(service(config, 1)->fallback.method, LD_IPIP);
    assert_true(service(config, 2)->fallback.set);
    assert_addr(&service(config, 2)->fallback.addr, service(config, 2)->fallback.port,
                "127.0.0.1:0");
    assert_addr(&service(config, 3)->fallback.addr, service(config, 3)->fallback.port, "[::1]:81");
    assert_int_equal(service(config, 3)->fallback.method, LD_MASQ);
    ld_config_free(config);
}

static void the_words_of_a_block_become_values(void **state)
{
    struct ld_config *config =
        parse(HEAD "\tchecktype=external foo\n\tcheckcommand = \"/usr/local/bin/check it\"\n"
              "\tcheckport=8080x\n\thttpmethod=head\n\tvirtualhost=\"www.example.com\" x\n"
              "\tscheduler=mh\n\tschedflags=mh-port,mh-fallback\n\tpersistent=600\n"
              "\tnetmask=255.255.255.0\n\tops=yes\n\tprotocol=udp\n\tlogin=\"a\"\n"
              "\tpasswd=\"b c\"\n\tdatabase=\"d#\"\n\tsecret=\"e\"\n\tload=\"x\"\n"
              "\tcomment=no mail, no reader\n");
    const struct ld_service *one = service(config, 0);

    (void)state;
    assert_int_equal(one->checktype, LD_CHECK_EXTERNAL);
    assert_string_equal(one->checkcommand, "/usr/local/bin/check it");
    assert_int_equal(one->checkport, 8080);
    assert_true(one->http_head);
    assert_string_equal(one->virtualhost, "www.example.com");
    assert_string_equal(one->login, "a");
    assert_string_equal(one->passwd, "b c");
    assert_string_equal(one->database, "d#");
    assert_string_equal(one->secret, "e");
    assert_string_equal(one->scheduler, "mh");
    assert_string_equal(one->schedflags, "mh-port,mh-fallback");
    assert_true(one->persistent && one->ops);
    assert_int_equal(one->persistent_s, 600);
    assert_int_equal(one->netmask, 0xffffff00u);
    ld_config_free(config);
    config = parse("virtual6=[::1]:80\n\treal6=[::2]:80 masq\n\tpersistent=5\n\tnetmask=64\n"
                   "\tchecktype=checktimeout3\n\tvirtualhost=\n\tcheckcommand=/bin/x  \n");
    assert_int_equal(service(config, 0)->netmask, 64);
    assert_int_equal(service(config, 0)->checktype, LD_CHECK_COMBINED);
    assert_int_equal(service(config, 0)->combined_connects, 3);
    assert_null(service(config, 0)->virtualhost);
    assert_string_equal(service(config, 0)->checkcommand, "/bin/x");
    ld_config_free(config);
}

static void a_hash_in_quotes_is_text_and_elsewhere_a_comment(void **state)
{
    struct ld_config *config = parse(HEAD "\trequest=\"/a#b\" # \"c\"\n"
                                          "\treceive=\"x\"y\" # \"z\"\n\tvirtualhost=\"v#w\"\n");

    (void)state;
    assert_string_equal(real(config, 0)->request, "/a#b");
    assert_string_equal(real(config, 0)->receive, "x\"y");
    assert_string_equal(service(config, 0)->virtualhost, "v");
    ld_config_free(config);
}

static void lines_end_as_they_like(void **state)
{
    struct ld_config *config =
        parse("quiescent=yes\r\nvirtual=10.0.0.1:80\r\n\treal=10.1.0.1:80 gate\r\n"
              "\tcleanstop=no \t\r\n\tvirtualhost=a.b\r\n# c\r\n\tcheckcommand=/x\r\n\r\nfork=no");

    (void)state;
    assert_true(service(config, 0)->quiescent);
    assert_false(service(config, 0)->cleanstop);
    assert_string_equal(service(config, 0)->virtualhost, "a.b");
    assert_string_equal(service(config, 0)->checkcommand, "/x");
    ld_config_free(config);
}

static void all_faults_are_told_in_one_run_with_line_and_column(void **state)
{
    (void)state;
    assert_refused("checktimeout=x\nquiescent=maybe\nnonsense=1\nvirtual=10.0.0.1:80\n"
                   "\treal=10.1.0.1:80 route\n\tscheduler=RR\n\tautoreload=yes\n\trequest=a\n",
                   "f:1:14: invalid check timeout value: expected a number of seconds, 1 or more, or "
                   "of milliseconds (500ms), 10 or more, "
                   "found \"x\"\n"
                   "f:2:11: quiescent must be 'yes' or 'no': found \"maybe\"\n"
                   "f:3:1: Unknown command nonsense=1: expected a global directive\n"
                   "f:5:19: forward method must be gate, masq or ipip: found \"route\"\n"
                   "f:6:12: invalid scheduler, should be only lowercase letters (a-z): found "
                   "\"RR\"\n"
                   "f:7:2: Unknown command \"    autoreload=yes\": autoreload is a global "
                   "directive, it stands outside of blocks and starts in column 1\n"
                   "f:8:2: Unknown command \"    request=a\": expected request = \"TEXT\", in double "
                   "quotes\n");
}

static void values_of_the_kernel_keep_to_what_it_takes(void **state)
{
    (void)state;
    assert_refused_with(HEAD "\tscheduler=abcdefghijklmnop\n", "a name of at most 15 letters");
    assert_refused_with(HEAD "\tpersistent=forever\n", "a number of seconds");
    assert_refused_with(HEAD "\tnetmask=255.255.256.0\n", "four numbers from 0 to 255");
    assert_refused_with(HEAD "\tnetmask=255.255.0\n", "dotted quad notation is required");
    assert_refused_with(HEAD "\thttpmethod=POST\n", "found \"POST\"");
}

static void a_block_that_lost_its_head_is_one_fault(void **state)
{
    (void)state;
    assert_refused("virtual=10.0.0.1:80\n\treal=10.1.0.1:80 gate\n\n\tservice=http\n"
                   "\tscheduler=rr\n\tquiescent=yes\nfork=no\n",
                   "f:4:2: Unknown command     service=http: expected a global directive in column "
                   "1; an empty line ends a block, and a line of a block starts with a tab or four "
                   "blanks\n");
    assert_refused("virtaul=10.0.0.1:80\n\treal=10.1.0.1:80 gate\n\tscheduler=rr\n",
                   "f:1:1: Unknown command virtaul=10.0.0.1:80: expected a global directive\n");
    assert_refused_with("checktype=connect\n", "checktype belongs in a virtual block");
}

static void the_same_service_twice_is_refused_at_the_end_of_the_second(void **state)
{
    (void)state;
    assert_refused(HEAD HEAD "\tscheduler=rr\n", "f:5:1: duplicate virtual server: expected each once, "
                   "found the one of line 1 again in line 3\n");
    ld_config_free(parse(HEAD "virtual=10.0.0.1:80\n\treal=10.1.0.1:80 gate\n\tprotocol=udp\n"
                              "virtual=10\n\treal=10.1.0.1 gate\nvirtual6=10\n"
                              "\treal6=[::1] gate\n"));
}

static void harmless_oddities_are_warned_of(void **state)
{
    (void)state;
    ld_config_free(parse_warned(
        "supervised\ncheckcount=2\nvirtual=10.0.0.1:80\n\treal=10.1.0.1:80 gate l:5\n"
        "\treal=10.1.0.1:80 masq\n\tschedflags=sh-port\n\tpersistent=0\n",
        "f:1:1: warning: please update your config not to use a bare supervised directive\n"
        "f:2:1: warning: checkcount option is deprecated and slated for removal.  please see "
        "'failurecount'\n"
        "f:4:18: warning: l:5 has no effect without an upper threshold (u:N)\n"
        "f:7:13: warning: persistent = 0: clients are not bound to a server\n"
        "f:6:13: warning: schedflags ignored: scheduler wrr knows flag-1, flag-2, flag-3, found "
        "\"sh-port\"\n"
        "f:5:7: warning: real server 10.1.0.1:80 stands in this block already: it can be in the "
        "table once\n"));
}

static void bytes_that_are_no_configuration_are_refused_in_a_few_words(void **state)
{
    static const char nul[] = "fork=no\nquies\0cent=yes\nfork=yes\n";
    char *big = g_malloc(100000), *messages;
    struct ld_config *config;

    (void)state;
    config = parse_bytes(nul, sizeof(nul) - 1, &messages);
    assert_null(config);
    assert_string_equal(messages, "f:2: expected text, found a NUL byte\n");
    g_free(messages);

    memset(big, 'x', 100000);
    config = parse_bytes(big, 100000, &messages);
    assert_null(config);
    assert_string_equal(messages, "f:1: expected a line of at most 65536 bytes, found 100000\n");
    g_free(messages);

    for (int i = 0; i < 100000; i++)
        big[i] = (char)(i * 7);
    config = parse_bytes(big, 100000, &messages);
    assert_null(config);
    assert_string_equal(messages, "f: expected a text file, found binary data\n");
    g_free(messages);
    g_free(big);
}

/* Cut at every byte: no crash, and either a configuration or a message. */
static void a_file_cut_anywhere_is_taken_or_refused(void **state)
{
    static const char text[] =
        "checktimeout = 3\nlogfile=\"local0\"\nfallback=127.0.0.1:80 gate\n"
        "virtual6=[2001:db8::1]:http\n\treal6=[::2]:80 masq 5 \"a#\", \"b\" l:1 u:2 # x\n"
        "\tvirtualhost=\"x\"\n\tnetmask=64\n\tschedflags=flag-1\n\tchecktype=5\n"
        "virtual=10.0.0.1:80\n\treal=10.0.0.2->10.0.0.5:80 gate\n";

    (void)state;
    for (size_t length = 0; length < sizeof(text); length++) {
        char *copy = g_memdup2(text, length), *messages;
        struct ld_config *config = parse_bytes(copy, length, &messages);

        assert_true(config || *messages);
        ld_config_free(config);
        g_free(messages);
        g_free(copy);
    }
}

static void names_are_not_needed_where_none_are_used(void **state)
{
    struct ha_diags diags;
    struct ld_config *config;

    (void)state;
    ha_diags_init(&diags);
    config = ld_cf_parse("f", HEAD, strlen(HEAD), NULL, &diags);
    assert_non_null(config);
    ld_config_free(config);
    assert_null(ld_cf_parse("f", "virtual=a:http\n", 15, NULL, &diags));
    ha_diags_clear(&diags);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_configuration_of_an_old_howto_means_what_it_meant),
        cmocka_unit_test(an_empty_file_has_no_services),
        cmocka_unit_test(a_virtual_service_is_an_address_a_name_or_a_mark),
        cmocka_unit_test(what_nobody_can_have_meant_is_refused),
        cmocka_unit_test(a_real_server_line_is_read_in_all_its_forms),
        cmocka_unit_test(a_range_is_every_address_from_first_to_last),
        cmocka_unit_test(a_block_wins_over_the_file_wherever_the_line_stands),
        cmocka_unit_test(each_timeout_is_the_others_default),
        cmocka_unit_test(the_interval_of_a_block_counts_only_with_fork),
        cmocka_unit_test(a_fallback_without_port_takes_the_port_of_the_service),
        cmocka_unit_test(the_words_of_a_block_become_values),
        cmocka_unit_test(a_hash_in_quotes_is_text_and_elsewhere_a_comment),
        cmocka_unit_test(lines_end_as_they_like),
        cmocka_unit_test(all_faults_are_told_in_one_run_with_line_and_column),
        cmocka_unit_test(values_of_the_kernel_keep_to_what_it_takes),
        cmocka_unit_test(a_block_that_lost_its_head_is_one_fault),
        cmocka_unit_test(the_same_service_twice_is_refused_at_the_end_of_the_second),
        cmocka_unit_test(harmless_oddities_are_warned_of),
        cmocka_unit_test(bytes_that_are_no_configuration_are_refused_in_a_few_words),
        cmocka_unit_test(a_file_cut_anywhere_is_taken_or_refused),
        cmocka_unit_test(names_are_not_needed_where_none_are_used),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
