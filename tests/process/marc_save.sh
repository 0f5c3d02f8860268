#!/bin/sh
# The job marc_save: entities go to a server, or to a table, exactly once; what is refused can be
# tried again by itself; a server that fails in every way loses nothing. The server is
# bulk_server.py.
#   PARTITA   the program
. "$(dirname "$0")/lib.sh"
tests=$(cd "$(dirname "$0")" && pwd)
cd "$scratch" || exit 1

expect 0 . "$PARTITA" generate marc records.mrc --rows 2000 --seed 7
expect 0 COMPLETED "$PARTITA" run marc_map input=records.mrc output_dir=out chunk_size=100 \
  --nodes 1 --fast --db "sqlite:$scratch/map.db"
expect 0 COMPLETED "$PARTITA" run marc_map input=records.mrc output_dir=few chunk_size=1000 \
  --nodes 1 --fast --db "sqlite:$scratch/map.db"
ids() { cat out/*_entity | sed 's/.*"id":"\([^"]*\)".*/\1/' | sort; }
ids >ids
ok "there are entities to save" [ "$(wc -l <ids)" = 2000 ]
printf 'X-Okapi-Token: abc\r\n' >headers
mkdir empty

begin_server() {
  rm -rf server
  mkdir server
  python3 "$tests/bulk_server.py" server &
  server=$!
  wait_for 10 test -s server/address
  address=$(cat server/address)
}
begin_nodes() {
  for name in a b; do
    "$PARTITA" node --name $name --executors 2 --fast --allow-url "$address/bulk" 2>>"$name.log" &
  done
  wait_for 20 sh -c "[ \$('$PARTITA' nodes -o name | wc -l) = 2 ]"
}
# save [KEY=VALUE…]: its number is in $run, what is told at its end in run.out and run.err.
from=out to=bulk
save() {
  "$PARTITA" submit marc_save input_dir=$from url="$address/$to" headers=headers tenant=diku \
    --key "$(date +%N)" --wait "$@" >run.out 2>run.err
  run=$("$PARTITA" jobs --limit 1 -o name)
}
again() {
  "$PARTITA" restart "$run" --wait "$@" >run.out 2>run.err
  run=$("$PARTITA" jobs --limit 1 -o name)
}
result() { grep -q "$1" run.out; }
# Each entity exactly once, but for these.
saved_but() {
  cut -d' ' -f2 server/saved | sort >got
  sort "$1" >but
  comm -23 ids but | cmp -s - got
}
: >none

for kind in $(databases); do
  with_database "$kind"
  expect 0 . "$PARTITA" schema migrate
  begin_server
  begin_nodes

  save
  ok "$kind: all are saved: $(cat run.err)" \
    result '"errors":0,"saved":2000,"status":"DATA_SAVING_COMPLETED","total":2000'
  ok "$kind: each once" saved_but none
  ok "$kind: a chunk a request, with tenant and token" \
    [ "$(grep -c ' diku abc True$' server/requests)" = "$(ls out | grep -c '_entity$')" ]

  # What is refused is told, and tried again by itself.
  sed -n '150p;151p;1500p' ids >server/refuse
  rm server/saved server/requests
  save publish_events=false
  ok "$kind: three are refused: $(cat run.err)" \
    result '"errors":3,"saved":1997,"status":"DATA_SAVING_FAILED","total":2000'
  ok "$kind: the others are saved" saved_but server/refuse
  expect 0 "" "$PARTITA" job "$run" --skipped -o csv
  ok "$kind: what and why is told" [ "$(grep -c 'no room for it, today' "$scratch/stdout")" = 3 ]
  sed -n '151p' ids >server/refuse
  rm server/requests
  expect 4 "only a FAILED or STOPPED run" "$PARTITA" restart "$run"
  again --skipped
  ok "$kind: two of them are saved now: $(cat run.err)" \
    result '"errors":1,"saved":1999,"status":"DATA_SAVING_FAILED","total":2000'
  ok "$kind: each once" saved_but server/refuse
  ok "$kind: no other was sent" \
    [ "$(awk '{ sum += $2 } END { print sum }' server/requests)" = 3 ]
  : >server/refuse
  # The answer is lost, so it is asked again with this key; what a killed node has left goes, too.
  rm server/requests
  echo "half 1" >server/fault
  left=out/$(head -1 server/saved | cut -d: -f1):left
  touch "$left.part" "$left.77.part"
  again --skipped
  ok "$kind: and the last one: $(cat run.err)" \
    result '"errors":0,"saved":2000,"status":"DATA_SAVING_COMPLETED","total":2000'
  ok "$kind: each once, at last" saved_but none
  expect 4 "has let no item go" "$PARTITA" restart "$run" --skipped
  ok "$kind: it was sent twice" [ "$(cut -d' ' -f1,2 server/requests | uniq -c)" = \
    "      2 $(grep -o 'save-.*by-.*' server/saved | tail -1 | cut -d' ' -f1) 1" ]
  ok "$kind: no file is left of parts of chunks" sh -c '! ls out | grep -q "[.]part$"'

  # A server that fails, and goes on later. The database has no part in it.
  if [ "$kind" = sqlite ]; then
    rm server/saved
    expect 0 COMPLETED "$PARTITA" run marc_save input_dir=out url="$address/$to" headers=headers \
      --nodes 1 --fast --db "sqlite:$scratch/other.db"
    ok "$kind: the same server saves them for another database, too" saved_but none
    for fault in "503 2" "half 1" "nothing 2" "silence 1" "fewer 1"; do
      rm -f server/saved server/requests
      sed -n '3p;4p' ids >server/refuse
      echo "$fault" >server/fault
      save timeout_s=1
      ok "$kind, $fault: all but two are saved: $(cat run.err)" result '"errors":2,"saved":1998'
      ok "$kind, $fault: each once" saved_but server/refuse
    done
    : >server/refuse
    rm server/saved
    echo "503 100000" >server/fault
    from=few
    save
    ok "$kind: it tells what the server says" \
      grep -q "bulk answers 503: the store is full" run.err
    ok "$kind: nothing is saved" [ ! -s server/saved ]
    echo "503 0" >server/fault
    again
    ok "$kind: what failed is done later: $(cat run.err)" result '"saved":2000'
    ok "$kind: each once, later" saved_but none
    echo "400 100" >server/fault
    save max_errors=0
    ok "$kind: a refused request is told at once" grep -q "bulk answers 400" run.err
    ok "$kind: and is not repeated" \
      [ "$(cat server/fault)" = "400 $((100 - $(ls few | grep -c '_entity$')))" ]
    echo "308 100" >server/fault
    save max_errors=0
    ok "$kind: it tells where a server sends to" \
      grep -q "bulk answers 308: it sends to https://elsewhere/bulk, which is not followed" run.err
    rm server/fault
    from=out
  fi

  # A node is killed meanwhile.
  rm server/saved server/answered
  save &
  wait_for 10 test -s server/saved
  kill -9 "$(pgrep -f "node --name a" | head -1)"
  wait $!
  ok "$kind: a node killed: each once" saved_but none

  to=elsewhere
  save
  ok "$kind: no other address is asked" \
    grep -q "lies outside what jobs of this node may reach: $address/bulk" run.err
  to=bulk
  for pid in $(leftovers); do
    grep -qs node "/proc/$pid/cmdline" && kill -TERM "$pid"
  done
  kill "$server"

  # A table.
  sql "create table entities (id varchar(40) primary key, entity text not null)"
  run_here() { "$PARTITA" run marc_save input_dir=out table=entities "$@" --nodes 2 --fast; }
  expect 0 COMPLETED run_here
  ok "$kind: the table has them all" [ "$(sql 'select count(*) from entities')" = 2000 ]
  sql "update entities set entity = 'old'"
  expect 0 COMPLETED run_here
  ok "$kind: and gets them again" \
    [ "$(sql "select count(*) from entities where entity = 'old'")" = 0 ]
  done_database
done

with_database sqlite
expect 0 . "$PARTITA" schema migrate
expect 2 "neither url nor table is given" "$PARTITA" submit marc_save input_dir=out
expect 2 "is no address of http or https" "$PARTITA" submit marc_save input_dir=out url=ftp://x/y
expect 2 "a user or a password does not belong" \
  "$PARTITA" submit marc_save input_dir=out url=http://u:p@x/y
expect 2 "allow-url: .* no address" "$PARTITA" node --allow-url "nowhere at all"
save_here() { "$PARTITA" run marc_save "$@" --nodes 1 --fast; }
expect 1 "/empty, which has no migration.json: it must be the output_dir of a marc_map" \
  save_here input_dir=empty url=http://127.0.0.1:1/
expect 1 "127.0.0.1:1/ does not answer" \
  save_here input_dir=few url=http://127.0.0.1:1/ --executors 3
printf '\nX-Okapi-Token: abc\n\nsecret\n' >bad-headers
expect 1 "bad-headers: line 4 is no header" \
  save_here input_dir=few url=http://127.0.0.1:1/ headers=bad-headers
chunks=$(ls out | grep -c '_entity$')
mv out/7_entity out/other
expect 1 "7_entity is missing: marc_map made $chunks of them" \
  save_here input_dir=out url=http://127.0.0.1:1/
mv out/other out/7_entity
touch "out/${chunks}_entity"
expect 1 "holds $((chunks + 1)) files N_entity, and marc_map made $chunks" \
  save_here input_dir=out url=http://127.0.0.1:1/
rm "out/${chunks}_entity"
mv few/migration.json few/whole
echo '{"run": "7", "state": "MAPPING", "chunks": 2}' >few/migration.json
expect 1 "the migration of run 7 has not ended" save_here input_dir=few url=http://127.0.0.1:1/
echo '{"run": "7", "state": "MAPPED"' >few/migration.json
expect 1 "migration.json is not as marc_map writes it" \
  save_here input_dir=few url=http://127.0.0.1:1/
mv few/whole few/migration.json
printf '{"id": 7}\nno json\n' >>out/7_entity
sql "create table entities (id varchar(40) primary key, entity text not null)"
expect 0 COMPLETED save_here input_dir=out table=entities
ok "lines that are no entities are let go" grep -q '"errors":2,"saved":2000' "$scratch/stdout"
expect 0 "" "$PARTITA" job "$("$PARTITA" jobs --limit 1 -o name)" --skipped
ok "and told" grep -q "it is no JSON object" "$scratch/stdout"
done_database
finish
