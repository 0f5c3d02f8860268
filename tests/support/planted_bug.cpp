#include <cstdlib>

#include "protocol/mutation.hpp"

namespace partita {

namespace {

/// The program makes the mistake that PARTITA_PLANTED_BUG names.
const bool planted = [] {
  if (const auto* name = std::getenv("PARTITA_PLANTED_BUG")) planted_bug = name;
  return !planted_bug.empty();
}();

}  // namespace

}  // namespace partita
