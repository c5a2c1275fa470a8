# SPDX-License-Identifier: GPL-2.0-or-later
#
# Hundreds of made configurations (usual, odd and broken ones, and slips of the hand in real ones), read
# by the original ldirectord and by ours: taken or refused alike, for the same line and nearly always in
# the same words, and what is taken means the same in every directive. Where we mean to differ stands
# in tests/data/ldirectord/corpus-differences, and why in doc/differences.md.
# Words: SEED and COUNT, to try others than the default.
# needs: hearth peer
# bound: 600
# shellcheck disable=SC2154 # LAB_... and words come from the lab

read -r seed count <<<"${LAB_WORDS:-} "
seed=${seed:-1} count=${count:-600}
network wire
host theirs product=peer eth0=wire:10.1.0.1/24
host ours product=hearth eth0=wire:10.1.0.2/24

for name in theirs ours; do
    on "$name" bash -c 'echo "10.1.0.21 web1" >>/etc/hosts'
    on "$name" mkdir /corpus
done
bases=()
for base in "$LAB_DATA/seeds/ldirectord.cf" "$LAB_DATA/seeds/ldirectord.cf.wish" \
    "$LAB_PEER/usr/share/doc/ldirectord/examples/ldirectord.cf"; do
    [[ ! -r $base ]] || bases+=("$base")
done
expect "the original's sample is among the beginnings" test ${#bases[@]} = 3
expect "files are made" "$LAB_PROGRAMS/ld_corpus" "$seed" "$count" "$(host_root theirs)/corpus" "${bases[@]}"
cp "$(host_root theirs)"/corpus/*.cf "$(host_root ours)/corpus/"
cp "$LAB_SRC/ld_meaning.pl" "$(host_root theirs)/corpus/"
cp "$LAB_PROGRAMS/ld_meaning" "$(host_root ours)/corpus/"
expect "the original reads them" on theirs perl /corpus/ld_meaning.pl /usr/sbin/ldirectord /corpus
expect "so do we" on ours bash -c '/corpus/ld_meaning /corpus/*.cf'
# The command as a user calls it: its status and the form of its messages. (A status would not open
# files that the configuration names.)
on ours bash -c 'for file in /corpus/*.cf; do
    ldirectord "$file" reload >/dev/null 2>"${file%.cf}.command"
    echo $? >"${file%.cf}.status"
done'
cp "$(host_root ours)"/corpus/*.{ours,err,command,status} "$(host_root theirs)/corpus/"

compared=0 refused=0 both=0 same_words=0 wrong=0
trouble() { # FILE WHAT...
    note "DIFFERENT: $*"
    note "  theirs: $their_words"
    wrong=$((wrong + 1))
    mkdir -p "$LAB_OUT/different"
    cp "$(host_root theirs)/corpus/$1".* "$LAB_OUT/different/"
}
whos=() patterns=()
while IFS=$'\t' read -r who pattern row; do
    [[ -n $who && $who != '#'* ]] || continue
    whos+=("$who") patterns+=("$pattern")
    expect "doc/differences.md argues: $row" grep -qF "| $row" "$LAB_SRC/../../doc/differences.md"
done <"$LAB_DATA/ldirectord/corpus-differences"
meant() { # WHO MESSAGE
    local i
    for i in "${!whos[@]}"; do
        [[ ${whos[i]} != "$1" || ! $2 =~ ${patterns[i]} ]] || return 0
    done
    return 1
}
# Every error of ours is one that we mean to have.
all_meant() {
    local line
    while IFS= read -r line; do
        [[ $line == *': warning: '* ]] || meant ours "$line" || return 1
    done <"$1.ours.err"
}
# Word for word, what we read otherwise is meant to be.
words_meant() { # THEIRS OURS
    local line left=0 right=0
    while IFS= read -r line; do
        case $line in
            '<'*) left=$((left + 1)) ;;
            '>'*)
                right=$((right + 1))
                meant means "${line#> }" || return 1
                ;;
        esac
    done < <(diff <(tr ' ' '\n' <<<"$1") <(tr ' ' '\n' <<<"$2"))
    ((left == right))
}
# We have an error in the same line, as "ldirectord FILE reload" says them; counts those that begin with
# the original's words.
same_line() {
    local line words=${their_words//$'\t'/    } found=1
    while IFS= read -r line; do
        [[ $line != 'Error '*" at line $their_line: "* ]] || found=0
        if [[ $line == *" at line $their_line: $words"* ]]; then
            same_words=$((same_words + 1))
            return 0
        fi
    done <"$1.command"
    return $found
}
# The first error the original printed: line in $their_line, text in $their_words.
their_error() {
    local line
    their_line='' their_words=''
    while IFS= read -r line; do
        if [[ $line =~ ^Error\ \[[0-9]+\]\ reading\ file\ [^\ ]+\ at\ line\ ([0-9]+):\ (.*) ]]; then
            their_line=${BASH_REMATCH[1]} their_words=${BASH_REMATCH[2]%$'\r'}
            return
        fi
    done <"$1.theirs.err"
}
judge() { # FILE, without its ending
    local file=$1 theirs ours status
    theirs=$(<"$file.theirs") ours=$(<"$file.ours") status=$(<"$file.status")
    compared=$((compared + 1))
    their_error "$file"
    if [[ $theirs == refused* ]]; then
        refused=$((refused + 1))
        [[ $theirs == 'refused 2' ]] || trouble "${file##*/}" "the original ends with ${theirs#refused }"
        if [[ $status == 2 ]]; then
            both=$((both + 1))
            same_line "$file" || meant theirs "$their_words" || meant first "$their_words" ||
                all_meant "$file" ||
                trouble "${file##*/}" "we refuse it, but not for line $their_line"
        else
            meant theirs "$their_words" || trouble "${file##*/}" "the original refuses it, we end with $status"
        fi
    elif [[ $status == 2 ]]; then
        all_meant "$file" || trouble "${file##*/}" "we refuse what the original takes: $(sed -n '/: warning: /d;p;4q' "$file.ours.err")"
    elif [[ $status != 1 ]]; then
        trouble "${file##*/}" "we end with $status"
    elif [[ $ours != "$theirs" ]] && ! words_meant "$theirs" "$ours"; then
        trouble "${file##*/}" "it means: $(diff <(tr ' ' '\n' <<<"$theirs") <(tr ' ' '\n' <<<"$ours") | sed -n '/^[<>]/p;7q' || :)"
    fi
}
for file in "$(host_root theirs)"/corpus/*.cf; do
    judge "${file%.cf}"
done
note "$compared files, of which the original refuses $refused, and we $both of these," \
    "in the same words $same_words; $wrong different"
expect "all files were compared" test "$compared" = "$count"
expect "a good part of them was taken, and a good part refused" \
    test $((refused * 5)) -gt "$count" -a $((refused * 5)) -lt $((count * 4))
expect "nearly all are refused in the same words" test $((same_words * 10)) -ge $((both * 9))
expect "no file is judged differently without a reason" test $wrong = 0
