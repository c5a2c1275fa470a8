# SPDX-License-Identifier: GPL-2.0-or-later
#
# The original ldirectord and ours, both whole and started by "ldirectord FILE start", with the same virtual
# services word for word before the same servers: real ones of every kind a check is for, healthy and asked
# for what they have not, with certificates of every kind, and bad ones of every manner
# (stories/bad-servers.sh). The two tables are the same in the end, but for what is listed below (departs),
# each with its row of doc/differences.md; and in both, up is what is healthy.
#
# Ours has all services in one file, all bad servers at once, and a verdict on each within its timeout. The
# original asks one server after the other, and some checks never come back: it has a file, and a daemon, for
# each kind, and for those of which nothing is heard (unheard) another.
#
# Neither needs a kernel with IPVS here (stories/tables.sh); ldirectord-tables holds the two against each other
# on a real one. Not here: oracle, for which the original's driver needs a library that only Oracle has.
# needs: peer drivers net-servers app-servers databases
# bound: 660

for story in app-servers net-servers databases bad-servers tables; do
    source "$LAB_SRC/stories/$story.sh"
done

network wire
host databases product="$LAB_PEERS/databases" eth0=wire:10.6.0.13/24
databases_install databases
databases_start databases # they take longest
host theirs uname=director product=peer eth0=wire:10.6.0.252/24
host ours uname=director eth0=wire:10.6.0.253/24
host app product="$LAB_PEERS/app-servers" uname=servers.lab.test \
    eth0=wire:10.6.0.11/24,10.6.0.21/24,10.6.0.22/24,10.6.0.23/24
host net product="$LAB_PEERS/net-servers" uname=servers eth0=wire:10.6.0.12/24,fd06::12/64
host bad eth0=wire:10.6.0.2/24,10.6.0.3/24,10.6.0.4/24,10.6.0.5/24,10.6.0.6/24

# Real servers ---------------------------------------------------------------------------------------

# The address that has each certificate; that of 10.6.0.11 is the only one with the name of its server.
declare -A tls_at=([address]=10.6.0.11 [expired]=10.6.0.21 [good]=10.6.0.22 [self]=10.6.0.23)
app_servers_install app
for certificate in "${!tls_at[@]}"; do
    where=${tls_at[$certificate]} pair=/etc/lab/tls/$certificate
    dovecot+=("local $where {" "ssl_cert = <$pair.pem" "ssl_key = <$pair.key" '}')
    nginx+="server { listen $where:80; listen $where:443 ssl; root /var/www;
        ssl_certificate $pair.pem; ssl_certificate_key $pair.key; } "
    slapd_configure app "$certificate"
    slapd_start app "$certificate" "$where"
done
dovecot_configure app address "${dovecot[@]}"
host_install app /etc/nginx/lab.conf <<<"user root; events { } http { access_log off; $nginx }"
page app index.html <<<'all is well'
page app span.html < <(echo all is && printf '%80s\n' {1..50} && echo well) # over many lines
app_servers_start app
on app nginx -c /etc/nginx/lab.conf

net_servers_install net 10.6.0.12 fd06::12
news_name net news.hearth-lab.net
# The original knows no Message-Authenticator; port 1645 is for those that do.
radius=$(host_root net)/etc/lab/radius/radiusd.conf
sed -i 's/\(require_message_authenticator\) = yes/\1 = no/
    s/^    authorize {/    listen {\n type = auth\n ipaddr = 10.6.0.12\n port = 1645\n clients = strict\n }\n&/' "$radius"
cat >>"$radius" <<'END'
clients strict {
    client all {
        ipaddr = 0.0.0.0/0
        secret = geheim
        require_message_authenticator = yes
    }
}
END
host_install net /etc/resolv.conf <<<'nameserver 127.0.0.2' # refuses, which is quick
host_install net /etc/hosts <<'END'
127.0.0.1 localhost
10.6.0.12 servers
10.6.0.252 theirs
10.6.0.253 ours
END
net_servers_start net

# Such as speak the right language and say no, by their port.
host_install net /etc/lab/busy 755 <<'END'
#!/bin/bash
case $SOCAT_SOCKPORT in
    2021 | 2025) printf '421 not now\r\n' ;;
    2110) printf -- '-ERR not now\r\n' ;;
    2119) printf '400 not now\r\n' ;;
    2143) printf '* BYE not now\r\n' ;;
esac
sleep 3
END
for port in 2021 2025 2110 2119 2143; do
    net_serve net busy-$port "socat TCP-LISTEN:$port,fork,reuseaddr EXEC:/etc/lab/busy"
done

bad_servers_start bad {tcp,udp}:{7,53,1812,5060} \
    tcp:{21,25,80,110,119,143,389,443,587,636,993,995,3128,3306,5432}

# Directors ------------------------------------------------------------------------------------------

table_for_theirs theirs
cp -a "$LAB_PEERS/drivers/." "$(host_root theirs)/"
table_for_ours ours
for name in theirs ours; do
    bad_servers_deaf $name
    host_install $name /etc/lab/ca.pem <"$LAB_DATA/tls/ca.pem"
    host_install $name /etc/lab/check 755 <<'END'
#!/bin/bash
case $3 in
    10.6.0.11) exit 0 ;;
    10.6.0.4) kill -KILL $$ ;;
    10.6.0.5) exec sleep 1000 ;;
    10.6.0.6) while :; do echo 2; sleep 1; done ;;
esac
exit 1
END
    host_install $name /etc/lab/check.pl <<'END'
my $server = $ARGV[2];
exit 0 if $server eq "10.6.0.11";
die "it is not there\n" if $server eq "10.6.0.4";
sleep 1000 if $server eq "10.6.0.5";
while ($server eq "10.6.0.6") { print "2\n"; sleep 1; }
exit 1;
END
done

# Services -------------------------------------------------------------------------------------------

# readdquiescent keeps the original from having each server in the table for a moment before it was asked.
head='negotiatetimeout=2
checktimeout=2
checkinterval=5
readdquiescent=yes'
names=() files=() # of services; of their files, for the original
declare -A file_of=() vip_of=() manners_of=() text_of=() address_of=() wanted=() departure=() rows=()

server_at() { # MANNER HEALTHY
    case $1 in
        healthy) REPLY=$2 ;;
        expired) REPLY=${tls_at[expired]} ;;
        renamed) REPLY=${tls_at[good]} ;;
        unsigned) REPLY=${tls_at[self]} ;;
        *) REPLY=${bad_at[$1]} ;;
    esac
}
# service FILE NAME PROTOCOL:PORT HEALTHY "MANNER..." LINE...: a virtual service with a real server of each
# manner, in that order, to be called NAME-MANNER. Healthy is to be up and the others are to be down, but for a
# manner with a + or a -.
service() {
    local file=$1 name=$2 protocol=${3%:*} port=${3#*:} healthy=10.6.0.$4 manners=$5 manner sign line text
    shift 5
    [[ " ${files[*]} " == *" $file "* ]] || files+=("$file")
    names+=("$name")
    file_of[$name]=$file
    vip_of[$name]=$protocol:10.9.0.${#names[@]}:$port
    [[ $protocol != fwm ]] || vip_of[$name]=fwm:${#names[@]}
    text="virtual=${vip_of[$name]#*:}"$'\n'
    for manner in $manners; do
        sign=${manner##*[a-z]} manner=${manner%[+-]}
        manners_of[$name]="$manner ${manners_of[$name]:-}"
        server_at "$manner" "$healthy"
        address_of[$name-$manner]=$REPLY:$port
        wanted[$name-$manner]=down
        [[ $sign == - || ($manner != healthy && $sign != +) ]] || wanted[$name-$manner]=up
        text+=$'\t'"real=$REPLY:$port masq"$'\n'
    done
    for line in "protocol=$protocol" scheduler=rr "monitorfile=/var/log/$name.checks" "$@"; do
        text+=$'\t'$line$'\n'
    done
    text_of[$file]+=$text
}
# departs SERVER ROW: the original says the opposite. unheard SERVER ROW: it has no verdict.
departs() { departure[$1]=opposite rows[$2]=yes; }
unheard() { departure[$1]=nothing rows[$2]=yes; }

rest="deaf silent slow"
all="refuses wrong early $rest healthy"

service http http tcp:80 11 "$all" service=http 'request="index.html"' 'receive="well"'
service http http-other tcp:80 11 healthy- service=http 'request="index.html"' 'receive="ill"'
service http http-span tcp:80 11 healthy service=http 'request="span.html"' 'receive="all is(.|\n)*well"'
service http http-none tcp:80 11 healthy- service=http 'request="nothing"'
service http http-any tcp:80 11 "refuses wrong early healthy" service=http 'request="index.html"'
departs http-any-wrong 'an answer of HTTP 0.9, which is any text at all, passes'
service https https tcp:443 11 "expired renamed+ unsigned $all" service=https 'request="index.html"' 'receive="well"'
service https https-other tcp:443 11 healthy- service=https 'request="index.html"' 'receive="ill"'
service proxy http_proxy tcp:3128 11 "$all" service=http_proxy 'request="http://10.6.0.11/index.html"' 'receive="well"'
service proxy http_proxy-none tcp:3128 11 healthy- service=http_proxy 'request="http://10.6.0.11/nothing"'
service mark mark fwm:80 11 "$all" checktype=negotiate service=http 'request="index.html"' 'receive="well"'
service number number tcp:80 11 "$all" checktype=3 service=http 'request="index.html"' 'receive="well"'

service ftp ftp tcp:21 11 "refuses wrong early deaf silent healthy" service=ftp 'request="/pub/health.txt"' 'receive="well"'
service ftp ftp-other tcp:21 11 healthy- service=ftp 'request="/pub/health.txt"' 'receive="ill"'
service ftp ftp-none tcp:21 11 healthy- service=ftp 'request="/pub/nothing"' 'receive="well"'
service strangers ftp-stranger tcp:21 11 healthy- service=ftp 'request="/pub/health.txt"' 'receive="well"' 'login="joe"' 'passwd="x"'
service ftp ftp-any tcp:21 11 "refuses healthy" service=ftp 'request="/pub/health.txt"'
departs ftp-any-refuses 'ftp: with an empty `receive` always up'
service loose ftp-busy tcp:2021 12 healthy- service=ftp 'request="/pub/health.txt"' 'receive="well"'
service ftp-slow ftp-slow tcp:21 11 slow service=ftp 'request="/pub/health.txt"' 'receive="well"'
unheard ftp-slow-slow 'smtp, pop, imap, ftp: the timeout is for each step anew'
for name in smtp submission; do
    [[ $name == smtp ]] && port=25 || port=587
    service $name $name tcp:$port 11 "refuses wrong early deaf silent healthy" service=$name
    service loose $name-busy tcp:2025 12 healthy- service=$name
    service $name-slow $name-slow tcp:$port 11 slow service=$name
    unheard $name-slow-slow 'smtp, pop, imap, ftp: the timeout is for each step anew'
done

joe=('login="joe"' 'passwd="geheim"') eve=('login="joe"' 'passwd="x"')
service pop pop tcp:110 11 "refuses wrong early deaf healthy" service=pop "${joe[@]}"
service strangers pop-stranger tcp:110 11 healthy- service=pop "${eve[@]}"
service pop pop-again tcp:110 11 healthy- service=pop "${eve[@]}"
departs pop-again-healthy 'two services that ask the same server with different logins or passwords'
service loose pop-any tcp:110 11 "refuses healthy" service=pop
departs pop-any-refuses 'pop, pops without login: up even if nobody is there'
service loose pop-busy tcp:2110 12 healthy- service=pop "${joe[@]}"
service pop-slow pop-slow tcp:110 11 "silent slow" service=pop "${joe[@]}"
unheard pop-slow-silent 'smtp, pop, imap, ftp: the timeout is for each step anew'
unheard pop-slow-slow 'smtp, pop, imap, ftp: the timeout is for each step anew'
service pops pops tcp:995 11 "expired renamed+ unsigned $all" service=pops "${joe[@]}"
departs pops-renamed 'pops, imaps: a certificate that does not name the address of the server fails'
service strangers pops-stranger tcp:995 11 healthy- service=pops "${eve[@]}"
# The original's imap and imaps are slow about servers that they cannot reach: more files.
service imap imap tcp:143 11 "refuses wrong early healthy" service=imap "${joe[@]}"
service strangers imap-stranger tcp:143 11 healthy- service=imap "${eve[@]}"
service imap-rest imap-rest tcp:143 11 "deaf silent healthy" service=imap "${joe[@]}"
service imap-rest imap-any tcp:143 11 "refuses healthy" service=imap
service loose imap-busy tcp:2143 12 healthy- service=imap "${joe[@]}"
service loose imap-port tcp:143 11 healthy- service=imap checkport=1143 "${joe[@]}"
departs imap-port-healthy 'imap, imaps: always port 143 or 993'
service imap-slow imap-slow tcp:143 11 slow service=imap "${joe[@]}"
unheard imap-slow-slow 'smtp, pop, imap, ftp: the timeout is for each step anew'
service imaps imaps tcp:993 11 "refuses wrong early healthy" service=imaps "${joe[@]}"
service imaps-rest imaps-rest tcp:993 11 "$rest healthy" service=imaps "${joe[@]}"
service imaps-tls imaps-tls tcp:993 11 "expired renamed+ unsigned healthy" service=imaps "${joe[@]}"
departs imaps-tls-renamed 'pops, imaps: a certificate that does not name the address of the server fails'
service strangers imaps-stranger tcp:993 11 healthy- service=imaps "${eve[@]}"

dn=dc=lab,dc=test
service ldap ldap tcp:389 11 "$all" service=ldap "request=\"$dn\"" 'receive="dc=lab"'
service ldap ldap-none tcp:389 11 healthy- service=ldap "request=\"cn=nobody,$dn\""
service ldap ldap-other tcp:389 11 healthy- service=ldap "request=\"$dn\"" 'receive="dc=other"'
service ldap ldap-stranger tcp:389 11 healthy- service=ldap "request=\"$dn\"" "login=\"cn=admin,$dn\"" 'passwd="x"'
service ldaps ldaps tcp:636 11 "expired+ renamed+ unsigned+ $all" service=ldaps "request=\"$dn\"" 'receive="dc=lab"'

service nntp nntp tcp:119 12 "refuses wrong early silent slow healthy" service=nntp
departs nntp-slow 'nntp: one byte `2` passes; the connection is not bounded by any timeout'
service nntp nntp-busy tcp:2119 12 healthy- service=nntp
service nntp-deaf nntp-deaf tcp:119 12 deaf service=nntp
unheard nntp-deaf-deaf 'nntp: one byte `2` passes; the connection is not bounded by any timeout'

for protocol in udp tcp; do
    at=$protocol:53
    service dns-$protocol dns-$protocol $at 12 "$all" service=dns 'request="www.lab.test"' 'receive="192\.0\.2\.2"'
    service dns-$protocol dns-$protocol-none $at 12 healthy- service=dns 'request="nobody.lab.test"' 'receive="192"'
    service dns-$protocol dns-$protocol-other $at 12 healthy- service=dns 'request="www.lab.test"' 'receive="10\.6"'
    service dns-$protocol dns-$protocol-any $at 12 healthy service=dns 'request="www.lab.test"'
    departs dns-$protocol-any-healthy 'dns: an empty `receive` is always down'
    at=$protocol:5060
    service sip-$protocol sip-$protocol $at 12 "$all" service=sip
    service strangers sip-$protocol-busy $at 12 healthy- service=sip 'login="busy@lab.test"'
    service loose sip-$protocol-trying $at 12 healthy service=sip 'login="trying@lab.test"'
    departs sip-$protocol-trying-healthy 'sip: an answer of 1xx is a failure'
    at=$protocol:7
    service tcp-$protocol simpletcp-$protocol $at 12 "$all" service=simpletcp 'request="well\n"' 'receive="well"'
    service tcp-$protocol simpletcp-$protocol-other $at 12 healthy- service=simpletcp 'request="ill\n"' 'receive="well"'
    service tcp-$protocol simpletcp-$protocol-any $at 12 healthy service=simpletcp 'request="well\n"'
    departs simpletcp-$protocol-any-healthy 'simpletcp: an empty `receive` finds nothing if there is a `\n` in `request`'
done
long='passwd="a password of more than sixteen letters"'
service radius radius udp:1812 12 "$all" service=radius 'login="joe"' "$long" 'secret="geheim"'
service radius radius-strict udp:1645 12 healthy service=radius 'login="joe"' "$long" 'secret="geheim"'
departs radius-strict-healthy 'radius: no Message-Authenticator, which servers now ask for (BlastRADIUS)'
service strangers radius-stranger udp:1812 12 healthy- service=radius "${eve[@]}" 'secret="geheim"'

for name in mysql:3306:shop pgsql:5432:postgres; do
    IFS=: read -r name port database <<<"$name"
    there=("service=$name" 'login="admin"' "database=\"$database\"")
    service $name $name tcp:$port 13 "refuses wrong early healthy" "${there[@]}" 'passwd="geheim"' 'request="select 1"'
    service $name $name-none tcp:$port 13 healthy- "${there[@]}" 'passwd="geheim"' 'request="select 1 from nothing"'
    service strangers $name-stranger tcp:$port 13 healthy- "${there[@]}" 'passwd="x"' 'request="select 1"'
    service $name-rest $name-rest tcp:$port 13 "$rest" "${there[@]}" 'passwd="geheim"' 'request="select 1"'
    for manner in $rest; do
        unheard $name-rest-$manner 'mysql, pgsql: no timeout at all'
    done
done

service connect off tcp:80 11 "${all/healthy/healthy-}" checktype=off
service connect connect tcp:80 11 "refuses wrong+ early+ deaf silent+ slow+ healthy" checktype=connect
service connect on tcp:80 11 "refuses+ wrong+ early+ deaf+ silent+ slow+ healthy" checktype=on
service ping ping tcp:80 11 "$all" checktype=ping
service external external tcp:80 11 "$all" checktype=external checkcommand=/etc/lab/check
departs external-early 'an external check that dies by a signal passes'
service external external-none tcp:80 11 healthy- checktype=external checkcommand=/etc/lab/nothing
service perl external-perl-none tcp:80 11 healthy- checktype=external-perl checkcommand=/etc/lab/nothing
service perl external-perl tcp:80 11 "$all" checktype=external-perl checkcommand=/etc/lab/check.pl

listed() { file_says "$LAB_DATA/../../doc/differences.md" "| $1"; }
for row in "${!rows[@]}"; do
    expect "doc/differences.md has: $row" listed "$row"
done

# Verdicts -------------------------------------------------------------------------------------------

# look HOST: the weights of its table in weight[SERVICE SERVER], the last line about each server in its monitor
# files in said[NAME ADDRESS].
declare -A weight=() said=() verdict=()
look() {
    local service real its name
    weight=() said=()
    while read -r service real its; do
        weight["$service $real"]=$its
    done < <(cd "$(host_root "$1")/run/ip_vs" && awk '{ print FILENAME, $0 }' /dev/null * 2>/dev/null || :)
    while read -r name real its; do
        said["$name $real"]=$its
    done < <(cd "$(host_log "$1")" && awk 'match($0, / 10\.6\.0\.[0-9]+ /) {
            name = FILENAME
            sub(/\.checks$/, "", name)
            said[name " " substr($0, RSTART + 1, RLENGTH - 2)] = /\[up\]/ ? "up" : "down"
        }
        END { for (key in said) print key, said[key] }' /dev/null *.checks 2>/dev/null || :)
}
# asked_by HOST: those that were not asked are in unasked. The original says nothing of some checks (on,
# external-perl, a ping that fails); but it asks one after the other, so that whoever comes before one that it
# has put into the table was asked.
asked_by() {
    local i name manner key where file
    local -A later=()
    unasked=()
    for ((i = ${#names[@]} - 1; i >= 0; i--)); do
        name=${names[i]} file=${file_of[${names[i]}]}
        for manner in ${manners_of[$name]}; do # the last one first
            key=$name-$manner where=${address_of[$name-$manner]}
            ((${weight["${vip_of[$name]} $where"]:-0} == 0)) || later[$file]=yes
            if [[ ${said["$name ${where%:*}"]:-} ]]; then
                : # as it says itself
            elif [[ $1 == ours && ($name == on || $name == off) ]]; then
                : # nothing to ask
            elif [[ $1 == theirs && (${later[$file]:-} || ${departure[$key]:-} == nothing) ]]; then
                :
            else
                unasked+=("$key")
            fi
        done
    done
}
# verdicts HOST: of each server, in verdict[KEY].
verdicts() {
    local name manner where
    verdict=()
    for name in "${names[@]}"; do
        for manner in ${manners_of[$name]}; do
            where=${address_of[$name-$manner]}
            verdict[$name-$manner]=down
            ((${weight["${vip_of[$name]} $where"]:-0} == 0)) || verdict[$name-$manner]=up
            [[ $1 != theirs || ${departure[$name-$manner]:-} != nothing || ${said["$name ${where%:*}"]:-} ]] ||
                verdict[$name-$manner]=nothing
        done
    done
}
has_asked_all() { # HOST
    nap 0.5
    look "$1"
    asked_by "$1"
    printf '%s\n' "${unasked[@]}" >"$LAB_OUT/unasked-$1"
    ((${#unasked[@]} == 0))
}
# as_wanted HOST: each server is up or down as it is to be; what is not, in a file.
as_wanted() {
    local key expected wrong=''
    nap 0.5
    look "$1"
    verdicts "$1"
    for key in "${!wanted[@]}"; do
        expected=${wanted[$key]}
        case $1/${departure[$key]:-} in
            theirs/opposite) [[ $expected == up ]] && expected=down || expected=up ;;
            theirs/nothing) expected=nothing ;;
        esac
        [[ ${verdict[$key]} == "$expected" ]] || wrong+="$key: ${verdict[$key]}, not $expected"$'\n'
    done
    printf %s "$wrong" >"$LAB_OUT/wrong-$1"
    [[ ! $wrong ]]
}

# Now and then the original waits for ever where it mostly does not: its alarm goes off outside of what it is to
# end. Its files with servers that it has not come to are started anew.
start_stuck_again() {
    local key name
    local -A stuck=()
    for key in "${unasked[@]}"; do
        name=${key%-*}
        stuck[${file_of[$name]}]=yes
    done
    note "the original is stuck with ${!stuck[*]}; it has not come to ${unasked[*]}"
    for name in "${!stuck[@]}"; do
        on theirs pkill -KILL -f "/etc/ha.d/$name.cf" || :
        on theirs rm -f "/var/run/ldirectord.$name.pid"
        start_originals "$name"
    done
    stuck_s=$((SECONDS + 120))
}
comes_to_all() {
    ! has_asked_all theirs || return 0
    ((SECONDS < stuck_s)) || start_stuck_again
    return 1
}
start_originals() { # FILE...
    on theirs env SSL_CERT_FILE=/etc/lab/ca.pem bash -c "printf '%s\\n' $* | xargs -P 8 -I{} \
        ldirectord /etc/ha.d/{}.cf start &>>/var/log/start" || : &
}

{
    echo "$head"
    for file in "${files[@]}"; do
        printf '%s\n' "${text_of[$file]}"
        printf '%s\n\n%s' "$head" "${text_of[$file]}" | host_install theirs "/etc/ha.d/$file.cf"
    done
} >"$LAB_DIR/ldirectord.cf"
host_install ours /etc/ha.d/ldirectord.cf <"$LAB_DIR/ldirectord.cf"
cp "$LAB_DIR/ldirectord.cf" "$LAB_OUT/"
note "${#names[@]} services, ${#wanted[@]} servers, ${#files[@]} files of the original"

# Those first that take long.
files=(imaps-rest imaps-tls imap-rest imaps imap imap-slow ping $(printf '%s\n' "${files[@]}" | grep -v '^imap\|^ping'))
start_originals "${files[@]}"
expect "ours starts" on ours env SSL_CERT_FILE=/etc/lab/ca.pem ldirectord /etc/ha.d/ldirectord.cf start
wait_until 30 "ours has a verdict on each server, though so many are bad" has_asked_all ours
stuck_s=$((SECONDS + 120))
wait_until 420 "the original has asked all that it comes to" comes_to_all
wait_until 60 "ours has those up that are well, and no others" as_wanted ours
wait_until 60 "the original's verdicts are the same, but for what is listed" as_wanted theirs
