#!/bin/sh
# Why partitions of a run failed: by message, in every format, with the command that shows more.
. "$(dirname "$0")/lib.sh"

said() { grep -Eq -- "$1" "$scratch/stdout"; }
# Lines of a file as the work of a program: it fails for those that begin with "bad", and asks for
# another try of those that begin with "busy", in vain.
mkdir "$scratch/bin"
printf '#!/bin/sh\nread word rest\n[ "$word" = bad ] && exit 3\n[ "$word" = busy ] && exit 75
exit 0\n' >"$scratch/bin/judge"
chmod +x "$scratch/bin/judge"
printf 'good 1\nbad 2\nbad 3\nbusy 4\nbad 5\n' >"$scratch/lines"

for kind in $(databases); do
  with_database "$kind"
  expect 1 FAILED "$PARTITA" run command program="$scratch/bin/judge" lines="$scratch/lines" \
    --allow-command "$scratch/bin" --fast
  expect 0 "partita job 1 [0-9]+ shows one of the first kind" "$PARTITA" errors 1
  ok "$kind: the most frequent message first" sh -c \
    "sed -n 2p '$scratch/stdout' | grep -Eq '^ +3  FAILED +run .*judge ended with 3'"
  ok "$kind: then the other" said " RETRY +run "
  no=$(sed -n 's/.*partita job 1 \([0-9]*\) .*/\1/p' "$scratch/stderr")
  expect 0 "" "$PARTITA" job 1 "$no"
  ok "$kind: the command that was suggested shows it" said "judge ended with 3"
  expect 0 "" "$PARTITA" errors 1 -o json
  ok "$kind: as JSON" said '^\{"items":\[\{"message":"[^"]*ended with 3","count":3,'
  ok "$kind: it tells how much was looked at" said '"looked_at":[0-9]+,"more":false\}'
  expect 0 "" "$PARTITA" errors 1 -o jsonl
  ok "$kind: as lines of JSON" [ "$(grep -c '^{"message"' "$scratch/stdout")" -ge 2 ]
  expect 0 "" "$PARTITA" errors 1 -o csv
  ok "$kind: as CSV" said '^count,outcome,steps,first_at,last_at,example_no,'
  expect 3 "no run 99" "$PARTITA" errors 99
  expect 2 "RUN is missing" "$PARTITA" errors
  expect 0 COMPLETED "$PARTITA" run range_sum from=1 to=10 --fast
  expect 0 "no attempt at a partition has failed" "$PARTITA" errors 2
  done_database
done
finish
