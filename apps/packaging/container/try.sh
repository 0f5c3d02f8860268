#!/bin/sh
# Plays the container where there is no container engine: the last stage of the Containerfile in a
# clean Debian, as its user, without capabilities, with a root that cannot be written, as process 1
# of its own. `try_deb.sh` calls it.
#   try.sh CLEAN.tar FILE.deb
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(mktemp -d "${TMPDIR:-/tmp}/partita-image.XXXXXX")
pid=""
fail() {
  echo "FAILED: container: $*" >&2
  tail -20 "$root.log" >&2
  exit 1
}
cleanup() {
  [ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null || true
  rm -rf --one-file-system "$root" "$root.state" "$root.log"
}
trap cleanup EXIT
: >"$root.log"
install -d "$root.state"  # it outlives the container

chmod 755 "$root"
tar -C "$root" -xf "$1" --exclude='./dev/*'
cp "$2" "$root/partita.deb"
cp /etc/resolv.conf "$root/etc/resolv.conf"
# Secrets as Kubernetes mounts them: of root, and of the group of the user.
install -d "$root/run/secrets/partita"
echo sqlite:/var/lib/partita/partita.db >"$root/run/secrets/partita/url"
echo "me operate $(head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n')" \
  >"$root/run/secrets/partita/tokens"
chown root:10001 "$root"/run/secrets/partita/*
chmod 440 "$root"/run/secrets/partita/*
for what in build start health; do
  "$here/play.py" "$here/Containerfile" $what >"$root/$what.sh"
done

# How a part is run. When it builds, the root can be written; the container's cannot.
# shellcheck disable=SC2016
in_root='
  mount --bind "$0" "$0"
  mount -t proc proc "$0/proc"
  mount -t tmpfs tmpfs "$0/dev"
  for one in null zero full random urandom tty; do
    touch "$0/dev/$one"; mount --bind "/dev/$one" "$0/dev/$one"
  done
  ln -s /proc/self/fd "$0/dev/fd"
  mount -t tmpfs tmpfs "$0/tmp"
  chmod 1777 "$0/tmp"
  if [ "$1" = start.sh ]; then
    ip link set lo up
    mount --bind "$0.state" "$0/var/lib/partita"
    mount -o remount,bind,ro "$0"
  fi
  part=$1
  shift
  exec chroot "$0" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 $SETTINGS \
    sh "/$part" "$@"'

echo "--- container: build" >&2
SETTINGS=DEBIAN_FRONTEND=noninteractive unshare --mount --pid --fork --kill-child \
  sh -ec "$in_root" "$root" build.sh >"$root.log" 2>&1 || fail "its RUN lines"
chown 10001:10001 "$root.state"

start() {  # WORD...: leaves the process id of its process 1, seen from here, in $pid
  export SETTINGS="PARTITA_DB_FILE=/run/secrets/partita/url $more"
  unshare --mount --pid --net --fork --kill-child sh -ec "$in_root" "$root" start.sh "$@" \
    >"$root.log" 2>&1 &
  outer=$!
  for _ in $(seq 100); do
    pid=$(pgrep -P "$outer" || true)
    [ -n "$pid" ] && grep -qs '^tini' "/proc/$pid/comm" && return 0
    sleep 0.1
  done
  fail "it does not start"
}
within() { nsenter --target "$pid" --mount --pid --net --root --wd "$@"; }
healthy() { for _ in $(seq 100); do within sh /health.sh && return 0; sleep 0.1; done; return 1; }
ends() {
  kill -TERM "$pid"
  code=0
  wait "$outer" || code=$?
  pid=""
  [ "$code" -eq 0 ] || fail "$1 ends with $code"
}

echo "--- container: node" >&2
more=PARTITA_NODE_NAME=pod-1
start
healthy >/dev/null 2>&1 || fail "the node is not healthy"
within partita healthcheck ready --http 127.0.0.1:8081 >/dev/null || fail "it is not ready"
[ "$(sed -n 's/^Uid:\s*\([0-9]*\).*/\1/p' "/proc/$pid/status")" = 10001 ] || fail "its user"
[ "$(sed -n 's/^CapBnd:\s*//p' "/proc/$pid/status")" = 0000000000000000 ] || fail "capabilities"
if within touch /etc/written 2>/dev/null; then fail "its root can be written"; fi
as_user() {
  within setpriv --reuid=10001 --regid=10001 --clear-groups \
    env PARTITA_DB=sqlite:/var/lib/partita/partita.db "$@" 2>/dev/null
}
run=$(as_user partita submit range_sum from=1 to=100 partitions=4)
as_user partita wait "$run" --timeout 30 | grep -q 5050 || fail "a run"
ends node
grep -q '"msg": *"node_left"' "$root.log" || fail "the node has not left in good order"

echo "--- container: serve" >&2
more="PARTITA_HTTP=0.0.0.0:8080 PARTITA_HTTP_TOKENS_FILE=/run/secrets/partita/tokens"
start serve
healthy >/dev/null 2>&1 || fail "the server is not healthy"
within partita healthcheck ready --http 127.0.0.1:8080 >/dev/null || fail "it does not listen"
ends serve
