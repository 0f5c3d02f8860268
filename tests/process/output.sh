#!/bin/sh
# What goes to stdout and to a terminal: for pipes that end early, for programs that read CSV and
# JSON, and for people who watch a bar.
. "$(dirname "$0")/lib.sh"

# Its reader takes a line and ends. Not a word on stderr, and the command did what it had to do.
first_line() {  # COMMAND...
  { "$@" 2>"$scratch/stderr"; echo $? >"$scratch/code"; } | head -n 1 >"$scratch/stdout"
}

for kind in $(databases); do
  with_database "$kind"
  expect 0 COMPLETED "$PARTITA" run range_sum from=1 to=40000 partitions=20000 --fast
  for format in table csv json jsonl name; do
    first_line "$PARTITA" job 1 --partitions -o $format --limit 100000
    ok "$kind, $format: a line arrives" [ -s "$scratch/stdout" ]
    ok "$kind, $format: a pipe that ends early is no error" [ "$(cat "$scratch/code")" -eq 0 ]
    ok "$kind, $format: and nothing is said" [ ! -s "$scratch/stderr" ]
  done
  # Nobody reads what it says, from the beginning: the run ends all the same.
  { "$PARTITA" run range_sum from=1 to=500 partitions=50 --fast 2>&1; echo $? >"$scratch/code"; } |
    true
  ok "$kind: a run ends without its reader" [ "$(cat "$scratch/code")" -eq 0 ]
  ok "$kind: it is COMPLETED" [ "$(sql "select state from @run where run_id = 2")" = COMPLETED ]
  if [ -w /dev/full ]; then
    ok "$kind: a full disk is an error" sh -c "! '$PARTITA' jobs >/dev/full 2>/dev/null"
  fi

  # Pages: `next` is there exactly when there is more.
  for n in 1 2 3; do "$PARTITA" submit range_sum from=1 to=$((n + 10)) >/dev/null 2>&1; done
  next() { "$PARTITA" jobs --limit "$1" -o json --before "$2" | sed 's/.*"next"://'; }
  ok "$kind: there is a next page" [ "$(next 3 6)" = '"3"}' ]
  ok "$kind: it is the last one" [ "$(next 2 3)" = 'null}' ]
  ok "$kind: all of them are no page" [ "$(next 5 6)" = 'null}' ]

  # Options before the command.
  ok "$kind: options may stand first" [ \
    "$("$PARTITA" --db "$PARTITA_DB" -o json --limit 2 jobs)" = \
    "$("$PARTITA" jobs --limit 2 -o json)" ]
  csv=$("$PARTITA" -o csv job 1 | tail -1)
  ok "$kind: CSV has plain numbers" sh -c "echo '$csv' | grep -q ',20000,20000,' &&
    ! echo '$csv' | grep -Eq '[0-9]s\b|%|/'"
  done_database
done

# On a terminal: the bar and the log lines of the nodes share it. Each log line begins where it
# wipes out what stands there.
if command -v script >/dev/null; then
  export PARTITA_DB="sqlite:$scratch/terminal.db"
  TERM=xterm script -qec "'$PARTITA' run range_sum from=1 to=400 partitions=40 delay_ms=2 --fast \
    --nodes 2 --log-level info" /dev/null >"$scratch/terminal" </dev/null
  esc=$(printf '\033')
  ok "a bar is drawn" grep -q '\[#*\.*\]' "$scratch/terminal"
  ok "nodes log" grep -q 'info .*node_joined\|info .* joined' "$scratch/terminal"
  tr '\r' '\n' <"$scratch/terminal" >"$scratch/lines"
  ok "no log line stands behind a bar" sh -c "! grep -q '\[[#.]*\].*Z info ' '$scratch/lines'"
  ok "each log line wipes out the bar" sh -c \
    "! grep 'Z info ' '$scratch/lines' | grep -qv '^$esc\[K'"
else
  echo "SKIPPED: the terminal, because script is missing" >&2
fi
finish
