/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Monitor files: a line is opened for, appended and closed, so that a file can
 * be moved away at any time. One that cannot be written is named in the log
 * once; nothing else comes of it.
 */
#ifndef LD_ACT_MONITOR_FILE_H
#define LD_ACT_MONITOR_FILE_H

#include <stdbool.h>

struct ld_monitor_files;

struct ld_monitor_files *ld_monitor_files_new(void);
void ld_monitor_files_free(struct ld_monitor_files *files);
/* "[date] [pid] " comes before the line. */
void ld_monitor_files_add(struct ld_monitor_files *files, const char *path, const char *line);

#endif
