/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sealed files in memory (bulk.h). */
#include "common/confine/bulk.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static int write_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t put = write(fd, bytes, length);

        if (put < 0 && errno != EINTR)
            return -errno;
        if (put > 0) {
            bytes += put;
            length -= (size_t)put;
        }
    }
    return 0;
}

int ha_bulk_make(const void *bytes, size_t length)
{
    int fd = memfd_create("bulk", MFD_CLOEXEC | MFD_ALLOW_SEALING), error;

    if (fd < 0)
        return -errno;
    error = write_all(fd, bytes, length);
    if (error == 0 && fcntl(fd, F_ADD_SEALS, SEALS | F_SEAL_SEAL) != 0)
        error = -errno;
    if (error == 0)
        return fd;
    close(fd);
    return error;
}

static int read_all(int fd, char *out, size_t length)
{
    for (size_t done = 0; done < length;) {
        ssize_t got = pread(fd, out + done, length - done, (off_t)done);

        if (got == 0)
            return -EBADMSG;
        if (got < 0 && errno != EINTR)
            return -errno;
        if (got > 0)
            done += (size_t)got;
    }
    return 0;
}

int ha_bulk_read(int fd, size_t max, char **out, size_t *length)
{
    int seals = fcntl(fd, F_GET_SEALS), error;
    struct stat is;

    *out = NULL;
    *length = 0;
    if (seals < 0 || (seals & SEALS) != SEALS || fstat(fd, &is) != 0 || !S_ISREG(is.st_mode))
        return -EBADMSG;
    if (is.st_size < 0 || (size_t)is.st_size > max)
        return -EFBIG;
    *out = g_try_malloc((size_t)is.st_size + 1);
    if (*out == NULL)
        return -ENOMEM;
    error = read_all(fd, *out, (size_t)is.st_size);
    if (error != 0) {
        g_clear_pointer(out, g_free);
        return error;
    }
    (*out)[is.st_size] = '\0';
    *length = (size_t)is.st_size;
    return 0;
}
