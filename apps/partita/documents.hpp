#pragma once

#include <map>
#include <vector>

#include "apps/partita/text.hpp"
#include "batch/job.hpp"
#include "storage/database.hpp"
#include "storage/store.hpp"

// Rows as the JSON documents every command prints: the one place that names their members. Tables
// and CSV are made from these too (render.hpp).
namespace partita::cli {

/// PAUSED, OWNED by a node that fires it, UNOWNED, or OVER: it has no tick any more.
std::string_view shown_state(const schedule_row& schedule);

/// As people see it: an abandoned run is ABANDONED, whether it FAILED or was STOPPED.
std::string_view shown_state(const run_row& run);

using node_names = std::map<node_id, std::string>;

/// Names of the nodes that did not leave.
node_names names_of(const std::vector<node_row>& nodes);

/// The database's clock as of now, as far as the rows of nodes tell it; else this machine's.
db_time clock_of(const std::vector<node_row>& nodes);

/// Sums over the steps begun so far.
struct run_totals {
  std::int64_t total = 0;
  std::int64_t completed = 0;
  std::int64_t failed = 0;
  std::int64_t claimed = 0;
  item_counts items;
  bool sealed = true;  // `total` grows no more in the steps begun so far
};
run_totals totals_of(const std::vector<step_summary>& steps);

/// What came of a run, once it is COMPLETED; else null. Its row has what its steps came to so far,
/// and what the steps came to that it need not repeat.
document result_document(const run_row& run);
/// `waits_for`: what a live run waits for, in words; "": nothing.
document run_document(const run_row& run, const std::vector<step_summary>& steps,
                      const node_names& names, db_time now, const std::string& waits_for = "");
document step_document(const step_summary& step, db_time now);
/// Those that have begun, and, where the plan is known, those that the run has jumped over.
std::vector<document> step_documents(const std::vector<step_summary>& steps,
                                     const std::vector<step_shape>& plan, db_time now);
document partition_document(const partition_row& row, const std::string& step,
                            const node_names& names, db_time now);
document try_document(const try_row& row, const node_names& names, db_time now);
/// Null: there is none.
document checkpoint_document(const std::optional<checkpoint>& saved);
document log_document(const log_row& row, const node_names& names);
document event_document(const event_row& row);
document skipped_document(const skipped_row& row, const std::vector<step_summary>& steps);

document failure_document(const failure_row& row, const std::vector<step_summary>& steps,
                          const node_names& names);
document node_document(const node_row& row, db_time now);
document schedule_document(const schedule_row& row, const node_names& names);
/// Null: it is not paused.
document pause_document(const std::optional<pause_mark>& paused);
document limit_document(const limit_row& row);
/// Of all jobs that have none of their own, the job is null.
document retention_document(const retention_row& row);
/// `description` as batch/description.hpp tells it; what is missing in it is empty.
document job_document(const job_ref& ref, const json& description);
document migration_document(const migration_status& status);

/// Stored JSON text as a document: null when empty, the text itself when it is no JSON.
document stored_json(const json_text& text);

}  // namespace partita::cli
