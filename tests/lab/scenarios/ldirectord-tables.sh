# SPDX-License-Identifier: GPL-2.0-or-later
#
# The same made configurations run by the original ldirectord and by ours, each on a director of its own
# before the same servers: the two IPVS tables are the same after the start, after each server failed
# and returned, with a page gone, with all of them gone (fallback), with one in maintenance, after a
# reload of the edited file, and after the stop. What is compared is all that ipvsadm tells of a table,
# thresholds too, and what each fallback command was told last.
# Words: SEED and COUNT (of virtual services), to try others than the default.
# needs: ipvs hearth peer
# bound: 1800

source "$LAB_SRC/stories/two-tables.sh"

read -r seed count <<<"${LAB_WORDS:-} "
seed=${seed:-1} count=${count:-24}
two_tables 10.2.0.0/16 fd02::/64
both_families() { # returns|fails NUMBER...
    local number addresses=()
    for number in "${@:2}"; do addresses+=("10.2.0.$number" "fd02::$number"); done
    "$1" "${addresses[@]}"
}
all_numbers=(11 12 13 14)
pages() { # there|gone
    local folder
    for folder in /var/www /var/www/named; do
        if [[ $1 == there ]]; then
            host_install farm $folder/alive.html <<<'alive'
        else
            rm "$(host_root farm)$folder/alive.html"
        fi
    done
}
maintenance() { # on|off NUMBER
    local name
    note "server $2: maintenance $1"
    for name in theirs ours; do
        if [[ $1 == on ]]; then
            : >"$(host_root $name)/var/maintenance/web$2"
        else
            rm "$(host_root $name)/var/maintenance/web$2"
        fi
    done
}
both_families returns "${all_numbers[@]}"
page farm index.html <<<'here'
page farm named/index.html <<<'named'
pages there
web_start farm
host_install farm /etc/nginx/lab.conf <<END
$(sed '$d' "$(host_root farm)/etc/nginx/lab.conf")
    server {
        listen 80;
        server_name www.named.test;
        root /var/www/named;
    }
}
END
on farm nginx -c /etc/nginx/lab.conf -s reload

for name in theirs ours; do
    {
        echo '127.0.0.1 localhost'
        echo '10.1.0.3 farm'
        for number in "${all_numbers[@]}"; do echo "10.2.0.$number web$number"; done
        for number in "${all_numbers[@]}"; do echo "fd02::$number web$number"; done
        echo '10.2.0.21 web21'
    } | host_install "$name" /etc/hosts
    mkdir "$(host_root "$name")/var/maintenance"
    host_install "$name" /usr/local/bin/reach 755 <"$LAB_PROGRAMS/reach"
    host_install "$name" /usr/local/bin/told 755 <<'END'
#!/bin/sh
echo "$2 $3 $1" >>/var/log/told
END
done
# The checkinterval of the original is the pause after a round, ours is the whole of it. All hosts share a
# processor, so ours is given about as long as the original's round takes.
configure_both() { # EDIT
    "$LAB_PROGRAMS/ld_services" "$seed" "$count" "$1" | host_install theirs /etc/ha.d/ldirectord.cf
    "$LAB_PROGRAMS/ld_services" "$seed" "$count" "$1" | sed 's/^checkinterval=1$/checkinterval=3/' |
        host_install ours /etc/ha.d/ldirectord.cf
}
# What an ldirectord before may have left in the table: some of the first services, with other terms,
# and with servers of which some are still wanted.
left_over() {
    local name service
    while read -r service; do
        for name in theirs ours; do
            on "$name" bash -e -c "ipvsadm -A -t $service -s lc -p 77
                ipvsadm -a -t $service -r 10.2.0.11:${service#*:} -g -w 7
                ipvsadm -a -t $service -r 10.2.0.12:${service#*:} -m -w 0
                ipvsadm -a -t $service -r 10.2.0.99:${service#*:} -m -w 3"
        done
    done < <(sed -n '/^virtual=10.9.0.[23]:/s/.*=//p' "$(host_root ours)/etc/ha.d/ldirectord.cf")
}

# rounds_of HOST: how many rounds of checks it has done, in $REPLY.
rounds_of() {
    local lines=()
    REPLY=0
    [[ ! -r $(host_log "$1")/rounds ]] || mapfile -t lines <"$(host_log "$1")/rounds"
    REPLY=${#lines[@]}
}
has_done() { rounds_of "$1"; ((REPLY >= $2)); }
# checked HOST... ROUNDS: each has checked all servers so many times from now. What the original does to its
# table it has done when a round ends.
checked() {
    local name more=${*: -1}
    local -A goal=()
    for name in "${@:1:$# - 1}"; do
        rounds_of "$name"
        goal[$name]=$((REPLY + more))
    done
    for name in "${!goal[@]}"; do
        wait_until 900 "$name has checked all servers $more times" has_done "$name" "${goal[$name]}"
    done
}

configure_both 0
left_over
expect "the original starts" on theirs ldirectord start
checked theirs 2 # undisturbed: it starts some hundred programs
expect "ours starts" on ours ldirectord start
checked ours 2
compare "after the start"
both_families fails 11
pages gone
checked theirs ours 3
compare "one server has failed, and a page is gone"
both_families fails 12 13 14
checked theirs ours 3
compare "all have failed: the fallback"
both_families returns 11 12 14
pages there
checked theirs ours 2
compare "three are back"
maintenance on 12
checked theirs ours 2
compare "one is in maintenance"
configure_both 1
expect "the original reloads" on theirs ldirectord reload
expect "ours reloads" on ours ldirectord reload
checked theirs ours 2
# Of the services that share a server that is down the original puts it back at weight 0 into the last one.
compare "after a reload of the edited file" \
    '^-a .* -r (10\.2\.0\.1[23]|\[fd02::1[23]\]):.* -w 0( |$)|^thresholds .* (10\.2\.0\.1[23]|\[fd02::1[23]\]):[0-9]+ 0 0$'
both_families returns 13
maintenance off 12
checked theirs ours 2
compare "all are back"
expect "the original stops" on theirs ldirectord stop
expect "ours stops" on ours ldirectord stop
wait_until 60 "the original is gone" gone theirs ldirectord
wait_until 60 "ours is gone" gone ours ldirectord
compare "after the stop"
all_was_the_same
