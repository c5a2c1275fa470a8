# SPDX-License-Identifier: GPL-2.0-or-later
#
# A message that is compressed on its way, from either of two nodes to the other, told apart by a
# script of its type: compression:LEFT:RIGHT:METHOD.
# needs: hearth peer
# bound: 120
read -r left right method <<<"$LAB_WORDS"
pair_boot "$left" "$right" bcast sha1 'traditional_compression yes' 'compression_threshold 1' \
    "compression $method"
for name in left right; do
    host_install $name /etc/ha.d/rc.d/lab-note 755 <<'END'
#!/bin/sh
echo "$HA_src $HA_mark $HA_f60" >>/var/log/noted
END
done
both_start
wait_until 60 "left holds its own address" only_owner $vip left right
wait_until 60 "right holds its own address" only_owner $other_vip right left

# noted HOST FROM: the message of FROM has arrived there, whole.
noted() { on "$1" grep -qs "^$2 mark-$2 $filler\$" /var/log/noted; }
filler=abcdefghijklmnopqrstuvwxyz0123456789
for name in left right; do
    {
        printf '%s\n' '>>>' t=lab-note "mark=mark-$name"
        for i in {1..60}; do echo "f$i=$filler"; done
        echo '<<<'
    } | host_install $name /run/lab-note
    on $name sh -c 'cat /run/lab-note >/var/lib/heartbeat/fifo'
done
wait_until 20 "right has what left sent" noted right left
wait_until 20 "left has what right sent" noted left right
heartbeat_stop left
heartbeat_stop right
expect "it was compressed on the wire" grep -qa "_compression_algorithm=$method" "$LAB_DIR/captures/wire.pcap"
expect "and went in no other form" not grep -qa "f60=$filler" "$LAB_DIR/captures/wire.pcap"
