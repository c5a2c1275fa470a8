# SPDX-License-Identifier: GPL-2.0-or-later
#
# A node dies, and the device that is to switch it off first does not answer the first time it is asked:
# that has a deadline, it is asked again, and the address is served. fencing:LEFT:RIGHT; left lives.
# needs: hearth peer
# cannot: left holds right's address all the same
# bound: 120
read -r left right <<<"$LAB_WORDS"
pair_boot "$left" "$right" ucast sha1 'stonith_host left external/lab right secretword'
source "$LAB_SRC/stories/power.sh"
add_ours "fence_timeout 5" "fence_retry 1"
for name in left right; do
    [[ ${!name} != hearth ]] || stonith_command $name
    power_switch $name <<'END'
        echo "asked for $2" >>/var/log/switch
        if mkdir /run/answered-once 2>/dev/null; then sleep 3600; fi
END
done
log=$(host_log left)/ha-log switch=$(host_log left)/switch

tell "Both nodes start, and right dies"
pair_start
host_crash right
wait_until 20 "left's switch is asked to reset it" file_says "$switch" "asked for right"
stays 2 "left takes nothing while that has not happened" not has_address left $other_vip
wait_until 20 "left holds right's address all the same" has_address left $other_vip
expect "since it asked again" test "$(wc -l <"$switch")" -eq 2
expect "it said that nothing came of the first time" file_says "$log" 'node right could not be reset: external/lab'
expect "and that right is off now" file_says "$log" 'node right now reset'
