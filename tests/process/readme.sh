#!/bin/sh
# The first steps of the README work as they stand there, one after the other, in an empty folder.
#   README   the file
. "$(dirname "$0")/lib.sh"
unset PARTITA_DB PARTITA_FILES DATABASE_URL
mkdir "$scratch/bin" "$scratch/folder"
ln -s "$PARTITA" "$scratch/bin/partita"
PATH="$scratch/bin:$PATH"
cd "$scratch/folder" || exit 1

sed -n '/^<!-- first steps/,/^```$/p' "$README" | grep '^partita ' >"$scratch/steps"
ok "the README has first steps" [ "$(wc -l <"$scratch/steps")" -ge 10 ]
export PARTITA_FAST=on  # shorter timers, so that the test need not wait
while read -r step; do
  checks=$((checks + 1))
  # Output to a file and not to our own stdout: what goes on in the background must not hold it.
  sh -c "$step" >"$scratch/stdout" 2>"$scratch/stderr" </dev/null && continue
  failures=$((failures + 1))
  echo "FAILED: $step" >&2
  tail -5 "$scratch/stderr" >&2
done <"$scratch/steps"
ok "the file was converted" sh -c "grep -q '<customer>' out/*.xml"
for pid in $(leftovers); do kill -TERM "$pid" 2>/dev/null; done
finish
