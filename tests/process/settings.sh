#!/bin/sh
# Where settings come from: flag, variable, file, default; and that a password is never shown.
. "$(dirname "$0")/lib.sh"

said() { grep -Eq -- "$1" "$scratch/stdout"; }
cd "$scratch" || exit 1
mkdir home home/partita
unset PARTITA_CONFIG PARTITA_DB DATABASE_URL PARTITA_FILES
export XDG_CONFIG_HOME="$scratch/home"

expect 0 "no file of settings was found" "$PARTITA" config show --origin
ok "the default" said "^db +sqlite:partita.db +default +all"
ok "defaults that differ" said "^log-level +info +default +node,serve"
echo 'db = "sqlite:home.db"' >home/partita/config.toml
expect 0 "read from .*/home/partita/config.toml" "$PARTITA" config show --origin
ok "the user's file" said "^db +sqlite:home.db +.*config.toml:1"
printf 'db = "sqlite:here.db"\n\n[run]\nnodes = 2\nfast = true\n' >partita.toml
expect 0 COMPLETED "$PARTITA" run range_sum from=1 to=100 --log-level info
ok "the file of this folder counts" [ -f here.db ]
ok "two nodes, by its table" [ "$("$PARTITA" nodes --all -o name | wc -l)" -eq 2 ]
ok "the user's file does not" [ ! -e home.db ]
expect 0 "" env PARTITA_DB=sqlite:variable.db "$PARTITA" config show jobs --origin -o json
ok "a variable counts for more" \
  said '"name":"db","value":"sqlite:variable.db","origin":"PARTITA_DB"'
echo sqlite:of-file.db >db-file
chmod 600 db-file
expect 0 "" env PARTITA_DB_FILE="$scratch/db-file" "$PARTITA" config show jobs --origin
ok "so does the file that a variable names" said "^db +sqlite:of-file.db +PARTITA_DB_FILE"
expect 0 "" "$PARTITA" config show jobs --origin --db sqlite:typed.db -o csv
ok "a flag counts for most" said '^db,sqlite:typed.db,--db,jobs'
echo 'executors = 3' >other.toml
expect 0 "" "$PARTITA" config show node --origin --config other.toml
ok "--config names another file" said "^executors +3 +other.toml:1"
expect 5 "partita.db" "$PARTITA" jobs --config other.toml

expect 0 "" "$PARTITA" config show
ok "what few commands have names them" said "^executors +0 +run,node,doctor,bench"
expect 0 "refused by run, node, doctor, bench: PARTITA_EXECUTORS must be .*, not abc" \
  env PARTITA_EXECUTORS=abc "$PARTITA" config show
ok "what is refused is shown, too" said "^executors +abc"
expect 0 "refused by node: .* must be HOST:PORT" env PARTITA_HTTP=8080 "$PARTITA" config show node
expect 0 "refused by all commands that have it: PARTITA_LOG_LEVEL" \
  env PARTITA_LOG_LEVEL=loud "$PARTITA" config show
echo 'probes = "127.0.0.1:1"' >other.toml
expect 5 "nobody answers at 127.0.0.1:1$" "$PARTITA" healthcheck --config other.toml
expect 5 "nobody answers at 127.0.0.1:2$" "$PARTITA" healthcheck --config other.toml \
  --http 127.0.0.1:2
expect 5 "nobody answers at 127.0.0.1:3$" "$PARTITA" healthcheck live --http 127.0.0.1:2 \
  --probes 127.0.0.1:3

# --- mistakes
printf '\nexcutors = 3\n' >bad.toml
expect 2 "bad.toml:2: there is no setting excutors" "$PARTITA" jobs --config bad.toml
ok "with the nearest name" grep -q "did you mean executors?" "$scratch/stderr"
expect 2 "bad.toml:2" env PARTITA_CONFIG=bad.toml "$PARTITA" jobs
expect 0 "" "$PARTITA" help --config bad.toml
expect 0 "" "$PARTITA" jobs --help --config bad.toml
expect 2 "none.toml cannot be read" "$PARTITA" jobs --config none.toml

# --- passwords
canary="Canary-$$-$(date +%N)"
echo "db = \"postgresql://u:$canary@127.0.0.1:1/x\"" >bad.toml
expect 2 "bad.toml:1: db holds a password" "$PARTITA" jobs --config bad.toml
cp "$scratch/stderr" all
echo "postgresql://u:$canary@127.0.0.1:1/x" >db-file
for format in table wide json jsonl csv name; do
  env PARTITA_DB_FILE="$scratch/db-file" "$PARTITA" config show --origin -o $format >>all 2>&1
done
expect 5 . env PARTITA_DB_FILE="$scratch/db-file" "$PARTITA" jobs
cat "$scratch/stderr" >>all
ok "no password is shown" sh -c "! grep -q '$canary' all"
ok "but the address is" grep -q '"value":"postgresql://u.*127.0.0.1' all
finish
