#!/bin/sh
# Is all C++ laid out as .clang-format says? `tests/format.sh --fix` lays it out. What must keep its
# own layout, such as SQL, stands between `// clang-format off` and `// clang-format on`.
#   tests/format.sh [--fix] [FOLDER or FILE...]
cd "$(dirname "$0")/.." || exit
how="--dry-run --Werror --ferror-limit=3"
if [ "${1:-}" = --fix ]; then
  how=-i
  shift
fi
[ $# -gt 0 ] || set -- protocol storage batch actors apps bench tests

# Each version of it has its own opinion: Debian 12's is the one that counts.
program=$(command -v clang-format-14 || command -v clang-format)
case $("${program:-false}" --version 2>/dev/null) in
  *"version 14."*) ;;
  *) echo "SKIPPED: format, because clang-format 14 is not installed" >&2; exit 77 ;;
esac

# shellcheck disable=SC2086
if find "$@" -name '*.[ch]pp' -print0 | xargs -0 -n 32 "$program" $how; then exit 0; fi
echo "repair it with: tests/format.sh --fix" >&2
exit 1
