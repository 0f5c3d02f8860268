#include "apps/partita/documents.hpp"

#include <algorithm>

#include "batch/output_files.hpp"
#include "protocol/liveness.hpp"
#include "protocol/trace.hpp"
#include "storage/clock.hpp"

namespace partita::cli {

namespace {

template <class Tag>
document id_or_null(basic_id<Tag> id) {
  return id ? document(std::to_string(id.value)) : document(nullptr);
}

document time_or_null(const std::optional<db_time>& at) {
  return at ? document(iso_time(*at)) : document(nullptr);
}

document text_or_null(const std::string& text) {
  return text.empty() ? document(nullptr) : document(text);
}

/// {"id", "name"}; the name is null for a node that left and is not among `names`.
document node_reference(node_id id, const node_names& names) {
  if (!id) return nullptr;
  auto found = names.find(id);
  return {{"id", std::to_string(id.value)},
          {"name", found == names.end() ? document(nullptr) : document(found->second)}};
}

/// From `from` to `to`, or until now while it lasts. Never negative, though clocks differ.
document lasted(const std::optional<db_time>& from, const std::optional<db_time>& to, db_time now) {
  if (!from) return nullptr;
  auto took = std::max(to.value_or(now) - *from, microseconds{0});
  const auto whole_ms = std::chrono::round<milliseconds>(took);
  return static_cast<double>(whole_ms.count()) / 1000.0;
}

document counts_document(const item_counts& counts) {
  return {{"read", counts.read},
          {"written", counts.written},
          {"filtered", counts.filtered},
          {"skipped", counts.skipped}};
}

document share(std::int64_t part, std::int64_t total) {
  if (total == 0) return nullptr;
  return static_cast<double>(part) / static_cast<double>(total);
}

/// Of the files that a result registers: where they are once it stands.
document final_names(const std::string& files) {
  auto names = document::array();
  for (const auto& file : parse_files(files)) names.push_back(file.final_path.string());
  return names;
}

}  // namespace

document stored_json(const json_text& text) {
  if (text.empty()) return nullptr;
  if (nests_deeper(text, deepest)) return text;
  auto parsed = document::parse(text, nullptr, false);
  return parsed.is_discarded() ? document(text) : parsed;
}

std::string_view shown_state(const run_row& run) {
  return run.abandoned ? "ABANDONED" : to_string(run.state);
}

node_names names_of(const std::vector<node_row>& nodes) {
  node_names names;
  for (const auto& node : nodes) names[node.id] = node.info.name;
  return names;
}

db_time clock_of(const std::vector<node_row>& nodes) {
  for (const auto& row : nodes)
    if (!row.left_at) return row.heartbeat_at + row.silence;
  return wall_now();
}

run_totals totals_of(const std::vector<step_summary>& steps) {
  run_totals sum;
  for (const auto& step : steps) {
    sum.total += step.row.count;
    sum.completed += step.totals.completed;
    sum.failed += step.totals.failed;
    sum.claimed += step.totals.claimed;
    sum.items += step.totals.counts;
    sum.sealed = sum.sealed && step.row.sealed;
  }
  return sum;
}

document pause_document(const std::optional<pause_mark>& paused) {
  if (!paused) return nullptr;
  return {{"since", iso_time(paused->since)}, {"by", paused->by}, {"note", paused->note}};
}

document limit_document(const limit_row& row) {
  return {{"name", row.name},
          {"slots", row.slots ? document(*row.slots) : document(nullptr)},
          {"in_use", row.in_use}};
}

document retention_document(const retention_row& row) {
  return {{"job", text_or_null(row.job)},
          {"keep_s", std::chrono::duration_cast<std::chrono::seconds>(row.what.keep).count()},
          {"keep_last", row.what.keep_last}};
}

document result_document(const run_row& run) {
  return run.state == run_state::completed ? stored_json(run.result) : document(nullptr);
}

document run_document(const run_row& run, const std::vector<step_summary>& steps,
                      const node_names& names, db_time now, const std::string& waits_for) {
  auto sum = totals_of(steps);
  return {{"id", std::to_string(run.id.value)},
          {"job", run.job.name},
          {"job_version", run.job.version},
          {"state", shown_state(run)},
          {"stop", to_string(run.stop)},
          {"priority", run.priority},
          {"paused", pause_document(run.paused)},
          {"job_paused", run.job_paused},
          {"waits_for", text_or_null(waits_for)},
          {"partitions",
           {{"completed", sum.completed},
            {"failed", sum.failed},
            {"claimed", sum.claimed},
            {"total", sum.total},
            {"sealed", sum.sealed}}},
          {"progress", share(sum.completed, sum.total)},
          {"items", counts_document(sum.items)},
          {"master", node_reference(run.master, names)},
          {"term", std::to_string(run.term.value)},
          {"parameters", stored_json(run.parameters)},
          {"launch_key", run.launch_key},
          {"restart_of", id_or_null(run.restart_of)},
          {"schedule", id_or_null(run.schedule)},
          {"tick", time_or_null(run.tick)},
          {"trace_parent", text_or_null(run.trace_parent)},
          {"trace_id", hex(trace_of(run).submit.trace)},
          {"purged_at", time_or_null(run.purged_at)},
          {"created_at", iso_time(run.created_at)},
          {"started_at", time_or_null(run.started_at)},
          {"ended_at", time_or_null(run.ended_at)},
          {"duration_s", lasted(run.started_at, run.ended_at, now)},
          {"result", result_document(run)},
          {"error", text_or_null(run.error)}};
}

namespace {

document decision_document(const std::optional<decision>& decided) {
  if (!decided) return nullptr;
  return {{"kind", to_string(decided->how)}, {"text", text_or_null(decided->text)}};
}

}  // namespace

document step_document(const step_summary& step, db_time now) {
  const auto& [row, totals] = step;
  return {{"id", std::to_string(row.id.value)},
          {"ordinal", row.spec.ordinal},
          {"name", row.spec.name},
          {"kind", to_string(row.spec.kind)},
          {"state", to_string(row.state)},
          {"decision", decision_document(row.decided)},
          {"partitions",
           {{"completed", totals.completed},
            {"failed", totals.failed},
            {"claimed", totals.claimed},
            {"total", row.count},
            {"sealed", row.sealed}}},
          {"progress", share(totals.completed, row.count)},
          {"items", counts_document(totals.counts)},
          {"started_at", iso_time(row.started_at)},
          {"ended_at", time_or_null(row.ended_at)},
          {"duration_s", lasted(row.started_at, row.ended_at, now)},
          {"result", stored_json(row.result)},
          {"error", text_or_null(row.error)}};
}

std::vector<document> step_documents(const std::vector<step_summary>& steps,
                                     const std::vector<step_shape>& plan, db_time now) {
  std::vector<step_row> rows;
  std::map<std::size_t, document> all;  // by ordinal
  for (const auto& step : steps) {
    rows.push_back(step.row);
    all[static_cast<std::size_t>(step.row.spec.ordinal)] = step_document(step, now);
  }
  const auto path = follow(rows, plan);
  for (std::size_t i = 0; i < plan.size(); ++i) {
    if (path.places[i] != place::jumped_over || path.rows[i] != nullptr) continue;
    step_summary none;
    none.row.spec.name = plan[i].name;
    none.row.spec.ordinal = static_cast<int>(i);
    none.row.spec.kind = plan[i].kind;
    all[i] = step_document(none, now);
    all[i]["state"] = "JUMPED_OVER";
    for (const auto* unknown : {"id", "started_at", "duration_s"}) all[i][unknown] = nullptr;
  }
  std::vector<document> items;
  for (auto& [ordinal, item] : all) items.push_back(std::move(item));
  return items;
}

document partition_document(const partition_row& row, const std::string& step,
                            const node_names& names, db_time now) {
  return {{"no", row.no},
          {"step", step},
          {"key", row.key},
          {"state", to_string(row.state)},
          {"attempt", row.attempt},
          {"node", node_reference(row.node, names)},
          {"lease", id_or_null(row.lease)},
          {"progress", {{"done", row.progress_done}, {"total", row.progress_total}}},
          {"items", counts_document(row.counts)},
          {"input", stored_json(row.input)},
          {"output", stored_json(row.output)},
          {"files", final_names(row.files)},
          {"error", text_or_null(row.error)},
          {"started_at", time_or_null(row.started_at)},
          {"ended_at", time_or_null(row.ended_at)},
          {"duration_s", lasted(row.started_at, row.ended_at, now)}};
}

namespace {

/// How a try ended, or why nobody reported how.
std::string outcome_text(const try_row& row) {
  if (row.outcome) return std::string{to_string(*row.outcome)};
  switch (row.state) {
    case lease_state::live:
      return "RUNNING";
    case lease_state::revoked:
      return "LOST";
    case lease_state::released:
    case lease_state::done:
      return "GIVEN_BACK";
  }
  return "";
}

}  // namespace

document try_document(const try_row& row, const node_names& names, db_time now) {
  const auto from = row.took && row.ended_at ? std::optional{*row.ended_at - *row.took}
                                             : std::optional{row.granted_at};
  return {{"attempt", row.attempt},
          {"outcome", outcome_text(row)},
          {"node", node_reference(row.node, names)},
          {"lease", id_or_null(row.lease)},
          {"started_at", time_or_null(from)},
          {"ended_at", time_or_null(row.ended_at)},
          {"duration_s", lasted(from, row.ended_at, now)},
          {"error", text_or_null(row.error)}};
}

document checkpoint_document(const std::optional<checkpoint>& saved) {
  if (!saved) return nullptr;
  return {{"seq", saved->seq},
          {"position", stored_json(saved->position)},
          {"items", counts_document(saved->counts)}};
}

document log_document(const log_row& row, const node_names& names) {
  return {{"at", iso_time(row.at)},
          {"attempt", row.attempt},
          {"node", node_reference(row.node, names)},
          {"lease", id_or_null(row.lease)},
          {"number", row.number},
          {"text", row.text}};
}

namespace {

/// The detail of an event with its ids as all ids are told: as texts, and 0 as null.
document shown_detail(const json_text& stored) {
  auto detail = stored_json(stored);
  if (!detail.is_object()) return detail;
  for (const auto* name : {"term", "restart_of", "continues", "schedule", "from"})
    if (const auto id = detail.find(name); id != detail.end() && id->is_number_integer())
      *id = *id == 0 ? document(nullptr) : document(dump(*id));
  if (const auto runs = detail.find("runs"); runs != detail.end() && runs->is_array())
    for (auto& id : *runs)
      if (id.is_number_integer()) id = dump(id);
  return detail;
}

}  // namespace

document event_document(const event_row& row) {
  return {{"id", std::to_string(row.id)},
          {"at", iso_time(row.at)},
          {"kind", row.kind},
          {"run", id_or_null(row.run)},
          {"step", id_or_null(row.step)},
          {"lease", id_or_null(row.lease)},
          {"node", id_or_null(row.node)},
          {"detail", shown_detail(row.detail)}};
}

namespace {

document step_name(step_id id, const std::vector<step_summary>& steps) {
  const auto step = std::find_if(steps.begin(), steps.end(),
                                 [&](const step_summary& s) { return s.row.id == id; });
  return step == steps.end() ? document(nullptr) : document(step->row.spec.name);
}

}  // namespace

document skipped_document(const skipped_row& row, const std::vector<step_summary>& steps) {
  return {{"at", iso_time(row.at)}, {"step", step_name(row.step, steps)}, {"no", row.no},
          {"item", row.what.item},  {"stage", to_string(row.what.stage)}, {"place", row.what.place},
          {"why", row.what.why}};
}

document failure_document(const failure_row& row, const std::vector<step_summary>& steps,
                          const node_names& names) {
  return {{"at", iso_time(row.at)},
          {"step", step_name(row.step, steps)},
          {"no", row.no},
          {"attempt", row.attempt},
          {"outcome", to_string(row.outcome)},
          {"node", node_reference(row.node, names)},
          {"lease", id_or_null(row.lease)},
          {"error", row.error}};
}

document node_document(const node_row& row, db_time now) {
  auto jobs = document::array();
  for (const auto& job : row.info.jobs)
    jobs.push_back(job.name + "/" + std::to_string(job.version));
  return {{"id", std::to_string(row.id.value)},
          {"name", row.info.name},
          {"state", to_string(shown_state(row))},
          {"running", row.load.running},
          {"slots", row.info.slots},
          {"stuck", row.load.stuck},
          {"tokens", row.info.tokens},
          {"tags", row.info.tags},
          {"host", row.info.host},
          {"pid", row.info.pid},
          {"version", row.info.version},
          {"jobs", jobs},
          {"joined_at", iso_time(row.joined_at)},
          {"heartbeat_at", iso_time(row.heartbeat_at)},
          {"heartbeat_age_s", lasted(row.heartbeat_at, row.left_at, now)},
          {"left_at", time_or_null(row.left_at)}};
}

std::string_view shown_state(const schedule_row& schedule) {
  if (schedule.paused) return "PAUSED";
  if (!schedule.next_tick) return "OVER";
  return schedule.owner ? "OWNED" : "UNOWNED";
}

document schedule_document(const schedule_row& row, const node_names& names) {
  return {{"id", std::to_string(row.id.value)},
          {"name", row.what.name},
          {"job", row.what.job},
          {"state", shown_state(row)},
          {"trigger", row.what.trigger},
          {"zone", row.what.zone},
          {"next_tick", time_or_null(row.paused ? std::nullopt : row.next_tick)},
          {"owner", node_reference(row.owner, names)},
          {"last_tick", time_or_null(row.last_tick)},
          {"last_run", id_or_null(row.last_run)},
          {"missed", row.missed},
          {"overlap", to_string(row.what.overlap)},
          {"catch_up_s", std::chrono::duration<double>(row.what.catch_up).count()},
          {"parameters", stored_json(row.what.parameters)},
          {"paused", pause_document(row.paused)},
          {"created_at", iso_time(row.created_at)}};
}

namespace {

/// "input=path [chunk=100]": how a job is called.
std::string usage_of(const document& parameters) {
  std::vector<std::string> usage;
  for (const auto& p : parameters) {
    const auto fallback = p.value("default", document{});
    const auto shown = fallback.is_string() ? fallback.get<std::string>()
                       : fallback.is_null() ? p.value("type", "")
                                            : fallback.dump();
    const auto word = p.value("name", "") + "=" + shown;
    usage.push_back(p.value("required", false) ? word : "[" + word + "]");
  }
  return join(usage, " ");
}

}  // namespace

document job_document(const job_ref& ref, const json& description) {
  auto parameters = document::array();
  for (const auto& p : description.value("parameters", json::array()))
    parameters.push_back({{"name", p.value("name", "")},
                          {"type", p.value("type", "")},
                          {"required", p.value("required", false)},
                          {"identifying", p.value("identifying", true)},
                          {"default", document::parse(p.value("default", json{}).dump())},
                          {"one_of", document::parse(p.value("one_of", json::array()).dump())},
                          {"about", text_or_null(p.value("about", ""))}});
  auto steps = document::array();
  for (const auto& step : description.value("steps", json::array()))
    steps.push_back(step.value("name", ""));
  return {{"name", ref.name},
          {"version", ref.version},
          {"about", text_or_null(description.value("about", ""))},
          {"usage", usage_of(parameters)},
          {"steps", steps},
          {"parameters", parameters}};
}

document migration_document(const migration_status& status) {
  return {{"version", status.version},
          {"name", status.name},
          {"state", status.altered   ? "ALTERED"
                    : status.applied ? "APPLIED"
                                     : "PENDING"}};
}

}  // namespace partita::cli
