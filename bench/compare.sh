#!/bin/sh
# Is the working tree as fast as an older commit? bench/compare.sh REV, or see --help.
set -eu
cd "$(dirname "$0")/.."
. apps/packages.sh
need_packages $build_packages git postgresql python3
exec python3 bench/compare.py "$@"
