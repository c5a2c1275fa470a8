# SPDX-License-Identifier: GPL-2.0-or-later
#
# A power switch of the lab's own for the stonith command of cluster-glue: a plugin external/lab, in the
# language that external plugins have.

# stonith_command HOST: the command, its libraries and plugins beside our product.
stonith_command() {
    local root
    root=$(host_root "$1")/usr
    mkdir -p "$root"/lib/{stonith/plugins/external,heartbeat/plugins}
    cp "$LAB_PEER/usr/sbin/stonith" "$root/sbin/"
    cp -aL "$LAB_PEER"/usr/lib/lib{stonith,pils,plumb,plumbgpl}.so.? "$root/lib/"
    cp -a "$LAB_PEER/usr/lib/stonith/plugins/." "$root/lib/stonith/plugins/"
    cp -a "$LAB_PEER/usr/lib/heartbeat/plugins/." "$root/lib/heartbeat/plugins/"
}

# power_switch HOST <SCRIPT: what a reset of node $2 does there.
power_switch() {
    host_install "$1" /usr/lib/stonith/plugins/external/lab 755 <<END
#!/bin/bash
case \$1 in
    getconfignames) echo hostlist; echo password ;;
    gethosts) echo "\$hostlist" ;;
    getinfo-devid | getinfo-devname | getinfo-devdescr | getinfo-devurl) echo "the lab" ;;
    getinfo-xml) echo '<parameters></parameters>' ;;
    status) ;;
    reset | off)
$(cat)
        ;;
    *) exit 1 ;;
esac
END
}
