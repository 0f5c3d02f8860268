#!/bin/sh
# ThreadSanitizer over all that several threads share and that has no CAF in it: stores under many
# sessions at once, and what executors, claimer and node share.
#   THREAD_TESTS   the program, built with it
# Where the kernel spreads addresses wider than the sanitizer expects, it needs them unspread.
export PARTITA_TEST_ONLY="memory sqlite" TSAN_OPTIONS="halt_on_error=1 second_deadlock_stack=1"
if setarch "$(uname -m)" -R true 2>/dev/null; then
  exec setarch "$(uname -m)" -R "$THREAD_TESTS"
fi
exec "$THREAD_TESTS"
