#!/bin/sh
# `partita bench` measures the database of its user.
. "$(dirname "$0")/lib.sh"
export PARTITA_DB="sqlite:$scratch/bench.db"
bench() { "$PARTITA" bench "$@" --fast -o json; }
expect 0 "" bench claim_throughput --partitions 2000 --executors 2
ok "it tells the rate" grep -q '"partitions_per_s":[0-9]' "$scratch/stdout"
expect 0 "" bench claim_throughput --partitions 2000 --streamed --nodes 2
expect 0 "" bench pickup_latency --rounds 2
ok "it tells both waits" grep -q 'ready_to_claimed_ms' "$scratch/stdout"
expect 0 "" bench executor_scaling --partitions 20 --body-us 500 --shape giant
expect 0 "" "$PARTITA" verify --all
expect 2 "claim_throughput" "$PARTITA" bench no_such_benchmark
expect 2 "BENCHMARK" "$PARTITA" bench
finish
