# SPDX-License-Identifier: GPL-2.0-or-later
#
# ldirectord's way to the kernel's table, against a real one: what is written is what ipvsadm shows,
# what ipvsadm writes is what is read. The cases are in ipvs_table.c.
# needs: ipvs
# bound: 240

network wire
host director eth0=wire:10.9.0.254/16,fd09::ffff/64

ipvsadm=$LAB_TOOLS/usr/sbin/ipvsadm
[[ -x $ipvsadm ]] || ipvsadm=ipvsadm # installed here, so not unpacked again

trial() { # ipvsadm may have been unpacked together with a library that this machine lacks
    LD_LIBRARY_PATH=$LAB_TOOLS/usr/lib/x86_64-linux-gnu nsenter -t "${host_pid[director]}" -n \
        "$LAB_PROGRAMS/ipvs_table" "$ipvsadm" >"$LAB_OUT/trial.txt" 2>&1
}

expect "every case of ipvs_table passes (see trial.txt)" trial
