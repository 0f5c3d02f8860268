#include "protocol/process_end.hpp"

#include <signal.h>

#include <catch2/catch.hpp>

using namespace partita;

TEST_CASE("how a process ended: by which signal, or with which exit code") {
  CHECK(describe_end(SIGSEGV) == "was ended by SIGSEGV (Segmentation fault)");
  CHECK(describe_end(SIGABRT | 0x80) == "was ended by SIGABRT (Aborted)");  // with a core dump
  CHECK(describe_end(7 << 8) == "ended with exit code 7");
  CHECK(name_of_signal(1000) == "signal 1000");
}
