#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/events.hpp"
#include "storage/sqlite/connection.hpp"
#include "storage/store.hpp"
#include "storage/text.hpp"

// What several verbs read and write. Every function runs inside the transaction of its verb.
namespace partita::sqlite {

/// A lease as the verbs work on it: read, changed, saved.
struct lease_record {
  lease_id id;
  step_id step;
  run_id run;
  node_id node;
  range span;
  int attempt = 1;
  lease_state state = lease_state::live;
  std::int64_t completed = 0;
  std::int64_t failed = 0;
  std::int64_t returned = 0;

  std::int64_t unended() const { return span.size() - completed - failed - returned; }
};

run_row to_run(const statement& s);
step_row to_step(const statement& s);
event_row to_event(const statement& s);

std::optional<run_row> find_run(connection& db, run_id id);
std::optional<lease_record> find_lease(connection& db, lease_id id);
run_row require_run(connection& db, run_id id);              // throws not_found
step_row require_step(connection& db, step_id id);           // throws not_found
std::vector<step_row> steps_of(connection& db, run_id run);  // by ordinal

/// The run, if it is RUNNING under this master and term. Throws term_lost; wrong_state if this very
/// master has ended it.
run_row driven_run(connection& db, run_id id, node_id node, term t);

/// 'name/version', as node rows hold it.
std::string job_text(const job_ref& job);
std::string jobs_text(const std::vector<job_ref>& jobs);  // JSON array
std::vector<job_ref> to_jobs(const std::string& text);    // throws damaged

// --- events --------------------------------------------------------------------------------------

/// What an event is about; ids that do not apply stay none.
struct subject {
  run_id run;
  step_id step;
  lease_id lease;
  node_id node;
};

subject about(const lease_record& lease);

void log(connection& db, std::string_view kind, const subject& about,
         const nlohmann::json& detail = nlohmann::json::object());

/// Ranges as the detail of an event: [[0,4],[6,6]].
nlohmann::json json_of(const std::vector<range>& ranges);

// --- ready ranges and leases ---------------------------------------------------------------------

void make_ready(connection& db, step_id step, range span, node_id node, int attempt,
                db_time available_at);

/// A new LIVE lease, and its event.
lease_record grant(connection& db, step_id step, run_id run, node_id node, range span, int attempt);

void save(connection& db, const lease_record& lease);

/// lo..hi of the lease without what has a result, and what has a failure row of this very lease.
std::vector<range> unfinished(connection& db, const lease_record& lease);

/// Whether anything of `span` has a result, or a failure row of this lease.
bool has_ended(connection& db, const lease_record& lease, range span);

/// The LIVE leases of a node, by id.
std::vector<lease_record> live_leases(connection& db, node_id node);

}  // namespace partita::sqlite
