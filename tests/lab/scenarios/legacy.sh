# SPDX-License-Identifier: GPL-2.0-or-later
#
# The life of a pair with auto_failback legacy, any two of ours (hearth) and Heartbeat 3.0.6 (peer):
# legacy:LEFT:RIGHT[:leftovers]. A node asks for its own addresses when it becomes active (ip-request), whoever
# has them lets go and answers, and neither ever says what it holds.
#
# leftovers: our nodes still have the rc.d, harc and shellfuncs of 3.0.6, as after an upgrade that
# kept configuration files; what these do a second time must do no harm.
# needs: hearth peer
# bound: 240
read -r left right leftovers <<<"$LAB_WORDS"
# 3.0.6 takes seconds to start on a busy machine, and a restart is to go unnoticed
pair_boot "$left" "$right" ucast sha1 "deadtime 6" "initdead 8"
for name in left right; do
    sed -i 's/^auto_failback.*/auto_failback legacy/' "$(host_root $name)/etc/ha.d/ha.cf"
done
if [[ -n ${leftovers:-} ]]; then
    for name in left right; do
        root=$(host_root $name)
        for file in harc shellfuncs rc.d/{status,ip-request,ip-request-resp,hb_takeover,ask_resources}; do
            host_install $name /etc/ha.d/$file 755 <"$LAB_PEER/etc/ha.d/$file"
        done
        mkdir -p "$root/usr/lib/ocf/lib"
        cp -r "$LAB_PEER/usr/lib/ocf/lib/heartbeat" "$root/usr/lib/ocf/lib/"
    done
fi
owners_watch left right $vip $other_vip
warned() { file_says "$(host_log "$1")/ha-log" "$2"; }

# Two scripts of 3.0.6 may write into its FIFO at once; it then understands neither ("NV failure" in
# its log) and takes nothing, for ever. It gets a second start.
left_serves() {
    has_address left $vip && return 0
    if [[ $left == peer && -z ${again:-} ]] && warned left "NV failure"; then
        again=yes
        note "left has lost a message of its own: it starts again"
        heartbeat_stop left
        heartbeat_start left
    fi
    return 1
}

tell "left starts alone and takes everything"
heartbeat_start left
wait_until 60 "left has its own address" left_serves
wait_until 30 "and the other's" has_address left $other_vip
for text in "Deprecated 'legacy' auto_failback option selected." \
    "Please convert to 'auto_failback on'." "See documentation for conversion details."; do
    expect "the log of left says: $text" warned left "$text"
done

tell "right joins and asks for its own"
heartbeat_start right
wait_until 60 "right has its own address" only_owner $other_vip right left
stays 3 "left keeps its own" only_owner $vip left right

tell "nobody says what he holds, and there is no standby"
expect "left says none" rsc_status left none
expect "right says none" rsc_status right none
for name in left right; do
    on $name /usr/share/heartbeat/hb_standby all >>"$LAB_OUT/story.txt" 2>&1 || :
    on $name /etc/init.d/heartbeat standby >"$LAB_OUT/standby" 2>&1 && status=0 || status=$?
    expect "the init script of $name refuses" \
        [ "$(<"$LAB_OUT/standby") $status" = "auto_failback is set to legacy.  Cannot enter standby. 1" ]
done
stays 3 "all is where it was" all_at_home

tell "left stops in order, and comes back"
heartbeat_stop left
wait_until 10 "right has both" only_owner $vip right left
expect "its own included" only_owner $other_vip right left
heartbeat_start left
wait_until 60 "left has its own address again" only_owner $vip left right
expect "right has kept its own" only_owner $other_vip right left

tell "right dies without a word, and comes back"
host_crash right
wait_until 30 "left takes right's address" has_address left $other_vip
host_boot right
heartbeat_start right
wait_until 60 "right has its address again" only_owner $other_vip right left
expect "left has kept its own" only_owner $vip left right

tell "left dies without a word, and comes back"
host_crash left
wait_until 30 "right takes left's address" has_address right $vip
host_boot left
heartbeat_start left
wait_until 60 "left has its address again" only_owner $vip left right
expect "right has kept its own" only_owner $other_vip right left

tell "right restarts faster than anybody could notice"
heartbeat_kill right
heartbeat_start right
wait_until 60 "both are at home" all_at_home
stays 4 "and stay there" all_at_home

if [[ -n ${leftovers:-} ]]; then
    for name in left right; do
        expect "$name has run rc.d/status of 3.0.6" warned $name "rc.d/status status"
        expect "and its rc.d/ip-request" warned $name "rc.d/ip-request ip-request"
    done
fi

tell "both stop"
heartbeat_stop right
wait_until 20 "left has both" only_owner $other_vip left right
heartbeat_stop left
expect "no address is left behind" nowhere $vip left right
expect "nor the other" nowhere $other_vip left right
expect "at no moment did both hold an address" never_twice
