/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where daemon and helper find each other's files. */
#ifndef HB_PATHS_H
#define HB_PATHS_H

#define HB_PIDFILE    HA_RUNDIR "/heartbeat.pid"
#define HB_GUARD_PATH HA_RUNDIR "/heartbeat/guarded"
#define HB_API_SOCKET HA_RUNDIR "/heartbeat/register"
#define HB_FIFO_PATH  HB_VARLIB "/fifo"
#define HB_GUARDIAN   HB_LIBEXECDIR "/guardian"
#define HB_HELPER     HB_LIBEXECDIR "/helper"

#endif
