# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash

# alarms PRODUCT SECONDS: keepalive 10 ms, deadtime 50 ms, all processors busy: how often is a node
# called dead?
alarms() {
    local busy=() n before
    pair_begin "$1" 1 10 50
    pair_run
    wait_until 10 "the owner is past its first seconds" pair_grown
    nap 0.5
    before=$(called_dead)
    for ((n = 2 * $(nproc); n > 0; n--)); do
        (
            trap - EXIT ERR TERM INT
            while :; do :; done
        ) &
        busy+=($!)
    done
    nap "$2"
    kill "${busy[@]}"
    wait "${busy[@]}" || :
    sample "$1" "false alarms" times $(($(called_dead) - before))
    pair_end
}
called_dead() { cat "$(host_log "${pair[0]}")/ha-log" "$(host_log "${pair[1]}")/ha-log" | grep -c 'is dead' || :; }
