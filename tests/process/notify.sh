#!/bin/sh
# What a service manager hears of a node and of a server: ready when it has joined or listens, alive
# while it is, stopping when it drains.
#   PARTITA   the program
. "$(dirname "$0")/lib.sh"

# The manager's side: writes each message as one line, fields with '|' between them.
cat >"$scratch/manager.py" <<'P'
import socket, sys
name = sys.argv[1]
manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.bind("\0" + name[1:] if name.startswith("@") else name)
open(sys.argv[2], "w").close()
while True:
    with open(sys.argv[2], "a") as heard:
        heard.write(manager.recv(4096).decode().replace("\n", "|") + "\n")
P
listen() {  # SOCKET: what comes goes to $scratch/heard; the process id is left in $manager
  rm -f "$scratch/heard"
  python3 "$scratch/manager.py" "$1" "$scratch/heard" &
  manager=$!
  ok "the manager listens" wait_for 10 [ -e "$scratch/heard" ]
}
hears() { wait_for 20 grep -q "$1" "$scratch/heard"; }
count() { grep -c "$1" "$scratch/heard"; }
watchdogs() { [ "$(count '^WATCHDOG=1')" -ge "$1" ]; }
ends_with() {  # CODE: $process ends with it
  wait "$process"
  code=$?
  ok "it ends with $1, not $code" [ "$code" -eq "$1" ]
}
finished() { kill "$manager"; wait "$manager" 2>/dev/null; }

for kind in $(databases); do
  with_database "$kind"
  expect 0 . "$PARTITA" schema migrate
  for socket in "$scratch/notify" "@partita-notify-$$"; do
    rm -f "$scratch/notify"
    listen "$socket"
    NOTIFY_SOCKET=$socket WATCHDOG_USEC=1000000 "$PARTITA" node --name told --fast \
      --allow-command /usr/bin 2>"$scratch/node.log" &
    process=$!
    ok "$kind: ready" hears '^READY=1|STATUS=has joined as told$'
    ok "$kind: and it is in the cluster" sh -c "'$PARTITA' nodes -o json | grep -q told"
    ok "$kind: alive, twice a second" wait_for 5 watchdogs 4
    expect 0 COMPLETED "$PARTITA" wait \
      "$("$PARTITA" submit command program=/usr/bin/env 2>/dev/null)"
    ok "$kind: what it starts has an environment" grep -q PARTITA_RUN= "$scratch/stdout"
    ok "$kind: and cannot speak for it" sh -c \
      "! grep -q 'NOTIFY_SOCKET\\|WATCHDOG' '$scratch/stdout'"
    kill -TERM "$process"
    ok "$kind: stopping" hears '^STOPPING=1|STATUS=drains: .*|EXTEND_TIMEOUT_USEC=[0-9]*$'
    ends_with 0
    ok "$kind: each was said once" [ "$(count READY=1) $(count STOPPING=1)" = "1 1" ]
    ok "$kind: and nothing else" [ "$(grep -cv '^WATCHDOG=1$' "$scratch/heard")" -eq 2 ]
    finished
  done

  # Drained by its row in the database: the same, and no signal came.
  rm -f "$scratch/notify"
  listen "$scratch/notify"
  NOTIFY_SOCKET=$scratch/notify "$PARTITA" node --name asked --fast 2>"$scratch/node.log" &
  process=$!
  ok "$kind: ready once more" hears READY=1
  expect 0 . "$PARTITA" drain asked
  ends_with 0
  ok "$kind: stopping, by drain" hears '^STOPPING=1'
  ok "$kind: no watchdog was asked for" [ "$(count WATCHDOG=1)" -eq 0 ]
  finished

  # A node of which nothing moves is not said to be alive.
  rm -f "$scratch/notify"
  listen "$scratch/notify"
  NOTIFY_SOCKET=$scratch/notify WATCHDOG_USEC=400000 "$PARTITA" node --fast 2>>"$scratch/node.log" &
  process=$!
  ok "$kind: alive" wait_for 10 watchdogs 2
  kill -STOP "$process"
  before=$(count '^WATCHDOG=1')
  sleep 1
  ok "$kind: a frozen process is not" [ "$(count '^WATCHDOG=1')" -le $((before + 1)) ]
  kill -CONT "$process"
  ok "$kind: alive again" wait_for 10 watchdogs $((before + 2))
  kill -TERM "$process"
  ends_with 0
  finished

  rm -f "$scratch/alone.log"
  # A manager that is gone, or an address that is none, is no trouble.
  NOTIFY_SOCKET=$scratch/notify "$PARTITA" node --name alone --fast 2>"$scratch/alone.log" &
  process=$!
  ok "$kind: it joins all the same" wait_for 10 grep -q node_joined "$scratch/alone.log"
  kill -TERM "$process"
  ends_with 0

  # The server.
  rm -f "$scratch/notify"
  listen "$scratch/notify"
  NOTIFY_SOCKET=$scratch/notify WATCHDOG_USEC=400000 "$PARTITA" serve --http 127.0.0.1:0 \
    >"$scratch/serve.out" 2>"$scratch/serve.log" &
  process=$!
  ok "$kind: the server is ready" hears '^READY=1|STATUS=serves http://127.0.0.1:'
  ok "$kind: and listens" sh -c \
    "'$PARTITA' healthcheck ready --http \$(sed 's,http://,,; s,/\$,,' '$scratch/serve.out')"
  ok "$kind: alive, as often as the manager wants" wait_for 5 watchdogs 12
  kill -TERM "$process"
  ends_with 0
  ok "$kind: the server said so" hears '^STOPPING=1'
  finished
  done_database
done
finish
