#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "batch/json.hpp"
#include "protocol/decision.hpp"
#include "protocol/listings.hpp"

namespace partita {

/// What came of a step, so far.
struct step_outcome {
  step_state state = step_state::completed;
  json result = nullptr;  // what its tasklet or aggregator set; null: nothing
  std::string error{};
  std::int64_t completed = 0;  // partitions
  std::int64_t failed = 0;     // partitions
  item_counts counts{};        // of its items: read, written, filtered, skipped
};

/// What came of the steps that come before a place in the job, in this run and in those it
/// continues. They are read when they are first asked for.
class outcomes {
 public:
  using reader = std::function<std::map<std::string, step_outcome>()>;

  outcomes() = default;  // no step came before
  explicit outcomes(reader read) : read_(std::move(read)) {}
  explicit outcomes(std::map<std::string, step_outcome> known);

  /// Whether this step comes before and has begun: it may have been jumped over.
  bool has(const std::string& step) const { return all().contains(step); }
  /// Throws permanent_error where there is none.
  const step_outcome& of(const std::string& step) const;
  /// Of a step that has COMPLETED with a result; else permanent_error.
  const json& result_of(const std::string& step) const;

 private:
  const std::map<std::string, step_outcome>& all() const;

  reader read_;
  mutable std::shared_ptr<const std::map<std::string, step_outcome>> known_;
};

/// The outcome that rows tell of a step.
step_outcome outcome_of(const step_summary& step);

/// Where a run goes instead of what comes next: a later step of the job, or of the same flow.
struct go_to {
  std::string step;
  explicit go_to(std::string name) : step(std::move(name)) {}
  operator decision() const { return {decision_kind::go_to, step}; }
};

/// What comes after the step.
inline decision next() { return {decision_kind::next}; }
/// Nothing more begins. What runs beside it ends, and then the run is COMPLETED, if nothing failed.
inline decision complete() { return {decision_kind::complete}; }
/// The same, and the run is FAILED. A run that continues it asks the decider again.
inline decision fail(std::string why) { return {decision_kind::fail, std::move(why)}; }

/// Chooses what comes after a step, on the master. What it chose is stored before it is acted on,
/// and stays as it is: after a takeover, and in a run that continues this one.
using decider = std::function<decision(const outcomes& so_far)>;

}  // namespace partita
