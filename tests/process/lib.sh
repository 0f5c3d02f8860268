# Sourced by the process tests: a scratch folder, the program under test, checks that tell what
# failed, and nothing left running afterwards.
#   PARTITA        the program
#   PARTITA_TEST_PG   a scratch PostgreSQL, or unset

set -u
scratch=$(mktemp -d "${TMPDIR:-/tmp}/partita-test.XXXXXX")
checks=0
failures=0

# Whatever a test starts, and whatever that starts, inherits this mark.
export PARTITA_TEST_MARK="$scratch"
# No settings of the user's.
export PARTITA_CONFIG=/dev/null
# What its nodes may touch.
export PARTITA_FILES="$scratch"
leftovers() {
  for process in /proc/[0-9]*; do
    grep -qsz "^PARTITA_TEST_MARK=$scratch$" "$process/environ" && echo "${process#/proc/}"
  done
}
nothing_left() { [ -z "$(leftovers)" ]; }

cleanup() {
  for pid in $(leftovers); do kill -9 "$pid" 2>/dev/null; done
  rm -rf "$scratch"
}
trap cleanup EXIT

# ok WHAT CONDITION...: runs the condition as a command.
ok() {
  what=$1
  shift
  checks=$((checks + 1))
  if "$@" >/dev/null 2>&1; then return 0; fi
  failures=$((failures + 1))
  echo "FAILED: $what" >&2
  return 1
}

# expect CODE PATTERN COMMAND...: the command ends with this code and its stderr matches; an empty
# pattern: any stderr.
expect() {
  code=$1 pattern=$2
  shift 2
  checks=$((checks + 1))
  "$@" >"$scratch/stdout" 2>"$scratch/stderr" </dev/null
  got=$?
  fits() { [ -z "$pattern" ] || grep -Eq -- "$pattern" "$scratch/stderr"; }
  if [ "$got" -ne "$code" ] || ! fits; then
    failures=$((failures + 1))
    echo "FAILED: $*" >&2
    echo "  expected exit code $code and stderr like: $pattern" >&2
    echo "  got $got: $(head -c 1000 "$scratch/stderr")" >&2
    return 1
  fi
  # One clear sentence, never a trace.
  if grep -Eqi 'terminate called|AddressSanitizer|runtime error:|std::|\.cpp:' "$scratch/stderr"
  then
    failures=$((failures + 1))
    echo "FAILED: $*: a trace on stderr: $(head -c 2000 "$scratch/stderr")" >&2
  fi
}

# customers ROWS FILE: the test data of the customer job, made by other means than the program's.
customers() {
  awk -v rows="$1" 'BEGIN {
    print "customer_id,first_name,last_name,email,signup_date"
    for (i = 1; i <= rows; i++)
      printf "C%07d,First%d,\"Last, %d\",first.last%d@test.net,2023-01-%02d\n", \
        i, i % 10, i % 7, i, i % 28 + 1
  }' >"$2"
}

# complete ROWS DIR: every customer is in the XML of the folder exactly once, in order of the parts,
# transformed, and nothing else is in the folder.
complete() {
  rows=$1 dir=$2
  [ -z "$(find "$dir" -mindepth 1 ! -name 'customers-part-*.xml')" ] || return 1
  for part in "$dir"/customers-part-*.xml; do xmllint --noout "$part" || return 1; done
  any='\(.*\)' row='\1|\2|\3'
  ls "$dir" | sed 's/.*part-\([0-9]*\)\.xml/\1/' | sort -n | while read -r no; do
    cat "$dir/customers-part-$no.xml"
  done | grep -o '<customer>.*' | sed 's:</customer>:&\n:g' |
    sed -n "s:.*<customerId>$any</customerId>.*<lastName>$any</l.*<email>$any</email>.*:$row:p" \
      >"$scratch/found"
  awk -v rows="$rows" 'BEGIN {
    for (i = 1; i <= rows; i++) printf "C%07d|Last, %d|first.last%d+tag@test.net\n", i, i % 7, i
  }' >"$scratch/wanted"
  cmp -s "$scratch/found" "$scratch/wanted"
}

# fresh_pg: a new database in the scratch server; prints its URL.
fresh_pg() {
  name="partita_test_$$_$(date +%N)"
  psql -qX "$PARTITA_TEST_PG" -c "create database $name" >&2
  echo "$PARTITA_TEST_PG" | sed "s:/[^/]*$:/$name:"
}
drop_pg() { psql -qX "$PARTITA_TEST_PG" -c "drop database if exists ${1##*/} with (force)" >&2; }

# databases: what to run on. Says so when PostgreSQL cannot be tried.
databases() {
  echo sqlite
  if [ -n "${PARTITA_TEST_PG:-}" ]; then echo postgres
  else echo "SKIPPED: PostgreSQL, because PARTITA_TEST_PG is not set" >&2; fi
}

# verified: the database is as the invariants and the event log say.
verified() { expect 0 "everything checked holds" "$PARTITA" verify || cat "$scratch/stdout" >&2; }

# with_database KIND: sets PARTITA_DB to an empty database of that kind; done_database afterwards,
# which verifies it first.
with_database() {
  if [ "$1" = postgres ]; then PARTITA_DB=$(fresh_pg); else
    PARTITA_DB="sqlite:$scratch/db-$(date +%N).db"; fi
  export PARTITA_DB
}
done_database() {
  verified
  case $PARTITA_DB in sqlite:*) rm -f "${PARTITA_DB#sqlite:}"* ;; *) drop_pg "$PARTITA_DB" ;; esac
}

# sql STATEMENT: rows of PARTITA_DB, with @run for the table of runs.
sql() {
  case $PARTITA_DB in
    sqlite:*) printf '.timeout 20000\n%s;\n' "$(echo "$1" | sed 's/@/partita_/g')" |
      sqlite3 "${PARTITA_DB#sqlite:}" ;;
    *) psql -qXAt "$PARTITA_DB" -c "$(echo "$1" | sed 's/@/partita./g')" ;;
  esac
}

# wait_for SECONDS CONDITION...: polls a condition of another process.
wait_for() {
  tries=$(($1 * 20))
  shift
  while [ "$tries" -gt 0 ]; do
    "$@" >/dev/null 2>&1 && return 0
    tries=$((tries - 1))
    sleep 0.05
  done
  return 1
}

finish() {
  ok "no process of the test is left" wait_for 5 nothing_left
  echo "$checks checks, $failures failed"
  [ "$failures" -eq 0 ] && [ "$checks" -gt 0 ]
  exit
}
