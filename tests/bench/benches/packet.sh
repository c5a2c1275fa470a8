#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What one beat costs from its bytes to a message: authenticate over the raw bytes, then parse every
# field (hb_wire_open(), packet_cost.c). From before the first of 2,000 calls to after the last one,
# divided; a sample is such a batch. Floor: the digest of the same bytes alone, by the same library.
# target: sha1; median; 3000
set -euo pipefail
source "$BENCH_LIB"
times 3 50 500
rounds=$REPLY
for method in md5 sha1 sha256; do
    while read -r who ns; do
        sample "$who" "$method" ns "$ns"
    done < <("$BENCH_PROGRAMS/packet_cost" "$rounds" "$method")
done
