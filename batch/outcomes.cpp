#include "batch/outcomes.hpp"

#include "batch/errors.hpp"

namespace partita {

outcomes::outcomes(std::map<std::string, step_outcome> known)
    : known_(std::make_shared<const std::map<std::string, step_outcome>>(std::move(known))) {}

const std::map<std::string, step_outcome>& outcomes::all() const {
  if (!known_)
    known_ = std::make_shared<const std::map<std::string, step_outcome>>(
        read_ ? read_() : std::map<std::string, step_outcome>{});
  return *known_;
}

const step_outcome& outcomes::of(const std::string& step) const {
  const auto found = all().find(step);
  if (found == all().end())
    throw permanent_error("there is no outcome of step " + step +
                          ": it does not come before this place, or it was jumped over");
  return found->second;
}

const json& outcomes::result_of(const std::string& step) const {
  const auto& one = of(step);
  if (one.state != step_state::completed)
    throw permanent_error("there is no result of step " + step + ": it is " +
                          std::string{to_string(one.state)});
  if (one.result.is_null())
    throw permanent_error("there is no result of step " + step +
                          ": it has COMPLETED without one; its tasklet or aggregator sets it");
  return one.result;
}

step_outcome outcome_of(const step_summary& step) {
  const auto& [row, totals] = step;
  auto result = row.result.empty() ? json{} : json::parse(row.result, nullptr, false);
  if (result.is_discarded()) result = nullptr;
  return {row.state, std::move(result), row.error, totals.completed, totals.failed, totals.counts};
}

}  // namespace partita
