/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many services and many servers, with the real loop, real checks and a made-up kernel table: what is
 * asked once is asked once, and what is beyond the descriptors waits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "common/run/log.h"
#include "ldirectord/core/core.h"
#include "ldirectord/ldirectord.h"
#include "tests/fakes/fake_ipvs.h"
#include "tests/fakes/fake_server.h"
#include "tests/unit/loop_wait.h"

#define CROWD 50000

static struct crowd {
    char *folder, *file, *log;
    struct fake_ipvs ipvs;
    struct ha_loop *loop;
    struct ld_director *director;
    struct ha_timer timer;
    uint64_t until_ns;
    bool (*holds)(void);
    unsigned most_files;
} crowd;

static unsigned open_files(void)
{
    DIR *dir = opendir("/proc/self/fd");
    unsigned count = 0;

    if (dir == NULL)
        return G_MAXUINT; /* none left for us */
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count;
}

static unsigned times_logged(const char *text)
{
    char *all = NULL;
    unsigned count = 0;

    if (g_file_get_contents(crowd.log, &all, NULL, NULL))
        for (char *at = all; (at = strstr(at, text)) != NULL; at++)
            count++;
    g_free(all);
    return count;
}

static void look(void *ctx, uint64_t now_ns)
{
    (void)ctx;
    crowd.most_files = MAX(crowd.most_files, open_files());
    if (crowd.holds != NULL && crowd.holds())
        ha_loop_stop(crowd.loop, 0);
    else if (now_ns > crowd.until_ns)
        ha_loop_stop(crowd.loop, 1);
    else
        ha_timer_set(crowd.loop, &crowd.timer, now_ns + 20 * HA_NS_PER_MS, look, NULL);
}

/* Whether it came to hold within that time. */
static bool run_until(bool (*holds)(void), uint64_t ns)
{
    crowd.holds = holds;
    crowd.until_ns = ha_clock_ns() + ns;
    ha_timer_set(crowd.loop, &crowd.timer, ha_clock_ns(), look, NULL);
    return ha_loop_run(crowd.loop) == 0;
}

static int begin(void **state)
{
    (void)state;
    memset(&crowd, 0, sizeof(crowd));
    crowd.folder = g_dir_make_tmp("crowd-XXXXXX", NULL);
    crowd.file = g_build_filename(crowd.folder, "ldirectord.cf", NULL);
    crowd.log = g_build_filename(crowd.folder, "log", NULL);
    fake_ipvs_init(&crowd.ipvs);
    crowd.loop = ha_loop_new();
    return 0;
}

static int end(void **state)
{
    (void)state;
    ld_director_free(crowd.director);
    ha_timer_cancel(crowd.loop, &crowd.timer);
    ha_loop_free(crowd.loop);
    ha_log_close();
    fake_ipvs_clear(&crowd.ipvs);
    g_unlink(crowd.file);
    g_unlink(crowd.log);
    g_rmdir(crowd.folder);
    g_free(crowd.file);
    g_free(crowd.log);
    g_free(crowd.folder);
    return 0;
}

static void start(const char *services)
{
    struct ld_director_settings settings = {.path = crowd.file, .instance = "test",
                                            .logging = LD_LOG_CONFIGURED,
                                            .ipvs = &crowd.ipvs.ipvs};
    char *text = g_strdup_printf("logfile=\"%s\"\n%s", crowd.log, services);
    struct ha_diags diags;

    assert_true(g_file_set_contents(crowd.file, text, -1, NULL));
    g_free(text);
    ha_diags_init(&diags);
    settings.config = ld_config_load(crowd.file, &settings.content, LD_LOOK_FILES,
                                     &diags);
    assert_int_equal(diags.errors, 0);
    ha_diags_clear(&diags);
    assert_true(ld_logging_setup(LD_LOG_CONFIGURED, settings.config->logfile, "test"));
    assert_int_equal(ld_director_start(&crowd.director, crowd.loop, &settings), 0);
}

/* ---- one server behind many services ---- */

static bool all_have_their_server(void)
{
    for (guint i = 0; i < crowd.ipvs.table->services->len; i++)
        if (((struct ld_vs *)crowd.ipvs.table->services->pdata[i])->dests->len != 1)
            return false;
    return true;
}

static bool none_has_a_server(void)
{
    for (guint i = 0; i < crowd.ipvs.table->services->len; i++)
        if (((struct ld_vs *)crowd.ipvs.table->services->pdata[i])->dests->len != 0)
            return false;
    return true;
}

static unsigned times_asked(struct fake_server *server)
{
    char *heard = fake_server_heard(server);
    unsigned count = 0;

    for (char *at = heard; (at = strstr(at, "GET /")) != NULL; at++)
        count++;
    g_free(heard);
    return count;
}

static void a_server_behind_a_hundred_services_is_asked_once(void **state)
{
    GString *text = g_string_new("checkinterval=1\nchecktimeout=5\n");
    struct fake_server web;
    uint64_t began_ns;
    unsigned asked;

    (void)state;
    fake_server_start(&web, AF_INET, FAKE_ANSWERS,
                      "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nfake");
    for (unsigned i = 0; i < 100; i++) /* not even alike in weight and method */
        g_string_append_printf(text, "virtual=10.9.0.%u:80\n\treal=127.0.0.1:%u masq %u\n"
                                     "\tservice=http\n\treceive=\"fake\"\n", i, web.port, i + 1);
    began_ns = ha_clock_ns();
    start(text->str);
    assert_int_equal(crowd.ipvs.table->services->len, 100);
    assert_true(run_until(all_have_their_server, 10 * HA_NS_PER_S));
    run_until(NULL, 3 * HA_NS_PER_S);
    asked = times_asked(&web);
    assert_in_range(asked, 2, (ha_clock_ns() - began_ns) / HA_NS_PER_S + 2);
    fake_server_stop(&web); /* and all of them learn that it is gone */
    assert_true(run_until(none_has_a_server, 10 * HA_NS_PER_S));
    g_string_free(text, TRUE);
}

/* ---- more checks than descriptors ---- */

/* A port of every address of 127.0.0.0/8 at which somebody listens and never accepts. */
static int listen_everywhere(uint16_t *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t size = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, size), 0);
    assert_int_equal(listen(fd, 4096), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    *port = ntohs(at.sin_port);
    return fd;
}

static GString *crowd_text(uint16_t port)
{
    GString *text = g_string_new("checkinterval=1\nchecktimeout=2\n");

    for (unsigned i = 0; i < CROWD / 250; i++)
        g_string_append_printf(text, "virtual=10.9.%u.1:80\n"
                                     "\treal=127.1.%u.1->127.1.%u.250:%u masq\n\tservice=http\n",
                               i, i, i, port);
    return text;
}

static bool some_are_given_up(void)
{
    return times_logged("Real server down") > 20;
}

static void allow_files(rlim_t files)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = MIN(files, limit.rlim_max);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void assert_borne(unsigned most)
{
    uint16_t port;
    int fd = listen_everywhere(&port);
    unsigned before = open_files();
    GString *text = crowd_text(port);

    start(text->str);
    assert_true(run_until(some_are_given_up, 60 * HA_NS_PER_S));
    assert_in_range(crowd.most_files, before, before + most);
    assert_int_equal(times_logged("INTERNAL"), 0);
    assert_int_equal(times_logged("could not check"), 0);
    assert_int_equal(times_logged("Too many open files"), 0);
    g_string_free(text, TRUE);
    close(fd);
}

static void fifty_thousand_checks_are_in_flight_a_thousand_at_a_time(void **state)
{
    (void)state;
    allow_files(65536);
    assert_borne(LD_IN_FLIGHT_MAX + 32);
    assert_true(crowd.most_files > LD_IN_FLIGHT_MAX);
    assert_int_equal(times_logged("open files are allowed"), 0);
}

static void with_few_descriptors_the_checks_wait_for_each_other_and_it_is_said(void **state)
{
    (void)state;
    allow_files(328);
    assert_borne(50 + 32);
    assert_int_equal(times_logged("only 328 open files are allowed here (ulimit -n, LimitNOFILE): no "
                                  "more than 50 checks at once"), 1);
    allow_files(65536);
}

/* ---- a reload ---- */

#define MANY_SERVICES 2000
#define SERVERS_EACH  20

static GString *many_text(uint16_t port)
{
    GString *text = g_string_new("checkinterval=10\nchecktimeout=5\n");

    for (unsigned i = 0; i < MANY_SERVICES; i++) {
        g_string_append_printf(text, "virtual=10.9.%u.%u:80\n\tchecktype=connect\n", i / 250,
                               i % 250 + 1);
        for (unsigned j = 0; j < SERVERS_EACH; j++)
            g_string_append_printf(text, "\treal=127.%u.%u.%u:%u masq\n", 1 + i / 250, i % 250,
                                   j + 1, port);
    }
    return text;
}

static unsigned unchecked(void)
{
    struct ha_director_state now;

    ld_director_state(crowd.director, &now);
    return now.unchecked;
}

static struct {
    unsigned before;
    bool went_on;
} reading;

/* The file has been read, or a server was heard of while it was. */
static bool is_known(const void *what)
{
    unsigned now = unchecked();

    (void)what;
    if (!ld_director_reloading(crowd.director))
        return true;
    reading.went_on |= now < reading.before;
    reading.before = now;
    return reading.went_on;
}

static bool is_read(const void *what)
{
    (void)what;
    return !ld_director_reloading(crowd.director);
}

/* Whether a look comes while it is read is chance: so it is read a few times. */
static void checks_go_on_while_forty_thousand_servers_are_read_again(void **state)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t size = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); /* does not listen: all are refused */
    GString *text;

    (void)state;
    assert_int_equal(bind(fd, (struct sockaddr *)&at, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    allow_files(65536);
    text = many_text(ntohs(at.sin_port));
    start(text->str);
    assert_int_equal(unchecked(), MANY_SERVICES * SERVERS_EACH);
    for (int i = 0; i < 20 && !reading.went_on; i++) {
        reading.before = unchecked();
        ld_director_reload(crowd.director);
        assert_true(loop_wait(crowd.loop, is_known, NULL, 60 * HA_NS_PER_S));
        assert_true(loop_wait(crowd.loop, is_read, NULL, 60 * HA_NS_PER_S));
    }
    assert_true(reading.went_on);
    assert_int_equal(times_logged("rror"), 0);
    g_string_free(text, TRUE);
    close(fd);
}

/* ---- many servers of one service come up together ---- */

static const struct ld_ipvs_ops *real_ops;
static unsigned told_too_early;

static unsigned servers_in_table(void)
{
    const struct ld_vs *service = crowd.ipvs.table->services->pdata[0];

    return service->dests->len;
}

static int watched_apply(struct ld_ipvs *ipvs, const GArray *ops, ld_ipvs_fn fn, void *ctx)
{
    if (crowd.ipvs.table->services->len > 0)
        told_too_early += times_logged("Real server up") > servers_in_table();
    return real_ops->apply(ipvs, ops, fn, ctx);
}

static bool all_serve(void)
{
    return crowd.ipvs.table->services->len == 1 && servers_in_table() == 60;
}

/* A line in a file is three system calls, and heartbeat may be waiting for the servers. */
static void servers_are_in_the_table_before_the_log_says_so(void **state)
{
    static struct ld_ipvs_ops ops;
    GString *text = g_string_new("virtual=10.9.0.1:80\n\tchecktype=connect\n");
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t size = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)state;
    real_ops = crowd.ipvs.ipvs.ops;
    ops = *real_ops;
    ops.apply = watched_apply;
    crowd.ipvs.ipvs.ops = &ops;
    assert_int_equal(bind(fd, (struct sockaddr *)&at, size), 0);
    assert_int_equal(listen(fd, 128), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    for (unsigned i = 1; i <= 60; i++)
        g_string_append_printf(text, "\treal=127.1.0.%u:%u masq\n", i, ntohs(at.sin_port));
    told_too_early = 0;
    start(text->str);
    assert_true(run_until(all_serve, 20 * HA_NS_PER_S));
    assert_int_equal(told_too_early, 0);
    assert_int_equal(times_logged("Real server up"), 60);
    assert_int_equal(times_logged("Added real server"), 60);
    close(fd);
    g_string_free(text, TRUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_server_behind_a_hundred_services_is_asked_once, begin,
                                        end),
        cmocka_unit_test_setup_teardown(
            fifty_thousand_checks_are_in_flight_a_thousand_at_a_time, begin, end),
        cmocka_unit_test_setup_teardown(
            with_few_descriptors_the_checks_wait_for_each_other_and_it_is_said, begin, end),
        cmocka_unit_test_setup_teardown(
            checks_go_on_while_forty_thousand_servers_are_read_again, begin, end),
        cmocka_unit_test_setup_teardown(servers_are_in_the_table_before_the_log_says_so, begin,
                                        end),
    };

    alarm(200);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
