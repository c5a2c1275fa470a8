/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keeper, asked by one who means ill: frames are made by hand, and what the
 * kernel's table (a made-up one) and the disk look like afterwards is looked at.
 * The other half of the door, from where frames come, is this program.
 */
#include "tests/unit/keeper_house.h"

/* ---- operations ---- */

static struct ld_service_id service_id(const char *addr, uint16_t port)
{
    struct ld_service_id id = {.protocol = LD_TCP, .port = port};

    assert_true(ha_addr_parse(&id.addr, addr));
    return id;
}

static int apply(enum ld_op_kind kind, struct ld_vs *vs, const struct ld_dest *dest)
{
    const struct ld_op op = {.kind = kind, .vs = vs, .dest = dest};
    GByteArray *bytes = nothing();
    struct ha_frame answer;
    struct ha_unpack in;
    int result;

    ld_put_op(bytes, &op);
    assert_int_equal(ask(LD_WORD_APPLY, bytes, -1, &answer), 0);
    in = ha_unpack_begin(answer.bytes, answer.length);
    result = (int)ha_unpack_u32(&in);
    assert_true(ha_unpack_end(&in));
    return result;
}

static struct ld_vs as_configured(void)
{
    return (struct ld_vs){.id = service_id("10.0.0.9", 80), .scheduler = "rr"};
}

static struct ld_dest server(const char *addr, uint16_t port)
{
    struct ld_dest dest = {.port = port, .method = LD_MASQ, .weight = 1};

    assert_true(ha_addr_parse(&dest.addr, addr));
    return dest;
}

static void open_table(void)
{
    assert_int_equal(ask(LD_WORD_IPVS, nothing(), -1, NULL), 0);
}

static void what_is_configured_is_written(void **state)
{
    struct ld_vs vs = as_configured();
    struct ld_dest real = server("10.0.0.1", 80), fallback = server("127.0.0.1", 80);

    (void)state;
    open_table();
    assert_int_equal(apply(LD_OP_ADD_SERVICE, &vs, NULL), 0);
    assert_int_equal(apply(LD_OP_ADD_DEST, &vs, &real), 0);
    assert_int_equal(apply(LD_OP_ADD_DEST, &vs, &fallback), 0);
    real.weight = 7;
    assert_int_equal(apply(LD_OP_EDIT_DEST, &vs, &real), 0);
    assert_int_equal(house.fake.operations, 4);
    assert_int_equal(ld_keeper_refusals(house.keeper), 0);
}

static void nothing_else_is_written(void **state)
{
    struct ld_vs vs = as_configured(), other = as_configured(), hash = as_configured();
    struct ld_dest stranger = server("192.0.2.66", 80), other_port = server("10.0.0.1", 81);

    (void)state;
    open_table();
    other.id.port = 81;
    strcpy(hash.scheduler, "sh");
    assert_int_equal(apply(LD_OP_ADD_SERVICE, &other, NULL), -EACCES);
    assert_int_equal(apply(LD_OP_DEL_SERVICE, &other, NULL), -EACCES);
    assert_int_equal(apply(LD_OP_ADD_SERVICE, &hash, NULL), -EACCES);
    vs.flags = IP_VS_SVC_F_ONEPACKET;
    assert_int_equal(apply(LD_OP_ADD_SERVICE, &vs, NULL), -EACCES);
    vs.flags = 0;
    assert_int_equal(apply(LD_OP_ADD_DEST, &vs, &stranger), -EACCES);
    assert_int_equal(apply(LD_OP_EDIT_DEST, &vs, &other_port), -EACCES);
    other.id = service_id("10.0.0.9", 80);
    other.id.protocol = LD_UDP;
    assert_int_equal(apply(LD_OP_DEL_DEST, &other, &other_port), -EACCES);
    assert_int_equal(house.fake.operations, 0);
    assert_int_equal(ld_keeper_refusals(house.keeper), 7);
}

static void the_table_is_not_touched_before_it_is_open(void **state)
{
    GByteArray *bytes = nothing();
    struct ld_vs vs = as_configured();
    const struct ld_op op = {.kind = LD_OP_ADD_SERVICE, .vs = &vs};

    (void)state;
    ld_put_op(bytes, &op);
    assert_int_equal(ask(LD_WORD_APPLY, bytes, -1, NULL), -ENOTCONN);
    assert_int_equal(ask(LD_WORD_READ, one_byte(1), -1, NULL), -ENOTCONN);
}

static void a_table_of_any_size_is_told_as_it_is(void **state)
{
    struct ld_service_id id = service_id("10.0.0.9", 80);
    struct ld_vs *vs = ld_table_add(house.fake.table, &id), *last = NULL;
    struct ld_table *got = ld_table_new();
    struct ha_frame answer;
    unsigned frames = 1;
    int status;

    (void)state;
    for (unsigned i = 0; i < 5000; i++) {
        struct ld_dest dest = server("10.1.0.1", 80);

        dest.addr.v4.s_addr = htonl(0x0a010000 + i);
        g_array_append_val(vs->dests, dest);
    }
    open_table();
    status = ask(LD_WORD_READ, one_byte(1), -1, &answer);
    while (status == LD_MORE) {
        assert_true(ld_get_table(ha_unpack_begin(answer.bytes, answer.length), got, &last));
        assert_int_equal(ha_frame_receive(house.ask[0], &answer, house.space, 0), 0);
        status = answer.status;
        frames++;
    }
    assert_int_equal(status, 0);
    assert_true(ld_get_table(ha_unpack_begin(answer.bytes, answer.length), got, &last));
    assert_true(frames > 1);
    assert_int_equal(last->dests->len, 5000);
    assert_int_equal(got->services->len, 1);
    ld_table_free(got);
}

/* ---- switches, files, sockets ---- */

static int set_switch(const char *name, bool on)
{
    GByteArray *bytes = one_byte(on);

    ha_pack_text(bytes, name);
    return ask(LD_WORD_SWITCH, bytes, -1, NULL);
}

static void a_switch_is_set_as_configured_and_no_other(void **state)
{
    (void)state;
    open_table();
    assert_int_equal(set_switch("expire_nodest_conn", true), 0);
    assert_int_equal(set_switch("expire_nodest_conn", false), -EACCES);
    assert_int_equal(set_switch("expire_quiescent_template", true), -EACCES);
    assert_int_equal(set_switch("../../../kernel/core_pattern", true), -EACCES);
    assert_string_equal(house.fake.switches->str, "expire_nodest_conn=1 ");
}

static int open_one(enum ld_file file, const char *path, int *fd)
{
    GByteArray *bytes = one_byte((uint8_t)file);
    struct ha_frame answer;
    int status;

    ha_pack_text(bytes, path);
    status = ask(LD_WORD_OPEN, bytes, -1, &answer);
    *fd = ha_frame_take_fd(&answer, 0);
    ha_frame_close(&answer);
    return status;
}

static void the_files_of_the_configuration_are_opened_and_no_others(void **state)
{
    char *monitor = in_house("monitor"), *log = in_house("log"), byte;
    int fd;

    (void)state;
    assert_int_equal(open_one(LD_FILE_CONFIG, "/etc/shadow", &fd), 0);
    assert_int_equal(pread(fd, &byte, 1, 0), 1);
    assert_int_equal(byte, 'c');
    assert_int_equal(write(fd, "x", 1), -1);
    close(fd);
    assert_int_equal(open_one(LD_FILE_LOG, "/etc/shadow", &fd), 0);
    assert_int_equal(write(fd, "line\n", 5), 5);
    assert_true(g_file_test(log, G_FILE_TEST_EXISTS));
    close(fd);
    assert_int_equal(open_one(LD_FILE_MONITOR, monitor, &fd), 0);
    close(fd);
    assert_int_equal(open_one(LD_FILE_MONITOR, "/etc/shadow", &fd), -EACCES);
    assert_int_equal(open_one(LD_FILE_MONITOR, NULL, &fd), -EACCES);
    assert_int_equal(open_one(LD_FILE_MAINTENANCE, house.dir, &fd), -EACCES);
    assert_int_equal(open_one(LD_FILE_COUNT, house.dir, &fd), -EBADMSG);
    assert_int_equal(open_one(LD_FILE_ORDERS, NULL, &fd), -ENOENT);
    g_free(monitor);
    g_free(log);
}

static int get_socket(enum ld_socket kind)
{
    GByteArray *bytes = one_byte((uint8_t)kind);

    ha_pack_u8(bytes, 4);
    ha_pack_u16(bytes, 80);
    return ask(LD_WORD_SOCKET, bytes, -1, NULL);
}

static void raw_sockets_are_for_checks_that_take_them(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < LD_SOCKET_COUNT; kind++)
        assert_int_equal(get_socket(kind), -EACCES);
    assert_int_equal(get_socket(LD_SOCKET_COUNT), -EBADMSG);
}

static void connections_that_begin_are_for_who_hands_them_over(void **state)
{
    (void)state;
    assert_int_equal(ask(LD_WORD_TAP, nothing(), -1, NULL), -EACCES);
    assert_int_equal(ask(LD_WORD_TAPPED, nothing(), -1, NULL), -ENOENT);
}

static void orders_are_kept_in_their_file_and_forgotten(void **state)
{
    int fd = ha_bulk_make("kept", 4), ends[2];
    char *text = NULL;

    (void)state;
    assert_int_equal(ask(LD_WORD_KEEP, nothing(), fd, NULL), 0);
    close(fd);
    for (int i = 0; i < 2000 && !g_file_test(house.orders, G_FILE_TEST_EXISTS); i++)
        turn();
    assert_true(g_file_get_contents(house.orders, &text, NULL, NULL));
    assert_string_equal(text, "kept");
    g_free(text);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(ask(LD_WORD_KEEP, nothing(), ends[0], NULL), -EBADMSG);
    close(ends[0]);
    close(ends[1]);
    assert_int_equal(ask(LD_WORD_KEEP, nothing(), -1, NULL), 0);
    assert_false(g_file_test(house.orders, G_FILE_TEST_EXISTS));
}

/* ---- another configuration ---- */

static int prepare(const char *digest, struct ha_frame *answer)
{
    GByteArray *bytes = nothing();
    int fd = ha_bulk_make("", 0), status;

    ha_pack_u32(bytes, LD_LOOK_FILES);
    ha_pack_text(bytes, digest);
    status = ask(LD_WORD_PREPARE, bytes, fd, answer);
    close(fd);
    return status;
}

static void read_digest(char digest[65])
{
    struct ld_content content;
    GBytes *text;

    assert_int_equal(ld_config_read(house.file, &content, &text), 0);
    memcpy(digest, content.digest, 65);
    g_bytes_unref(text);
}

static void only_the_file_itself_brings_another_configuration(void **state)
{
    struct ld_vs vs = as_configured();
    struct ld_dest real = server("10.0.0.1", 80), stranger = server("10.0.0.3", 80);
    char digest[65];

    (void)state;
    open_table();
    assert_int_equal(apply(LD_OP_ADD_SERVICE, &vs, NULL), 0);
    assert_int_equal(ask(LD_WORD_COMMIT, nothing(), -1, NULL), -ENOENT);
    write_file("cf", "virtual = 10.0.0.9:80\n\treal = 10.0.0.3:80 masq\n\tscheduler = rr\n\tprotocol = tcp\n");
    assert_int_equal(prepare(house.content.digest, NULL), -EAGAIN);
    assert_int_equal(ask(LD_WORD_COMMIT, nothing(), -1, NULL), -ENOENT);
    read_digest(digest);
    assert_int_equal(prepare(digest, NULL), 0);
    assert_int_equal(apply(LD_OP_ADD_DEST, &vs, &stranger), -EACCES);
    assert_int_equal(ask(LD_WORD_COMMIT, nothing(), -1, NULL), 0);
    assert_int_equal(apply(LD_OP_ADD_DEST, &vs, &stranger), 0);
    /* what was configured may still drain, and go */
    assert_int_equal(apply(LD_OP_ADD_DEST, &vs, &real), 0);
    assert_int_equal(apply(LD_OP_DEL_DEST, &vs, &real), 0);
}

/* Prepared once, it need not be parsed again; but whatever else is looked at is looked at each time. */
static void what_was_prepared_is_looked_at_again_before_it_is_committed(void **state)
{
    static const char text[] = "virtual = 10.0.0.9:80\n\treal = 10.0.0.3:80 masq\n\tscheduler = rr\n\tprotocol = tcp\n";
    struct ld_vs vs = as_configured();
    struct ld_dest other = server("10.0.0.3", 80);
    char digest[65];

    (void)state;
    open_table();
    write_file("cf", text);
    read_digest(digest);
    assert_int_equal(prepare(digest, NULL), 0);
    assert_int_equal(g_chmod(house.file, 0666), 0);
    assert_int_equal(prepare(digest, NULL), 0);
    assert_int_equal(ask(LD_WORD_COMMIT, nothing(), -1, NULL), -ENOENT);
    assert_int_equal(g_chmod(house.file, 0644), 0);
    assert_int_equal(prepare(digest, NULL), 0);
    assert_int_equal(prepare(digest, NULL), 0);
    write_file("cf", "virtual = 10.0.0.9:80\n\treal = 10.0.0.4:80 masq\n\tprotocol = tcp\n");
    assert_int_equal(prepare(digest, NULL), -EAGAIN);
    assert_int_equal(ask(LD_WORD_COMMIT, nothing(), -1, NULL), -ENOENT);
    write_file("cf", text);
    assert_int_equal(prepare(digest, NULL), 0);
    assert_int_equal(prepare(digest, NULL), 0);
    assert_int_equal(ask(LD_WORD_COMMIT, nothing(), -1, NULL), 0);
    assert_int_equal(apply(LD_OP_ADD_SERVICE, &vs, NULL), 0);
    assert_int_equal(apply(LD_OP_ADD_DEST, &vs, &other), 0);
}

static void take(const char *text)
{
    char digest[65];

    write_file("cf", text);
    read_digest(digest);
    assert_int_equal(prepare(digest, NULL), 0);
    assert_int_equal(ask(LD_WORD_COMMIT, nothing(), -1, NULL), 0);
}

/* Over udp a connect check, by itself or between two others, is one of them. */
static void whatever_sends_an_echo_request_gets_its_socket(void **state)
{
    static const struct {
        const char *lines;
        bool refused;
    } cases[] = {
        {"checktype = ping", false},
        {"protocol = tcp\n\tchecktype = connect", true},
        {"protocol = udp\n\tchecktype = connect", false},
        {"protocol = udp\n\tchecktype = 3\n\tservice = none", false},
        {"protocol = udp\n\tchecktype = 3\n\tservice = simpletcp", false},
        {"protocol = udp\n\tchecktype = negotiate\n\tservice = dns", true},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        char *text = g_strdup_printf("virtual = 10.0.0.9:53\n\treal = 10.0.0.3:53 masq\n\t%s\n", cases[i].lines);

        take(text);
        assert_int_equal(get_socket(LD_SOCKET_PING) == -EACCES, cases[i].refused);
        assert_int_equal(get_socket(LD_SOCKET_SEEN), -EACCES);
        g_free(text);
    }
}

static void a_user_that_there_is_not_is_an_error_of_the_file(void **state)
{
    struct ha_frame answer;
    struct ha_unpack in;
    char digest[65];

    (void)state;
    write_file("cf", "scriptuser = no-such-user-here\nvirtual = 10.0.0.9:80\n\treal = 10.0.0.3:80 masq\n"
                     "\tprotocol = tcp\n");
    read_digest(digest);
    assert_int_equal(prepare(digest, &answer), 0);
    in = ha_unpack_begin(answer.bytes, answer.length);
    assert_int_equal(ha_unpack_u8(&in), 0);
    assert_int_equal(ha_unpack_u32(&in), 1);
    ha_unpack_u32(&in);
    assert_string_equal(ha_unpack_text(&in), "scriptuser: there is no user \"no-such-user-here\"");
    assert_int_equal(ask(LD_WORD_COMMIT, nothing(), -1, NULL), -ENOENT);
}

/* ---- what makes no sense ---- */

static void a_word_that_nobody_knows_is_refused(void **state)
{
    (void)state;
    assert_int_equal(ask(0, nothing(), -1, NULL), -ENOSYS);
    assert_int_equal(ask(LD_WORD_RUN, nothing(), -1, NULL), -ENOSYS);
    assert_int_equal(ask(UINT32_MAX, nothing(), -1, NULL), -ENOSYS);
    assert_int_equal(ld_keeper_refusals(house.keeper), 3);
}

static void a_question_that_makes_no_sense_is_refused(void **state)
{
    static const uint32_t words[] = {LD_WORD_APPLY, LD_WORD_SYNC, LD_WORD_SWITCH, LD_WORD_OPEN,
                                     LD_WORD_WATCH, LD_WORD_SOCKET, LD_WORD_PREPARE, LD_WORD_READ};

    (void)state;
    open_table();
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        GByteArray *bytes = nothing();

        ha_pack_bytes(bytes, "\xff\xff\xff\xff\xff\xff\xff\xff\xff", 9);
        assert_int_equal(ask(words[i], bytes, -1, NULL), -EBADMSG);
    }
}

static void too_many_operations_are_none(void **state)
{
    struct ld_vs vs = as_configured();
    const struct ld_op op = {.kind = LD_OP_ADD_SERVICE, .vs = &vs};
    GByteArray *bytes = nothing();

    (void)state;
    open_table();
    for (unsigned i = 0; i <= LD_OPS_MAX; i++)
        ld_put_op(bytes, &op);
    assert_int_equal(ask(LD_WORD_APPLY, bytes, -1, NULL), -EBADMSG);
    assert_int_equal(house.fake.operations, 0);
}

static void the_end_of_the_other_half_is_the_keepers(void **state)
{
    (void)state;
    close(house.ask[0]);
    house.ask[0] = -1;
    assert_int_equal(ha_loop_run(house.loop), 1);
}

static void an_end_that_is_meant_is_no_failure(void **state)
{
    (void)state;
    assert_int_equal(ask(LD_WORD_BYE, nothing(), -1, NULL), 0);
    close(house.ask[0]);
    house.ask[0] = -1;
    assert_int_equal(ha_loop_run(house.loop), 0);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(what_is_configured_is_written),
        STORY(nothing_else_is_written),
        STORY(the_table_is_not_touched_before_it_is_open),
        STORY(a_table_of_any_size_is_told_as_it_is),
        STORY(a_switch_is_set_as_configured_and_no_other),
        STORY(the_files_of_the_configuration_are_opened_and_no_others),
        STORY(raw_sockets_are_for_checks_that_take_them),
        STORY(connections_that_begin_are_for_who_hands_them_over),
        STORY(orders_are_kept_in_their_file_and_forgotten),
        STORY(only_the_file_itself_brings_another_configuration),
        STORY(what_was_prepared_is_looked_at_again_before_it_is_committed),
        STORY(whatever_sends_an_echo_request_gets_its_socket),
        STORY(a_user_that_there_is_not_is_an_error_of_the_file),
        STORY(a_word_that_nobody_knows_is_refused),
        STORY(a_question_that_makes_no_sense_is_refused),
        STORY(too_many_operations_are_none),
        STORY(the_end_of_the_other_half_is_the_keepers),
        STORY(an_end_that_is_meant_is_no_failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
