# SPDX-License-Identifier: GPL-2.0-or-later
#
# Checks over libcurl's connections against servers as Debian ships them: mail (opensmtpd, dovecot),
# files (vsftpd), a proxy (tinyproxy before nginx), a directory (slapd). Healthy, asked for what
# they have not, certificates of every kind, frozen, and gone.
# needs: app-servers
# bound: 90

network wire
host server product="$LAB_PEERS/app-servers" uname=servers.lab.test eth0=wire:10.4.0.1/24,fd04::1/64
host director eth0=wire:10.4.0.254/24,fd04::254/64

for file in good.pem good.key expired.pem expired.key self.pem self.key; do
    host_install server "/etc/lab/tls/$file" <"$LAB_DATA/tls/$file"
done
on server bash -c 'cat >>/etc/passwd; printf "%s\n" mailers:x:880: opensmtpq:x:884: >>/etc/group' <<'END'
dovecot:x:881:880::/nonexistent:/usr/sbin/nologin
dovenull:x:882:880::/nonexistent:/usr/sbin/nologin
opensmtpd:x:883:880::/var/lib/opensmtpd/empty:/usr/sbin/nologin
opensmtpq:x:884:880::/var/lib/opensmtpd/empty:/usr/sbin/nologin
vmail:x:885:880::/srv/vmail:/usr/sbin/nologin
ftp:x:886:880::/srv/ftp:/usr/sbin/nologin
END

host_install server /etc/lab/smtpd.conf <<'END'
listen on 0.0.0.0 port 25
listen on 0.0.0.0 port 587
listen on fd04::1 port 25
listen on fd04::1 port 587
match from any for any reject
END
dovecot_certificate() {
    host_install server /etc/lab/dovecot.conf <<END
base_dir = /run/dovecot
state_dir = /run/dovecot-state
protocols = imap pop3
log_path = /var/log/dovecot.log
listen = *, ::
ssl = yes
ssl_cert = </etc/lab/tls/$1.pem
ssl_key = </etc/lab/tls/$1.key
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
END
}
dovecot_certificate good
host_install server /etc/lab/vsftpd.conf <<'END'
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
host_install server /srv/ftp/pub/health.txt <<<'all is well'
host_install server /etc/lab/tinyproxy.conf <<'END'
User root
Group root
Port 3128
Timeout 5
MaxClients 20
LogFile "/var/log/tinyproxy.log"
PidFile "/run/tinyproxy.pid"
END
host_install server /etc/lab/slapd.conf <<'END'
include /etc/ldap/schema/core.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile /run/slapd.pid
TLSCertificateFile /etc/lab/tls/self.pem
TLSCertificateKeyFile /etc/lab/tls/self.key
database mdb
suffix "dc=lab,dc=test"
rootdn "cn=admin,dc=lab,dc=test"
rootpw geheim
directory /srv/ldap
access to dn.base="cn=hidden,dc=lab,dc=test" by * none
access to * by * read
END
host_install server /etc/lab/base.ldif <<'END'
dn: dc=lab,dc=test
objectClass: organization
objectClass: dcObject
o: Lab
dc: lab

dn: cn=hidden,dc=lab,dc=test
objectClass: device
cn: hidden
END
on server bash -c 'mkdir -p /run/dovecot-state /run/vsftpd /srv/ldap /srv/vmail /var/lib/opensmtpd/empty \
    /var/spool/smtpd; chmod 711 /var/spool/smtpd; chown vmail /srv/vmail; chmod 555 /srv/ftp
    slapadd -f /etc/lab/slapd.conf -l /etc/lab/base.ldif' &>"$(host_log server)/slapadd.log"
page server index.html <<<'hello through the proxy'

# In the background there, with what it says in the host's log.
serve() {
    local name=$1
    shift
    on server bash -c "exec $* </dev/null &>/var/log/$name.out &"
}
serve smtpd smtpd -d -f /etc/lab/smtpd.conf
serve dovecot dovecot -F -c /etc/lab/dovecot.conf
serve vsftpd vsftpd /etc/lab/vsftpd.conf
serve tinyproxy tinyproxy -d -c /etc/lab/tinyproxy.conf
serve slapd slapd -d 0 -f /etc/lab/slapd.conf -h "'ldap:/// ldaps:///'"
web_start server 8080

ask="gives director"
at="tcp 10.4.0.1"
at6="tcp fd04::1"
wait_until 20 "smtp: greeting and EHLO" $ask L7OK smtp $at 25
expect "submission likewise" $ask L7OK submission $at 587
expect "smtp over IPv6 likewise" $ask L7OK smtp $at6 25
expect "submission over IPv6 likewise" $ask L7OK submission $at6 587

wait_until 20 "imap: a greeting" $ask L7OK imap $at 143
expect "imap over IPv6 likewise" $ask L7OK imap $at6 143
expect "imap: logged in" $ask L7OK imap $at 143 login=joe passwd=geheim
expect "imap: the wrong password" $ask L7STS imap $at 143 login=joe passwd=x
expect "pop: greeting and CAPA" $ask L7OK pop $at 110
expect "pop: logged in" $ask L7OK pop $at 110 login=joe passwd=geheim
expect "pop over IPv6 likewise" $ask L7OK pop $at6 110 login=joe passwd=geheim
expect "pop: the wrong password" $ask L7STS pop $at 110 login=joe passwd=x
expect "imap is not what pop speaks" $ask L7RSP imap $at 110
expect "imaps: a chain that nobody here trusts" $ask L6RSP imaps $at 993
export SSL_CERT_FILE=$LAB_DATA/tls/ca.pem
expect "imaps: a good chain, another name" $ask L7OK imaps $at 993 login=joe passwd=geheim
expect "pops: a good chain, another name" $ask L7OK pops $at 995 login=joe passwd=geheim
expect "imaps over IPv6 likewise" $ask L7OK imaps $at6 993 login=joe passwd=geheim
expect "pops over IPv6 likewise" $ask L7OK pops $at6 995 login=joe passwd=geheim
expect "pops: no TLS on the other side" $ask L6RSP pops $at 25
for kind in expired self; do
    dovecot_certificate "$kind"
    on server doveadm -c /etc/lab/dovecot.conf reload
    wait_until 10 "imaps: a certificate that is $kind" $ask L6RSP imaps $at 993
    wait_until 10 "pops: a certificate that is $kind" $ask L6RSP pops $at 995
done

wait_until 10 "ftp: anonymous" $ask L7OK ftp $at 21
expect "ftp: a file" $ask L7OK ftp $at 21 request=/pub/health.txt receive='^all is well$'
expect "ftp over IPv6: a file" $ask L7OK ftp $at6 21 request=/pub/health.txt receive=well
expect "ftp: a file with other words" $ask L7MATCH ftp $at 21 request=/pub/health.txt receive=ill
expect "ftp: no such file" $ask L7STS ftp $at 21 request=/pub/nothing
expect "ftp: somebody unknown" $ask L7STS ftp $at 21 login=joe passwd=x

wait_until 10 "http_proxy: a page through it" $ask L7OK http_proxy $at 3128 \
    request=http://10.4.0.1:8080/index.html receive='through the proxy'
expect "http_proxy over IPv6: a page through it" $ask L7OK http_proxy $at6 3128 \
    'request=http://[fd04::1]:8080/index.html' receive='through the proxy'
expect "http_proxy: no such page" $ask L7STS http_proxy $at 3128 request=http://10.4.0.1:8080/x
expect "http_proxy: no such server" $ask L7STS http_proxy $at 3128 request=http://10.4.0.1:9/

dn=dc=lab,dc=test
wait_until 10 "ldap: an entry" $ask L7OK ldap $at 389 request=/$dn receive="^$dn\$"
expect "ldap over IPv6 likewise" $ask L7OK ldap $at6 389 request=/$dn
expect "ldaps, whatever the certificate" $ask L7OK ldaps $at 636 request=/$dn
expect "ldaps over IPv6 likewise" $ask L7OK ldaps $at6 636 request=/$dn
expect "ldap: logged in" $ask L7OK ldap $at 389 request=/$dn login=cn=admin,$dn passwd=geheim
expect "ldap: the wrong password" $ask L7STS ldap $at 389 request=/$dn login=cn=admin,$dn passwd=x
expect "ldap: no such entry" $ask L7STS ldap $at 389 request=/cn=nobody,$dn
expect "ldap: an entry only for some" $ask L7STS ldap $at 389 request=/cn=hidden,$dn
expect "... and for them" $ask L7OK ldap $at 389 request=/cn=hidden,$dn login=cn=admin,$dn passwd=geheim
expect "ldap: another DN" $ask L7MATCH ldap $at 389 request=/$dn receive=dc=other

host_freeze server
for words in "smtp $at 25" "imap $at 143" "pop $at 110" "ftp $at 21" "http_proxy $at 3128" "ldap $at 389"; do
    expect "frozen: $words" $ask L7TOUT $words timeout_ms=300
done
for words in "imaps $at 993" "pops $at 995" "ldaps $at 636"; do
    expect "frozen: $words" $ask L6TOUT $words timeout_ms=300
done
host_thaw server
wait_until 10 "thawed: smtp" $ask L7OK smtp $at 25

on server bash -c 'kill -KILL -1' || :
for words in "smtp $at 25" "imap $at 143" "imaps $at 993" "pop $at 110" "pops $at 995" "ftp $at 21" \
    "http_proxy $at 3128" "ldap $at 389" "ldaps $at 636"; do
    expect "gone: $words" $ask L4CON $words
done
