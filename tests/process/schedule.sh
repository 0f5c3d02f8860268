#!/bin/sh
# What `schedule test` says of triggers.
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
expect 2 "schedule list is not known" "$PARTITA" schedule list x
expect 2 "TRIGGER" "$PARTITA" schedule test
finish
