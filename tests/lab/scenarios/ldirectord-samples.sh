# SPDX-License-Identifier: GPL-2.0-or-later
#
# Configurations that people have written, each run by a daemon of the original and one of ours, as they
# are: two from the field, the sample of the original, and what that sample has in comments and needs
# no more than a web server. Their IPVS tables are the same after the start, with one server of each
# service failed, with all failed, with one back, and after the stop.
# needs: ipvs hearth peer
# bound: 900

source "$LAB_SRC/stories/two-tables.sh"

two_tables 192.168.0.0/16 172.26.0.0/16
page farm test.html <<<'fake'
page farm index.html <<<'Test Page'
firsts=(192.168.195.134 172.26.46.80 192.168.6.2 192.168.16.3)
others=(192.168.195.135 172.26.46.81 192.168.6.3 192.168.6.6 192.168.6.7 192.168.6.32 192.168.16.5)
returns "${firsts[@]}" "${others[@]}"
web_start farm

sample=$LAB_PEER/usr/share/doc/ldirectord/examples/ldirectord.cf
# commented PATTERN: the block of the sample whose first lines are like that, out of its comment.
commented() {
    awk -v pattern="$1" '
        function done() { if (block ~ pattern) printf "%s", block; block = "" }
        /^#virtual/ { done(); inside = 1 }
        !/^#(virtual|\t)/ { done(); inside = 0 }
        inside { sub(/^#/, ""); block = block $0 "\n" }
        END { done() }' "$sample"
}
files=(seed wish sample mark range others)
{
    for name in "${files[@]}"; do
        case $name in
            seed) cat "$LAB_DATA/seeds/ldirectord.cf" ;;
            wish) cat "$LAB_DATA/seeds/ldirectord.cf.wish" ;;
            sample) cat "$sample" ;;
            mark) sed '/^virtual=/,$d' "$sample"; commented '^virtual=1\n' ;;
            # a service of its own, as the sample proper has this address
            range)
                sed '/^virtual=/,$d' "$sample"
                commented '192.168.6.2->' | sed 's/^virtual=.*/virtual=192.168.6.241:80/'
                ;;
            others)
                sed '/^virtual=/,$d' "$sample"
                commented '^virtual=192.168.6.240:23\n'
                commented 'checktype=ping'
                ;;
        esac >"$LAB_OUT/$name.cf"
    done
}
for name in theirs ours; do
    for file in "${files[@]}"; do
        host_install "$name" "/etc/ha.d/$file.cf" <"$LAB_OUT/$file.cf"
    done
done
expect "the block of marks was found" grep -q '^virtual=1$' "$LAB_OUT/mark.cf"
expect "so was that of a range" grep -q '^.real=192.168.6.2->192.168.6.7:80 gate' "$LAB_OUT/range.cf"
expect "and two more" test "$(grep -c '^virtual=' "$LAB_OUT/others.cf")" = 2

each() { # ACTION
    local name file
    for name in theirs ours; do
        for file in "${files[@]}"; do
            expect "$name: $file $1" on $name ldirectord "$file.cf" "$1"
        done
    done
}
# Where a server of each service stands in the tables of both: SEED's WEIGHT, which is of quiescent=yes, and
# the other ones'.
stand() { # first|other SEED OTHERS
    local name
    local -A server=([seed]=192.168.195.134 [wish]=172.26.46.80 [rest]=192.168.6.2 [none]=192.168.16.3)
    [[ $1 == first ]] || server=([seed]=192.168.195.135 [wish]=172.26.46.81 [rest]=192.168.6.3 [none]=192.168.16.5)
    for name in theirs ours; do
        weights_are $name 192.168.195.200:80 "${server[seed]}:80=$2" || return 1
        weights_are $name 172.26.46.119:80 "${server[wish]}:80=$3" || return 1
        weights_are $name 192.168.6.240:80 "${server[rest]}:80=$3" || return 1
        weights_are $name 192.168.6.241:80 "${server[rest]}:80=$3" || return 1
        weights_are $name 192.168.6.240:53 "${server[rest]}:53=$3" || return 1
        weights_are $name 1 "${server[rest]}:0=$3" || return 1
        weights_are $name 192.168.6.240:23 "${server[none]}:23=1" || return 1 # nobody asks
    done
}
both_stand() { stand first "$1" "$2" && stand other "$3" "$4"; }

each start
settles 300 3 "all are in service" both_stand 1 1 1 1
compare "after the start"
fails "${firsts[@]}"
settles 300 2 "the first ones are not" both_stand 0 '' 1 1
compare "one of each has failed"
fails "${others[@]}"
settles 300 4 "all are gone" both_stand 0 '' 0 ''
compare "all have failed: the fallback"
returns "${firsts[@]}"
settles 300 2 "the first ones are back" both_stand 1 1 0 ''
compare "one of each is back"
each stop
for name in theirs ours; do
    for file in "${files[@]}"; do
        wait_until 60 "$name: the daemon of $file is gone" gone $name "$file.cf"
    done
done
compare "after the stop"
all_was_the_same
