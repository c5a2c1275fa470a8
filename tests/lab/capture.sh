# SPDX-License-Identifier: GPL-2.0-or-later
#
# A capture of each network from its first frame, kept if the scenario fails; and the shell in which
# a reader can walk about the hosts.

capture_pids=()

capture_network() {
    tcpdump -Z root -U -s 2048 -i "$1" -w "$LAB_DIR/captures/$1.pcap" >/dev/null 2>&1 &
    capture_pids+=($!)
}

capture_stop_all() {
    ((${#capture_pids[@]} == 0)) || kill "${capture_pids[@]}" 2>/dev/null
    wait "${capture_pids[@]}" 2>/dev/null
    capture_pids=()
}

# A word a host: its name runs a command there.
shell_open() {
    local name names='' rc=$LAB_DIR/shellrc
    for name in "${!host_number[@]}"; do
        names+="${host_number[$name]} $name"$'\n'
    done
    names=$(sort -n <<<"$names" | cut -d' ' -f2 | xargs)
    {
        declare -p host_pid
        declare -f on fail note
        for name in "${!host_pid[@]}"; do
            echo "$name() { if ((\$#)); then on $name \"\$@\"; else on $name bash -i; fi; }"
        done
        echo "PS1='lab# '"
    } >"$rc"
    printf '\n%sA shell inside.%s Hosts: %s\n' "$bold" "$plain" "$names"
    printf '  HOST COMMAND... runs it there (%s ip addr), HOST alone opens a shell there; exit ends the lab.\n\n' \
        "${names%% *}"
    script -qec "bash --rcfile $rc -i" /dev/null
}
