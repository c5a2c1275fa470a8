# SPDX-License-Identifier: GPL-2.0-or-later
#
# ldirectord without a kernel that has IPVS, the original and ours: whole but for the table, which stands in
# the host's /run/ip_vs, a file a service, a line a real server: 10.6.0.2:80 1.

# The original asks the kernel by ipvsadm. Each service has one daemon only, so nobody waits for anybody.
table_for_theirs() { # HOST
    on "$1" mkdir -p /run/ip_vs
    host_install "$1" /usr/sbin/ipvsadm 755 <<'END'
#!/bin/bash
shopt -s nullglob
cd /run/ip_vs
if [[ $1 == -L ]]; then
    echo 'IP Virtual Server version 1.2.1 (size=4096)'
    echo 'Prot LocalAddress:Port Scheduler Flags'
    echo '  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn'
    for service in *; do
        protocol=${service%%:*}
        echo "${protocol^^}  ${service#*:} rr"
        while read -r real weight; do
            if [[ $* == *--thresholds* ]]; then
                echo "  -> $real $weight 0 0 0 0"
            else
                echo "  -> $real Masq $weight 0 0"
            fi
        done <"$service"
    done
    exit
fi
what=$1 service='' real='' weight=1
shift
while (($#)); do
    case $1 in
        -t) service=tcp:$2 ;;
        -u) service=udp:$2 ;;
        -f) service=fwm:$2 ;;
        -r) real=$2 ;;
        -w) weight=$2 ;;
    esac
    shift
done
case $what in
    -A | -E) : >>"$service" ;;
    -D) rm -f "$service" ;;
    -a | -e | -d)
        table=''
        while read -r other its; do
            [[ $other == "$real" ]] || table+="$other $its"$'\n'
        done <"$service"
        [[ $what == -d ]] || table+="$real $weight"$'\n'
        printf %s "$table" >"$service"
        ;;
    *) exit 1 ;;
esac
END
}

# Ours asks by netlink: here a program of the same objects, with a table of its own behind that.
table_for_ours() { # HOST
    on "$1" mkdir -p /run/ip_vs
    host_install "$1" /usr/lib/lab/ldirectord 755 <"$LAB_PROGRAMS/../fakes/fake_ldirectord"
    host_install "$1" /usr/sbin/ldirectord 755 <<'END'
#!/bin/sh
FAKE_RUNDIR=/run FAKE_TABLE=/run/ip_vs exec /usr/lib/lab/ldirectord "$@"
END
}
