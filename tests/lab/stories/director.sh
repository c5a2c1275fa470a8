# SPDX-License-Identifier: GPL-2.0-or-later
#
# Words about ldirectord on one host called director, and its table as ipvsadm saves it.

# director_configure <ldirectord.cf
director_configure() { host_install director /etc/ha.d/ldirectord.cf; }
# ldirectord_says STATUS WORD...: ldirectord with these words ends with this status; what it prints is in
# $said.
ldirectord_says() {
    local expected=$1 status=0
    shift
    said=$(on director ldirectord "$@" 2>&1) || status=$?
    note "director# ldirectord $*: $status: $said"
    ((status == expected))
}
said_in() { [[ $said == *"$1"* ]]; }
log_says() { file_says "$(host_log director)/ldirectord.log" "$1"; }

# table_has LINE...: each is a line of the table as ipvsadm -Sn writes it.
table_has() {
    local saved line
    saved=$'\n'$(on director ipvsadm -Sn | sed 's/ *$//')$'\n'
    for line; do
        [[ $saved == *$'\n'"$line"$'\n'* ]] || return 1
    done
}
# table_lacks TEXT: no line of the table has it.
table_lacks() { [[ $(on director ipvsadm -Sn) != *"$1"* ]]; }
table_text() { on director ipvsadm -Sn; }
daemon_pid() { read -r REPLY <"$(host_root director)/run/ldirectord.ldirectord.pid"; }
