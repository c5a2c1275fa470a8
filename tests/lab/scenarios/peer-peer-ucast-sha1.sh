# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two nodes of Heartbeat 3.0.6: shows that the story itself is what the original does.
# needs: peer
# bound: 300
left=peer right=peer media=ucast method=sha1
source "$LAB_SRC/stories/pair.sh"
