#include "protocol/isolation.hpp"

#include <catch2/catch.hpp>

using namespace partita;

TEST_CASE("a first try runs in the node, unless its step asks for isolation") {
  CHECK_FALSE(isolates(false, 1, false));
  CHECK(isolates(true, 1, false));
}

TEST_CASE("each later try is isolated: an earlier one may have ended its node") {
  CHECK(isolates(false, 2, true));
  CHECK(isolates(false, 3, false));
}

TEST_CASE("while a node holds what was tried before, it begins nothing that could end it") {
  CHECK(isolates(false, 1, true));
}
