# SPDX-License-Identifier: GPL-2.0-or-later
# What gcov says of every object, as lines and branches of each file and room. A line that several
# objects have (an inline function in a header) counts once.
#   top        where the sources are
#   pure       which files have to reach the floor, a pattern
#   floor      how many percent of their lines have to run
#   uncovered  the file to write the lines to that did not run
function percent(part, whole)
{
    return whole ? 100 * part / whole : 100
}

# Rounded down: 100.0 means all.
function shown(part, whole)
{
    return int(10 * percent(part, whole)) / 10
}

function row(name, key)
{
    printf "%-40s %7d %6.1f %% %8d %6.1f %%\n", name, lines[key], shown(run[key], lines[key]),
        ways[key], shown(taken[key], ways[key])
}

# One more line or branch of a file: counted for the file, its room and all.
function count(table, file, n, room)
{
    room = file
    sub(/[^\/]*$/, "", room)
    table[file] += n
    table[room] += n
    table[""] += n
}

/^ *-: *0:Source:/ {
    file = $0
    sub(/^.*:Source:/, "", file)
    ours = index(file, top "/") == 1
    file = substr(file, length(top) + 2)
    if (file ~ /^tests\//) ours = 0
    next
}

!ours { next }

/^ *([0-9]+\*?|[#=]+): *[0-9]+:/ {
    split($0, part, ":")
    line = file SUBSEP (part[2] + 0)
    nth = 0
    text[line] = $0
    line_run[line] += part[1] + 0 > 0
    next
}

/^branch / {
    way_taken[line SUBSEP nth++] += $0 ~ /taken [1-9]/
}

END {
    for (key in line_run) {
        split(key, part, SUBSEP)
        files[part[1]] = 1
        count(lines, part[1], 1)
        count(run, part[1], line_run[key] > 0)
        if (!line_run[key])
            print part[1] ":" part[2] ":" substr(text[key], 17) | ("sort -t: -k1,1 -k2,2n >" uncovered)
    }
    for (key in way_taken) {
        split(key, part, SUBSEP)
        count(ways, part[1], 1)
        count(taken, part[1], way_taken[key] > 0)
    }
    # By room, then by name: the room's own row first, which has no name.
    for (file in files) {
        room = file
        sub(/[^\/]*$/, "", room)
        if (!(room in rooms)) order[++n] = room SUBSEP
        rooms[room] = 1
        order[++n] = room SUBSEP substr(file, length(room) + 1)
    }
    for (i = 2; i <= n; i++)
        for (j = i; j > 1 && order[j - 1] > order[j]; j--) {
            swap = order[j]
            order[j] = order[j - 1]
            order[j - 1] = swap
        }
    printf "%-40s %7s %8s %8s %8s\n", "", "lines", "run", "branches", "taken"
    for (i = 1; i <= n; i++) {
        split(order[i], part, SUBSEP)
        if (part[2] == "") print ""
        row(part[2] == "" ? part[1] : "  " part[2], part[1] part[2])
    }
    print ""
    row("all", "")
    for (i = 1; i <= n; i++) {
        split(order[i], part, SUBSEP)
        file = part[1] part[2]
        if (file !~ pure || !lines[file]) continue
        seen++
        if (percent(run[file], lines[file]) >= floor) continue
        printf "coverage: %s: %d of %d lines run, %.1f %%; %d %% are wanted\n", file,
            run[file], lines[file], shown(run[file], lines[file]), floor
        bad = 1
    }
    if (!seen) print "coverage: nothing was measured"
    exit bad || !seen
}
