#!/bin/sh
# Input and output files in an object store, a real one: OpenStack Swift (s3_server.py).
#   PARTITA       the program
#   BATCH_TESTS   whose tests "[.s3]" ask the store
. "$(dirname "$0")/lib.sh"
tests=$(cd "$(dirname "$0")" && pwd)
if ! /usr/bin/python3 -c 'import swift' 2>/dev/null; then
  echo "SKIPPED: no object store, because python3-swift is missing" >&2
  exit 77
fi
cd "$scratch" || exit 1
s3() { python3 "$tests/s3_client.py" "$@"; }

mkdir store tmp
export TMPDIR="$scratch/tmp"
/usr/bin/python3 "$tests/s3_server.py" store >address 2>server.err </dev/null &
server=$!
ok "the object store begins: $(cat server.err)" wait_for 60 test -s address
AWS_ENDPOINT_URL_S3=$(cat address)
export AWS_ENDPOINT_URL_S3 AWS_ACCESS_KEY_ID=writer AWS_SECRET_ACCESS_KEY=writing
s3 make partita
echo >fault
python3 "$tests/s3_relay.py" "$AWS_ENDPOINT_URL_S3" fault >relay 2>relay.err </dev/null &
relay=$!
ok "the relay begins: $(cat relay.err)" wait_for 60 test -s relay
export PARTITA_S3_FAULT="$scratch/fault"
AWS_ENDPOINT_URL_S3=$(cat relay) "$BATCH_TESTS" "[.s3]" >tests.out 2>&1
ok "what asks the store: $(tail -40 tests.out)" \
  grep -q "All tests passed" tests.out
ok "nothing is left on this host: $(ls -A tmp/*)" [ -z "$(ls -A tmp/*)" ]

expect 0 . "$PARTITA" generate marc records.mrc --rows 1200 --seed 7 --broken 10
expect 0 COMPLETED "$PARTITA" run marc_map input=records.mrc output_dir=local chunk_size=100 \
  --nodes 1 --fast --db "sqlite:$scratch/local.db"
s3 put partita/in/records.mrc records.mrc
mine=s3://partita/mine
export PARTITA_FILES="$scratch:s3://partita/in:$mine"

# The same names, and the same bytes, as on the local disk.
same_as_local() {
  s3 list "partita/mine/$1/" | sed 's/.*\///' | sort >names
  ls local | sort | cmp -s - names || return 1
  grep -v migration.json names >compared
  while read -r name; do
    s3 get "partita/mine/$1/$name" | cmp -s - "local/$name" || return 1
  done <compared
}
newest() { "$PARTITA" jobs --limit 1 -o name; }
node() {
  "$PARTITA" node --name "$1" --executors 2 --fast 2>>"$1.log" &
  nodes="$nodes $!"
}
end_nodes() {
  # shellcheck disable=SC2086
  kill -9 $nodes 2>/dev/null
  wait $nodes 2>/dev/null
  nodes=""
}
nodes=""
results() { sql "select count(*) from @result"; }
some_results() { [ "$(results)" -ge 3 ]; }
fails_with() {  # WHY JOB PARAMETER...
  why=$1
  shift
  expect 1 FAILED "$PARTITA" submit "$@" --key "$(date +%N)" --wait
  expect 0 "" "$PARTITA" job "$(newest)" -o json
  ok "it is told: $(head -c 300 "$scratch/stdout")" grep -Eq "$why" "$scratch/stdout"
}

refusals() {
  fails_with "s3://partita/other lies outside.*$mine" marc_map input=records.mrc \
    output_dir=s3://partita/other
  ok "the private folder of the node is not told" sh -c "! grep -q '$TMPDIR' '$scratch/stdout'"
  fails_with "s3://partita/in/none: No such file" marc_map input=s3://partita/in/none \
    output_dir=$mine/none
  expect 2 "S3://partita/in names no object, as s3://bucket/key does" \
    "$PARTITA" submit marc_map input=S3://partita/in output_dir=$mine/none
  end_nodes
  export AWS_ACCESS_KEY_ID=reader AWS_SECRET_ACCESS_KEY=reading
  node reader
  fails_with "the object store refuses it: 403" marc_map input=s3://partita/in/records.mrc \
    output_dir=$mine/refused
  end_nodes
  export AWS_ACCESS_KEY_ID=writer AWS_SECRET_ACCESS_KEY=writing
  AWS_ENDPOINT_URL_S3=http://127.0.0.1:1
  node far
  fails_with "http://127.0.0.1:1/partita.* does not answer" marc_map \
    input=s3://partita/in/records.mrc output_dir=$mine/later chunk_size=100
  end_nodes
  # The store is there again: nothing was lost.
  AWS_ENDPOINT_URL_S3=$(cat address)
  node near
  expect 0 COMPLETED "$PARTITA" restart "$(newest)" --wait
  ok "it goes on once the store answers" same_as_local "later"
}

for kind in $(databases); do
  with_database "$kind"
  expect 0 . "$PARTITA" schema migrate
  AWS_ENDPOINT_URL_S3=$(cat relay)
  node a
  first=$!
  node b
  run=$("$PARTITA" submit marc_map input=s3://partita/in/records.mrc output_dir=$mine/$kind \
    chunk_size=100 2>/dev/null)
  ok "$kind: it begins" wait_for 60 some_results
  kill -9 $first
  echo 503 9 >fault
  ok "$kind: it is under way" [ "$(results)" -lt 10 ]
  expect 0 COMPLETED "$PARTITA" wait "$run" --timeout 300
  ok "$kind: the store has failed meanwhile" grep -q "^503 0" fault
  AWS_ENDPOINT_URL_S3=$(cat address)
  ok "$kind, a node killed: what is there is what a local folder holds" same_as_local "$kind"

  sql 'create table entity (id varchar(40) primary key, entity text)'
  expect 0 COMPLETED "$PARTITA" submit marc_save input_dir=$mine/$kind table=entity --wait
  ok "$kind: entities of the store are saved" [ "$(sql 'select count(*) from entity')" = 1188 ]

  # Fewer chunks now: those of the first run are not left beside them.
  expect 0 COMPLETED "$PARTITA" submit marc_map input=s3://partita/in/records.mrc \
    output_dir=$mine/$kind chunk_size=600 overwrite=true --key anew --wait
  ok "$kind: no file of the run before is left" \
    [ "$(s3 list "partita/mine/$kind/" | grep -c _entity$)" -lt 5 ]

  [ $kind = postgres ] || refusals
  end_nodes
  done_database
done
ok "nothing is left on this host: $(ls -A tmp/*)" [ -z "$(ls -A tmp/*)" ]
kill $server $relay
wait
finish
