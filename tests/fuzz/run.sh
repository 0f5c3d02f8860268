#!/bin/sh
# Fuzzes what reads bytes that others wrote: CSV files and those of lines, of fixed width and of
# JSON lines, parameters, JSON of rows, configuration, what processes for bodies say, payments and
# lists of a screening, MARC records.
#   tests/fuzz/run.sh [SECONDS of each target, default 60] [TARGET...]
# Prints executions and coverage of each; exit code 1 when one found something (the input is kept).
set -eu
cd "$(dirname "$0")/../.."
seconds=${1:-60}
[ $# -gt 0 ] && shift
. apps/packages.sh
need_packages $build_packages clang libclang-rt-14-dev
out=build/fuzz
mkdir -p $out
failed=0
targets="csv lines fixed_width json_lines parameters stored_json configuration pipe_frames
         screening marc"
objects="batch/http_connection.cpp batch/objects/object_name.cpp batch/objects/object_store.cpp
         batch/utf8.cpp"
files="batch/files.cpp $objects"
readers="$files batch/readers/input_file.cpp batch/readers/record_source.cpp
         batch/readers/split.cpp"
for target in ${*:-$targets}; do
  case $target in
    csv) parts="$readers batch/readers/csv.cpp" ;;
    lines) parts="$readers batch/readers/lines.cpp" ;;
    fixed_width) parts="$readers batch/readers/fixed_width.cpp batch/readers/lines.cpp" ;;
    json_lines) parts="$readers batch/readers/json_lines.cpp batch/readers/lines.cpp
                       batch/writers/file_sink.cpp batch/writers/json_lines.cpp" ;;
    parameters) parts="$files batch/parameters.cpp" ;;
    stored_json) parts="$files actors/text.cpp batch/output_files.cpp batch/parameters.cpp
                        batch/streamed_items.cpp" ;;
    configuration) parts="apps/partita/errors.cpp apps/partita/node_settings.cpp
                          apps/partita/options.cpp apps/partita/passwords.cpp
                          apps/partita/text.cpp $files batch/parameters.cpp
                          protocol/errors.cpp protocol/settings.cpp
                          storage/postgres/conninfo.cpp" ;;
    screening) jobs=apps/jobs/sanctions_screening
               parts="$readers batch/readers/csv.cpp $jobs/elixir0.cpp $jobs/fields.cpp
                      $jobs/jaro.cpp $jobs/matcher.cpp $jobs/sdn.cpp" ;;
    marc) jobs=apps/jobs/marc
          parts="$readers batch/parameters.cpp $jobs/formats.cpp $jobs/functions.cpp
                 $jobs/mapper.cpp $jobs/record.cpp $jobs/record_file.cpp $jobs/rules.cpp
                 $jobs/targets.cpp" ;;
    pipe_frames) parts="actors/body_messages.cpp protocol/pipe_frames.cpp" ;;
    *) echo "there is no target $target: $targets" >&2; exit 2 ;;
  esac
  # shellcheck disable=SC2086
  clang++ -std=c++20 -O1 -g -I. -fsanitize=fuzzer,address,undefined \
    -fno-sanitize-recover=undefined tests/fuzz/$target.cpp $parts -o $out/$target \
    $(pkg-config --cflags --libs libpq fmt yaz libxml-2.0 libcurl libcrypto)
  mkdir -p $out/corpus/$target
  found=0
  $out/$target -max_total_time="$seconds" -print_final_stats=1 -artifact_prefix=$out/$target- \
    $out/corpus/$target tests/fuzz/seeds/$target >$out/$target.log 2>&1 || found=1
  [ $found = 0 ] || failed=1
  executions=$(sed -n 's/^stat::number_of_executed_units: *//p' $out/$target.log)
  covered=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' $out/$target.log | tail -1)
  echo "$target: ${executions:-0} executions, ${covered:-0} edges covered, $found findings," \
    "log $out/$target.log"
done
exit $failed
