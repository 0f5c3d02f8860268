#include "apps/testing/cluster.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <stdexcept>

#include "apps/testing/lookup.hpp"
#include "apps/testing/planned_faults.hpp"
#include "apps/testing/sim/sqlite_in_memory.hpp"
#include "storage/audit/violations.hpp"
#include "storage/sqlite/sqlite_database.hpp"

namespace partita::test {

namespace {

constexpr int most_nodes = 64;
constexpr int most_skipped = 100'000;
constexpr int most_lines = 10'000;
constexpr milliseconds shortest_look{50};   // between two looks whether all runs have ended
constexpr milliseconds rest_after{11'000};  // late calls and those of frozen nodes come to an end
constexpr milliseconds until_replaced{2'000};

/// How the faults divide into kinds, in tenths.
sim::odds odds_of(int per_1000) {
  sim::odds chances;
  const auto set = [&](sim::fate kind, int tenths) {
    chances.of[static_cast<int>(kind)] = per_1000 * tenths;
  };
  set(sim::fate::refused, 2);
  set(sim::fate::lost_answer, 2);
  set(sim::fate::late, 2);
  set(sim::fate::slow, 2);
  set(sim::fate::dies_before, 1);
  set(sim::fate::dies_after, 1);
  return chances;
}

void require(bool fine, const std::string& sentence) {
  if (!fine) throw definition_error(sentence);
}

std::shared_ptr<database> in_file(const std::filesystem::path& file, wall_clock clock) {
  require(!std::filesystem::exists(file),
          file.string() + " exists: a cluster makes its database itself");
  auto db = open_sqlite(file.string(), std::move(clock), true);
  db->migrate();
  return db;
}

}  // namespace

class cluster::implementation {
 public:
  implementation(std::vector<job> jobs, const cluster_options& options)
      : replaces_(options.faults_per_1000 > 0),
        executors_(options.executors),
        world_(
            static_cast<std::uint64_t>(options.seed),
            [&](wall_clock clock) {
              db_ = options.file.empty() ? sim::sqlite_in_memory(std::move(clock))
                                         : in_file(options.file, std::move(clock));
              return db_;
            },
            std::move(jobs), settings{}, odds_of(options.faults_per_1000), faults_),
        tables_(db_),
        planned_(world_, tables_, static_cast<std::uint64_t>(options.seed)) {
    tables_.make(options.tables);
    world_.before_verb = [this](std::size_t node, const verb& v) { planned_.before(node, v); };
    world_.after_verb = [this](std::size_t node, const verb& v) { planned_.after(node, v); };
    begun_ = world_.now();
    for (int i = 0; i < options.nodes; ++i) add_node();
  }

  int add_node() {
    replaced_.push_back(false);
    return static_cast<int>(world_.add_node(executors_));
  }

  /// The number of a node as the world has it.
  std::size_t node(int number) const {
    require(number >= 0 && std::cmp_less(number, world_.nodes()),
            "there is no node " + std::to_string(number) + ": the cluster has nodes 0 to " +
                std::to_string(world_.nodes() - 1));
    return static_cast<std::size_t>(number);
  }

  void plan(planned_faults::kind what, int number, milliseconds lasts, const moment& when) {
    const bool counts =
        when.what == moment::kind::during_commit || when.what == moment::kind::after_commits;
    require(!counts || when.commits >= 1, "commits are counted from 1");
    require(when.time.count() >= 0 && lasts.count() >= 0, "virtual time only goes on");
    if (number != whoever) node(number);
    require(number != whoever || counts || what == planned_faults::kind::database_away,
            "`whoever` is the node of a commit: give after_commits or during_commit");
    planned_.add({what, number, lasts, when});
  }

  const job& known(const std::string& name) const {
    if (const auto* found = world_.jobs().find(name)) return *found;
    std::string names;
    for (const auto& [other, one] : world_.jobs().all())
      names += (names.empty() ? "" : ", ") + other.name;
    throw definition_error("the cluster has no job " + name + ": it has " + names);
  }

  std::string next_key() { return "launch-" + std::to_string(++launches_); }

  run_row row(run_id run) {
    if (auto found = client().find_run(run)) return *found;
    throw definition_error("the cluster has no run " + std::to_string(run.value));
  }

  void run_until_done(milliseconds most) {
    require(launches_ > 0, "there is no run to wait for: submit one");
    const auto start = world_.now();
    while (const auto run = live_run()) {
      const auto passed = std::chrono::duration_cast<milliseconds>(world_.now() - start);
      if (passed >= most)
        throw std::runtime_error(told(*run) + " after " + std::to_string(passed.count() / 1000) +
                                 " s of virtual time; " + why_not_done(run->id));
      if (ups() == 0 && !replaces_)
        throw std::runtime_error(told(*run) + ", and no node is left: add_node() brings one");
      replace();
      run_for(std::min(most - passed, std::max(shortest_look, passed / 100)));
    }
    run_for(rest_after);
  }

  void run_for(milliseconds time) {
    world_.run_until(world_.now() + time);
    if (!world_.violations.empty())
      throw std::runtime_error("the engine broke a promise: " + world_.violations.front());
  }

  std::vector<std::string> broken() const {
    auto all = world_.violations;
    for (auto& one : audit::violations_with_log(world_.rows()))
      if (std::find(all.begin(), all.end(), one) == all.end()) all.push_back(std::move(one));
    return all;
  }

  const store& client() { return world_.observer(); }
  author_database& tables() { return tables_; }
  milliseconds time() const {
    return std::chrono::duration_cast<milliseconds>(world_.now() - begun_);
  }
  bool is_up(int number) const { return world_.is_up(node(number)); }
  int faults_to_come() const { return planned_.to_come(); }

 private:
  std::optional<run_row> live_run() {
    for (auto& r : client().list_runs(1000, {}))
      if (!is_terminal(r.state)) return std::move(r);
    return std::nullopt;
  }

  int ups() const {
    int count = 0;
    for (std::size_t i = 0; i < world_.nodes(); ++i) count += world_.is_up(i) ? 1 : 0;
    return count;
  }

  /// For each node that ended, another one comes.
  void replace() {
    for (std::size_t i = 0; replaces_ && i < replaced_.size(); ++i) {
      if (replaced_[i] || world_.is_up(i)) continue;
      replaced_[i] = true;
      world_.at(world_.now() + until_replaced, [this] { add_node(); });
    }
  }

  static std::string told(const run_row& r) {
    return "run " + std::to_string(r.id.value) + " of job " + r.job.name + " is " +
           std::string{to_string(r.state)};
  }

  std::string why_not_done(run_id run) {
    auto text = std::to_string(ups()) + " of " + std::to_string(world_.nodes()) + " nodes are up";
    const auto failures = client().list_failures(run, 1);
    if (!failures.empty()) text += "; the last try that failed: " + failures.front().error;
    return text;
  }

  const bool replaces_;
  const int executors_;
  sim::fault_book faults_;
  std::shared_ptr<database> db_;
  sim::world world_;
  author_database tables_;
  planned_faults planned_;
  mono_time begun_{};
  int launches_ = 0;
  std::vector<bool> replaced_;
};

cluster::cluster(std::vector<job> jobs, const cluster_options& options) {
  require(!jobs.empty(), "a cluster has at least one job");
  require(options.nodes >= 1 && options.nodes <= most_nodes,
          "a cluster begins with 1 to " + std::to_string(most_nodes) + " nodes");
  require(options.executors >= 1 && options.executors <= most_nodes,
          "a node has 1 to " + std::to_string(most_nodes) + " executors");
  require(options.faults_per_1000 >= 0 && options.faults_per_1000 <= 200,
          "of 1,000 calls 0 to 200 may go wrong");
  of_ = std::make_unique<implementation>(std::move(jobs), options);
}

cluster::~cluster() = default;

// --- runs ----------------------------------------------------------------------------------------

run_id cluster::submit(const std::string& job_name, const json& parameters) {
  const auto& definition = of_->known(job_name);
  const auto given = checked(definition, parameters);
  const submission s{definition.ref(), given.dump(),
                     identity_of(definition.parameter_specs(), given), of_->next_key()};
  return of_->client().submit(s).id;
}

run_id cluster::restart(run_id ended) {
  of_->row(ended);
  return of_->client().restart(ended, of_->next_key()).id;
}

void cluster::cancel(run_id run) {
  of_->row(run);
  of_->client().request_stop(run, stop_mode::stop);
}

// --- faults and time -----------------------------------------------------------------------------

void cluster::kill(int node, moment when) {
  of_->plan(planned_faults::kind::kill, node, milliseconds{0}, when);
}
void cluster::freeze(int node, milliseconds lasts, moment when) {
  of_->plan(planned_faults::kind::freeze, node, lasts, when);
}
void cluster::drain(int node, moment when) {
  of_->plan(planned_faults::kind::drain, node, milliseconds{0}, when);
}
void cluster::database_away(milliseconds lasts, moment when) {
  of_->plan(planned_faults::kind::database_away, whoever, lasts, when);
}
int cluster::add_node() { return of_->add_node(); }
int cluster::faults_to_come() const { return of_->faults_to_come(); }

void cluster::run_until_done(milliseconds most) { of_->run_until_done(most); }
void cluster::run_for(milliseconds time) { of_->run_for(time); }
milliseconds cluster::time() const { return of_->time(); }

// --- what came of it -----------------------------------------------------------------------------

bool cluster::is_up(int node) const { return of_->is_up(node); }
run_state cluster::state(run_id run) const { return of_->row(run).state; }
json cluster::result(run_id run) const { return json::parse(of_->row(run).result, nullptr, false); }
std::string cluster::error(run_id run) const { return of_->row(run).error; }

step_outcome cluster::step(run_id run, const std::string& name) const {
  of_->row(run);
  for (const auto& one : of_->client().summarize(run))
    if (one.row.spec.name == name) return outcome_of(one);
  throw definition_error("no step " + name + " has begun in run " + std::to_string(run.value));
}

std::vector<std::string> cluster::log(run_id run, const std::string& step, partition_no no) const {
  of_->row(run);
  std::vector<std::string> lines;
  for (const auto& one : of_->client().list_steps(run))
    if (one.spec.name == step)
      for (const auto& row : of_->client().list_log(one.id, no, most_lines))
        lines.push_back(row.text);
  return lines;
}

std::vector<skipped> cluster::skipped_items(run_id run) const {
  of_->row(run);
  std::map<step_id, std::string> names;
  for (const auto& one : of_->client().list_steps(run)) names[one.id] = one.spec.name;
  std::vector<skipped> all;
  for (const auto& one : of_->client().list_skipped(run, {}, most_skipped))
    all.push_back({names[one.step], one.no, one.what});
  return all;
}

std::vector<std::string> cluster::invariants() const { return of_->broken(); }

std::int64_t cluster::change(std::string_view statement, std::span<const sql_value> values) {
  return of_->tables().execute(statement, values);
}
std::vector<sql_row> cluster::fetch(std::string_view statement,
                                    std::span<const sql_value> values) const {
  return of_->tables().query(statement, values);
}

std::int64_t cluster::only_number(const std::vector<sql_row>& rows) {
  require(
      rows.size() == 1 && rows[0].size() == 1 && std::holds_alternative<std::int64_t>(rows[0][0]),
      "the query gives something else than one integer");
  return std::get<std::int64_t>(rows[0][0]);
}

}  // namespace partita::test
