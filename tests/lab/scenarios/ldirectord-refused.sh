# SPDX-License-Identifier: GPL-2.0-or-later
#
# ldirectord where it may not work: no IPVS in the kernel, or no permission to use it. It says so,
# ends, and leaves nothing behind.
# needs: hearth
# bound: 60

source "$LAB_SRC/stories/director.sh"

network wire
host director product=hearth eth0=wire:10.0.0.1/24
director_configure <<<$'virtual=10.0.0.100:80\n\treal=10.0.0.11:80 masq\n\tchecktype=on'

refused() { # COMMAND...
    local status=0
    said=$(on director "$@" 2>&1) || status=$?
    note "director# $*: $status: $said"
    ((status == 1)) && [[ ! -e $(host_root director)/run/ldirectord.ldirectord.pid ]]
}

if [[ ! -e /proc/net/ip_vs ]]; then
    expect "without IPVS it does not start" refused ldirectord start
    expect "and says what is missing" said_in "the kernel has no IPVS"
    expect "so does the init script" refused /etc/init.d/ldirectord start
else
    expect "without permission it does not start" refused setpriv --bounding-set -net_admin ldirectord start
    expect "and says what is missing" said_in "CAP_NET_ADMIN"
fi
expect "status says that it does not run" ldirectord_says 3 status
expect "stop does no harm" ldirectord_says 0 stop

for pid in rubbish 99999999999 1; do
    host_install director /run/ldirectord.ldirectord.pid <<<$pid
    expect "a pid file with $pid in it is stale: status 1" ldirectord_says 1 status
    expect "in the words that cluster managers look for" said_in "ldirectord stale pid file"
done
host_install director /run/ldirectord.ldirectord.pid <<<''
expect "an empty one is none" ldirectord_says 3 status
