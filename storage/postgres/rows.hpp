#pragma once

#include <nlohmann/json.hpp>
#include <pqxx/result>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/events.hpp"
#include "storage/postgres/session.hpp"
#include "storage/store.hpp"
#include "storage/text.hpp"

// What several verbs read and write. Every function that takes a transaction is a part of one.
namespace partita::postgres {

// --- values --------------------------------------------------------------------------------------

template <class Id>
Id id_of(const pqxx::field& value) {
  return Id{value.as<std::int64_t>()};
}

db_time time_of(const pqxx::field& micros);
std::optional<db_time> optional_time_of(const pqxx::field& micros);

/// Throws damaged when no version of the engine writes this text.
template <class State>
State state_of(const pqxx::field& name) {
  if (auto state = parse_state<State>(name.c_str())) return *state;
  throw store_error(errc::damaged, std::string{"column "} + name.name() + " holds '" +
                                       name.c_str() + "', which is no state");
}

/// read_count, write_count, filter_count, skip_count.
item_counts counts_of(const pqxx::row& row);

run_row run_of(const pqxx::row& row);
step_row step_of(const pqxx::row& row);

/// 'name/version', as node rows hold it.
std::string job_text(const job_ref& job);
job_ref job_of(const std::string& text);  // throws damaged

/// An array parameter: '{1,2}' or '{"a","b"}'. One column of the rows of an unnest.
class array {
 public:
  void add(std::int64_t value);
  void add(std::string_view value);
  std::string text() const { return text_ + '}'; }

 private:
  void separate() {
    if (text_.size() > 1) text_ += ',';
  }
  std::string text_ = "{";
};

std::string array_of(std::span<const lease_id> ids);

// --- events --------------------------------------------------------------------------------------

/// What an event is about; ids that do not apply stay none.
struct subject {
  run_id run;
  step_id step;
  lease_id lease;
  node_id node;
};

void log(transaction& tx, std::string_view kind, const subject& about,
         const nlohmann::json& detail = nlohmann::json::object());

/// Ranges as the detail of an event: [[0,4],[6,6]].
nlohmann::json json_of(const std::vector<range>& ranges);

// --- leases --------------------------------------------------------------------------------------

/// A lease whose row is locked FOR UPDATE.
struct locked_lease {
  lease_id id;
  step_id step;
  run_id run;
  node_id node;
  range span;
  int attempt = 1;
  lease_state state = lease_state::live;
  std::int64_t ended = 0;  // partitions of it
  bool transferable = true;
  retry_policy retry;  // only max_attempts

  std::int64_t unended() const { return span.size() - ended; }
  subject about() const { return {run, step, id, node}; }
};

/// LIVE leases of a node, by id.
std::vector<locked_lease> lock_live_leases(transaction& tx, node_id node);

/// Those of these leases that are of this node, whatever their state, by id.
std::vector<locked_lease> lock_these_leases(transaction& tx, node_id node,
                                            std::span<const lease_id> ids);

/// For each lease, what is left of it: lo..hi without what has a result, and what has a failure row
/// of this very lease.
std::vector<std::vector<range>> unfinished(transaction& tx,
                                           std::span<const locked_lease> leases);

void make_ready(transaction& tx, step_id step, range span, int attempt);

/// Gives LIVE leases back whole: what is unfinished is ready again, with the tries used up before.
void release(transaction& tx, std::span<const locked_lease> leases);

}  // namespace partita::postgres
