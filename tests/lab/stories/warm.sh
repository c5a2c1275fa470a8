# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two directors that keep ldirectord warm, three web servers behind $vip, and a client; when this
# page is through, left serves and right stands by.

source "$LAB_SRC/stories/warm-words.sh"

directors hearth hearth
host client eth0=wire:10.1.0.9/24
for n in 1 2 3; do web_start web$n; done

tell "Both directors start"
both_start
wait_until 40 "left serves, with all web servers" serves left 1 1 1
wait_until 20 "right stands by, and has checked them all" ready right 3
expect "heartbeat shows it" shows right '"ldirectord": "in standby"'
expect "and what left's does" shows left '"ldirectord": "active"'
expect "its table is empty" no_table right
expect "right does not have the address" not has_address right $vip
