#!/bin/sh
# The README's first job does what the README says: as a program of this build, and as a project of
# its own, with the installed Partita and with Partita as a folder of the project. So does its test
# with the testing kit, as a part of the project with the installed Partita.
#   PARTITA   the program of this build
#   OWN_JOB   a folder with words.cpp, squares_test.cpp, CMakeLists.txt and test.cmake (the lines
#             that CMakeLists.txt gets for the test) from the README
#   SOURCE    Partita's sources
#   BUILD     the build that is installed
. "$(dirname "$0")/lib.sh"
unset CMAKE_BUILD_TYPE  # the environment's default: here it must be the project's
warnings="-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror"

counts_words() {  # PROGRAM: does what the README says
  export PARTITA_DB="sqlite:$scratch/own-$checks.db"
  expect 0 COMPLETED "$1" run word_lengths words=one,two,three --nodes 2 --fast
  ok "its result is what the README says" grep -q '{"letters":11,"words":3}' "$scratch/stdout"
  expect 0 "" "$1" jobs
}

new_project() {  # FOLDER
  mkdir -p "$1"
  cp "$OWN_JOB/words.cpp" "$OWN_JOB/CMakeLists.txt" "$1"
}

exec 3>&2
logged() {  # COMMAND...: shows what it says if it fails
  "$@" >"$scratch/log" 2>&1 && return 0
  tail -n 40 "$scratch/log" >&3
  return 1
}

build() {  # FOLDER [OPTION...]: configures and builds the project, and our headers do not warn
  folder=$1
  shift
  logged cmake -G Ninja -S "$folder" -B "$folder/build" -DCMAKE_CXX_FLAGS="$warnings" "$@" &&
    logged cmake --build "$folder/build"
}

frugal() {  # PROGRAM: has no job that ships, nor a library that only such a job needs
  ! nm -C "$1" | grep -Eq 'customer_etl|range_sum' && ! ldd "$1" | grep -q libxml2
}

counts_words "$PARTITA"

# Installed.
prefix="$scratch/prefix"
ok "it installs" logged cmake --install "$BUILD" --prefix "$prefix"
ok "the only name on the include path is partita" [ "$(ls "$prefix/include")" = partita ]
ok "no installed text names a folder of the build" \
  sh -c "! grep -rIlF -e '$SOURCE' -e '$BUILD' '$prefix'"
(cd "$prefix/include" && find partita -name '*.hpp') | sed 's/.*/#include <&>/' >"$scratch/all.cpp"
# shellcheck disable=SC2086
ok "every header can be included, and none warns" \
  logged c++ -std=c++20 $warnings -I "$prefix/include" -fsyntax-only "$scratch/all.cpp"
new_project "$scratch/installed"
cp "$OWN_JOB/squares_test.cpp" "$scratch/installed"
cat "$OWN_JOB/test.cmake" >>"$scratch/installed/CMakeLists.txt"
ok "a project builds with the installed Partita" \
  build "$scratch/installed" -DCMAKE_PREFIX_PATH="$prefix"
ok "it holds what it needs" frugal "$scratch/installed/build/words"
counts_words "$scratch/installed/build/words"
ok "the test with the kit passes" \
  logged ctest --test-dir "$scratch/installed/build" --no-tests=error

# As a folder. Partita is built once more for it, in the way that is quickest.
embedded="$scratch/embedded"
new_project "$embedded"
ln -s "$SOURCE" "$embedded/partita"
sed -i -e '/^find_package(partita/d' -e 's/^# add_subdirectory/add_subdirectory/' \
  "$embedded/CMakeLists.txt"
ok "a project with Partita as a folder is configured" \
  logged cmake -G Ninja -S "$embedded" -B "$scratch/default"
ninja -C "$scratch/default" -t commands words >"$scratch/commands"
ok "Partita is optimised there by default" grep -q -- ' -O3 .*program.cpp' "$scratch/commands"
ok "the project's own file is as the project says" \
  sh -c "! grep '/words.cpp' '$scratch/commands' | grep -q -- ' -O3 '"
ok "a project builds with Partita as a folder" \
  build "$embedded" -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-O0 -DCMAKE_UNITY_BUILD=ON
ok "it holds what it needs" frugal "$embedded/build/words"
ok "it installs nothing of Partita's" sh -c \
  "cmake --install '$embedded/build' --prefix '$scratch/nothing' && [ ! -e '$scratch/nothing' ]"
counts_words "$embedded/build/words"
finish
