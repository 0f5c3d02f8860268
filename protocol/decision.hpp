#pragma once

#include <string>

#include "protocol/states.hpp"

namespace partita {

/// What comes after a COMPLETED step, as its decider chose. Once it is stored it never changes.
struct decision {
  decision_kind how = decision_kind::next;
  std::string text{};  // go_to: the name of the step; fail: why
  friend bool operator==(const decision&, const decision&) = default;
};

/// Whether a run that continues this one takes the decision over. After `fail` it does not: the
/// step is executed again, and then its decider is asked again.
inline bool stays(const decision& d) { return d.how != decision_kind::fail; }

}  // namespace partita
