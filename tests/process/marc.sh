#!/bin/sh
# marc_map as a user has it: records of each format, good and broken, on nodes of which one dies; a
# second implementation in another language makes the same entities.
. "$(dirname "$0")/lib.sh"
tests=$(cd "$(dirname "$0")" && pwd)
rules=$tests/../../apps/jobs/marc/rules
cd "$scratch" || exit 1

expect 0 "wrote 4,000 authority records" "$PARTITA" generate marc good.mrc --rows 4000 --seed 7
expect 0 . "$PARTITA" generate marc good.xml --rows 4000 --seed 7
expect 0 . "$PARTITA" generate marc broken.mrc --rows 4000 --seed 7 --broken 10
expect 0 . "$PARTITA" generate marc bad.mrc --rows 4000 --seed 7 --broken 600
expect 2 "broken" "$PARTITA" generate marc more.mrc --broken 1001

newest() { "$PARTITA" jobs --limit 1 -o name; }
# entities FOLDER: all of them, in order.
entities() { for f in $(cd "$1" && ls | grep '_entity$' | sort -n); do cat "$1/$f"; done; }

for kind in $(databases); do
  with_database "$kind"
  expect 0 . "$PARTITA" schema migrate
  expect 0 COMPLETED "$PARTITA" run marc_map input=good.mrc output_dir=$kind-mrc --nodes 1 --fast
  ok "$kind: all are mapped" grep -q '"mapped":4000,.*DATA_MAPPING_COMPLETED' "$scratch/stdout"
  ok "$kind: another program makes the same of it" \
    perl "$tests/marc_oracle.pl" "$rules/authority.json" good.mrc $kind-mrc

  "$PARTITA" run marc_map input=broken.mrc output_dir=$kind-broken chunk_size=100 --nodes 3 --fast \
    >"$scratch/run.out" 2>"$scratch/run.err" &
  runner=$!
  some_files() { [ -d "$kind-broken" ] && ls -A "$kind-broken" | grep -q _entity; }
  ok "$kind: chunks are written" wait_for 30 some_files
  ok "$kind: a node is killed" kill -9 "$(pgrep -P "$runner" | head -1)"
  wait "$runner"
  ok "$kind, a node killed: DATA_MAPPING_FAILED" grep -q \
    '"errors":40,"mapped":3960,.*DATA_MAPPING_FAILED' "$scratch/run.out"
  ok "$kind, a node killed: another program makes the same of it" \
    perl "$tests/marc_oracle.pl" "$rules/authority.json" broken.mrc $kind-broken
  ok "$kind: bad records are lines" [ "$(cat $kind-broken/*_error | wc -l)" = 40 ]
  ok "$kind: and kept whole" [ "$(cat $kind-broken/*_entity-error | wc -l)" = 40 ]
  expect 0 "" "$PARTITA" job "$(newest)" --skipped
  ok "$kind: they are told" grep -q "its leader says UTF-8, and its text is not" "$scratch/stdout"

  # A report of more than a page: each once, in the order of the partitions and their items.
  expect 0 COMPLETED "$PARTITA" run marc_map input=bad.mrc output_dir=$kind-bad --nodes 1 --fast
  bad=$(newest)
  let_go=$("$PARTITA" job "$bad" -o json | grep -o '"skipped":[0-9]*' | head -1 | cut -d: -f2)
  ok "$kind: many are bad" [ "$let_go" -gt 1000 ]
  "$PARTITA" job "$bad" --skipped -o csv >report.csv
  "$PARTITA" job "$bad" --skipped -o jsonl >report.jsonl
  ok "$kind: CSV has a heading" [ "$(head -1 report.csv)" = step,no,item,stage,place,why,at ]
  ok "$kind: CSV has a line for each" [ "$(wc -l <report.csv)" -eq $((let_go + 1)) ]
  ok "$kind: JSON lines have a line for each" [ "$(wc -l <report.jsonl)" -eq "$let_go" ]
  sed 1d report.csv | cut -d, -f2,3 >keys
  ok "$kind: each once, in order" sort -cu -t, -k1,1n -k2,2n keys
  "$PARTITA" job "$bad" --skipped --limit 1001 -o csv | sed 1d >first.csv
  ok "$kind: --limit gives the first ones" sh -c "sed -n 2,1002p report.csv | cmp - first.csv"
  done_database
done

with_database sqlite
expect 0 . "$PARTITA" schema migrate
expect 0 COMPLETED "$PARTITA" run marc_map input=good.xml output_dir=xml --nodes 1 --fast
entities xml >xml.lines
ok "XML has the same entities" [ "$(wc -l <xml.lines)" = 4000 ]

# A folder holds one migration.
expect 1 "holds the migration of run 1: name another folder" \
  "$PARTITA" run marc_map input=good.mrc output_dir=xml tenant=b --nodes 1 --fast
entities xml | cmp -s - xml.lines
ok "what lies there stays ($?)" [ $? -eq 0 ]
expect 0 COMPLETED \
  "$PARTITA" run marc_map input=good.mrc output_dir=xml tenant=b overwrite=true --nodes 1 --fast

# A folder that leads out of the node's own by a symbolic link is neither filled nor emptied.
mkdir -p inside outside
echo precious >outside/5_entity
cp good.mrc inside/good.mrc
ln -s ../outside inside/link
sql "create table no_rows (id varchar(40) primary key, marc text)"
for folder in link link/new; do
  expect 1 "leads by a symbolic link out of" "$PARTITA" run marc_map table=no_rows \
    output_dir=inside/$folder --nodes 1 --fast --files "$scratch/inside"
done
ok "what lies elsewhere is as it was" [ "$(ls -A outside)$(cat outside/5_entity)" = \
  5_entityprecious ]

# What cannot be is told in a sentence.
last=$(newest)
echo '{"100": [{"target": "personalNam"}]}' >rules.json
expect 2 "100: there is no target personalNam; did you mean personalName" \
  "$PARTITA" run marc_map input=good.mrc output_dir=none rules=rules.json --nodes 1 --fast
expect 2 "neither input nor table is given" "$PARTITA" submit marc_map output_dir=none
echo '{"100": [}' >broken.json
expect 2 "broken.json: the rules are no JSON: line 1, column 10" \
  "$PARTITA" submit marc_map input=good.mrc output_dir=none rules=broken.json
expect 2 "parameter table is partita_run, which belongs to the engine" \
  "$PARTITA" submit marc_map output_dir=none table=partita_run
expect 2 "parameter table is a;b; a name has letters" \
  "$PARTITA" submit marc_map output_dir=none "table=a;b"
ok "no run is made for it" [ "$(newest)" = "$last" ]
ok "and no folder" [ ! -e none ]
map() { "$PARTITA" run marc_map output_dir=none --nodes 1 --fast "$@"; }
expect 1 "holds no records" map input=rules.json
expect 1 "cannot read" map input=gone.mrc
done_database
finish
