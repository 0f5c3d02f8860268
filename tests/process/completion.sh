#!/bin/bash
# What shells complete, and the manual page, as users of an installed Partita get them.
. "$(dirname "$0")/lib.sh"

# In bash itself: what it offers for this line, whose last word is being typed.
export PATH="$(dirname "$PARTITA"):$PATH"
program=$(basename "$PARTITA")
"$PARTITA" completion bash >"$scratch/bash" 2>"$scratch/stderr"
ok "bash takes the script" bash -n "$scratch/bash"
offered() {  # WORDS...: also where bash takes "=" for a word of its own
  bash --norc -c '. "$1"; shift; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    "$(complete -p "$1" | sed "s/.*-F \([^ ]*\) .*/\1/")"; printf "%s\n" "${COMPREPLY[@]}"' \
    bash "$scratch/bash" "$@" 2>&1
}
offers() {  # WHAT WORDS...
  what=$1
  shift
  checks=$((checks + 1))
  offered "$@" | tr '\n' ' ' >"$scratch/offered"
  [ "$(sed 's/ *$//' "$scratch/offered")" = "$what" ] && return
  failures=$((failures + 1))
  echo "FAILED: $* offers $(cat "$scratch/offered"), not $what" >&2
}
offers "jobs job" "$program" job
offers "submit" "$program" --db sqlite:x.db sub
offers "submit" "$program" --db = sqlite:x.db sub
offers "--limit" "$program" jobs --li
offers "json jsonl" "$program" jobs -o j
offers "json jsonl" "$program" jobs --output = j
offers "table wide json jsonl csv name" "$program" jobs --output =
offers "table json" "$program" run -o ""
offers "COMPLETED" "$program" jobs --state COM
offers "PENDING" "$program" job 17 --state P
offers "CREATED" "$program" jobs --state CR
offers "migrate" "$program" schema m
offers "" "$program" schema migrate m
offers "bash zsh fish" "$program" completion ""
offers "ready" "$program" healthcheck r
offers "drain" "$program" help dr
offers "" "$program" jobs --limit ""
export PARTITA_DB="sqlite:$scratch/none.db"
offers "range_sum" "$program" run ran
touch "$scratch/page.html"
offers "$scratch/page.html" "$program" job 17 --report "$scratch/pa"

for shell in zsh fish; do
  expect 0 "" "$PARTITA" completion $shell
  cp "$scratch/stdout" "$scratch/$shell"
  if command -v $shell >/dev/null; then ok "$shell takes the script" $shell -n "$scratch/$shell"
  else echo "SKIPPED: whether $shell takes its script, because $shell is missing" >&2; fi
done
expect 2 "tcsh.*" "$PARTITA" completion tcsh
expect 2 "the name of a shell is missing" "$PARTITA" completion

expect 0 "" "$PARTITA" help --man
cp "$scratch/stdout" "$scratch/partita.1"
if command -v groff >/dev/null; then
  LC_ALL=C.UTF-8 groff -man -ww -K utf8 -T utf8 "$scratch/partita.1" \
    >"$scratch/manual" 2>"$scratch/stderr"
  ok "groff warns of nothing: $(head -3 "$scratch/stderr")" [ ! -s "$scratch/stderr" ]
  ok "the page is readable" grep -q "partita" "$scratch/manual"
else
  echo "SKIPPED: the manual page, because groff is missing" >&2
fi
finish
