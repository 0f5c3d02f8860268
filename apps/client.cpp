#include "apps/client.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "batch/description.hpp"
#include "batch/errors.hpp"
#include "batch/parameters.hpp"
#include "batch/submit.hpp"
#include "storage/clock.hpp"
#include "storage/database.hpp"
#include "storage/store.hpp"

namespace partita {

namespace {

constexpr milliseconds first_rest{100};  // between two tries
constexpr milliseconds last_rest{1'600};
constexpr milliseconds first_look{20};
constexpr milliseconds last_look{1'000};

run_status status_of(const run_row& row) {
  const auto document = [](const json_text& text) {
    return text.empty() ? json(nullptr) : json::parse(text, nullptr, false);
  };
  const auto result = row.state == run_state::completed ? document(row.result) : json(nullptr);
  return {row.id, row.job,   row.state,       document(row.parameters),
          result, row.error, row.trace_parent};
}

/// Nobody tells a client that something has changed: it looks again after a while.
void rest(milliseconds time) {
  std::mutex mutex;
  std::condition_variable nobody;
  std::unique_lock lock{mutex};
  nobody.wait_for(lock, time);
}

}  // namespace

class client::implementation {
 public:
  explicit implementation(const std::string& url) : db_(open_database(url)) {}

  /// Asks a verb, again for some seconds while the answer gets lost: each of them allows that.
  template <class Verb>
  auto ask(Verb verb) {
    for (auto pause = first_rest;; pause *= 2) {
      try {
        std::lock_guard lock{mutex_};
        if (!session_) session_ = db_->connect({});
        return verb(session_);
      } catch (const store_error& e) {
        if (e.code() != errc::unavailable || pause > last_rest) throw;
      }
      rest(pause);
    }
  }

  known_job newest(const std::string& job) {
    const auto known = ask([](const auto& s) { return reader{s}.list_known_jobs(); });
    const known_job* found = nullptr;
    std::vector<std::string> names;
    for (const auto& one : known) {
      names.push_back(one.latest.job.name);
      if (one.latest.job.name == job && (!found || found->latest.job < one.latest.job))
        found = &one;
    }
    if (found) return *found;
    const auto close = nearest(job, names);
    throw definition_error("no node has told of a job " + job +
                           (close ? "; did you mean " + *close + "?" : ""));
  }

 private:
  std::shared_ptr<database> db_;
  std::mutex mutex_;
  std::shared_ptr<session> session_;
};

client::client(const std::string& url) : of_(std::make_unique<implementation>(url)) {}
client::~client() = default;

run_status client::submit(const std::string& job, const json& parameters, const std::string& key,
                          const std::string& trace_parent) {
  const auto known = of_->newest(job);
  const auto specs = parameters_of(json::parse(known.latest.description, nullptr, false));
  const auto values = checked_values(job, specs, parameters);
  const submission what{known.latest.job,
                        values.dump(),
                        identity_of(specs, values),
                        key.empty() ? random_launch_key("client") : key,
                        "",
                        trace_parent};
  return status_of(of_->ask([&](const auto& s) { return launcher_store{s}.submit(what); }));
}

run_status client::restart(run_id ended, const std::string& key) {
  const auto mine = key.empty() ? random_launch_key("client") : key;
  return status_of(of_->ask([&](const auto& s) { return launcher_store{s}.restart(ended, mine); }));
}

run_status client::cancel(run_id run, bool at_once) {
  const auto how = at_once ? stop_mode::now : stop_mode::stop;
  return status_of(
      of_->ask([&](const auto& s) { return launcher_store{s}.request_stop(run, how); }));
}

std::optional<run_status> client::find(run_id run) {
  const auto row = of_->ask([&](const auto& s) { return reader{s}.find_run(run); });
  return row ? std::optional{status_of(*row)} : std::nullopt;
}

std::vector<run_status> client::list(int most, run_id before) {
  std::vector<run_status> all;
  for (const auto& row : of_->ask([&](const auto& s) { return reader{s}.list_runs(most, before); }))
    all.push_back(status_of(row));
  return all;
}

std::optional<run_status> client::wait(run_id run, milliseconds most) {
  const auto end = boot_now() + most;
  for (auto pause = first_look;; pause = std::min(2 * pause, last_look)) {
    try {
      auto now = find(run);
      if (!now) throw store_error(errc::not_found, "there is no run " + std::to_string(run.value));
      if (is_terminal(now->state)) return now;
    } catch (const store_error& e) {
      if (e.code() != errc::unavailable) throw;
    }
    const auto left = std::chrono::duration_cast<milliseconds>(end - boot_now());
    if (left <= milliseconds{0}) return std::nullopt;
    rest(std::min(pause, left));
  }
}

}  // namespace partita
