/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opens it, and nothing else: who is let in is decided elsewhere (rights.c). */
#include "heartbeatd/api/listen.h"

#include <errno.h>
#include <glib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

int hb_api_listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd, error;

    if (strlen(path) >= sizeof(address.sun_path)) {
        return -ENAMETOOLONG;
    }
    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return -errno;
    }
    unlink(path);
    /* Anybody may knock; who is let in is decided by what the kernel says of them. */
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || chmod(path, 0777) < 0 ||
        listen(fd, 32) < 0) {
        error = errno;
        close(fd);
        return -error;
    }
    return fd;
}
