/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers of an ftp server taken apart. No I/O. */
#ifndef LD_CHECK_FTP_REPLY_H
#define LD_CHECK_FTP_REPLY_H

#include <stdbool.h>
#include <stdint.h>

/* Where the server waits for a data connection: "227 ... (10,0,0,1,19,136)" or
 * "229 ... (|||5000|)". The address is not looked at. False: neither. */
bool ld_ftp_passive_port(const char *line, uint16_t *port);

#endif
