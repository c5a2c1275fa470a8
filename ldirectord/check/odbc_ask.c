/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asks one ODBC data source once, for ldirectord (check_odbc.c). Reads on its
 * standard input one line, the connection string, and then the statement, to
 * the end. Exit status 0: there was a row, or one was changed. 1: not, and one
 * line, which starts with an SQLSTATE if it is the driver's, says why. Keeps no
 * time: who started it ends it.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <sql.h>
#include <sqlext.h>

#define INPUT_MAX  (128 << 10)
/* What a driver may take for one check, the answer included. */
#define MEMORY_MAX (512UL << 20)

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

/* Without what drivers and sanitizers would do at an ordinary end: it is all the kernel's now. */
static _Noreturn void leave(int status)
{
    fflush(stdout);
    _exit(status);
}

static _Noreturn void leave_with(SQLSMALLINT kind, SQLHANDLE handle)
{
    SQLCHAR state[6] = "HY000", text[512] = "no reason given";
    SQLINTEGER native;
    SQLSMALLINT length;

    SQLGetDiagRec(kind, handle, 1, state, &native, text, sizeof(text), &length);
    printf("%s %s\n", (const char *)state, (const char *)text);
    leave(1);
}

static void limit_memory(void)
{
#ifndef SANITIZED
    const struct rlimit limit = {.rlim_cur = MEMORY_MAX, .rlim_max = MEMORY_MAX};

    setrlimit(RLIMIT_AS, &limit);
#endif
}

/* True: a row came, or one was changed. */
static int has_row(SQLHSTMT statement)
{
    SQLSMALLINT columns = 0;
    SQLLEN changed = 0;
    SQLRETURN status;

    if (!SQL_SUCCEEDED(SQLNumResultCols(statement, &columns)))
        leave_with(SQL_HANDLE_STMT, statement);
    if (columns == 0)
        return SQL_SUCCEEDED(SQLRowCount(statement, &changed)) && changed > 0;
    status = SQLFetch(statement);
    if (status != SQL_NO_DATA && !SQL_SUCCEEDED(status))
        leave_with(SQL_HANDLE_STMT, statement);
    return status != SQL_NO_DATA;
}

static void ask(char *connection, char *request)
{
    SQLHENV environment;
    SQLHDBC database = SQL_NULL_HDBC;
    SQLHSTMT statement;
    SQLRETURN status;
    int found;

    if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &environment)) ||
        !SQL_SUCCEEDED(SQLSetEnvAttr(environment, SQL_ATTR_ODBC_VERSION,
                                     (SQLPOINTER)SQL_OV_ODBC3, 0)) ||
        !SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_DBC, environment, &database))) {
        puts("HY001 no memory for a connection");
        leave(1);
    }
    status = SQLDriverConnect(database, NULL, (SQLCHAR *)connection, SQL_NTS, NULL, 0, NULL,
                              SQL_DRIVER_NOPROMPT);
    if (!SQL_SUCCEEDED(status))
        leave_with(SQL_HANDLE_DBC, database);
    if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_STMT, database, &statement)))
        leave_with(SQL_HANDLE_DBC, database);
    status = SQLExecDirect(statement, (SQLCHAR *)request, SQL_NTS);
    if (status != SQL_NO_DATA && !SQL_SUCCEEDED(status))
        leave_with(SQL_HANDLE_STMT, statement);
    found = status != SQL_NO_DATA && has_row(statement);
    SQLFreeHandle(SQL_HANDLE_STMT, statement);
    SQLDisconnect(database);
    if (!found)
        puts("no rows");
    leave(found ? 0 : 1);
}

int main(void)
{
    static char input[INPUT_MAX];
    size_t length = fread(input, 1, sizeof(input) - 1, stdin);
    char *request = memchr(input, '\n', length);

    if (request == NULL || length == sizeof(input) - 1) {
        puts("expected a connection string, a line feed and a statement of at most 128 KiB");
        return 2;
    }
    *request++ = '\0';
    limit_memory();
    ask(input, request);
    return 2;
}
