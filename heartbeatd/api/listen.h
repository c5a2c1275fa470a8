/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The socket that programs of this machine knock at. */
#ifndef HB_API_LISTEN_H
#define HB_API_LISTEN_H

/* A listening descriptor or negative errno. What is there of that name is removed. */
int hb_api_listen_at(const char *path);

#endif
