#!/bin/sh
# One node is killed at a random moment of the run: always complete, always exact.
# KILLS=20 SEED=7 tests/process/kill.sh
. "$(dirname "$0")/lib.sh"
seed=${SEED:-$$}
echo "replay with SEED=$seed"

rows=${ROWS:-6000}
customers "$rows" "$scratch/in.csv"
for kind in $(databases); do
  i=0
  while [ "$i" -lt "${KILLS:-4}" ]; do
    i=$((i + 1))
    with_database "$kind"
    rm -rf "$scratch/out"
    "$PARTITA" run customer_etl "input=$scratch/in.csv" "output_dir=$scratch/out" partitions=24 \
      delay_ms=15 --nodes 3 --executors 2 --fast >"$scratch/run.out" 2>"$scratch/run.err" &
    runner=$!
    ok "three nodes joined" wait_for 30 sh -c \
      "[ \$('$PARTITA' nodes --all -o name 2>/dev/null | wc -l) -ge 3 ]"
    pause=$(awk -v s="$seed$i" 'BEGIN { srand(s); printf "%.2f", rand() * 1.2 }')
    sleep "$pause"
    victims=$(pgrep -P "$runner")
    victim=$(echo "$victims" | awk -v s="$seed$i" \
      '{ v[NR] = $0 } END { srand(s + 1); print v[int(rand() * NR) + 1] }')
    [ -n "$victim" ] && kill -9 "$victim"
    wait "$runner"
    code=$?
    ok "$kind, kill $i after $pause s: exit code 0, not $code" [ "$code" -eq 0 ] ||
      tail -5 "$scratch/run.err" >&2
    ok "$kind, kill $i after $pause s: complete" complete "$rows" "$scratch/out"
    done_database
  done
done
finish
