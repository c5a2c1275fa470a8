# SPDX-License-Identifier: GPL-2.0-or-later
#
# Words about two directors that keep ldirectord warm.

source "$LAB_SRC/stories/directors.sh"
declare -A ldirectord_pid

pid_file() { REPLY="$(host_root "$1")/run/ldirectord.ldirectord.cf.pid"; }
has_ldirectord() { pid_file "$1"; [[ -s $REPLY ]]; }
# remember_pid HOST; same_pid HOST
remember_pid() { pid_file "$1"; read -r ldirectord_pid[$1] <"$REPLY"; note "$1: ldirectord has pid ${ldirectord_pid[$1]}"; }
same_pid() { local pid; pid_file "$1"; read -r pid <"$REPLY"; [[ $pid == "${ldirectord_pid[$1]}" ]]; }
# How often anybody has called the program there, in $REPLY.
calls() {
    local line
    REPLY=0
    while IFS= read -r line; do
        [[ $line != *'Invoking ldirectord'* ]] || ((++REPLY))
    done <"$(host_log "$1")/ldirectord.log"
}
calls_are() { calls "$1"; (($REPLY == $2)); }
ha_log_says() { file_says "$(host_log "$1")/ha-log" "$2"; }
no_table() { ! has_service "$1" $vip:80; }
# ready HOST UP: it stands by there, all its servers are checked, so many are well.
ready() { [[ $(on "$1" ldirectord ldirectord.cf status 2>&1) == *"in standby: 1 virtual servers, 3 real servers, $2 up, 0 not"* ]]; }
shows() { [[ $(on "$1" hactl status --json) == *"$2"* ]]; }
longest_gap() { client_figure client "$1" gap_ms; tell "The longest gap, $2: $REPLY ms"; }
