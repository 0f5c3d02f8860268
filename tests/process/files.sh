#!/bin/sh
# Jobs read and write files beneath the folders their node was told of, and nowhere else, whatever
# parameters and rows say.
. "$(dirname "$0")/lib.sh"

if ! command -v sqlite3 >/dev/null; then echo "SKIPPED: sqlite3 is missing" >&2; exit 77; fi
shared="$scratch/shared" private="$scratch/private"
mkdir "$shared" "$private"
customers 200 "$shared/in.csv"
customers 2400 "$shared/large.csv"
cp "$shared/in.csv" "$private/in.csv"
echo "customer_id of somebody" >"$private/secret"
ln -s "$private" "$shared/way-out"
untouched() {
  [ "$(ls -A "$private")" = "$(printf 'in.csv\nsecret')" ] &&
    [ "$(cat "$private/secret")" = "customer_id of somebody" ]
}
submit() { "$PARTITA" submit customer_etl "input=$1" "output_dir=$2" partitions=3 2>/dev/null; }

for kind in $(databases); do
  with_database "$kind"
  expect 0 . "$PARTITA" schema migrate
  "$PARTITA" node --executors 2 --fast --files "$shared" 2>>"$scratch/node.log" &
  node=$!
  expect 0 COMPLETED "$PARTITA" wait "$(submit "$shared/in.csv" "$shared/out")" --timeout 30
  ok "$kind: what lies beneath the folder can be used" complete 200 "$shared/out"

  for input in "$private/in.csv" "$shared/../private/in.csv" "$shared/way-out/in.csv" \
    "$private/secret" /etc/passwd /proc/self/environ; do
    expect 1 "FAILED.*folders that jobs of this node may use" \
      "$PARTITA" wait "$(submit "$input" "$shared/out")" --timeout 30
    ok "$kind: nothing of $input is repeated" sh -c \
      "! grep -Eq 'somebody|root:|PARTITA_' '$scratch/stderr' '$scratch/stdout'"
  done
  for folder in "$private" "$shared/../private" "$shared/way-out" "$shared/way-out/new" /etc; do
    expect 1 "FAILED" "$PARTITA" wait "$(submit "$shared/in.csv" "$folder")" --timeout 30
  done

  # Rows that name files which nobody staged: the master refuses to rename them.
  run=$("$PARTITA" submit customer_etl "input=$shared/large.csv" "output_dir=$shared/out2" \
    partitions=12 delay_ms=300 2>/dev/null)
  begun() { "$PARTITA" job "$run" -o json | grep -q '"completed": *[1-9]'; }
  ok "$kind: a run is under way" wait_for 20 begun
  sql "update @result set files = '[[\"$shared/stolen\",\"$private/secret\"]]'
       where step_id = (select max(step_id) from @step where run_id = $run)"
  expect 1 "FAILED" "$PARTITA" wait "$run" --timeout 60
  ok "$kind: no file was moved" [ ! -e "$shared/stolen" ]
  ok "$kind: what lies elsewhere is as it was" untouched

  kill -TERM $node
  wait $node
  ok "$kind: the node lived through all of it ($?)" [ $? -eq 0 ]
  rm -rf "$shared/out" "$shared/out2"
  case $PARTITA_DB in sqlite:*) rm -f "${PARTITA_DB#sqlite:}"* ;; *) drop_pg "$PARTITA_DB" ;; esac
done

# A node that is told nothing uses the folder it was started in; `run` the files of its run.
PARTITA_FILES=
PARTITA_DB="sqlite:$scratch/default.db"
cd "$shared" || exit 1
mkdir "$scratch/elsewhere"
expect 0 COMPLETED "$PARTITA" run customer_etl "input=$private/in.csv" \
  "output_dir=$scratch/elsewhere" --fast
expect 2 "nowhere" "$PARTITA" node --files "$scratch/nowhere"
before=$("$PARTITA" jobs -o name | wc -l)
expect 2 "nowhere, which is no folder" "$PARTITA" run range_sum from=1 to=2 --fast \
  --files "$shared:$scratch/nowhere"
ok "nothing is submitted then" [ "$("$PARTITA" jobs -o name | wc -l)" -eq "$before" ]

# A ':' in the name of a folder, and of the database.
mkdir "$scratch/a:b" && cp "$private/in.csv" "$scratch/a:b/in.csv"
(
  cd "$scratch/a:b" && expect 0 COMPLETED "$PARTITA" run customer_etl input=in.csv output_dir=out \
    --fast --db "sqlite:$scratch/a:b/c:d.db" && [ "$failures" -eq 0 ]
)
ok "a ':' in a path is no separator ($?)" [ -f "$scratch/a:b/c:d.db" ]
ok "and the files are there" complete 200 "$scratch/a:b/out"
expect 0 "" "$PARTITA" jobs --db "sqlite:$scratch/a:b/c:d.db"
expect 0 . "$PARTITA" doctor --files "$(echo "$scratch/a:b" | sed 's/:/\\:/')"
ok "doctor reads it so too" grep -q "may use $scratch/a:b" "$scratch/stdout"
expect 0 . "$PARTITA" doctor
ok "doctor tells the folder" grep -q "may use $shared" "$scratch/stdout"
expect 0 . "$PARTITA" doctor --files "$shared:/"
ok "doctor tells that every file is allowed" grep -q "any file" "$scratch/stdout"
finish
