# SPDX-License-Identifier: GPL-2.0-or-later
#
# A group of resources of many kinds moves: an address, scripts of ours, and agents of Debian's
# resource-agents by their names in haresources and by OCF::. A group whose arguments the agent does
# not take is refused by the agent's own meta-data, on both nodes, with a reason.
# needs: hearth peer
# bound: 180
pair_boot hearth hearth ucast sha1
watched=10.1.0.102
for name in left right; do
    for part in usr/lib/ocf usr/lib/apache2 usr/sbin/apache2 usr/bin/gawk usr/lib/x86_64-linux-gnu; do
        mkdir -p "$(host_root $name)/${part%/*}"
        cp -a "$LAB_PEER/$part" "$(host_root $name)/${part%/*}/"
    done
    ln -sf /usr/bin/busybox "$(host_root $name)/usr/bin/wget"
    # The mailer of this host.
    host_install $name /usr/bin/mail 755 <<'END'
#!/bin/sh
{ echo "to: $*"; cat; } >>/var/log/mail
END
    host_install $name /etc/apache2/lab.conf <<'END'
ServerRoot /usr/lib/apache2
PidFile /run/apache-lab.pid
Listen 80
ServerName localhost
ErrorLog /var/log/apache-error.log
LoadModule mpm_event_module modules/mod_mpm_event.so
LoadModule authz_core_module modules/mod_authz_core.so
LoadModule status_module modules/mod_status.so
DocumentRoot /mnt
<Location /server-status>
    SetHandler server-status
</Location>
END
    host_install $name /srv/data/where <<<"$name"
    host_install $name /etc/ha.d/haresources <<END
left IPaddr2::$vip/24/eth0 Delay::1::0 IPsrcaddr::$vip Filesystem::/srv/data::/mnt::none::bind \\
    OCF::Dummy::state=/run/dummy.state apache::/etc/apache2/lab.conf MailTo::root::it-moved
right IPaddr2::$other_vip/24/eth0 OCF::heartbeat:Dummy::sate=/run/other.state
right IPaddr2::$watched/24/eth0
END
    on $name ip route add default via 10.1.0.254
done

everything_on() { # HOST: the whole first group is up there
    local route
    has_address "$1" $vip || return 1
    route=$(on "$1" ip route show default)
    [[ $route == *"src $vip"* ]] &&
        file_says "$(host_root "$1")/mnt/where" "$1" &&
        [[ -e $(host_root "$1")/run/dummy.state ]] &&
        on "$1" busybox wget -qO- http://$vip/where 2>/dev/null | grep -qx "$1"
}
nothing_on() { # HOST: nothing of it is left
    ! has_address "$1" $vip && [[ $(on "$1" ip route show default) != *"src $vip"* ]] &&
        [[ ! -e $(host_root "$1")/mnt/where && ! -e $(host_root "$1")/run/dummy.state &&
            ! -e $(host_root "$1")/run/apache-lab.pid ]]
}
mailed() { file_says "$(host_log "$1")/mail" "it-moved"; }
said() { file_says "$(host_log "$1")/ha-log" "$2"; }

tell "Both nodes start"
both_start
wait_until 60 "left has the whole group" everything_on left
wait_until 30 "right has nothing of it" nothing_on right
wait_until 10 "a mail tells of it" mailed left

tell "The group with a misspelt parameter"
wait_until 60 "right was told what is wrong" said right "sate: the agent has no such parameter"
wait_until 60 "and so was left" said left "sate: the agent has no such parameter"
wait_until 30 "its address is nowhere" nowhere $other_vip left right
wait_until 30 "the other group of right is not concerned" only_owner $watched right left

tell "The group moves, and comes back"
hb_order left hb_standby local
wait_until 60 "right has the whole group" everything_on right
wait_until 30 "left has nothing of it" nothing_on left
wait_until 10 "a mail tells of it" mailed right
hb_order right hb_standby foreign
wait_until 60 "left has the whole group" everything_on left
wait_until 30 "right has nothing of it" nothing_on right

tell "left dies"
host_crash left
wait_until 60 "right has the whole group" everything_on right
heartbeat_stop right
wait_until 30 "and lets go of it when it stops" nothing_on right
