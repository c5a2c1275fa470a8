/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes configurations for ldirectord: usual lines, odd ones, and what a slip
 * of the hand makes of them. The same seed makes the same files. What is right
 * about them is for others to say (scenario ldirectord-files).
 *
 * usage: ld_corpus SEED COUNT DIR [BASE.cf...]
 *   writes DIR/0001.cf to DIR/COUNT.cf; of some a BASE is the beginning
 */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lab/chance.h"

/* What means something else on purpose is not in here: "500ms", "u:N" before "l:N", "l:N"
 * alone (doc/differences.md). */

/* ---- lines ---- */

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

struct line {
    const char *name;
    const char *const *usual; /* NULL: none is fit for every place */
    const char *const *odd;
};

static const struct line globals[] = {
    {"checktimeout", LIST("3", "5"), LIST("0", "-5", "1.5", "x9", "", "3 # c", "abc", "\"4\"", "07")},
    {"negotiatetimeout", LIST("4", "10"), LIST("0", "none", "2s", "")},
    {"checkinterval", LIST("2", "7"), LIST("0", "x5", "abc", " 3 4")},
    {"checkcount", LIST("2"), LIST("0", "x")},
    {"failurecount", LIST("1", "3"), LIST("0", "two", "2 # twice")},
    {"autoreload", LIST("yes", "no"), LIST("quiet", "Yes", "yes # x", "\"yes\"", "on", "yes ", "")},
    {"fork", LIST("no", "yes"), LIST("maybe", "1")},
    {"supervised", LIST("no"), LIST("true", "", "nope")},
    {"quiescent", LIST("yes", "no"), LIST("YES", "y", "yes\r", "no no")},
    {"readdquiescent", LIST("yes", "no"), LIST("never")},
    {"cleanstop", LIST("yes", "no"), LIST("", "yes;")},
    {"logfile", LIST("\"/var/log/ldirectord.log\"", "\"local0\"", "\"/tmp/ld.log\" x"),
     LIST("/var/log/ldirectord.log", "\"\"", "\"/tmp/a\"b\"", "local0", "\"/tmp/log")},
    {"callback", LIST("\"/usr/local/bin/sync\"", "\"\""), LIST("/usr/local/bin/sync", "\"x")},
    {"execute", LIST("other.cf"), LIST("\"other.cf\"", "")},
    {"emailalert", LIST("admin@x.y", "\"a@x.y, b@x.y\""), LIST("", "\"\"", "\"admin@x.y")},
    {"emailalertfrom", LIST("ld@x.y"), LIST("", "\"\"")},
    {"emailalertfreq", LIST("0", "60"), LIST("often", "-1", "5m", "")},
    {"emailalertstatus", LIST("all", "none", "starting,running", "stopping , reloading"),
     LIST("all,none", "none,all", "sometimes", "", "running,", ",running", "running starting",
          "Running", "none,none")},
    {"smtp", LIST("mail.x.y", "10.0.0.25"), LIST("\"mail.x.y\"", "", " mail", "mail x", "[::1]", "@")},
    {"maintenancedir", LIST("/tmp"), LIST("/nonexist", "", "\"/tmp\"")},
    {"fallback", LIST("127.0.0.1:80", "10.9.9.9", "10.9.9.9:80 masq", "web1:http ipip"),
     LIST("10.9.9.9:80 tcp", "10.9.9.9:99999", "nosuch", "[fd00::9]:80", "10.9.9.9:80 gate gate", "",
          "10.9.9.9 :80", "10.9.9.9:80 GATE", "10.9.9.9:nosuchport", "10.9.9.9:", "10.9.9.9:80:gate",
          "10.9.9.9:0", "\"10.9.9.9:80\"")},
    {"fallback6", LIST("[fd00::9]:80", "[fd00::9]:80 masq"),
     LIST("[fd00::9]", "fd00::9", "10.9.9.9:80", "[fd00::9]:80 x", "[fd00::9", "[fd00::9]80")},
    {"fallbackcommand", LIST("/usr/local/bin/fallback", "\"/bin/echo x\""), LIST("", "\"\"")},
    {"connecttimeout", NULL, LIST("3")},
    {"timeout", NULL, LIST("3")},
    {"scheduler", NULL, LIST("wrr")},
    {"bogus", NULL, LIST("1")},
    {"monitorfile", NULL, LIST("\"/tmp/m\"")},
};

static const struct line in_block[] = {
    {"checktype", LIST("connect", "negotiate", "ping", "on", "off", "3", "external"),
     LIST("CONNECT", "checktimeout3", "-2", "0", "\"connect\"", "connect ping", "external-perl",
          "connect,", "", "bogus", "on off", "external perl", "2.5", "none", "off # really")},
    {"service", LIST("http", "https", "ftp", "smtp", "none", "imap", "ldap", "dns", "nntp", "pop"),
     LIST("\"http\"", "HTTP", "http https", "gopher", "", "http_proxy", "http-proxy", " simpletcp",
          "sip;", "submission", "pops", "imaps", "ldaps", "radius", "telnet")},
    {"checkcommand", LIST("/bin/true", "\"/bin/true\""), LIST("", "\"\"", "\"/bin/true", "/bin/true x")},
    {"checkport", LIST("8080", "1", "65535"), LIST("0", "65536", "http", "-80", "80 90", "", "8x")},
    {"request", LIST("\"index.html\"", "\"/\"", "\"/a b\""),
     LIST("index.html", "\"\"", "\"a\"b\"", "\"http://x/\"", "\"a\" b", "\"a", "'a'", " \"x\"")},
    {"receive", LIST("\"ok\"", "\"^a.*b$\"", "\"[0-9]+\""),
     LIST("ok", "\"\"", "\"a\\\"b\"", "\"(a|b)\" # c", "\"\\d+\"", "\"x")},
    {"httpmethod", LIST("GET", "head"), LIST("POST", "", "\"GET\"", "Get it", "HEAD,GET", "get ")},
    {"virtualhost", LIST("www.x.y", "\"www.x.y\""), LIST("", "\"\"", "\"www.x.y", "www x", "a\"b\"c", "x\"")},
    {"login", LIST("\"me\""), LIST("me", "\"\"", "\"a\"b", "\"me\" x")},
    {"passwd", LIST("\"secret\""), LIST("secret", "\"\"", "\"a'b\"")},
    {"database", LIST("\"db\""), LIST("db", "\"\"")},
    {"secret", LIST("\"shh\""), LIST("shh", "\"\"")},
    {"load", LIST("\"x\""), LIST("\"-\"", "x", "\"\"", "\"a b\"")},
    {"scheduler", LIST("rr", "wlc", "wrr", "sh"), LIST("RR", "9", "", "w-lc", "\"rr\"", "mh # c", "aRR", "rr wlc")},
    {"persistent", LIST("600", "60"), LIST("yes", "600s", "", "x5", "-1")},
    {"netmask", NULL, LIST("255.255.255.0", "24", "255.255.255.0 ", "64", "128", "0", "129", "255.255", "/24", "1.2.3.4.5")},
    {"schedflags", LIST("flag-1"), LIST("sh-port", "", "flag-1,flag-2", "flag-1 flag-2", " x")},
    {"protocol", NULL, LIST("tcp", "udp", "fwm", "sctp", "TCP", "", "udp tcp", "\"udp\"", "tcp,udp", "-udp", "tcp6")},
    {"ops", LIST("yes", "no"), LIST("maybe", "yes ", "\"no\"")},
    {"checktimeout", LIST("2", "9"), LIST("0", "", "1s", "none")},
    {"negotiatetimeout", LIST("6"), LIST("0", "x1y2", "ever")},
    {"checkinterval", LIST("3"), LIST("0", "")},
    {"checkcount", LIST("3"), LIST("0")},
    {"failurecount", LIST("2"), LIST("0", "x", "two")},
    {"fallback", NULL,
     LIST("127.0.0.1:80", "10.9.9.9", "10.9.9.9:8080 masq", "web1:http ipip", "10.9.9.9:80 tcp", "10.9.9.9:99999", "nosuch:80", "[fd00::9]:80", "10.9.9.9:80 gate x", "",
          "10.9.9.9 80", "10.9.9.9:80 # c", "10.9.9.9: 80", "10.9.9.9:0", "10.9.9.9:80  masq ")},
    {"fallback6", NULL, LIST("[fd00::9]:80", "10.9.9.9:80", "[fd00::9] masq", "fd00::9:80")},
    {"fallbackcommand", LIST("\"/bin/echo\"", "/bin/echo x"), LIST("", "\"\"", "\"/bin/x")},
    {"quiescent", LIST("yes", "no"), LIST("on", "no # x", "no\r")},
    {"cleanstop", LIST("no", "yes"), LIST("0")},
    {"emailalert", LIST("a@x.y"), LIST("", "\"\"")},
    {"emailalertfreq", LIST("30"), LIST("x", "")},
    {"emailalertstatus", LIST("all", "running"), LIST("bogus", "none,running")},
    {"smtp", LIST("mail.x.y"), LIST("\"m\"", "")},
    {"monitorfile", LIST("\"/tmp/monitor\"", "/tmp/monitor"), LIST("", "\"\"", "/nonexist/m")},
    {"servicename", LIST("web", "\"web\""), LIST("", "a # b")},
    {"comment", LIST("for all"), LIST("", "\t")},
    {"connecttimeout", NULL, LIST("3")},
    {"timeout", NULL, LIST("3")},
    {"emailalertfrom", NULL, LIST("x")},
    {"maintenancedir", NULL, LIST("/tmp")},
    {"logfile", NULL, LIST("\"/tmp/l\"")},
    {"bogus", NULL, LIST("1")},
};

static const char *const *const reals =
    LIST("10.1.0.1:80 gate", "10.1.0.2:http masq 5", "10.1.0.3 gate", "web1:80 ipip 3",
         "10.1.0.4->10.1.0.6:80 masq", "10.1.0.7:80 gate 0", "10.1.0.8:80 gate \"a.html\",\"ok\"",
         "10.1.0.9:80 masq 2 \"a\", \"b\"", "10.1.0.10:80 gate l:5 u:10", "10.1.0.11:80 gate 3 \"a\" \"b\" l:1 u:2");
static const char *const *const odd_reals =
    LIST("10.1.0.1:80", "10.1.0.1:80 route", "10.1.0.1:80 GATE", "10.1.0.1:80 gate,5", "10.1.0.1::80 gate",
         "10.1.0.1: 80 gate", "10.1.0.1:99999 gate", "10.1.0.1:nosuchport gate", "nosuch:80 gate",
         "10.1.0.9->10.1.0.1:80 gate", "10.1.0.1 -> 10.1.0.3:80 gate", "10.1.0.1->10.1.0.3 masq",
         "10.1.0.1:80 gate \"a\"", "10.1.0.1:80 gate \"a\",\"b\",\"c\"", 
         "10.1.0.1:80 gate <l:5>", "10.1.0.1:80 gate l:x", "10.1.0.1:80 gate 5 5",
         "10.1.0.1:80 gate -5", "10.1.0.1:80 gate 1.5", "10.1.0.1:80 gate x", "10.1.0.1:80 gate 99999999999",
         "[fd00::1]:80 gate", "10.1.0.1:80  gate  7", "10.1.0.1:80 gate \"\",\"\"", "300.1.1.1:80 gate",
         "10.1.0.1:80 gate \"a b\" \"c d\" l:1 u:3", "10.1.0.1:80 gate5", "10.1.0.1:80 gate 5\"a\",\"b\"",
         "10.1.0.1:80 \"gate\"", "=10.1.0.1:80 gate", "10.1.0.1:80 gate 1 # one", "", "gate", "10.1.0.1:-80 gate",
         "10.1:80 gate", "web_1:80 gate", "10.1.0.1:80 masq weight=5", "10.1.0.1->web1:80 gate",
         "10.1.0.1:80 gate l:5 u:5 ", "10.1.0.1:80 gate 3 u:7", "10.1.0.1:80 gate\t4", "10.1.0.1:80\tgate",
         "10.1.0.1;80 gate", "-10.1.0.1:80 gate", "10.1.0.1:080 gate", "10.1.0.1:80 gate \"x 5\",\"y\"");
static const char *const *const reals6 =
    LIST("[fd00::11]:80 gate", "[fd00::12]:80 masq 4", "[fd00::13] gate", "[fd00::14]:http ipip l:1 u:2");
static const char *const *const odd_reals6 =
    LIST("[fd00::11]->[fd00::13]:80 gate", "fd00::11:80 gate", "10.1.0.1:80 gate", "[fd00::11:80 gate",
         "[fd00::11] :80 gate", "[fd00::zz]:80 gate", "[::1]:80 gate", "[fd00::11]80 gate");
static const char *const *const virtuals =
    LIST("10.0.0.1:80", "10.0.0.2:http", "10.0.0.3:443", "10.0.0.4:21", "10.0.0.5:53", "10.0.0.6:5060", "1", "7",
         "web1:8080", "10.0.0.7:25", "10.0.0.8:domain");
static const char *const *const odd_virtuals =
    LIST("10.0.0.1", "0", "12abc", "10.0.0.1:99999", "10.0.0.1:nosuchport", "nosuch:80", "[fd00::1]:80", "",
         "10.0.0.1:80 x", "10.0.0.1:", "10.0.0.1 :80", "300.0.0.1:80", "\"10.0.0.1:80\"", "-1", "10.0.0.1:80:90",
         "10.0.0.1:0", "4294967295", "4294967296", "01", "10.0.0.1:80 # c", "10.0.0.1: 80", "3 # c", "10.0.1:80",
         "10.0.0.1:80/24", "_x:80", "10.0.0.1:-80");
static const char *const *const virtuals6 = LIST("[fd00::1]:80", "[fd00::2]:http", "5", "[fd00::3]:53");
static const char *const *const odd_virtuals6 =
    LIST("[fd00::1]", "10.0.0.1:80", "fd00::1:80", "[fd00::zz]:80", "[fd00::1]:99999", "[::ffff:10.0.0.1]:80",
         "[]:80", "[fd00::1]:80 x", "[FD00::1]:80");

static const char *one_of(const char *const *list)
{
    unsigned count = 0;

    while (list[count])
        count++;
    return list[chance(count)];
}

/* Few files should be wrong for more than one reason: so many odd things are left for this one. */
static unsigned oddities;

static bool odd_now(unsigned share)
{
    if (oddities == 0 || !percent(share))
        return false;
    oddities--;
    return true;
}

static const char *value_of(const char *const *usual, const char *const *odd)
{
    return one_of(odd_now(20) ? odd : usual);
}

static const char *equals(void)
{
    static const char *const usual[] = {"=", "=", "=", " = ", " =", "= ", "\t=\t"};
    static const char *const odd[] = {"  ", ":", "==", "= =", ""};

    return odd_now(2) ? odd[chance(G_N_ELEMENTS(odd))] : usual[chance(G_N_ELEMENTS(usual))];
}

static const char *indent(void)
{
    static const char *const usual[] = {"\t", "\t", "\t", "    ", "        ", "\t\t", " \t"};
    static const char *const odd[] = {"     ", "   ", "  ", "", "\t "};

    return odd_now(3) ? odd[chance(G_N_ELEMENTS(odd))] : usual[chance(G_N_ELEMENTS(usual))];
}

static void add_line(GString *text, const char *before, const char *name, const char *value)
{
    g_string_append_printf(text, "%s%s%s%s\n", before, name, equals(), value);
}

static void add_some(GString *text, bool global, unsigned most)
{
    const struct line *lines = global ? globals : in_block;
    unsigned count = global ? G_N_ELEMENTS(globals) : G_N_ELEMENTS(in_block);

    for (unsigned left = chance(most + 1); left > 0; left--) {
        const struct line *line = &lines[chance(count)];
        bool odd = odd_now(25);

        if (odd || line->usual)
            add_line(text, global ? "" : indent(), line->name, one_of(odd ? line->odd : line->usual));
    }
}

static void add_block(GString *text)
{
    bool six = percent(15), other = odd_now(2);

    add_line(text, "", six ? "virtual6" : "virtual",
             six ? value_of(virtuals6, odd_virtuals6) : value_of(virtuals, odd_virtuals));
    for (unsigned left = chance(4); left > 0; left--)
        add_line(text, indent(), six == other ? "real" : "real6",
                 six ? value_of(reals6, odd_reals6) : value_of(reals, odd_reals));
    add_some(text, false, 5);
    if (percent(50))
        g_string_append(text, percent(80) ? "\n" : percent(90) ? "# a comment\n" : "     \n");
}

static GString *compose(void)
{
    static const unsigned most[] = {0, 1, 1, 1, 2};
    GString *text = g_string_new(NULL);

    oddities = most[chance(G_N_ELEMENTS(most))];
    add_some(text, true, 4);
    for (unsigned left = 1 + chance(2); left > 0; left--)
        add_block(text);
    if (percent(15))
        add_some(text, true, 2);
    return text;
}

/* ---- slips of the hand ---- */

static void slip_in_bytes(GString *text, size_t at)
{
    static const char bytes[] = " \t#\"=:\n\r,-[]'0aZ";

    switch (chance(4)) {
    case 0: g_string_erase(text, (gssize)at, 1); break;
    case 1: g_string_insert_c(text, (gssize)at, text->str[at]); break;
    case 2: g_string_insert_c(text, (gssize)at, bytes[chance(sizeof(bytes) - 1)]); break;
    case 3: text->str[at] = g_ascii_toupper(text->str[at]); break;
    }
}

static void slip_in_lines(GString *text, size_t at)
{
    static const char *const added[] = {"\n", "#\n", "\t#real=x\n", "\t\n", "    \n", " \n", "\r\n", "virtual=\n"};
    size_t end;

    while (at > 0 && text->str[at - 1] != '\n')
        at--;
    end = at + strcspn(text->str + at, "\n");
    switch (chance(4)) {
    case 0: g_string_erase(text, (gssize)at, (gssize)(end - at)); break;
    case 1: g_string_insert(text, (gssize)at, added[chance(G_N_ELEMENTS(added))]); break;
    case 2: g_string_insert(text, (gssize)end, percent(50) ? " " : "\r"); break;
    case 3: g_string_truncate(text, at); break;
    }
}

static void slip(GString *text)
{
    if (text->len == 0)
        return;
    if (percent(60))
        slip_in_bytes(text, chance((unsigned)text->len));
    else
        slip_in_lines(text, chance((unsigned)text->len));
}

static GString *read_base(const char *path)
{
    char *text;
    GString *out;

    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        perror(path);
        exit(1);
    }
    out = g_string_new(text);
    g_free(text);
    return out;
}

static void write_one(const char *dir, unsigned number, char **bases, unsigned base_count)
{
    bool based = base_count > 0 && percent(25);
    GString *text = based ? read_base(bases[chance(base_count)]) : compose();
    char *path = g_strdup_printf("%s/%04u.cf", dir, number);

    for (unsigned slips = based ? 1 + chance(2) : percent(30) ? 1 : 0; slips > 0; slips--)
        slip(text);
    if (!g_file_set_contents(path, text->str, (gssize)text->len, NULL)) {
        perror(path);
        exit(1);
    }
    g_free(path);
    g_string_free(text, TRUE);
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: ld_corpus SEED COUNT DIR [BASE.cf...]\n");
        return 2;
    }
    chance_seed(strtoull(argv[1], NULL, 10));
    for (unsigned number = 1; number <= strtoul(argv[2], NULL, 10); number++)
        write_one(argv[3], number, argv + 4, (unsigned)(argc - 4));
    return 0;
}
