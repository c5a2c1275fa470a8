# SPDX-License-Identifier: GPL-2.0-or-later
#
# The life of a pair, half of it Heartbeat 3.0.6: right is ours.
# needs: hearth peer
# bound: 300
left=peer right=hearth media=ucast method=sha1
source "$LAB_SRC/stories/pair.sh"
