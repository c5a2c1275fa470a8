# SPDX-License-Identifier: GPL-2.0-or-later
#
# A silent node is switched off by the real stonith command of cluster-glue before its address is
# taken: by an external plugin, which is this lab's power switch, and by the type null.
# needs: hearth peer
# bound: 180
pair_boot hearth hearth ucast sha1 'stonith_host left external/lab right secretword' \
    'stonith_host right null left' 'fence_retry 1'
log=$(host_log left)/ha-log switch=$(host_log left)/switch

# The switch asks the lab to cut the power, and waits until it is cut.
source "$LAB_SRC/stories/power.sh"
for name in left right; do
    stonith_command $name
    power_switch $name <<'END'
        [ "$password" = secretword ] && [ ! -e /run/switch-broken ] || exit 1
        cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' ' ' >>/var/log/commands
        echo "$2" >>/var/log/switch
        for _ in {1..200}; do
            [ ! -e /run/switched ] || exit 0
            sleep 0.1
        done
        exit 1
END
done

tell "Both nodes start, and right freezes: silent, with its address"
pair_start
touch "$(host_root left)/run/switch-broken"
host_freeze right
wait_until 20 "left tries to switch it off, and cannot" file_says "$log" 'node right could not be reset: external/lab: exit status 5'
stays 4 "nothing is taken meanwhile" not has_address left $other_vip
expect "and it is said why" file_says <(on left hactl status) 'a dead node may still have it'

tell "The switch is mended"
rm "$(host_root left)/run/switch-broken"
wait_until 20 "left asks for right's power to be cut" file_says "$switch" right
expect "still nothing is taken" not has_address left $other_vip
host_crash right
touch "$(host_root left)/run/switched"
wait_until 10 "left has its address" has_address left $other_vip
expect "and says how" file_says "$log" 'node right now reset by external/lab.'
expect "no command line showed the password" not file_says "$(host_log left)/commands" secretword
expect "nor did the log" not file_says "$log" secretword

tell "right comes back, and left dies: right's device is the type null"
host_boot right
heartbeat_start right
wait_until 60 "each has its own" each_its_own
host_crash left
wait_until 30 "right has all" has_address right $vip
expect "after a reset" file_says "$(host_log right)/ha-log" 'node left now reset by null.'
