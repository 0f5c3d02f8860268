#!/bin/sh
# Every row is in the XML exactly once, for any number of rows and nodes, on every database.
. "$(dirname "$0")/lib.sh"

for kind in $(databases); do
  for nodes in ${NODES:-1 2 3 5 7}; do
    with_database "$kind"
    for rows in ${ROWS:-0 1 2 999 1000 10007}; do
      customers "$rows" "$scratch/in.csv"
      out="$scratch/out"
      rm -rf "$out"
      expect 0 COMPLETED "$PARTITA" run customer_etl "input=$scratch/in.csv" "output_dir=$out" \
        --nodes "$nodes" --executors 2 --fast
      ok "the result counts $rows rows on $kind, $nodes nodes" grep -q "\"rows\": *$rows\b" \
        "$scratch/stdout"
      ok "$rows rows are complete on $kind with $nodes nodes" complete "$rows" "$out"
    done
    done_database
  done
done
finish
