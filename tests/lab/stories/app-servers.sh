# SPDX-License-Identifier: GPL-2.0-or-later
#
# Servers as Debian ships them that are reached by a connection: mail (opensmtpd, dovecot), files (vsftpd), a
# proxy (tinyproxy), a directory (slapd). On a host with product="$LAB_PEERS/app-servers".

# app_serve HOST NAME COMMAND: in the background there, with what it says in the host's log.
app_serve() { on "$1" bash -c "exec $3 </dev/null &>/var/log/$2.out &"; }

# dovecot_configure HOST CERTIFICATE [LINE]...: the certificate's name, and more of its configuration.
dovecot_configure() {
    local name=$1 certificate=$2
    shift 2
    host_install "$name" /etc/lab/dovecot.conf <<END
base_dir = /run/dovecot
state_dir = /run/dovecot-state
protocols = imap pop3
log_path = /var/log/dovecot.log
listen = *, ::
ssl = yes
ssl_cert = </etc/lab/tls/$certificate.pem
ssl_key = </etc/lab/tls/$certificate.key
disable_plaintext_auth = no
auth_failure_delay = 0
mail_location = maildir:/srv/vmail/%u
first_valid_uid = 800
default_internal_user = dovecot
default_internal_group = mailers
default_login_user = dovenull
passdb {
    driver = static
    args = password=geheim
}
userdb {
    driver = static
    args = uid=885 gid=880 home=/srv/vmail/%u
}
service imap-login {
    chroot =
}
service pop3-login {
    chroot =
}
service anvil {
    unix_listener anvil-auth-penalty {
        mode = 0
    }
}
$(printf '%s\n' "$@")
END
}

# slapd_configure HOST CERTIFICATE: in /etc/lab/CERTIFICATE-slapd.conf, each with a directory of its own.
slapd_configure() {
    host_install "$1" "/etc/lab/$2-slapd.conf" <<END
include /etc/ldap/schema/core.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile /run/$2-slapd.pid
TLSCertificateFile /etc/lab/tls/$2.pem
TLSCertificateKeyFile /etc/lab/tls/$2.key
database mdb
suffix "dc=lab,dc=test"
rootdn "cn=admin,dc=lab,dc=test"
rootpw geheim
directory /srv/ldap/$2
access to dn.base="cn=hidden,dc=lab,dc=test" by * none
access to * by * read
END
    on "$1" bash -c "mkdir -p /srv/ldap/$2
        slapadd -f /etc/lab/$2-slapd.conf -l /etc/lab/base.ldif" &>"$(host_log "$1")/slapadd-$2.log"
}
# slapd_start HOST CERTIFICATE [ADDRESS]: on that address, or on all.
slapd_start() {
    app_serve "$1" "slapd-$2" \
        "slapd -d 0 -f /etc/lab/$2-slapd.conf -h 'ldap://${3:-}:389 ldaps://${3:-}:636'"
}

# app_servers_install HOST: users, files, certificates, and all that needs no words about certificates.
app_servers_install() {
    local name=$1 file
    for file in "$LAB_DATA"/tls/*.pem "$LAB_DATA"/tls/*.key; do
        host_install "$name" "/etc/lab/tls/${file##*/}" <"$file"
    done
    on "$name" bash -c 'cat >>/etc/passwd; printf "%s\n" mailers:x:880: opensmtpq:x:884: >>/etc/group' <<'END'
dovecot:x:881:880::/nonexistent:/usr/sbin/nologin
dovenull:x:882:880::/nonexistent:/usr/sbin/nologin
opensmtpd:x:883:880::/var/lib/opensmtpd/empty:/usr/sbin/nologin
opensmtpq:x:884:880::/var/lib/opensmtpd/empty:/usr/sbin/nologin
vmail:x:885:880::/srv/vmail:/usr/sbin/nologin
ftp:x:886:880::/srv/ftp:/usr/sbin/nologin
END
    host_install "$name" /etc/lab/smtpd.conf <<'END'
listen on 0.0.0.0 port 25
listen on 0.0.0.0 port 587
listen on :: port 25
listen on :: port 587
match from any for any reject
END
    host_install "$name" /etc/lab/vsftpd.conf <<'END'
listen=NO
listen_ipv6=YES
anonymous_enable=YES
anon_root=/srv/ftp
secure_chroot_dir=/run/vsftpd
ftp_username=ftp
seccomp_sandbox=NO
background=NO
pasv_address=192.0.2.99
END
    host_install "$name" /srv/ftp/pub/health.txt <<<'all is well'
    host_install "$name" /etc/lab/tinyproxy.conf <<'END'
User root
Group root
Port 3128
Timeout 5
MaxClients 20
LogFile "/var/log/tinyproxy.log"
PidFile "/run/tinyproxy.pid"
END
    host_install "$name" /etc/lab/base.ldif <<'END'
dn: dc=lab,dc=test
objectClass: organization
objectClass: dcObject
o: Lab
dc: lab

dn: cn=hidden,dc=lab,dc=test
objectClass: device
cn: hidden
END
    on "$name" bash -c 'mkdir -p /run/dovecot-state /run/vsftpd /srv/vmail /var/lib/opensmtpd/empty \
        /var/spool/smtpd; chmod 711 /var/spool/smtpd; chown vmail /srv/vmail; chmod 555 /srv/ftp'
}

# app_servers_start HOST: all but slapd.
app_servers_start() {
    app_serve "$1" smtpd 'smtpd -d -f /etc/lab/smtpd.conf'
    app_serve "$1" dovecot 'dovecot -F -c /etc/lab/dovecot.conf'
    app_serve "$1" vsftpd 'vsftpd /etc/lab/vsftpd.conf'
    app_serve "$1" tinyproxy 'tinyproxy -d -c /etc/lab/tinyproxy.conf'
}
