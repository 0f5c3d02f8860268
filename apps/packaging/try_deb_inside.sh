#!/bin/sh
# What try_deb.sh runs in the clean system, one part at a time.
set -eu
fail() { echo "FAILED: $*" >&2; exit 1; }
is() { what=$1; shift; "$@" >/tmp/said 2>&1 || { cat /tmp/said >&2; fail "$what"; }; }
is_not() { what=$1; shift; if "$@" >/tmp/said 2>&1; then cat /tmp/said >&2; fail "$what"; fi; }
soon() {  # CONDITION...: within 20 s
  for _ in $(seq 200); do "$@" >/dev/null 2>&1 && return 0; sleep 0.1; done
  return 1
}
apt() {
  apt-get -qq -o Dpkg::Use-Pty=0 "$@" >/tmp/apt 2>&1 || { cat /tmp/apt >&2; fail "apt $*"; }
}

part_install() {
  apt update
  apt install -y --no-install-recommends /partita.deb
  is "every library is there" sh -c '! ldd /usr/bin/partita | grep "not found"'
  is "the program runs" partita version
  [ "$(stat -c '%a %U' /etc/partita/node.env)" = "640 root" ] || fail "rights of node.env"
  for unit in node serve; do
    is_not "the unit of $unit is not enabled" \
      ls /etc/systemd/system/multi-user.target.wants/partita-$unit.service
  done
  is "nothing is broken" dpkg --audit
  [ -z "$(dpkg --verify partita)" ] || fail "files that differ: $(dpkg --verify partita)"
}

as_user() { setpriv --reuid=12345 --regid=12345 --clear-groups --no-new-privs "$@"; }

part_use() {
  install -d -o 12345 -g 12345 /srv/try
  cd /srv/try
  as_user sh -e <<'END' || fail "as a user"
export PARTITA_DB=sqlite:/srv/try/try.db
partita schema migrate
partita run range_sum from=1 to=1000 partitions=10 --nodes 2 --fast | grep 500500
partita node --fast --probes 127.0.0.1:8091 --name clean 2>node.log &
node=$!
for _ in $(seq 100); do
  partita healthcheck ready --http 127.0.0.1:8091 >/dev/null 2>&1 && break
  sleep 0.1
done
partita healthcheck ready --http 127.0.0.1:8091
partita healthcheck live --http 127.0.0.1:8091
partita wait "$(partita submit range_sum from=1 to=100 partitions=4)" --timeout 30
kill -TERM "$node"
wait "$node"
partita verify
partita doctor || test $? -eq 1
END
  grep -q node_left node.log || fail "the node has not left in good order"
}

part_systemd() { apt install -y --no-install-recommends systemd systemd-sysv dbus libnss-systemd; }

# Under systemd, as process 1 of the clean system.
of() { systemctl show --value -p "$2" "partita-$1"; }
has() { case $(of "$1" "$2") in *"$3"*) ;; *) return 1 ;; esac; }
drop_in() {  # UNIT LINE...
  mkdir -p "/etc/systemd/system/partita-$1.service.d"
  at=/etc/systemd/system/partita-$1.service.d/try.conf
  shift
  printf '[Service]\n' >"$at"
  for line in "$@"; do echo "$line" >>"$at"; done
  systemctl daemon-reload
}
submit() { partita submit "$@" 2>/dev/null; }

part_units() {
  export PARTITA_DB=sqlite:/var/lib/partita/partita.db
  is "the units are well formed" systemd-analyze verify partita-node.service partita-serve.service

  # Started, it has joined: systemd waits for READY=1.
  is "the node starts" systemctl start partita-node
  has node StatusText "has joined as" || fail "no status: $(of node StatusText)"
  is "its user is its own" [ "$(stat -c %U /var/lib/partita/partita.db)" = partita ]
  is "a run" partita wait "$(submit range_sum from=1 to=1000 partitions=10)" --timeout 30
  is "and the server" systemctl start partita-serve
  is "it listens" partita healthcheck ready --http 127.0.0.1:8080

  # It is sandboxed, and what jobs start is too.
  echo PARTITA_ALLOW_COMMAND=/usr/bin >>/etc/partita/node.env
  is "it starts again" systemctl restart partita-node
  is "a program" partita wait "$(submit command program=/usr/bin/env)" --timeout 30
  grep -q PARTITA_RUN= /tmp/said || fail "no output of the program"
  if grep -q NOTIFY_SOCKET /tmp/said; then fail "a program can speak for the node"; fi
  is_not "it cannot write elsewhere" partita wait \
    "$(submit command program=/usr/bin/touch 'arguments=["/usr/touched"]')" --timeout 30

  # A drain: what runs comes to its end, also the program that a job has started.
  slow=$(submit command program=/usr/bin/sleep 'arguments=["4"]')
  soon sh -c "partita job $slow -o json | grep -q '\"claimed\": *1'" || fail "it does not run"
  is "it stops" systemctl stop partita-node
  is "in good order" [ "$(of node Result)" = success ]
  is "the program came to its end" sh -c "partita job $slow -o json | tee /tmp/job |
    grep -q '\"completed\": *1' || { cat /tmp/job; journalctl -u partita-node | tail; exit 1; }"

  # A process that is stuck is started again, and so is one that is killed.
  drop_in node WatchdogSec=2 RestartSec=100ms
  is "it starts with a short watchdog" systemctl start partita-node
  sleep 5
  [ "$(of node NRestarts)" -eq 0 ] || fail "a healthy node was restarted"
  kill -STOP "$(of node MainPID)"
  soon has node NRestarts 1 || fail "a stuck node was not restarted"
  soon has node ActiveState active || fail "it does not come back"
  kill -KILL "$(of node MainPID)"
  soon has node NRestarts 2 || fail "a killed node was not restarted"
  soon has node ActiveState active || fail "it does not come back again"
  is "a node is drained by its name" partita drain "$(partita nodes -o name | tail -1 |
    sed 's,.*/,,')"
  soon has node ActiveState inactive || fail "a drained node goes on"
  [ "$(of node NRestarts)" -eq 2 ] || fail "a drained node was restarted"

  # Secrets come as files that only root can read.
  echo "$PARTITA_DB" >/etc/partita/db
  echo "me operate $(head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n')" >/etc/partita/tokens
  chmod 600 /etc/partita/db /etc/partita/tokens
  drop_in node LoadCredential=db:/etc/partita/db Environment=PARTITA_DB_FILE=%d/db
  is "the address comes as a credential" systemctl start partita-node
  drop_in serve LoadCredential=tokens:/etc/partita/tokens \
    Environment=PARTITA_HTTP_TOKENS_FILE=%d/tokens Environment=PARTITA_HTTP=0.0.0.0:8080
  is "so do tokens" systemctl restart partita-serve

  # Settings that are wrong are no reason to try for ever.
  drop_in node Environment=PARTITA_EXECUTORS=none RestartSec=100ms
  is_not "it does not start" systemctl restart partita-node
  sleep 2
  [ "$(of node NRestarts)" -eq 0 ] || fail "it tries again, with settings that are wrong"

  # An upgrade leaves nodes alone, a removal drains them.
  drop_in node
  is "it starts once more" systemctl restart partita-node
  process=$(of node MainPID)
  is "an upgrade" dpkg -i /partita.deb
  grep -q "schema migrate" /tmp/said || fail "the upgrade does not tell what to do"
  [ "$(of node MainPID)" = "$process" ] || fail "an upgrade has restarted the node"
  is "a removal" dpkg -r partita
  is "the node has gone" [ ! -e "/proc/$process" ]
  is "in good order too" sh -c "journalctl -u partita-node | grep -q node_left"
  is "it is back" dpkg -i /partita.deb
  rm -r /etc/partita/db /etc/partita/tokens /etc/systemd/system/partita-*.service.d
}

part_upgrade() {
  echo "# ours" >>/etc/partita/node.env
  apt install -y --reinstall /partita.deb
  grep -q "# ours" /etc/partita/node.env || fail "an upgrade has changed node.env"
  apt remove -y partita
  is_not "the program has gone" ls /usr/bin/partita
  is_not "the units have gone" ls /lib/systemd/system/partita-node.service
  grep -q "# ours" /etc/partita/node.env || fail "a removal has taken node.env"
  apt install -y /partita.deb
  is "the program is back" partita version
  apt purge -y partita
  is_not "settings have gone" ls /etc/partita
  is "the database has not" ls /var/lib/private/partita/partita.db
  is_not "nothing else of it is left" sh -c 'find / -xdev -name "*partita*" ! -path "/partita.deb" \
    ! -path "/srv/*" ! -path "/var/lib/private/*" ! -path /var/lib/partita | grep .'
}

"part_$1"
