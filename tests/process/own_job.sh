#!/bin/sh
# The README's first job does what the README says.
. "$(dirname "$0")/lib.sh"
export PARTITA_DB="sqlite:$scratch/own.db"
expect 0 COMPLETED "$PARTITA" run word_lengths words=one,two,three --nodes 2 --fast
ok "its result is what the README says" grep -q '"letters": *11' "$scratch/stdout"
expect 0 "" "$PARTITA" jobs
finish
