#include "protocol/spans.hpp"

#include <algorithm>

namespace partita {

namespace {

/// Not in the middle of a character.
std::string bounded_message(const std::string& text) {
  if (text.size() <= longest_span_message) return text;
  auto end = longest_span_message;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + "…";
}

}  // namespace

void lease_tally::add(const attempt_report& attempt, report_verdict verdict) {
  if (verdict == report_verdict::rejected) {
    ++refused;
    return;
  }
  using outcome = attempt_outcome;
  const auto how = verdict == report_verdict::name_taken ? outcome::failed : attempt.outcome;
  if (how == outcome::completed) ++completed;
  if (how == outcome::failed) ++failed;
  if (how == outcome::retry) ++retried;
  if (how == outcome::released) ++released;
  if (how == outcome::completed || how == outcome::failed) items += attempt.counts;
  if ((how == outcome::failed || how == outcome::retry) && error.empty())
    error = verdict == report_verdict::name_taken
                ? "another partition of the run has a file of the same name"
                : bounded_message(attempt.error);
  ended = std::max(ended, attempt.ended);
}

lease_tally& lease_tally::operator+=(lease_tally more) {
  completed += more.completed;
  failed += more.failed;
  retried += more.retried;
  released += more.released;
  refused += more.refused;
  items += more.items;
  if (error.empty()) error = std::move(more.error);
  ended = std::max(ended, more.ended);
  return *this;
}

std::string_view outcome_of(const lease_tally& tally) {
  if (tally.failed > 0) return "FAILED";
  if (tally.refused > 0) return "LOST";
  if (tally.retried > 0) return "RETRY";
  return tally.released > 0 ? "RELEASED" : "COMPLETED";
}

trace_span span_of(const traced_lease& lease, mono_time now) {
  const auto& [from, of, partitions, granted, tally] = lease;
  const auto outcome = std::string{outcome_of(tally)};
  trace_span s;
  s.self = {of.submit.trace, span_of(of, from.lease), of.submit.sampled};
  s.parent = of.run;
  s.links = {of.submit};
  s.name = from.job + ' ' + from.step;
  s.kind = span_kind::consumer;
  const auto ended = tally.ended == mono_time{} ? now : tally.ended;
  s.when = std::pair{granted, std::max(granted, ended)};
  s.attributes = {{"partita.job", from.job},
                  {"partita.run", from.run.value},
                  {"partita.step", from.step},
                  {"partita.partition.first", partitions.lo},
                  {"partita.partition.last", partitions.hi},
                  {"partita.lease", from.lease.value},
                  {"partita.attempt", std::int64_t{from.attempt}},
                  {"partita.node", from.node.value},
                  {"partita.outcome", outcome},
                  {"partita.completed", tally.completed},
                  {"partita.failed", tally.failed},
                  {"partita.retried", tally.retried},
                  {"partita.released", tally.released},
                  {"partita.items.read", tally.items.read},
                  {"partita.items.written", tally.items.written},
                  {"partita.items.filtered", tally.items.filtered},
                  {"partita.items.skipped", tally.items.skipped}};
  s.failed = outcome == "FAILED" || outcome == "RETRY" || outcome == "LOST";
  if (s.failed) {
    s.message = outcome == "LOST" ? "the cluster has taken the lease away" : tally.error;
    s.attributes.push_back({"error.type", outcome});
  }
  return s;
}

std::vector<trace_span> spans_of(const run_row& run, const std::optional<run_row>& continues) {
  std::vector<trace_span> all;
  const auto of = trace_of(run);
  const auto state = std::string{to_string(run.state)};
  const std::vector<span_attribute> which{{"partita.job", run.job.name},
                                          {"partita.job_version", std::int64_t{run.job.version}},
                                          {"partita.run", run.id.value}};
  trace_span whole;
  whole.self = of.run_context();
  whole.parent = of.submit.span;
  if (continues) whole.links = {trace_of(*continues).run_context()};
  whole.name = run.job.name;
  const auto began = run.started_at.value_or(run.created_at);
  whole.when = std::pair{began, std::max(began, run.ended_at.value_or(began))};
  whole.attributes = which;
  whole.attributes.push_back({"partita.outcome", state});
  if (run.restart_of) whole.attributes.push_back({"partita.restart_of", run.restart_of.value});
  whole.failed = run.state == run_state::failed;
  if (whole.failed) {
    whole.message = bounded_message(run.error);
    whole.attributes.push_back({"error.type", state});
  }
  all.push_back(std::move(whole));
  if (of.has_parent) return all;
  trace_span submit;
  submit.self = of.submit;
  submit.name = "submit " + run.job.name;
  submit.kind = span_kind::producer;
  submit.when = std::pair{run.created_at, run.created_at};
  submit.attributes = which;
  all.push_back(std::move(submit));
  return all;
}

}  // namespace partita
