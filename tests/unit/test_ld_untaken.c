/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a socket was told and has not been read from it, as the kernel's list of sockets has it (ld_nl_untaken): here
 * the socket is ours, and not that of the kernel's synchronisation.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/socket.h>
#include <unistd.h>

#include "ldirectord/ipvs/ipvs.h"

/* A socket on the loopback address at a port that the kernel chose; the port in *sync. */
static int bind_to(const char *address, struct ld_sync *sync)
{
    struct sockaddr_storage name;
    struct ha_addr addr;
    socklen_t length;
    uint16_t port;
    int fd;

    assert_true(ha_addr_parse(&addr, address));
    fd = socket(addr.family, SOCK_DGRAM, 0);
    assert_true(fd >= 0);
    length = ha_addr_to_sockaddr(&addr, 0, &name);
    assert_int_equal(bind(fd, (struct sockaddr *)&name, length), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &length), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&name, length), 0); /* it speaks to itself */
    assert_true(ha_addr_from_sockaddr(&addr, &port, (struct sockaddr *)&name));
    *sync = (struct ld_sync){.port = port, .group = addr};
    return fd;
}

static void assert_told_and_read(const char *address)
{
    struct ld_sync sync, other;
    char byte[100] = {0};
    int fd = bind_to(address, &sync), fd_of_other = bind_to(address, &other);

    assert_int_equal(ld_nl_untaken(NULL, &sync), 0);
    assert_int_equal(send(fd, byte, sizeof(byte), 0), sizeof(byte));
    assert_true(ld_nl_untaken(NULL, &sync) >= (int)sizeof(byte));
    assert_int_equal(ld_nl_untaken(NULL, &other), 0);
    assert_int_equal(recv(fd, byte, sizeof(byte), 0), sizeof(byte));
    assert_int_equal(ld_nl_untaken(NULL, &sync), 0);
    close(fd);
    close(fd_of_other);
}

static void what_was_told_is_untaken_until_it_is_read(void **state)
{
    (void)state;
    assert_told_and_read("127.0.0.1");
}

static void a_group_of_IPv6_has_a_list_of_its_own(void **state)
{
    (void)state;
    assert_told_and_read("::1");
}

static void without_a_port_it_is_the_kernels(void **state)
{
    const struct ld_sync sync = {0};

    (void)state;
    assert_int_equal(ld_nl_untaken(NULL, &sync), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_told_is_untaken_until_it_is_read),
        cmocka_unit_test(a_group_of_IPv6_has_a_list_of_its_own),
        cmocka_unit_test(without_a_port_it_is_the_kernels),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
