#pragma once

#include <concepts>
#include <cstddef>
#include <utility>
#include <vector>

#include "batch/step.hpp"

namespace partita {

/// Steps one after the other, beside the other flows of a parallel group. A flow holds steps only:
/// groups are not nested.
class flow {
 public:
  template <std::convertible_to<job_step>... Steps>
  explicit flow(Steps&&... steps) {
    (steps_.push_back(std::forward<Steps>(steps)), ...);
  }
  explicit flow(std::vector<job_step> steps) : steps_(std::move(steps)) {}

  const std::vector<job_step>& steps() const { return steps_; }

 private:
  std::vector<job_step> steps_;
};

/// Flows that run side by side. The group ends when all of them have ended.
class parallel {
 public:
  template <std::same_as<flow>... Flows>
  explicit parallel(Flows... flows) {
    (flows_.push_back(std::move(flows)), ...);
  }
  explicit parallel(std::vector<flow> flows) : flows_(std::move(flows)) {}

  const std::vector<flow>& flows() const { return flows_; }

 private:
  std::vector<flow> flows_;
};

/// Each flow may have a piece of the author's code on the master at once, in a thread of its own.
inline constexpr std::size_t most_flows = 64;

}  // namespace partita
