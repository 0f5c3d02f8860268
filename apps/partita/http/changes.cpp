#include "apps/partita/http/changes.hpp"

#include "actors/log_event.hpp"
#include "apps/partita/documents.hpp"
#include "apps/partita/errors.hpp"
#include "apps/partita/http/cluster_views.hpp"
#include "apps/partita/http/run_views.hpp"
#include "apps/partita/schedule_options.hpp"
#include "batch/description.hpp"
#include "batch/errors.hpp"
#include "batch/files.hpp"
#include "batch/submit.hpp"
#include "protocol/duration.hpp"
#include "storage/clock.hpp"

namespace partita::http {

using cli::document;

namespace {

constexpr milliseconds change_limit{3'000};

json body_of(const request& what) {
  if (what.body.empty()) return json::object();
  if (cli::nests_deeper(what.body, cli::deepest))
    throw http_error(400, "bad_body", "the body nests values too deep");
  auto body = json::parse(what.body, nullptr, false);
  if (!body.is_object()) throw http_error(400, "bad_body", "the body must be a JSON object");
  return body;
}

/// Throws http_error 400 for a member that the request does not have.
void allow_members(const json& body, const std::vector<std::string>& names) {
  for (const auto& [name, value] : body.items())
    if (std::find(names.begin(), names.end(), name) == names.end())
      throw http_error(400, "bad_body", "the body has no member " + name,
                       names.empty() ? "it is {}" : "it takes " + cli::join(names, ", "));
}

/// What operators change.
class operator_store : public launcher_store,
                       public sharing_store,
                       public retention_store,
                       public schedule_store {
 public:
  explicit operator_store(const std::shared_ptr<session>& with)
      : facet(with),
        run_lookup(with),
        launcher_store(with),
        sharing_store(with),
        retention_store(with),
        schedule_store(with) {}
};

/// A whole number of the body; nothing: it has no such member, or null. Throws http_error 400.
template <class Number = int>
std::optional<Number> number_in(const json& body, const char* name) {
  const auto found = body.find(name);
  if (found == body.end() || found->is_null()) return std::nullopt;
  constexpr auto smallest = std::numeric_limits<Number>::min(),
                 largest = std::numeric_limits<Number>::max();
  if (!found->is_number_integer() || *found < smallest || *found > largest)
    throw http_error(400, "bad_body", std::string{name} + " must be a whole number");
  return found->get<Number>();
}

/// "": it has no such member. Throws http_error 400.
std::string text_in(const json& body, const char* name) {
  const auto found = body.find(name);
  if (found == body.end()) return {};
  if (!found->is_string()) throw http_error(400, "bad_body", std::string{name} + " must be a text");
  return found->get<std::string>();
}

class changes {
 public:
  changes(std::shared_ptr<database> by, reader_pool& readers, const access_rules& access,
          std::shared_ptr<const registry> jobs)
      : by_(std::move(by)), readers_(readers), access_(access), jobs_(std::move(jobs)) {}

  /// `change` gets a store, the call, its body and who asks.
  template <class Change>
  std::function<response(const call&)> route_to(int status, Change change) const {
    return [self = *this, status, change](const call& c) {
      const auto holder = self.access_.allow_changing(c.what);
      const auto body = body_of(c.what);
      const auto shown =
          self.ask([&](const operator_store& s) { return change(self, s, c, body, holder.name); });
      log::info("asked_by_http", {}, {{"path", c.what.path}, {"by", holder.name}});
      return response{status, "application/json", cli::dump(shown) + "\n"};
    };
  }

  /// The change has happened, also when it cannot be shown now.
  document run_document(const run_row& run) const {
    try {
      return readers_.look([&](const reader& look) { return changed_run(look, run); });
    } catch (const std::exception&) {
      return {{"id", std::to_string(run.id.value)}, {"state", cli::shown_state(run)}};
    }
  }

  /// The newest version, or this one, that a node has told of.
  known_job job_named(const std::string& name, int version) const {
    return readers_.look([&](const reader& look) {
      std::optional<known_job> found;
      for (auto& known : look.list_known_jobs())
        if (known.latest.job.name == name && (version == 0 || known.latest.job.version == version))
          found = std::move(known);  // by version, ascending
      if (!found)
        throw http_error(404, "not_found",
                         "no node has told of a job " + name +
                             (version == 0 ? "" : " of version " + std::to_string(version)));
      return *found;
    });
  }

  db_time database_clock() const {
    return cli::clock_of(readers_.look([](const reader& look) { return look.list_nodes(false); }));
  }

  /// What nobody but the job knows of its parameters. Throws what its check throws; not where that
  /// would look into a file that this process may not use: nodes may.
  void require_usable(const job_ref& wanted, const json& values) const {
    try {
      if (const auto* known = jobs_->find(wanted)) known->require_usable(parameters{values});
    } catch (const outside_error&) {
      return;
    }
  }

  schedule_row schedule_named(const std::string& name) const {
    return readers_.look([&](const reader& look) {
      if (auto row = look.find_schedule(name)) return *row;
      throw http_error(404, "not_found", "there is no schedule " + name);
    });
  }

 private:
  template <class Work>
  document ask(Work work) const {
    try {
      session_options options;
      options.application = "partita-http-changes";
      options.statement_timeout = change_limit;
      const operator_store s{by_->connect(options)};
      return work(s);
    } catch (const store_error& e) {
      if (e.code() != errc::missing_right) throw;
      throw http_error(
          403, "role_missing",
          std::string{"the database does not let this server change anything: "} + e.what(),
          "give --operator-db a login of the role partita_launch");
    }
  }

  std::shared_ptr<database> by_;
  reader_pool& readers_;
  const access_rules& access_;
  std::shared_ptr<const registry> jobs_;
};

run_id run_of(const call& c) { return run_id{parse_id("run", c["id"])}; }

document submit(const changes& of, const operator_store& s, const call& c, const json& body,
                const std::string& by) {
  allow_members(body, {"job", "parameters", "version", "priority"});
  if (!body.contains("job") || !body["job"].is_string())
    throw http_error(400, "bad_body", "the body must name a job");
  const auto version = number_in(body, "version").value_or(0);
  if (version < 0 || (version == 0 && body.contains("version")))
    throw http_error(400, "bad_body", "version must be a whole number from 1");
  const auto known = of.job_named(body["job"].get<std::string>(), version);
  const auto specs = parameters_of(json::parse(known.latest.description, nullptr, false));
  json values;
  try {
    values = checked_values(known.latest.job.name, specs, body.value("parameters", json::object()));
    of.require_usable(known.latest.job, values);
  } catch (const std::exception& e) {
    throw http_error(400, "bad_parameters", e.what());
  }
  const auto key = c.what.header("idempotency-key");
  return of.run_document(
      s.submit({known.latest.job, values.dump(), identity_of(specs, values),
                key.empty() ? random_launch_key("http") : key, by, c.what.header("traceparent"),
                number_in(body, "priority").value_or(0)}));
}

document cancel(const changes& of, const operator_store& s, const call& c, const json& body,
                const std::string& by) {
  allow_members(body, {"now"});
  const auto at_once = body.value("now", json(false));
  if (!at_once.is_boolean()) throw http_error(400, "bad_body", "now must be true or false");
  return of.run_document(
      s.request_stop(run_of(c), at_once.get<bool>() ? stop_mode::now : stop_mode::stop, by));
}

document restart(const changes& of, const operator_store& s, const call& c, const json& body,
                 const std::string& by) {
  allow_members(body, {"skipped"});
  const auto skipped = body.value("skipped", json(false));
  if (!skipped.is_boolean()) throw http_error(400, "bad_body", "skipped must be true or false");
  const auto key = c.what.header("idempotency-key");
  return of.run_document(
      s.restart(run_of(c), key.empty() ? random_launch_key("http") : key, 0, by,
                skipped.get<bool>() ? restart_scope::skipped : restart_scope::unfinished));
}

document abandon(const changes& of, const operator_store& s, const call& c, const json& body,
                 const std::string& by) {
  allow_members(body, {});
  return of.run_document(s.abandon(run_of(c), by));
}

document pause(const changes& of, const operator_store& s, const call& c, const json& body,
               const std::string& by) {
  allow_members(body, {"note"});
  return of.run_document(s.pause_run(run_of(c), text_in(body, "note"), by));
}

document resume(const changes& of, const operator_store& s, const call& c, const json& body,
                const std::string& by) {
  allow_members(body, {});
  return of.run_document(s.resume_run(run_of(c), by));
}

document prioritize(const changes& of, const operator_store& s, const call& c, const json& body,
                    const std::string& by) {
  allow_members(body, {"priority"});
  const auto priority = number_in(body, "priority");
  if (!priority) throw http_error(400, "bad_body", "the body must tell the priority");
  return of.run_document(s.set_priority(run_of(c), *priority, by));
}

document pause_job(const changes&, const operator_store& s, const call& c, const json& body,
                   const std::string& by) {
  allow_members(body, {"note"});
  s.pause_job(c["name"], text_in(body, "note"), by);
  return {{"name", c["name"]}, {"state", "PAUSED"}};
}

document resume_job(const changes&, const operator_store& s, const call& c, const json& body,
                    const std::string& by) {
  allow_members(body, {});
  s.resume_job(c["name"], by);
  return {{"name", c["name"]}, {"state", "OPEN"}};
}

document set_limit(const changes&, const operator_store& s, const call& c, const json& body,
                   const std::string& by) {
  allow_members(body, {"slots"});
  if (!body.contains("slots"))
    throw http_error(400, "bad_body", "the body must tell the slots", "null: any number");
  const auto slots = number_in(body, "slots");
  s.set_limit(c["name"], slots, by);
  return {{"name", c["name"]}, {"slots", slots ? document(*slots) : document(nullptr)}};
}

document set_retention(const changes&, const operator_store& s, const call&, const json& body,
                       const std::string& by) {
  allow_members(body, {"job", "keep_s", "keep_last"});
  if (!body.contains("keep_s"))
    throw http_error(400, "bad_body", "the body must tell keep_s", "null: it is taken back");
  const auto job = body.value("job", json(nullptr)).is_null() ? "" : text_in(body, "job");
  const auto seconds = number_in<std::int64_t>(body, "keep_s");
  if (seconds && (*seconds < 1 || *seconds > longest_duration.count()))
    throw http_error(400, "bad_body", "keep_s must be from a second to 100000 days");
  std::optional<retention> what;
  if (seconds)
    what = retention{std::chrono::seconds{*seconds}, number_in(body, "keep_last").value_or(0)};
  s.set_retention(job, what, by);
  auto shown = cli::retention_document({job, what.value_or(retention{})});
  if (!what) shown["keep_s"] = nullptr;
  return shown;
}

document pause_schedule(const changes&, const operator_store& s, const call& c, const json& body,
                        const std::string& by) {
  allow_members(body, {"note"});
  return cli::schedule_document(s.pause_schedule(c["name"], text_in(body, "note"), by), {});
}

document resume_schedule(const changes&, const operator_store& s, const call& c, const json& body,
                         const std::string& by) {
  allow_members(body, {});
  return cli::schedule_document(s.resume_schedule(c["name"], by), {});
}

/// The tick of now.
document run_schedule(const changes& of, const operator_store& s, const call& c, const json& body,
                      const std::string& by) {
  allow_members(body, {});
  const auto version = of.job_named(of.schedule_named(c["name"]).what.job, 0).latest.job.version;
  return of.run_document(s.run_schedule(c["name"], std::nullopt, version, by));
}

db_time time_in(const json& body, const char* name, db_time now, const std::string& zone) {
  const auto text = text_in(body, name);
  if (text.empty() && name == std::string_view{"to"}) return now;
  if (const auto at = cli::parse_since(text, now, zone)) return *at;
  throw http_error(400, "bad_body",
                   std::string{name} + " must be a time like 2026-03-01T10:20, or 3d");
}

/// A tick that has a run already keeps that one.
document backfill_schedule(const changes& of, const operator_store& s, const call& c,
                           const json& body, const std::string& by) {
  allow_members(body, {"from", "to"});
  const auto row = of.schedule_named(c["name"]);
  const auto now = of.database_clock();
  std::vector<db_time> ticks;
  try {
    ticks = cli::past_ticks(row.what, time_in(body, "from", now, row.what.zone),
                            time_in(body, "to", now, row.what.zone), now);
  } catch (const cli::command_error& e) {
    throw http_error(400, "bad_body", e.what());
  }
  const auto version = of.job_named(row.what.job, 0).latest.job.version;
  auto runs = document::array();
  for (const auto tick : ticks)
    runs.push_back(std::to_string(s.run_schedule(c["name"], tick, version, by).id.value));
  return {{"runs", runs}};
}

document drain(const changes&, const operator_store& s, const call& c, const json& body,
               const std::string& by) {
  allow_members(body, {});
  const node_id id{parse_id("node", c["id"])};
  s.request_drain(id, by);
  return {{"id", std::to_string(id.value)}, {"state", "DRAINING"}};
}

}  // namespace

std::vector<route> changing_routes(const std::shared_ptr<database>& by, reader_pool& readers,
                                   const access_rules& access,
                                   std::shared_ptr<const registry> jobs) {
  const changes to{by, readers, access, std::move(jobs)};
  return {{"POST", "/api/v1/runs", to.route_to(201, submit)},
          {"POST", "/api/v1/runs/{id}/cancel", to.route_to(200, cancel)},
          {"POST", "/api/v1/runs/{id}/restart", to.route_to(200, restart)},
          {"POST", "/api/v1/runs/{id}/abandon", to.route_to(200, abandon)},
          {"POST", "/api/v1/runs/{id}/pause", to.route_to(200, pause)},
          {"POST", "/api/v1/runs/{id}/resume", to.route_to(200, resume)},
          {"POST", "/api/v1/runs/{id}/priority", to.route_to(200, prioritize)},
          {"POST", "/api/v1/jobs/{name}/pause", to.route_to(200, pause_job)},
          {"POST", "/api/v1/jobs/{name}/resume", to.route_to(200, resume_job)},
          {"POST", "/api/v1/limits/{name}", to.route_to(200, set_limit)},
          {"POST", "/api/v1/retention", to.route_to(200, set_retention)},
          {"POST", "/api/v1/schedules/{name}/backfill", to.route_to(201, backfill_schedule)},
          {"POST", "/api/v1/schedules/{name}/pause", to.route_to(200, pause_schedule)},
          {"POST", "/api/v1/schedules/{name}/resume", to.route_to(200, resume_schedule)},
          {"POST", "/api/v1/schedules/{name}/run", to.route_to(201, run_schedule)},
          {"POST", "/api/v1/nodes/{id}/drain", to.route_to(200, drain)}};
}

}  // namespace partita::http
