#!/bin/sh
# How runs share a cluster: paused runs and jobs, priorities, limits, tags, on each database.
. "$(dirname "$0")/lib.sh"

said() { grep -Eq -- "$1" "$scratch/stdout"; }
node() {
  "$PARTITA" node --name "$1" --executors 2 --fast --tag "${2:-none}" 2>>"$scratch/$1.log" &
}
submit() { "$PARTITA" submit range_sum from=1 "to=$1" partitions=40 delay_ms="$2" 2>/dev/null; }
ended() { sql "select count(*) from @result x join @step s on s.step_id = x.step_id
               where s.run_id = $1"; }
at_least() { [ "$(ended "$1")" -ge "$2" ]; }
held() { sql "select count(*) from @lease l join @step s on s.step_id = l.step_id
              where s.run_id = $1 and l.state = 'LIVE'"; }
holds_nothing() { [ "$(held "$1")" -eq 0 ]; }
waits() { "$PARTITA" job "$1" -o json | grep -Eq "\"waits_for\": *\".*$2"; }

expect 2 "ID is missing" "$PARTITA" pause
expect 2 "a priority is a whole number, not high" "$PARTITA" priority 1 high
expect 2 "limit needs a word" "$PARTITA" limit
expect 2 "N is a whole number, not ten" "$PARTITA" limit set api ten
expect 2 "N is too large: 99999999999999999999" "$PARTITA" limit set api 99999999999999999999
expect 2 "a priority is too small" "$PARTITA" priority 1 -99999999999999999999
expect 2 "is like 30d, 12h or 90m, not -1d" "$PARTITA" retention set -1d
expect 2 "a tag is made of letters" "$PARTITA" node --tag "gpu,,x"

for kind in $(databases); do
  with_database "$kind"
  expect 0 . "$PARTITA" schema migrate
  expect 0 "no limits" "$PARTITA" limit list
  expect 3 "no node has told of a job range_sun" "$PARTITA" pause --job range_sun
  expect 3 "there is no run 99" "$PARTITA" pause 99
  expect 2 "a limit of -1 partitions is none" "$PARTITA" limit set api -1
  expect 3 "no node has told of a job range_sun" "$PARTITA" resume --job range_sun
  expect 3 "no node has told of a job range_sun" "$PARTITA" cancel --job range_sun
  expect 3 "no node has told of a job range_sun" "$PARTITA" restart --failed --job range_sun
  expect 3 "no node has told of a job range_sun" "$PARTITA" retention rm --job range_sun
  for way in "" --dry-run; do
    expect 3 "no node has told of a job range_sun" \
      "$PARTITA" purge --ended-before 1d --job range_sun $way
  done
  node first
  first=$!
  run=$(submit 400 100)
  ok "$kind: it begins" wait_for 20 at_least "$run" 2
  expect 0 "run $run is paused" "$PARTITA" pause "$run" --note "the mainframe is away"
  ok "$kind: what is under way ends" wait_for 20 holds_nothing "$run"
  stopped_at=$(ended "$run")
  ok "$kind: it tells why it waits" waits "$run" "resume.*the mainframe is away"
  other=$(submit 401 1)
  expect 0 COMPLETED "$PARTITA" wait "$other" --timeout 60
  ok "$kind: others go on, and nothing of it begins" [ "$(ended "$run")" -eq "$stopped_at" ]
  expect 0 "run $run goes on" "$PARTITA" resume "$run"
  expect 0 COMPLETED "$PARTITA" wait "$run" --timeout 60
  ok "$kind: with all its partitions" said 80200
  expect 4 "COMPLETED already" "$PARTITA" pause "$run"
  expect 4 "COMPLETED already" "$PARTITA" priority "$run" 3

  expect 0 "job range_sum is paused" "$PARTITA" pause --job range_sum --note why
  run=$(submit 402 1)
  ok "$kind: a new run of a paused job waits" wait_for 5 waits "$run" "its job is paused"
  expect 0 "goes on" "$PARTITA" resume --job range_sum
  expect 0 COMPLETED "$PARTITA" wait "$run" --timeout 60
  expect 0 "was not paused" "$PARTITA" resume --job range_sum
  expect 3 "did you mean range_sum" "$PARTITA" resume --job range_sun

  # Ten seconds of work, so that the other one ends first also on a busy machine.
  slow=$(submit 500 500)
  ok "$kind: the long one begins" wait_for 20 at_least "$slow" 2
  urgent=$("$PARTITA" submit range_sum from=1 to=501 partitions=40 delay_ms=10 --priority 5 \
    2>/dev/null)
  expect 0 "run $urgent has priority 9" "$PARTITA" priority "$urgent" 9
  expect 2 "between -1000 and 1000" "$PARTITA" priority "$urgent" 1001
  expect 2 "between -1000 and 1000" "$PARTITA" priority "$urgent" -1001
  expect 0 COMPLETED "$PARTITA" wait "$urgent" --timeout 60
  ok "$kind: it does not wait for the one before" [ "$(ended "$slow")" -lt 40 ]
  expect 0 . "$PARTITA" cancel "$slow"
  expect 8 STOPPED "$PARTITA" wait "$slow" --timeout 60
  expect 0 . "$PARTITA" abandon "$slow"

  # Many runs at once.
  for to in 601 602 603; do submit "$to" 50 >/dev/null; done
  expect 0 "1 run would be asked to stop" "$PARTITA" cancel --job range_sum --param to=601 --dry-run
  expect 0 "3 runs would be asked to stop" "$PARTITA" cancel --job range_sum --dry-run
  ok "$kind: each is printed" [ "$(wc -l <"$scratch/stdout")" -eq 3 ]
  expect 0 "3 runs are asked to stop" "$PARTITA" cancel --job range_sum --param from=1
  for run in $(cat "$scratch/stdout"); do
    expect 8 STOPPED "$PARTITA" wait "$run" --timeout 60
  done
  expect 0 "0 runs are continued" "$PARTITA" restart --failed --job range_sum
  expect 0 "3 runs are continued" "$PARTITA" restart --state STOPPED --job range_sum --key again
  cp "$scratch/stdout" "$scratch/continued"
  expect 0 "3 runs are continued" "$PARTITA" restart --state STOPPED --job range_sum --key again
  ok "$kind: a repeat finds the same" cmp "$scratch/stdout" "$scratch/continued"
  for run in $(cat "$scratch/continued"); do
    expect 0 COMPLETED "$PARTITA" wait "$run" --timeout 60
  done
  expect 2 "not both" "$PARTITA" cancel 1 --job range_sum

  expect 0 "at most 3 partitions" "$PARTITA" limit set api 3
  expect 0 "" "$PARTITA" limit list
  ok "$kind: a limit is listed" said "^api +3 +0"
  expect 0 "any number" "$PARTITA" limit set api any
  ok "$kind: it is told with its tag" sh -c "'$PARTITA' nodes -o json | grep -q '\"none\"'"
  kill -TERM "$first"
  wait "$first"
  expect 0 "everything checked holds" "$PARTITA" verify
  done_database
done
finish
