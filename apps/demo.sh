#!/bin/sh
# Installs what is missing, builds, and shows Partita at work: three node processes over an embedded
# database, one of them killed half-way. Arguments go to `partita demo` (see --help).
set -eu
cd "$(dirname "$0")/.."
. apps/packages.sh
need_packages $build_packages
cmake --preset release >build-release.log 2>&1 || { cat build-release.log >&2; exit 1; }
rm -f build-release.log
cmake --build --preset release >&2
exec build/release/partita demo "$@"
