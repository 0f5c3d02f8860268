#!/bin/bash
# What shells complete, and the manual page, as users of an installed Partita get them.
. "$(dirname "$0")/lib.sh"

# In the shells themselves: what each offers for a line, whose last word is being typed.
export PATH="$(dirname "$PARTITA"):$PATH"
program=$(basename "$PARTITA")
for shell in bash zsh fish; do
  expect 0 "" "$PARTITA" completion $shell
  cp "$scratch/stdout" "$scratch/$shell"
  ok "$shell takes the script" $shell -n "$scratch/$shell"
done
offered_by_bash() {  # WORDS...: also where bash takes "=" for a word of its own
  bash --norc -c '. "$1"; shift; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    "$(complete -p "$1" | sed "s/.*-F \([^ ]*\) .*/\1/")"; printf "%s\n" "${COMPREPLY[@]}"' \
    bash "$scratch/bash" "$@" 2>&1
}
offered_by_fish() {  # without what is told about each, and without the option before "="
  HOME=$scratch fish --no-config -c 'source $argv[1]; complete -C"$argv[2]"' \
    "$scratch/fish" "$*" 2>&1 | cut -f 1 | sed 's/^--[a-z-]*=//'
}
offered_by_zsh() { HOME=$scratch zsh -f "$(dirname "$0")/offered.zsh" "$scratch/zsh" "$*" 2>&1; }
offers_in() {  # SHELL WHAT WORDS...
  shell=$1 what=$2
  shift 2
  checks=$((checks + 1))
  "offered_by_$shell" "$@" | sed 's|.*/||' | sort | tr -s '\n' ' ' >"$scratch/offered"
  [ "$(sed 's/^ *//; s/ *$//' "$scratch/offered")" = "$what" ] && return
  failures=$((failures + 1))
  echo "FAILED: in $shell, $* offers $(cat "$scratch/offered"), not $what" >&2
}
offers() { for shell in bash zsh fish; do offers_in $shell "$@"; done; }
offers "job jobs" "$program" job
offers "submit" "$program" --db sqlite:x.db sub
offers_in bash "submit" "$program" --db = sqlite:x.db sub
offers "" "$program" --key ""
offers "--limit" "$program" jobs --li
offers "json jsonl" "$program" jobs -o j
offers_in bash "json jsonl" "$program" jobs --output = j
offers_in bash "csv json jsonl name table wide" "$program" jobs --output =
for shell in zsh fish; do
  offers_in $shell "csv json jsonl name table wide" "$program" jobs --output=
done
offers "json table" "$program" run -o ""
offers "COMPLETED" "$program" jobs --state COM
offers "PENDING" "$program" job 17 --state P
offers "CREATED" "$program" jobs --state CR
offers "migrate" "$program" schema m
offers "" "$program" schema migrate m
offers "bash fish zsh" "$program" completion ""
offers "ready" "$program" healthcheck r
offers "add backfill list pause resume rm run show sync test" "$program" schedule ""
offers "" "$program" schedule pause r
offers "list rm set" "$program" retention ""
offers "set" "$program" limit s
offers "show" "$program" config ""
offers "drain" "$program" help dr
offers "" "$program" jobs --limit ""
export PARTITA_DB="sqlite:$scratch/none.db"
offers "range_sum" "$program" run ran
touch "$scratch/page.html"
offers "page.html" "$program" job 17 --report "$scratch/pa"

expect 2 "tcsh.*" "$PARTITA" completion tcsh
expect 2 "the name of a shell is missing" "$PARTITA" completion

expect 0 "" "$PARTITA" help --man
cp "$scratch/stdout" "$scratch/partita.1"
LC_ALL=C.UTF-8 groff -man -ww -K utf8 -T utf8 "$scratch/partita.1" \
  >"$scratch/manual" 2>"$scratch/stderr"
ok "groff warns of nothing: $(head -3 "$scratch/stderr")" [ ! -s "$scratch/stderr" ]
ok "the page is readable" grep -q "partita" "$scratch/manual"
finish
