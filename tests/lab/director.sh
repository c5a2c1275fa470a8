# SPDX-License-Identifier: GPL-2.0-or-later
#
# Directors: their IPVS tables, read from /proc as the kernel prints them (addresses in hex) so that
# looking costs nothing, and their configuration. A service is written as in ldirectord.cf and
# ipvsadm: 10.0.0.1:80, [fd00::1]:80, or a firewall mark's number. Protocols are not told apart.

# That address and port as /proc/net/ip_vs writes them, in $REPLY.
ipvs_hex() {
    local address=${1%:*} port=${1##*:} a b c d
    case $1 in
        \[*)
            ipv6_hex "${address:1:-1}"
            printf -v REPLY '[%s:%s:%s:%s:%s:%s:%s:%s]:%04X' "${REPLY:0:4}" "${REPLY:4:4}" \
                "${REPLY:8:4}" "${REPLY:12:4}" "${REPLY:16:4}" "${REPLY:20:4}" "${REPLY:24:4}" \
                "${REPLY:28:4}" "$port"
            ;;
        *:*)
            IFS=. read -r a b c d <<<"$address"
            printf -v REPLY '%02X%02X%02X%02X:%04X' "$a" "$b" "$c" "$d" "$port"
            ;;
        *) printf -v REPLY '%08X' "$1" ;;
    esac
}

# ipvs_find HOST SERVICE [REAL]: "SCHEDULER" or "FORWARD WEIGHT" in $REPLY; nothing if not there.
# The table is read in one piece: where hosts share a kernel, one that reads on from the middle is not shown
# all of it. (A piece is a page: some 60 entries.)
ipvs_find() {
    local service real='' current='' text='' first second third fourth _
    ipvs_hex "$2"; service=$REPLY
    if (($# > 2)); then ipvs_hex "$3"; real=$REPLY; fi
    REPLY=''
    host_up "$1" || return 0
    read -r -d '' text <"/proc/${host_pid[$1]}/net/ip_vs" || :
    while read -r first second third fourth _; do
        case $first in
            TCP | UDP | SCTP | FWM)
                current=$second
                if [[ $current == "$service" && -z $real ]]; then
                    REPLY=$third
                    return 0
                fi
                ;;
            '->')
                if [[ $current == "$service" && $second == "$real" ]]; then
                    REPLY="$third $fourth"
                    return 0
                fi
                ;;
        esac
    done <<<"$text"
}

# weight_is HOST SERVICE REAL WEIGHT
weight_is() { ipvs_find "$1" "$2" "$3"; [[ ${REPLY#* } == "$4" ]]; }
# weights_are HOST SERVICE REAL=WEIGHT...     (REAL= alone: it is not in the table)
weights_are() {
    local name=$1 service=$2 pair
    shift 2
    for pair; do
        weight_is "$name" "$service" "${pair%=*}" "${pair##*=}" || return 1
    done
}
# forwards HOST SERVICE REAL Masq|Route|Tunnel|Local
forwards() { ipvs_find "$1" "$2" "$3"; [[ ${REPLY% *} == "$4" ]]; }
# scheduled HOST SERVICE SCHEDULER: the service is there, with this scheduler.
scheduled() { ipvs_find "$1" "$2"; [[ $REPLY == "$3" ]]; }
has_service() { ipvs_find "$1" "$2"; [[ -n $REPLY ]]; }

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

# ldirectord HOST ACTION: as an administrator would call it.
ldirectord() { on "$1" ldirectord /etc/ha.d/ldirectord.cf "$2" >>"$LAB_OUT/story.txt" 2>&1; }
# exits STATUS COMMAND...: it ends with this exit status.
exits() {
    local wanted=$1 status=0
    shift
    "$@" || status=$?
    ((status == wanted))
}
