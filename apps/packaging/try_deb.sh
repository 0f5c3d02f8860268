#!/bin/sh
# Tries the Debian package in a clean Debian 12: installs it with apt, runs a job and a node, plays
# the container, boots the units under systemd, upgrades and removes. Needs root and the network.
# Whatever is missing ends it.
#   apps/packaging/try_deb.sh [FILE.deb]   (default: what `cpack -G DEB` has put into build/release)
#   PARTITA_CLEAN_ROOT=FILE.tar            keeps the clean system there for the next time
set -eu
here=$(cd "$(dirname "$0")" && pwd)
fail() { echo "FAILED: $*" >&2; exit 1; }

[ "$(id -u)" -eq 0 ] || fail "this makes a root of its own: run it as root"
for program in mmdebstrap systemd-nspawn unshare nsenter setpriv ip pgrep python3; do
  command -v "$program" >/dev/null || fail "$program is missing: apt-get install \
mmdebstrap systemd-container util-linux iproute2 procps python3"
done
deb=${1:-$(ls -t "$here"/../../build/release/partita_*.deb 2>/dev/null | head -1)}
[ -f "$deb" ] || fail "no package: cmake --build --preset release, then cpack -G DEB in the build"

root=$(mktemp -d "${TMPDIR:-/tmp}/partita-root.XXXXXX")
cleanup() {
  for mount in $(awk -v at="$root/" 'index($2, at) == 1 {print $2}' /proc/mounts | sort -r); do
    umount -l "$mount"
  done
  rm -rf --one-file-system "$root"
  [ -n "${PARTITA_CLEAN_ROOT:-}" ] || rm -f "$root.tar"
}
trap cleanup EXIT

clean=${PARTITA_CLEAN_ROOT:-$root.tar}
if [ ! -s "$clean" ]; then
  echo "a clean Debian 12 ..." >&2
  mmdebstrap --quiet --variant=minbase bookworm "$clean" || fail "mmdebstrap"
fi
chmod 755 "$root"
tar -C "$root" -xf "$clean" --exclude='./dev/*'
cp /etc/resolv.conf "$root/etc/resolv.conf"
cp "$deb" "$root/partita.deb"
cp "$here/try_deb_inside.sh" "$root/try.sh"
install -d "$root/proc" "$root/sys" "$root/dev"

# inside WHAT: a part of try_deb_inside.sh, in the new root, with processes of its own.
inside() {
  echo "--- $1" >&2
  # shellcheck disable=SC2016
  unshare --mount --pid --ipc --fork --kill-child sh -ec '
    mount --bind "$0" "$0"
    mount -t proc proc "$0/proc"
    mount -t tmpfs tmpfs "$0/dev"
    for one in null zero full random urandom tty; do
      touch "$0/dev/$one"; mount --bind "/dev/$one" "$0/dev/$one"
    done
    ln -s /proc/self/fd "$0/dev/fd"
    mkdir "$0/dev/shm"; chmod 1777 "$0/dev/shm"
    exec chroot "$0" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
      DEBIAN_FRONTEND=noninteractive sh /try.sh "$1"' "$root" "$1" || fail "$1"
}

# booted PART: the same, where systemd is process 1.
booted() {
  echo "--- $1, booted" >&2
  printf '%s\n' '[Unit]' 'After=multi-user.target' '[Service]' 'Type=oneshot' \
    "Environment=LC_ALL=C.UTF-8" "ExecStart=/bin/sh -c 'sh /try.sh $1 && echo ok >/try.result'" \
    'ExecStopPost=/bin/systemctl --no-block poweroff' 'TimeoutStartSec=300' \
    'StandardOutput=file:/try.out' 'StandardError=file:/try.out' \
    >"$root/etc/systemd/system/try.service"
  install -d "$root/etc/systemd/system/multi-user.target.wants"
  ln -sf ../try.service "$root/etc/systemd/system/multi-user.target.wants/try.service"
  rm -f "$root/try.result"
  timeout -k 10 400 systemd-nspawn --quiet --directory "$root" --boot --register=no --keep-unit \
    --private-network --machine "partita-try-$$" >"$root/boot.log" 2>&1 </dev/null || true
  rm "$root/etc/systemd/system/multi-user.target.wants/try.service"
  [ -s "$root/try.result" ] && return 0
  cat "$root/try.out" >&2 || tail -20 "$root/boot.log" >&2
  fail "$1"
}

inside install
inside use
"$here/container/try.sh" "$clean" "$deb" || fail "container"
inside systemd
booted units
inside upgrade
echo "all of it works" >&2
