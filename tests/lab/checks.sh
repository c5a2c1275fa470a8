# SPDX-License-Identifier: GPL-2.0-or-later
#
# Checks against real servers: ask one as ldirectord would, and hold the verdict against another.

# For odbc, in a product that is not installed.
export HEARTH_ODBC_ASK=$LAB_PROGRAMS/../../ldirectord/odbc_ask

# gives HOST VERDICT SERVICE PROTOCOL ADDRESS PORT [WORD=VALUE]...: asked from there, it says that.
gives() {
    local from=$1 verdict=$2 said
    shift 2
    said=$(nsenter -t "${host_pid[$from]}" -n "$LAB_PROGRAMS/check_probe" "$@") || :
    note "$* gives $said"
    [[ $said == "$verdict "* ]]
}
