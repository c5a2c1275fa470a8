/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What two halves of a daemon say to each other: frames, values in them, texts too long for one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/confine/bulk.h"
#include "common/confine/frame.h"
#include "common/confine/pack.h"
#include "tests/unit/descriptors.h"

#define HEAD_BYTES 12

static uint8_t space[HA_FRAME_BYTES_MAX];

struct pair {
    int ends[2];
    unsigned descriptors;
};

static int begin(void **state)
{
    struct pair *pair = g_new0(struct pair, 1);

    pair->descriptors = open_descriptors();
    assert_int_equal(ha_frame_pair(pair->ends), 0);
    *state = pair;
    return 0;
}

static int end(void **state)
{
    struct pair *pair = *state;

    close(pair->ends[0]);
    if (pair->ends[1] >= 0)
        close(pair->ends[1]);
    assert_int_equal(open_descriptors(), pair->descriptors);
    g_free(pair);
    return 0;
}

/* As one who means ill would send it. */
static void send_raw(int fd, const void *bytes, size_t length, const int *fds, unsigned count)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int) * 16)];
    } control;
    struct iovec part = {(void *)bytes, length};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

    if (count > 0) {
        struct cmsghdr *header;

        memset(&control, 0, sizeof(control));
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
        header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * count);
        memcpy(CMSG_DATA(header), fds, sizeof(int) * count);
    }
    assert_int_equal(sendmsg(fd, &message, 0), length);
}

static void a_frame_arrives_as_it_was_sent_descriptors_included(void **state)
{
    struct pair *pair = *state;
    int ends[2];
    struct ha_frame got, sent = {.kind = 7, .number = 9, .status = -ENOENT,
                                 .bytes = (const uint8_t *)"abc", .length = 3, .fd_count = 1};
    char letter = 0;
    int fd;

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    sent.fds[0] = ends[1];
    assert_int_equal(ha_frame_send(pair->ends[0], &sent, 0), 0);
    close(ends[1]);
    assert_int_equal(ha_frame_receive(pair->ends[1], &got, space, 0), 0);
    assert_int_equal(got.kind, 7);
    assert_int_equal(got.number, 9);
    assert_int_equal(got.status, -ENOENT);
    assert_int_equal(got.length, 3);
    assert_memory_equal(got.bytes, "abc", 3);
    fd = ha_frame_take_fd(&got, 0);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(write(fd, "x", 1), 1);
    close(fd);
    assert_int_equal(read(ends[0], &letter, 1), 1);
    assert_int_equal(letter, 'x');
    assert_int_equal(ha_frame_take_fd(&got, 1), -1);
    ha_frame_close(&got);
    close(ends[0]);
}

static void the_longest_frame_arrives_and_a_longer_one_is_not_sent(void **state)
{
    static uint8_t bytes[HA_FRAME_BYTES_MAX + 1];
    struct pair *pair = *state;
    struct ha_frame got, sent = {.bytes = bytes, .length = HA_FRAME_BYTES_MAX};

    assert_int_equal(ha_frame_send(pair->ends[0], &sent, 0), 0);
    assert_int_equal(ha_frame_receive(pair->ends[1], &got, space, 0), 0);
    assert_int_equal(got.length, HA_FRAME_BYTES_MAX);
    sent.length++;
    assert_int_equal(ha_frame_send(pair->ends[0], &sent, 0), -EMSGSIZE);
}

static void what_is_no_frame_is_refused_and_leaves_no_descriptor(void **state)
{
    static uint8_t long_one[HEAD_BYTES + HA_FRAME_BYTES_MAX + 1];
    struct pair *pair = *state;
    struct ha_frame got;
    int fds[HA_FRAME_FDS_MAX + 3];

    for (size_t i = 0; i < G_N_ELEMENTS(fds); i++)
        fds[i] = pair->ends[0];
    send_raw(pair->ends[0], "short", 5, fds, 1);
    assert_int_equal(ha_frame_receive(pair->ends[1], &got, space, 0), -EBADMSG);
    assert_int_equal(got.fd_count, 0);
    send_raw(pair->ends[0], long_one, sizeof(long_one), NULL, 0);
    assert_int_equal(ha_frame_receive(pair->ends[1], &got, space, 0), -EBADMSG);
    send_raw(pair->ends[0], long_one, HEAD_BYTES, fds, G_N_ELEMENTS(fds));
    assert_int_equal(ha_frame_receive(pair->ends[1], &got, space, 0), -EBADMSG);
    assert_int_equal(got.fd_count, 0);
    /* and the next one is as good as ever */
    send_raw(pair->ends[0], long_one, HEAD_BYTES, NULL, 0);
    assert_int_equal(ha_frame_receive(pair->ends[1], &got, space, 0), 0);
}

static void nothing_there_is_not_waited_for(void **state)
{
    struct pair *pair = *state;
    struct ha_frame got;

    assert_int_equal(ha_frame_receive(pair->ends[1], &got, space, 0), -EAGAIN);
    assert_int_equal(ha_frame_receive(pair->ends[1], &got, space, 1), -EAGAIN);
}

static void a_full_socket_is_not_waited_for(void **state)
{
    struct pair *pair = *state;
    struct ha_frame sent = {.bytes = space, .length = sizeof(space)};
    int error;

    do {
        error = ha_frame_send(pair->ends[0], &sent, 0);
    } while (error == 0);
    assert_int_equal(error, -EAGAIN);
    assert_int_equal(ha_frame_send(pair->ends[0], &sent, 1), -EAGAIN);
}

static void the_end_of_one_side_is_seen_by_the_other(void **state)
{
    struct pair *pair = *state;
    struct ha_frame got, sent = {.kind = 1};

    close(pair->ends[1]);
    pair->ends[1] = -1;
    assert_int_equal(ha_frame_receive(pair->ends[0], &got, space, -1), -EPIPE);
    assert_int_equal(ha_frame_send(pair->ends[0], &sent, -1), -EPIPE);
}

static void an_answer_is_known_by_its_number(void **state)
{
    struct pair *pair = *state;
    struct ha_frame got, question = {.kind = 1, .number = 3},
                         late = {.kind = 2, .number = 2, .fd_count = 1, .fds = {pair->ends[0]}},
                         answer = {.kind = 2, .number = 3, .status = -EPERM};

    assert_int_equal(ha_frame_send(pair->ends[1], &late, 0), 0);
    assert_int_equal(ha_frame_send(pair->ends[1], &answer, 0), 0);
    assert_int_equal(ha_frame_ask(pair->ends[0], &question, &got, space, 1000), 0);
    assert_int_equal(got.number, 3);
    assert_int_equal(got.status, -EPERM);
    assert_int_equal(ha_frame_ask(pair->ends[0], &question, &got, space, 1), -ETIMEDOUT);
}

/* ---- values ---- */

static void values_come_back_as_they_were(void **state)
{
    GByteArray *bytes = g_byte_array_new();
    struct ha_addr four, six, none = {0}, got;
    struct ha_unpack in;

    (void)state;
    assert_true(ha_addr_parse(&four, "10.0.0.1"));
    assert_true(ha_addr_parse(&six, "2001:db8::1"));
    ha_pack_u8(bytes, 200);
    ha_pack_u16(bytes, 60000);
    ha_pack_u32(bytes, 4000000000U);
    ha_pack_u64(bytes, UINT64_MAX - 1);
    ha_pack_text(bytes, "text");
    ha_pack_text(bytes, "");
    ha_pack_text(bytes, NULL);
    ha_pack_addr(bytes, &four);
    ha_pack_addr(bytes, &six);
    ha_pack_addr(bytes, &none);
    in = ha_unpack_begin(bytes->data, bytes->len);
    assert_int_equal(ha_unpack_u8(&in), 200);
    assert_int_equal(ha_unpack_u16(&in), 60000);
    assert_int_equal(ha_unpack_u32(&in), 4000000000U);
    assert_true(ha_unpack_u64(&in) == UINT64_MAX - 1);
    assert_string_equal(ha_unpack_text(&in), "text");
    assert_string_equal(ha_unpack_text(&in), "");
    assert_null(ha_unpack_text(&in));
    ha_unpack_addr(&in, &got);
    assert_true(ha_addr_equal(&got, &four));
    ha_unpack_addr(&in, &got);
    assert_true(ha_addr_equal(&got, &six));
    ha_unpack_addr(&in, &got);
    assert_int_equal(got.family, AF_UNSPEC);
    assert_true(ha_unpack_end(&in));
    g_byte_array_unref(bytes);
}

static void too_short_is_zero_and_bad_from_then_on(void **state)
{
    struct ha_unpack in = ha_unpack_begin((const uint8_t *)"\1\2\3", 3);

    (void)state;
    assert_int_equal(ha_unpack_u32(&in), 0);
    assert_true(in.bad);
    assert_int_equal(ha_unpack_u8(&in), 0);
    assert_null(ha_unpack_text(&in));
    assert_false(ha_unpack_end(&in));
}

static void more_than_was_asked_for_is_not_the_end(void **state)
{
    struct ha_unpack in = ha_unpack_begin((const uint8_t *)"\1\2", 2);

    (void)state;
    assert_int_equal(ha_unpack_u8(&in), 1);
    assert_false(ha_unpack_end(&in));
}

static void a_text_ends_where_it_says_or_is_bad(void **state)
{
    static const uint8_t unended[] = {3, 0, 0, 0, 'a', 'b', 'c'}, two[] = {3, 0, 0, 0, 'a', 0, 0},
                         longer[] = {200, 0, 0, 0, 'a', 0};
    const struct {
        const uint8_t *bytes;
        size_t length;
    } rows[] = {{unended, sizeof(unended)}, {two, sizeof(two)}, {longer, sizeof(longer)}};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct ha_unpack in = ha_unpack_begin(rows[i].bytes, rows[i].length);

        assert_null(ha_unpack_text(&in));
        assert_true(in.bad);
    }
}

static void an_address_of_no_known_family_is_bad(void **state)
{
    GByteArray *bytes = g_byte_array_new();
    struct ha_unpack in;
    struct ha_addr addr;

    (void)state;
    ha_pack_u16(bytes, AF_APPLETALK);
    in = ha_unpack_begin(bytes->data, bytes->len);
    ha_unpack_addr(&in, &addr);
    assert_true(in.bad);
    assert_int_equal(addr.family, AF_UNSPEC);
    g_byte_array_unref(bytes);
}

/* ---- long texts ---- */

static void a_long_text_comes_back_and_cannot_be_changed(void **state)
{
    size_t size = 300000, length;
    char *text = g_malloc0(size), *got;
    int fd;

    (void)state;
    text[0] = 'a';
    text[size - 1] = 'z';
    fd = ha_bulk_make(text, size);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, "b", 1, 0), -1);
    assert_int_equal(ftruncate(fd, 1), -1);
    assert_int_equal(ha_bulk_read(fd, size, &got, &length), 0);
    assert_int_equal(length, size);
    assert_memory_equal(got, text, size);
    g_free(got);
    assert_int_equal(ha_bulk_read(fd, size - 1, &got, &length), -EFBIG);
    close(fd);
    g_free(text);
}

static void what_somebody_could_still_change_is_not_read(void **state)
{
    int fd = memfd_create("open", MFD_CLOEXEC | MFD_ALLOW_SEALING), ends[2];
    size_t length;
    char *got;

    (void)state;
    assert_int_equal(ha_bulk_read(fd, 10, &got, &length), -EBADMSG);
    close(fd);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(ha_bulk_read(ends[0], 10, &got, &length), -EBADMSG);
    close(ends[0]);
    close(ends[1]);
    fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    assert_int_equal(ha_bulk_read(fd, 1 << 20, &got, &length), -EBADMSG);
    close(fd);
    assert_int_equal(ha_bulk_read(-1, 10, &got, &length), -EBADMSG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_frame_arrives_as_it_was_sent_descriptors_included, begin, end),
        cmocka_unit_test_setup_teardown(the_longest_frame_arrives_and_a_longer_one_is_not_sent, begin, end),
        cmocka_unit_test_setup_teardown(what_is_no_frame_is_refused_and_leaves_no_descriptor, begin, end),
        cmocka_unit_test_setup_teardown(nothing_there_is_not_waited_for, begin, end),
        cmocka_unit_test_setup_teardown(a_full_socket_is_not_waited_for, begin, end),
        cmocka_unit_test_setup_teardown(the_end_of_one_side_is_seen_by_the_other, begin, end),
        cmocka_unit_test_setup_teardown(an_answer_is_known_by_its_number, begin, end),
        cmocka_unit_test(values_come_back_as_they_were),
        cmocka_unit_test(too_short_is_zero_and_bad_from_then_on),
        cmocka_unit_test(more_than_was_asked_for_is_not_the_end),
        cmocka_unit_test(a_text_ends_where_it_says_or_is_bad),
        cmocka_unit_test(an_address_of_no_known_family_is_bad),
        cmocka_unit_test(a_long_text_comes_back_and_cannot_be_changed),
        cmocka_unit_test(what_somebody_could_still_change_is_not_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
