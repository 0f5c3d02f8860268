#!/bin/sh
# Any program as the body of a partition, only where the operator allows it; and what it says.
#   PARTITA   the program
. "$(dirname "$0")/lib.sh"

mkdir "$scratch/bin"
script() {  # NAME: its text comes from stdin
  { echo '#!/bin/sh'; cat; } >"$scratch/bin/$1"
  chmod +x "$scratch/bin/$1"
}
script hello <<'END'
echo "hello $*" && echo "said by $PARTITA_NO" >&2
END
script line <<END
read -r line
echo "\$PARTITA_KEY: \$line" >>"$scratch/lines"
sleep 0.1
END
script busy <<END
[ -e "$scratch/free" ] || { touch "$scratch/free"; echo busy >&2; exit 75; }
END
script bad <<'END'
echo "no such account" >&2; exit 3
END
script crash <<'END'
kill -SEGV $$
END
script long <<END
trap 'echo told to stop >&2; exit 1' TERM
sleep 1000 &
echo \$\$ >"$scratch/pid"
echo \$! >"$scratch/started"
while :; do sleep 0.1; done
END
program() { echo "program=$scratch/bin/$1"; }
allowed="--allow-command $scratch/bin --fast"
last_run() { sql "select max(run_id) from @run"; }
says() { "$PARTITA" job "$1" 0 | grep -Eq "$2"; }
all_lines() { [ "$(sort -u "$scratch/lines" | wc -l)" -eq 40 ] &&
  grep -q '^line 40: number 40$' "$scratch/lines"; }
runs() { [ -s "$scratch/pid" ] && kill -0 "$(cat "$scratch/pid")"; }
gone() { ! kill -0 "$1" || grep -q '^State:.Z' "/proc/$1/status"; }
ends() { gone "$(cat "$scratch/pid")" && gone "$(cat "$scratch/started")"; }

for kind in $(databases); do
  with_database "$kind"
  rm -f "$scratch/lines" "$scratch/free" "$scratch/pid"
  expect 2 "starts programs, and no folder of them is allowed" \
    "$PARTITA" run command "$(program hello)"
  expect 2 "is no folder" "$PARTITA" run command "$(program hello)" --allow-command "$scratch/no"
  expect 0 COMPLETED \
    "$PARTITA" run command "$(program hello)" 'arguments=["$HOME", "a  b"]' $allowed
  ok "$kind: its output is the result" grep -q '"output": *"hello $HOME a  b' "$scratch/stdout"
  ok "$kind: what it says is kept" says "$(last_run)" "said by 0"
  expect 1 "may not be started|lies outside" "$PARTITA" run command program=/bin/true $allowed
  expect 2 'is no list of texts, as \["-l", "/srv"\] is' \
    "$PARTITA" run command "$(program hello)" arguments=-l $allowed
  expect 1 "ended with 3" "$PARTITA" run command "$(program bad)" $allowed
  ok "$kind: why it failed is shown" says "$(last_run)" "no such account"
  expect 1 "ended with 139: by signal 11 .SIGSEGV., perhaps" \
    "$PARTITA" run command "$(program crash)" $allowed
  expect 2 "timeout_s is -1; it must be between 0 and" \
    "$PARTITA" run command "$(program hello)" timeout_s=-1 $allowed
  expect 2 "input and lines are both given" \
    "$PARTITA" run command "$(program hello)" input=a "lines=$scratch/names" $allowed
  expect 0 COMPLETED "$PARTITA" run command "$(program busy)" $allowed
  ok "$kind: 75 asked for another try" says "$(last_run)" "1 +.* +1 +busy"
  expect 1 "ran longer than its timeout of 1000 ms" \
    "$PARTITA" run command "$(program long)" timeout_s=1 $allowed
  ok "$kind: it was told" says "$(last_run)" "told to stop"

  # A program for each line of a file, on nodes that may, while one of them dies. The file has a
  # byte order mark, and line ends of Windows.
  { printf '\357\273\277' && seq 40 | sed 's/^/number /; s/$/\r/'; } >"$scratch/numbers"
  "$PARTITA" node --name forbids --executors 2 --fast 2>>"$scratch/node.log" &
  forbids=$!
  run=$("$PARTITA" submit command "$(program line)" "lines=$scratch/numbers" 2>/dev/null)
  ok "$kind: a node that forbids it says so" wait_for 10 sh -c \
    "'$PARTITA' nodes -o json | grep -q forbids && '$PARTITA' job $run -o json | grep -q CREATED"
  "$PARTITA" node --name one --executors 2 $allowed 2>>"$scratch/node.log" &
  one=$!
  "$PARTITA" node --name two --executors 2 $allowed 2>>"$scratch/node.log" &
  killed=$!
  ok "$kind: the first lines are done" wait_for 20 grep -q . "$scratch/lines"
  kill -9 "$killed"
  wait "$killed" 2>/dev/null
  expect 0 COMPLETED "$PARTITA" wait "$run" --timeout 60
  ok "$kind: every line had its program" all_lines
  if [ "$kind" = postgres ]; then  # SQL submits unchecked
    run=$(sql "select partita.submit('command', '{\"program\": \"$scratch/bin/line\",
      \"arguments\": \"-l\", \"lines\": \"$scratch/numbers\"}')")
    expect 1 "is no list of texts" "$PARTITA" wait "$run" --timeout 60
    ok "before any partition is made" [ "$(sql "select count(*) from @partition p join @step s
      on s.step_id = p.step_id where s.run_id = $run")" -eq 0 ]
  fi
  ok "$kind: not on the node that forbids it" sh -c \
    "! '$PARTITA' job $run --partitions -o json | grep -q forbids"

  # It ends when its run is cancelled, and with its node.
  run=$("$PARTITA" submit command "$(program long)" 2>/dev/null)
  ok "$kind: a long one runs" wait_for 20 runs
  expect 0 . "$PARTITA" cancel "$run"
  expect 8 STOPPED "$PARTITA" wait "$run" --timeout 30
  ok "$kind: it was told to stop" says "$run" "told to stop"
  rm "$scratch/pid"
  run=$("$PARTITA" submit command "$(program long)" 2>/dev/null)
  ok "$kind: another one runs" wait_for 20 runs
  kill -9 "$one"
  wait "$one" 2>/dev/null
  ok "$kind: it ends with its node, and so does what it has started" wait_for 5 ends
  expect 0 . "$PARTITA" cancel "$run"
  kill -TERM "$forbids"
  wait "$forbids" 2>/dev/null
  done_database
done
finish
