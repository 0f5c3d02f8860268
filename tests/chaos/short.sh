#!/bin/sh
# A minute and a half of chaos: all faults, those that strike at named points, links that come and
# go, and SQLite. CHAOS_JOBS is the program under test. Longer ones: tests/chaos/chaos.py --help.
cd "$(dirname "$0")" || exit 1
failed=0
play() { ./chaos.py --binary "$CHAOS_JOBS" "$@" || failed=1; }
play --seed "${SEED:-11}" --seconds 35 --gap 1.4
play --seed "${SEED:-12}" --seconds 25 --gap 1 --faults F2,F10
play --seed "${SEED:-14}" --seconds 20 --gap 2 --faults F1,F12,F13
./sqlite_chaos.py --binary "$CHAOS_JOBS" --seed "${SEED:-13}" --seconds 20 || failed=1
exit $failed
