# SPDX-License-Identifier: GPL-2.0-or-later
#
# The life of a mixed pair over multicast with crc: right is ours.
# needs: hearth peer
# bound: 300
left=peer right=hearth media=mcast method=crc
source "$LAB_SRC/stories/pair.sh"
