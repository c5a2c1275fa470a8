# SPDX-License-Identifier: GPL-2.0-or-later
#
# Checks over libcurl's connections against servers as Debian ships them: mail (opensmtpd, dovecot),
# files (vsftpd), a proxy (tinyproxy before nginx), a directory (slapd). Healthy, asked for what
# they have not, certificates of every kind, frozen, and gone.
# needs: app-servers
# bound: 90

source "$LAB_SRC/stories/app-servers.sh"
network wire
host server product="$LAB_PEERS/app-servers" uname=servers.lab.test eth0=wire:10.4.0.1/24,fd04::1/64
host director eth0=wire:10.4.0.254/24,fd04::254/64

app_servers_install server
dovecot_configure server good
slapd_configure server self
page server index.html <<<'hello through the proxy'

app_servers_start server
slapd_start server self
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
    dovecot_configure server "$kind"
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
