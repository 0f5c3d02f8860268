#!/bin/sh
# What the address says of TLS is what happens: a server that cannot prove who it is is refused.
. "$(dirname "$0")/lib.sh"
skip() { echo "SKIPPED: encryption, because $1" >&2; exit 77; }
[ -n "${PARTITA_TEST_PG:-}" ] || skip "PARTITA_TEST_PG is not set"
command -v openssl >/dev/null || skip "openssl is missing"
sql() { psql -qXAt "$PARTITA_TEST_PG" -c "$1"; }
[ "$(sql 'show is_superuser')" = on ] || skip "PARTITA_TEST_PG is no superuser"
data=$(sql 'show data_directory')
[ -w "$data" ] || skip "the files of the server cannot be written"
port="${PGPORT:-5432}" user="${PGUSER:-$(sql 'select current_user')}"

restore() {
  for name in ssl ssl_cert_file ssl_key_file; do sql "alter system reset $name"; done
  sql "select pg_reload_conf()" >/dev/null
}
trap 'restore; cleanup' EXIT
cd "$scratch" || exit 1
authority() {
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=$1" -keyout "$1.key" \
    -out "$1.crt" 2>/dev/null
}
authority good && authority bad
openssl req -newkey rsa:2048 -nodes -subj /CN=db.example -keyout server.key -out server.csr \
  2>/dev/null
echo "subjectAltName=DNS:db.example" >san
openssl x509 -req -in server.csr -CA good.crt -CAkey good.key -CAcreateserial -days 2 \
  -extfile san -out server.crt 2>/dev/null
owner=$(stat -c %U "$data/PG_VERSION")
for file in server.crt server.key; do
  install -m 600 -o "$owner" "$file" "$data/partita_test_$file" ||
    skip "files cannot be given to the server"
done
sql "alter system set ssl = on"
sql "alter system set ssl_cert_file = 'partita_test_server.crt'"
sql "alter system set ssl_key_file = 'partita_test_server.key'"
sql "select pg_reload_conf()" >/dev/null
with_database postgres
admin=$PARTITA_DB
"$PARTITA" schema migrate 2>/dev/null
at() { echo "postgresql://$user@$1:$port/${admin##*/}?hostaddr=127.0.0.1&$2"; }
good="sslmode=verify-full&sslrootcert=$scratch/good.crt"
ok "the server speaks TLS" wait_for 5 "$PARTITA" jobs --db "$(at db.example "$good")"

expect 0 . "$PARTITA" run range_sum from=1 to=10 --nodes 2 --fast --db "$(at db.example "$good")"
expect 5 "certificate.*sslrootcert" "$PARTITA" jobs --db \
  "$(at db.example "sslmode=verify-full&sslrootcert=$scratch/bad.crt")"
expect 5 "certificate.*other.example" "$PARTITA" jobs --db "$(at other.example "$good")"
expect 5 "certificate" "$PARTITA" node --fast --db "$(at other.example "$good")"
expect 5 "root certificate" "$PARTITA" jobs --db \
  "$(at db.example "sslmode=verify-full&sslrootcert=$scratch/none.crt")"
ok "one sentence" [ "$(wc -l <"$scratch/stderr")" -le 2 ]

# doctor tells what protects the link, and what does not
link_of() { "$PARTITA" doctor --db "$1" -o json | grep -o '"state":"[^"]*","what":"link"[^}]*'; }
says() { link_of "$2" | grep -Eq "$1"; }
ok "verify-full is good" says '"ok".*verify-full: TLSv1' "$(at db.example "$good")"
for mode in require prefer verify-ca; do
  ok "$mode is not enough" says "UNSAFE.*sslmode=$mode: TLSv1" \
    "$(at db.example "sslmode=$mode&sslrootcert=$scratch/good.crt")"
done
ok "disable is not encrypted" says 'UNSAFE.*not encrypted' "$(at db.example sslmode=disable)"
ok "on this machine it matters less" says '"ok".*on this machine' \
  "$(at localhost "sslmode=disable")"
rm -f "$data"/partita_test_server.*
done_database
finish
