#!/bin/sh
# Schedules: what `schedule test` says of triggers, and nodes that share the ticks of schedules by
# their tokens, on each database.
. "$(dirname "$0")/lib.sh"

said() { grep -Eq -- "$1" "$scratch/stdout"; }
lines() { [ "$(wc -l <"$scratch/stdout")" -eq "$1" ]; }

expect 0 "30 2 \* \* 1-5, on the clock of Europe/Berlin" \
  "$PARTITA" schedule test "30 2 * * MON-FRI" --zone Europe/Berlin
ok "ten times and a heading" lines 11
ok "at that time there" said "T0[01]:30:00.000Z +20[0-9-]+ 02:30:00$"
expect 0 "" "$PARTITA" schedule test "0 0 29 2 *" --count 3 -o csv
ok "leap days only" [ "$(grep -c -- "-02-29 00:00:00" "$scratch/stdout")" -eq 3 ]
expect 0 "never" "$PARTITA" schedule test "0 0 31 2 *"
expect 0 "never" "$PARTITA" schedule test "at 2001-01-01T00:00"
expect 0 "every 90s" "$PARTITA" schedule test "every 90s" --count 1
expect 2 "minute.*61" "$PARTITA" schedule test "61 * * * *"
expect 2 "Europe/Berlin" "$PARTITA" schedule test @daily --zone Europe/Berln
ok "which is no flaw of the trigger" sh -c "! grep -q quotes '$scratch/stderr'"
expect 2 "it is one of add, backfill" "$PARTITA" schedule lst x
expect 2 "TRIGGER" "$PARTITA" schedule test
expect 2 "one word, so it wants quotes" "$PARTITA" schedule test every 30s
expect 2 "one word too many: more" "$PARTITA" schedule test @daily more
expect 2 "one word, so it wants quotes" "$PARTITA" schedule add z every 30s price
expect 2 "the trigger 0 0 30 2 \* never comes" "$PARTITA" schedule add z "0 0 30 2 *" price
expect 2 "never comes" "$PARTITA" schedule add z "at 2001-01-01T00:00" price --catch-up 1h
expect 2 "only with --paused" "$PARTITA" schedule add z @daily price --note why
expect 2 "schedule add takes no --count" "$PARTITA" schedule add z @daily price --count 3
expect 2 "schedule add takes no --from" "$PARTITA" schedule add z @daily price --from 3d
expect 2 "schedule resume takes no --note" "$PARTITA" schedule resume z --note why
expect 2 "schedule needs a word" "$PARTITA" schedule

owned_by() { "$PARTITA" schedule list -o csv | grep -c ",$1,"; }
owns() { [ "$(owned_by "$1")" -eq "$2" ]; }
add() {
  expect 0 "schedule $1 starts range_sum every 1s at fixed rate, on the clock of UTC" \
    "$PARTITA" schedule add "$1" "every 1s at fixed rate" range_sum from=1 "to=$2"
}
runs_of() { sql "select count(*) from @run r join @schedule s on s.schedule_id = r.schedule_id
                 where s.name = '$1'"; }
at_least() { [ "$(runs_of "$1")" -ge "$2" ]; }
node() { "$PARTITA" node --name "$1" --executors 1 --fast --tokens "$2" 2>>"$scratch/$1.log" & }

for kind in $(databases); do
  with_database "$kind"
  expect 0 . "$PARTITA" schema migrate
  expect 0 "no schedules" "$PARTITA" schedule list
  add one 11
  add two 12
  add three 13
  more() { "$PARTITA" schedule add "$@"; }
  expect 4 "there is a schedule one already" more one @daily range_sum from=1 to=2
  expect 2 "parameter from is missing" more four @daily range_sum to=2
  expect 2 '"3" is not an interval' more four "every 3 moons" range_sum from=1 to=2
  expect 3 "did you mean range_sum" more four @daily range_sun
  expect 2 "overlap.*queue-one" more four @daily range_sum from=1 to=2 --overlap no
  expect 3 "did you mean three" "$PARTITA" schedule show thre
  doctor_says() { "$PARTITA" doctor 2>/dev/null | grep -Eq "$1"; }
  ok "$kind: doctor names them" doctor_says "schedule two +is owned by no node that lives"

  node first 2
  first=$!
  ok "$kind: a node with two tokens owns two of three" wait_for 20 owns first 2
  ok "$kind: doctor tells how many tokens there are" doctor_says "2 tokens for 3 schedules"
  node second 2
  second=$!
  ok "$kind: another one owns the third" wait_for 20 owns second 1
  ok "$kind: doctor is content with schedules" doctor_says "each is fired"
  for name in one two three; do
    ok "$kind: $name fires" wait_for 20 at_least "$name" 2
  done

  kill -KILL "$second"
  wait "$second" 2>/dev/null
  ok "$kind: what a killed node owned has no owner, for the other has no token" \
    wait_for 20 owns second 0
  node third 2
  third=$!
  ok "$kind: a new node takes it over" wait_for 20 owns third 1
  before=$(sql "select max(run_id) from @run")
  fired() { sql "select count(distinct schedule_id) from @run where run_id > $before"; }
  again() { [ "$(fired)" -eq 3 ]; }
  ok "$kind: all three fire again" wait_for 20 again

  # A drained node hands over at once, as far as the others have tokens.
  "$PARTITA" drain third 2>/dev/null
  ok "$kind: a drained node owns none" wait_for 20 owns third 0
  wait "$third"
  expect 0 "is paused" "$PARTITA" schedule pause two --note "the mainframe is away"
  expect 0 "" "$PARTITA" schedule list
  ok "$kind: the list shows why" said "the mainframe is away"
  ok "$kind: its token is free for another" wait_for 20 owns first 2
  expect 0 "" "$PARTITA" schedule show two
  ok "$kind: and so does the schedule" said "note +the mainframe"
  ok "$kind: and since when" said "^since +(now|[0-9]+s ago)"
  expect 0 "schedule two goes on, next at" "$PARTITA" schedule resume two
  expect 0 "" "$PARTITA" schedule show two -o json --count 3
  ok "$kind: as one document" said '^\{"id":"[0-9]+","name":"two"'
  ok "$kind: with its ticks" sh -c "[ \"\$(grep -o '\"local\"' '$scratch/stdout' | wc -l)\" -eq 3 ]"

  # By hand: a run for now, and one for each tick of the past.
  expect 0 "run [0-9]+ of range_sum is that of the tick" "$PARTITA" schedule run two
  run=$(cat "$scratch/stdout")
  expect 0 COMPLETED "$PARTITA" wait "$run" --timeout 60
  expect 0 "" "$PARTITA" job "$run" -o json
  ok "$kind: the run tells its tick" said "\"tick\":\"20"
  expect 0 "starts range_sum by 0 \* \* \* \*" "$PARTITA" schedule add hourly "0 * * * *" \
    range_sum from=1 to=20 --paused --note "not yet" --zone Europe/Berlin
  expect 0 "" "$PARTITA" schedule show hourly
  ok "$kind: and says why it rests" said "note +not yet"
  ok "$kind: and what it would do" said ":00:00.000Z +20[0-9-]+ "
  ok "$kind: a minute late is on time" said "catches up +1m 00s"
  expect 0 "starts range_sum every 1h" \
    "$PARTITA" schedule add rare "every 1h" range_sum from=1 to=21
  expect 0 "starts range_sum once at 2999" \
    "$PARTITA" schedule add once "at 2999-01-01T00:00" range_sum from=1 to=22
  expect 0 "" "$PARTITA" schedule list
  ok "$kind: the list tells in how long a tick comes" said "^rare .* in 59m [0-9]+s "
  expect 0 "" "$PARTITA" schedule show rare --time iso --count 1
  ok "$kind: the ticks begin with the stored one" sh -c \
    "[ \"\$(awk '/^next tick/ { print \$3 }' '$scratch/stdout')\" = \
       \"\$(awk 'END { print \$1 }' '$scratch/stdout')\" ]"
  for name in rare once; do expect 0 "is gone" "$PARTITA" schedule rm "$name"; done
  fill() {
    "$PARTITA" schedule backfill hourly --from 2026-03-01T10:00 --to 2026-03-01T11:30:00.508Z
  }
  expect 0 "3 ticks from 2026-03-01" fill
  ok "$kind: a run for each" lines 3
  expect 0 "3 ticks" fill
  ok "$kind: and no second one" [ "$(runs_of hourly)" -eq 3 ]
  expect 0 "1 tick from" "$PARTITA" schedule backfill hourly --from 2026-03-01T09:00:00Z \
    --to 2026-03-01T10:30+01:00
  expect 0 "tick 2026-03-01T09:00:00" "$PARTITA" schedule run hourly --at 2026-03-01T10:00
  expect 0 "tick 2026-03-01T09:00:00" "$PARTITA" schedule run hourly --at 2026-03-01T09:00Z
  expect 2 "is no tick of hourly" "$PARTITA" schedule run hourly --at 2026-03-01T10:20
  expect 2 "which is later than their end" \
    "$PARTITA" schedule backfill hourly --from 2026-03-01 --to 2026-02-01
  expect 2 "2998-12-31T23:00.*, which is still to come" \
    "$PARTITA" schedule backfill hourly --from 2026-03-01 --to 2999-01-01
  ok "$kind: and no run of it" [ "$(runs_of hourly)" -eq 3 ]
  expect 2 "from is missing" "$PARTITA" schedule backfill hourly
  expect 2 "more than 1000 ticks" "$PARTITA" schedule backfill one --from 2026-03-01
  expect 2 "still to come" "$PARTITA" schedule run one --at 2999-01-01
  expect 0 "is gone; its runs stay" "$PARTITA" schedule rm hourly
  expect 3 "there is no schedule hourly" "$PARTITA" schedule rm hourly

  for name in one two three; do "$PARTITA" schedule pause "$name" 2>/dev/null; done
  kill -TERM "$first"
  wait "$first"
  ok "$kind: no tick started two runs" [ "$(sql "select count(*) from (select 1 from @run
    where schedule_id is not null group by schedule_id, tick having count(*) > 1) twice")" -eq 0 ]
  expect 0 "" "$PARTITA" verify
done
finish
