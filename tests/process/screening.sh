#!/bin/sh
# sanctions_screening as a user has it: each strategy, on one node and on three of which one dies,
# finds the same, on each database.
. "$(dirname "$0")/lib.sh"
cd "$scratch" || exit 1

expect 0 "wrote 300 payments" "$PARTITA" generate elixir0 payments.txt --rows 300 --seed 7
expect 0 "" "$PARTITA" generate sdn lists --rows 1500 --seed 7
lists="names=lists/sdn.csv addresses=lists/add.csv alternate_names=lists/alt.csv"
input="input=payments.txt $lists"

# found RUN: the lines of the payments and the entities they may have to do with.
found() {
  sql "select t.line, m.sdn_entity_id from screening_match m join screening_transaction t
       on t.id = m.transaction_id where t.run_id = $1 order by 1, 2"
}
# loads RUN: a later run has stored payments.
loads() { [ "$(sql "select count(*) from screening_transaction where run_id > $1")" -gt 0 ]; }
newest() { "$PARTITA" jobs --limit 1 -o name; }
result_of() { "$PARTITA" job "$1" -o json | tr -d ' \n' | grep -o '"result":{[^}]*}'; }
# Words of $input are words of the command.
screen() { # shellcheck disable=SC2086
  "$PARTITA" run sanctions_screening $input "$@"
}

for kind in $(databases); do
  with_database "$kind"
  expect 0 . "$PARTITA" schema migrate
  for strategy in local_chunking local_partitioning remote_chunking remote_partitioning; do
    expect 0 COMPLETED screen strategy=$strategy --nodes 1 --fast
    run=$(newest)
    if [ ! -s "$scratch/expected" ]; then
      found "$run" >"$scratch/expected"
      expected=$(result_of "$run")
    fi
    ok "$kind, $strategy: some payments are suspended" [ "$(wc -l <"$scratch/expected")" -gt 5 ]
    found "$run" >"$scratch/found"
    ok "$kind, $strategy: the same matches" cmp "$scratch/expected" "$scratch/found"
    ok "$kind, $strategy: the same result" [ "$(result_of "$run")" = "$expected" ]

    # shellcheck disable=SC2086
    "$PARTITA" run sanctions_screening $input strategy=$strategy --nodes 3 --fast >/dev/null \
      2>"$scratch/run.err" &
    runner=$!
    ok "$kind, $strategy, three nodes: it loads" wait_for 30 loads "$run"
    ok "$kind, $strategy: a node is killed" kill -9 "$(pgrep -P "$runner" | head -1)"
    wait "$runner"
    ok "$kind, $strategy, a node killed: COMPLETED" grep -q COMPLETED "$scratch/run.err"
    run=$(newest)
    found "$run" >"$scratch/found"
    ok "$kind, $strategy, a node killed: the same matches" \
      cmp "$scratch/expected" "$scratch/found"
    ok "$kind, $strategy, a node killed: the same result" [ "$(result_of "$run")" = "$expected" ]
  done
  expect 0 COMPLETED screen strategy=local_partitioning --nodes 3 --fast
  ok "$kind, local_partitioning: one node of three has all slices" [ "$(sql "select l.node_id
    from @lease l join @step s on s.step_id = l.step_id
    where s.run_id = $(newest) and s.name = 'screen' group by 1" | wc -l)" -eq 1 ]
  ok "$kind: each payment has its state" [ "$(sql "select count(*) from screening_transaction
    where status = 'LOADED'")" = 0 ]
  ok "$kind: the preview tells" [ "$(sql 'select count(*) > 0 from screening_preview' |
    sed 's/^t$/1/')" = 1 ]
  done_database
done
with_database sqlite
expect 2 "max_skipped is -1; it must be between 0 and" screen max_skipped=-1
head -n 3 payments.txt >few.txt
printf 'not a payment\n' >>few.txt
# shellcheck disable=SC2086
expect 0 COMPLETED "$PARTITA" run sanctions_screening $lists input=few.txt max_skipped=1 --fast
"$PARTITA" node --fast 2>/dev/null &
node=$!
expect 1 "let go, and the payments are screened without them already" \
  "$PARTITA" restart "$(newest)" --skipped --wait
kill -TERM "$node"
wait "$node"
done_database
expect 2 "strategy=remote is none of local_chunking" screen strategy=remote
expect 2 "did you mean remote_chunking?" screen strategy=remote_chunkin
finish
