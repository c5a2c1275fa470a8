# SPDX-License-Identifier: GPL-2.0-or-later
#
# The key is changed while the cluster runs, one node at a time: no beat is lost and nothing moves.
# key-roll:LEFT:RIGHT.
# needs: hearth peer
# cannot: nothing moves
# bound: 120
read -r left right <<<"$LAB_WORDS"
pair_boot "$left" "$right" ucast sha1
keys() { host_install "$1" /etc/ha.d/authkeys 600 && heartbeat_reload "$1"; }

tell "Both nodes start"
pair_start
watch_while all_at_home

tell "Both learn the new key, and sign with the old one"
for name in left right; do
    keys $name <<<$'auth 1\n1 sha1 lab-secret\n2 sha1 the-new-secret'
done
stays 3 "nothing moves" all_at_home

tell "left signs with the new one, a while later right"
keys left <<<$'auth 2\n1 sha1 lab-secret\n2 sha1 the-new-secret'
stays 4 "nothing moves" all_at_home
keys right <<<$'auth 2\n1 sha1 lab-secret\n2 sha1 the-new-secret'
stays 4 "nothing moves" all_at_home

tell "Both forget the old one"
for name in left right; do
    keys $name <<<$'auth 2\n2 sha1 the-new-secret'
done
stays 4 "nothing moves" all_at_home
expect "each has its own" each_its_own
expect "nothing ever moved" held_all_the_while
