# SPDX-License-Identifier: GPL-2.0-or-later
#
# The life of a mixed pair over broadcast with md5: left is ours.
# needs: hearth peer
# bound: 300
left=hearth right=peer media=bcast method=md5
source "$LAB_SRC/stories/pair.sh"
