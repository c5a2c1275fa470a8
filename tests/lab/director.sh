# SPDX-License-Identifier: GPL-2.0-or-later
#
# Directors: their IPVS tables, read from /proc as the kernel prints them (addresses in hex) so that
# looking costs nothing, and their configuration.

# "1.2.3.4:80" as /proc/net/ip_vs writes it, in $REPLY.
ipvs_hex() {
    local address=${1%:*} port=${1##*:} a b c d
    IFS=. read -r a b c d <<<"$address"
    printf -v REPLY '%02X%02X%02X%02X:%04X' "$a" "$b" "$c" "$d" "$port"
}

# ipvs_weight HOST SERVICE REAL: the weight in $REPLY, or nothing if there is no such entry.
ipvs_weight() {
    local service real current='' first second third fourth _
    ipvs_hex "$2"; service=$REPLY
    ipvs_hex "$3"; real=$REPLY
    REPLY=''
    host_up "$1" || return 0
    while read -r first second third fourth _; do
        case $first in
            TCP | UDP) current=$second ;;
            '->')
                if [[ $current == "$service" && $second == "$real" ]]; then
                    REPLY=$fourth
                    return 0
                fi
                ;;
        esac
    done <"/proc/${host_pid[$1]}/net/ip_vs"
}

weight_is() { ipvs_weight "$1" "$2" "$3"; [[ $REPLY == "$4" ]]; }

# weights_are HOST SERVICE REAL=WEIGHT...
weights_are() {
    local name=$1 service=$2 pair
    shift 2
    for pair; do
        weight_is "$name" "$service" "${pair%=*}" "${pair##*=}" || return 1
    done
}

# configure HOST FILE...: files of tests/data/seeds into /etc/ha.d, keys for root's eyes only.
configure() {
    local name=$1 file mode
    shift
    for file; do
        mode=644
        [[ $file != authkeys ]] || mode=600
        host_install "$name" "/etc/ha.d/$file" "$mode" <"$LAB_DATA/seeds/$file"
    done
}
