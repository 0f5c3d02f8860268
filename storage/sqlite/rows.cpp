#include "storage/sqlite/rows.hpp"

#include <charconv>

#include "storage/sqlite/statements.hpp"

namespace partita::sqlite {

run_row to_run(const statement& s) {
  run_row r;
  r.id = s.get<run_id>(0);
  r.job = {s.get<std::string>(1), s.get<int>(2)};
  r.parameters = s.get<std::string>(3);
  r.identity = s.get<std::string>(4);
  r.launch_key = s.get<std::string>(5);
  r.state = s.get<run_state>(6);
  r.master = s.get<node_id>(7);
  r.term = s.get<term>(8);
  r.stop = s.get<stop_mode>(9);
  r.restart_of = s.get<run_id>(10);
  r.result = s.get<std::string>(11);
  r.error = s.get<std::string>(12);
  r.created_at = s.get<db_time>(13);
  r.started_at = s.get<std::optional<db_time>>(14);
  r.ended_at = s.get<std::optional<db_time>>(15);
  return r;
}

step_row to_step(const statement& s) {
  step_row r;
  r.id = s.get<step_id>(0);
  r.run = s.get<run_id>(1);
  r.spec.name = s.get<std::string>(2);
  r.spec.ordinal = s.get<int>(3);
  r.spec.kind = s.get<step_kind>(4);
  r.state = s.get<step_state>(5);
  r.spec.streamed = s.get<bool>(6);
  r.spec.transferable = s.get<bool>(7);
  r.spec.retry.max_attempts = s.get<int>(8);
  r.spec.retry.first_delay = s.get<milliseconds>(9);
  r.spec.retry.factor = s.get<double>(10);
  r.spec.retry.max_delay = s.get<milliseconds>(11);
  r.spec.split_context = s.get<std::string>(12);
  r.count = s.get<std::int64_t>(13);
  r.sealed = s.get<bool>(14);
  r.result = s.get<std::string>(15);
  r.error = s.get<std::string>(16);
  r.started_at = s.get<db_time>(17);
  r.ended_at = s.get<std::optional<db_time>>(18);
  return r;
}

event_row to_event(const statement& s) {
  return {s.get<std::int64_t>(0), s.get<db_time>(1),  s.get<std::string>(2), s.get<run_id>(3),
          s.get<step_id>(4),      s.get<lease_id>(5), s.get<node_id>(6),     s.get<std::string>(7)};
}

std::optional<run_row> find_run(connection& db, run_id id) {
  auto s = db.query(sql::find_run, id);
  if (!s.next()) return std::nullopt;
  return to_run(s);
}

std::optional<lease_record> find_lease(connection& db, lease_id id) {
  auto s = db.query(sql::find_lease, id);
  if (!s.next()) return std::nullopt;
  return lease_record{s.get<lease_id>(0),
                      s.get<step_id>(1),
                      s.get<run_id>(2),
                      s.get<node_id>(3),
                      {s.get<partition_no>(4), s.get<partition_no>(5)},
                      s.get<int>(6),
                      s.get<lease_state>(7),
                      s.get<std::int64_t>(8),
                      s.get<std::int64_t>(9),
                      s.get<std::int64_t>(10)};
}

run_row require_run(connection& db, run_id id) {
  if (auto found = find_run(db, id)) return *found;
  throw store_error(errc::not_found, "there is no " + named(id));
}

step_row require_step(connection& db, step_id id) {
  auto s = db.query(sql::find_step, id);
  if (s.next()) return to_step(s);
  throw store_error(errc::not_found, "there is no " + named(id));
}

std::vector<step_row> steps_of(connection& db, run_id run) {
  std::vector<step_row> steps;
  for (auto s = db.query(sql::list_steps, run); s.next();) steps.push_back(to_step(s));
  return steps;
}

run_row driven_run(connection& db, run_id id, node_id node, term t) {
  auto found = find_run(db, id);
  if (!found || found->master != node || found->term != t)
    throw store_error(errc::term_lost, named(node) + " does not drive " + named(id) +
                                           " under term " + std::to_string(t.value));
  if (is_terminal(found->state)) throw store_error(errc::wrong_state, named(id) + " has ended");
  return *found;
}

std::string job_text(const job_ref& job) { return job.name + "/" + std::to_string(job.version); }

std::string jobs_text(const std::vector<job_ref>& jobs) {
  auto list = nlohmann::json::array();
  for (const auto& job : jobs) list.push_back(job_text(job));
  return list.dump();
}

std::vector<job_ref> to_jobs(const std::string& text) {
  std::vector<job_ref> jobs;
  auto list = nlohmann::json::parse(text, nullptr, false);
  for (const auto& entry : list) {
    auto known = entry.is_string() ? entry.get<std::string>() : std::string{};
    auto slash = known.rfind('/');
    int version = 0;
    const auto* end = known.data() + known.size();
    if (slash == std::string::npos ||
        std::from_chars(known.data() + slash + 1, end, version).ptr != end)
      throw store_error(errc::damaged, "a node row names its jobs as " + text);
    jobs.push_back({known.substr(0, slash), version});
  }
  return jobs;
}

subject about(const lease_record& lease) { return {lease.run, lease.step, lease.id, lease.node}; }

void log(connection& db, std::string_view kind, const subject& about,
         const nlohmann::json& detail) {
  db.run(sql::insert_event, kind, about.run, about.step, about.lease, about.node, detail.dump());
}

nlohmann::json json_of(const std::vector<range>& ranges) {
  auto list = nlohmann::json::array();
  for (auto r : ranges) list.push_back({r.lo, r.hi});
  return list;
}

void make_ready(connection& db, step_id step, range span, node_id node, int attempt,
                db_time available_at) {
  db.run(sql::insert_ready, step, span.lo, span.hi, node, attempt, available_at);
}

lease_record grant(connection& db, step_id step, run_id run, node_id node, range span,
                   int attempt) {
  lease_record lease;
  lease.id = lease_id{db.insert(sql::insert_lease, step, node, span.lo, span.hi, attempt)};
  lease.step = step;
  lease.run = run;
  lease.node = node;
  lease.span = span;
  lease.attempt = attempt;
  log(db, event::lease_granted, about(lease),
      {{"lo", span.lo}, {"hi", span.hi}, {"attempt", attempt}});
  return lease;
}

void save(connection& db, const lease_record& lease) {
  db.run(sql::update_lease, lease.id, lease.span.hi, lease.state, lease.completed, lease.failed,
         lease.returned);
}

std::vector<range> unfinished(connection& db, const lease_record& lease) {
  std::vector<partition_no> ended;
  auto s = db.query(sql::ended_numbers, lease.step, lease.span.lo, lease.span.hi, lease.id);
  while (s.next()) ended.push_back(s.get<partition_no>(0));
  return gaps(lease.span, std::move(ended));
}

bool has_ended(connection& db, const lease_record& lease, range span) {
  return db.query(sql::ended_numbers, lease.step, span.lo, span.hi, lease.id).next();
}

std::vector<lease_record> live_leases(connection& db, node_id node) {
  std::vector<lease_id> ids;
  for (auto s = db.query(sql::live_leases, node); s.next();) ids.push_back(s.get<lease_id>(0));
  std::vector<lease_record> leases;
  for (auto id : ids) leases.push_back(*find_lease(db, id));
  return leases;
}

}  // namespace partita::sqlite
