/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What we use of libmariadb, passed on to it (late.h). */
#include "ldirectord/check/late.h"

#include "config.h"

#include <glib.h>
#include <mysql.h>

#define FUNCTIONS(F)                                                                               \
    F(MYSQL *, mysql_init, (MYSQL *mysql), (mysql))                                                \
    F(void, mysql_close, (MYSQL *mysql), (mysql))                                                  \
    F(int, mysql_options, (MYSQL *mysql, enum mysql_option option, const void *value),             \
      (mysql, option, value))                                                                      \
    F(int, mysql_real_connect_start,                                                               \
      (MYSQL **out, MYSQL *mysql, const char *host, const char *user, const char *password,        \
       const char *database, unsigned port, const char *path, unsigned long flags),                \
      (out, mysql, host, user, password, database, port, path, flags))                             \
    F(int, mysql_real_connect_cont, (MYSQL **out, MYSQL *mysql, int ready), (out, mysql, ready))   \
    F(int, mysql_real_query_start,                                                                 \
      (int *out, MYSQL *mysql, const char *statement, unsigned long length),                       \
      (out, mysql, statement, length))                                                             \
    F(int, mysql_real_query_cont, (int *out, MYSQL *mysql, int ready), (out, mysql, ready))        \
    F(int, mysql_fetch_row_start, (MYSQL_ROW *out, MYSQL_RES *result), (out, result))              \
    F(int, mysql_fetch_row_cont, (MYSQL_ROW *out, MYSQL_RES *result, int ready),                   \
      (out, result, ready))                                                                        \
    F(MYSQL_RES *, mysql_use_result, (MYSQL *mysql), (mysql))                                      \
    F(void, mysql_free_result, (MYSQL_RES *result), (result))                                      \
    F(unsigned, mysql_field_count, (MYSQL *mysql), (mysql))                                        \
    F(my_ulonglong, mysql_affected_rows, (MYSQL *mysql), (mysql))                                  \
    F(my_socket, mysql_get_socket, (MYSQL *mysql), (mysql))                                        \
    F(unsigned, mysql_errno, (MYSQL *mysql), (mysql))                                              \
    F(const char *, mysql_error, (MYSQL *mysql), (mysql))

static struct {
    FUNCTIONS(LD_LATE_POINTER)
} real;

static const struct ld_late_function functions[] = {FUNCTIONS(LD_LATE_ENTRY)};

struct ld_late ld_late_mysql = {
    .file = LD_LATE_MYSQL,
    .functions = functions,
    .count = G_N_ELEMENTS(functions),
};

FUNCTIONS(LD_LATE_DEFINE)
