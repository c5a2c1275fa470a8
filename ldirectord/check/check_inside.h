/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of this room share with each other and with nobody else. */
#ifndef LD_CHECK_INSIDE_H
#define LD_CHECK_INSIDE_H

#include "ldirectord/check/check.h"

struct ld_http;
struct ld_ping;
struct ld_vip;

/* The type of check that answers this probe; NULL: none in this version. */
const struct ld_check_ops *ld_check_ops_for(const struct ld_probe *probe);

extern const struct ld_check_ops ld_check_agent;
extern const struct ld_check_ops ld_check_connect;
extern const struct ld_check_ops ld_check_dns;
extern const struct ld_check_ops ld_check_external;
extern const struct ld_check_ops ld_check_external_perl;
extern const struct ld_check_ops ld_check_ftp;
extern const struct ld_check_ops ld_check_grpc;
extern const struct ld_check_ops ld_check_http;
extern const struct ld_check_ops ld_check_mysql;
extern const struct ld_check_ops ld_check_nntp;
extern const struct ld_check_ops ld_check_imap;
extern const struct ld_check_ops ld_check_ldap;
extern const struct ld_check_ops ld_check_none;
extern const struct ld_check_ops ld_check_odbc;
extern const struct ld_check_ops ld_check_pgsql;
extern const struct ld_check_ops ld_check_ping;
extern const struct ld_check_ops ld_check_pop;
extern const struct ld_check_ops ld_check_radius;
extern const struct ld_check_ops ld_check_sendexpect;
extern const struct ld_check_ops ld_check_simpletcp;
extern const struct ld_check_ops ld_check_sip;
extern const struct ld_check_ops ld_check_smtp;
extern const struct ld_check_ops ld_check_tls;
extern const struct ld_check_ops ld_check_vip;

/* Shared by all checks of a kind, made when first needed. NULL and errno: there is none. */
struct ld_http *ld_checks_http(struct ld_checks *checks);
struct ld_ping *ld_checks_ping(struct ld_checks *checks, int family);
struct ld_vip *ld_checks_vip(struct ld_checks *checks, int family);

/* As ld_match_find(). */
int ld_checks_match(struct ld_checks *checks, const char *pattern, const char *bytes,
                    size_t length, const char **why);

int ld_http_new(struct ld_http **out, struct ha_loop *loop);
void ld_http_free(struct ld_http *http);
int ld_ping_new(struct ld_ping **out, struct ha_loop *loop, int family);
void ld_ping_free(struct ld_ping *ping);
int ld_vip_new(struct ld_vip **out, struct ha_loop *loop, int family);
void ld_vip_free(struct ld_vip *vip);

#endif
