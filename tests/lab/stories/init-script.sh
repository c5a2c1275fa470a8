# SPDX-License-Identifier: GPL-2.0-or-later
#
# /etc/init.d/heartbeat on two machines side by side, each with one resource of its own, thing.

source "$LAB_SRC/stories/side-by-side.sh"
on_both /etc/ha.d/haresources 644 <<<'left thing::a'
on_both /etc/ha.d/resource.d/thing 755 <<'END'
#!/bin/sh
case $2 in
    start) touch /run/thing; echo start >>/var/tmp/thing ;;
    stop) rm -f /run/thing; echo stop >>/var/tmp/thing ;;
    status) if [ -e /run/thing ]; then echo running; else echo stopped; fi ;;
esac
END
serves() { [[ -e $(host_root "$1")/run/thing ]]; }
both_serve() { serves theirs && serves ours; }
# Now and then 3.0.6 loses a message to itself while it starts ("NV failure"), and holds nothing; nor does it
# stop then. It is started once more, and what it did cannot be compared.
lost=''
they_come_to_serve() {
    local tries
    for tries in 1 2 3; do
        ! wait_until_quietly 20 both_serve || break
        file_says "$(host_log theirs)/ha-log" 'NV failure' || break
        lost=yes
        note "3.0.6 has lost a message to itself ($tries)"
        heartbeat_kill theirs
        on theirs $init start >/dev/null 2>&1
    done
    wait_until 40 "both serve" both_serve
}
# What the script itself says on a host, without what heartbeat does, in $LAB_OUT/words.HOST.
own_words() {
    on "$1" sh -c "$init $2 2>&1; echo status \$?" |
        grep -oE '[A-Z][a-z]+ High-Availability services:|Waiting [a-z ]*:|Done\.|.Heartbeat failure.*|^status.*' \
            >"$LAB_OUT/words.$1"
}
# ends THEIRS OURS WORD: the script with that word ends with these statuses. Both at once, for some wait.
# With OURS = THEIRS it says the same, too.
ends() {
    local theirs ours
    own_words theirs "$3" &
    theirs=$!
    own_words ours "$3"
    wait $theirs
    theirs=$(<"$LAB_OUT/words.theirs") ours=$(<"$LAB_OUT/words.ours")
    note "$3: theirs: ${theirs//$'\n'/ | }; ours: ${ours//$'\n'/ | }"
    [[ ${theirs##*status } == "$1" && ${ours##*status } == "$2" ]] && [[ $1 != "$2" || $theirs == "$ours" ]]
}
