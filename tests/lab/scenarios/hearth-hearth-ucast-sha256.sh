# SPDX-License-Identifier: GPL-2.0-or-later
#
# The life of a pair that is all ours, with a digest that Heartbeat 3.0.6 does not know.
# needs: hearth
# bound: 300
left=hearth right=hearth media=ucast method=sha256
source "$LAB_SRC/stories/pair.sh"
