# Sourced by apps/demo.sh and tests/run.sh: makes sure that Debian packages are installed.
# Usage: need_packages PACKAGE...   Only what is missing is installed; nothing happens otherwise.

build_packages="g++ cmake ninja-build ccache pkg-config libcaf-dev libpqxx-dev libspdlog-dev
  libcxxopts-dev libsqlite3-dev nlohmann-json3-dev libxml2-dev libcpp-httplib-dev
  prometheus-cpp-dev libtomlplusplus-dev libcctz-dev zlib1g-dev libyaz-dev
  libcurl4-openssl-dev libssl-dev"
test_packages="catch2 libxml2-utils sqlite3 postgresql postgresql-common pgbouncer procps python3
  iproute2 iptables libfaketime openssl clang-format clang-tidy util-linux chromium
  chromium-driver python3-yaml libmarc-record-perl libmarc-charset-perl python3-swift zsh fish
  groff-base"

need_packages() {
  missing=""
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q "install ok installed" ||
      missing="$missing $package"
  done
  [ -z "$missing" ] && return 0
  echo "installing:$missing" >&2
  as_root=""
  if [ "$(id -u)" -ne 0 ]; then
    as_root="sudo"
    command -v sudo >/dev/null || {
      echo "these Debian packages are missing:$missing" >&2
      echo "install them as root: apt-get install --no-install-recommends$missing" >&2
      exit 1
    }
  fi
  # The tests start a PostgreSQL of their own; the package need not start one.
  $as_root apt-get update -qq >&2
  # shellcheck disable=SC2086
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
    $missing >&2
}
