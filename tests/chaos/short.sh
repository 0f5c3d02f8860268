#!/bin/sh
# Three short plays of chaos: all faults, those that strike at named points, and SQLite.
# CHAOS_JOBS is the program under test. Longer ones: tests/chaos/chaos.py --help.
cd "$(dirname "$0")" || exit 1
failed=0
./chaos.py --binary "$CHAOS_JOBS" --seed "${SEED:-11}" --seconds 45 --gap 1.4 || failed=1
./chaos.py --binary "$CHAOS_JOBS" --seed "${SEED:-12}" --seconds 30 --gap 1 --faults F2,F10 ||
  failed=1
./sqlite_chaos.py --binary "$CHAOS_JOBS" --seed "${SEED:-13}" --seconds 20 || failed=1
exit $failed
