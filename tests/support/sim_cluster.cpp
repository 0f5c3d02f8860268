#include "tests/support/sim_cluster.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include "actors/node.hpp"
#include "tests/support/invariants.hpp"

namespace partita::test {

namespace {

constexpr milliseconds step_size{5};  // below every interval of fast_settings but report_delay

struct testing_config : caf::actor_system_config {
  testing_config() { set("scheduler.policy", caf::atom("testing")); }
};

}  // namespace

struct sim_cluster::member {
  member(deps_ptr d, node_id id) : deps(std::move(d)), system(config) {
    root = system.spawn(node, deps, id, spawn_choice{false},
                        std::function<void(bool)>([this](bool) { left = true; }));
  }

  /// The author's code of a dead node must not run on while its actors are cleared away.
  ~member() {
    caf::anon_send_exit(root, caf::exit_reason::kill);
    root = node_actor{};
    scheduler().run();
  }

  caf::scheduler::test_coordinator& scheduler() {
    return dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
  }

  deps_ptr deps;
  testing_config config;
  caf::actor_system system;
  node_actor root;
  bool dead = false;
  bool paused = false;
  bool left = false;
  milliseconds missed{0};  // time that passed while it was paused
};

sim_cluster::sim_cluster(std::vector<job> jobs, settings limits, unsigned seed)
    : db_(make_memory_database(clock_.reader())),
      jobs_(std::make_shared<const registry>(std::move(jobs))),
      limits_(limits),
      seed_(seed),
      client_(db_->connect({})),
      before_(db_->snapshot()) {}

sim_cluster::~sim_cluster() = default;

std::size_t sim_cluster::add_node(int executors, std::vector<job> jobs) {
  auto deps = std::make_shared<node_deps>();
  deps->db = db_;
  deps->jobs = jobs.empty() ? jobs_ : std::make_shared<const registry>(std::move(jobs));
  deps->limits = limits_;
  deps->info.name = "node-" + std::to_string(members_.size());
  deps->info.host = "simulated";
  deps->info.slots = executors;
  deps->info.jobs = deps->jobs->refs();
  deps->now = [this] { return now_; };
  deps->seed = seed_ * 1000 + static_cast<unsigned>(members_.size());
  auto id = client_->register_node(deps->info);
  members_.push_back(std::make_unique<member>(deps, id));
  return members_.size() - 1;
}

void sim_cluster::kill(std::size_t node) { members_.at(node)->dead = true; }
void sim_cluster::pause(std::size_t node) { members_.at(node)->paused = true; }
void sim_cluster::resume(std::size_t node) { members_.at(node)->paused = false; }
void sim_cluster::drain(std::size_t node) {
  caf::anon_send(members_.at(node)->root, drain_atom::value);
}
void sim_cluster::release(std::size_t node) {
  caf::anon_send(members_.at(node)->root, release_atom::value);
}
bool sim_cluster::has_left(std::size_t node) const { return members_.at(node)->left; }

run_id sim_cluster::submit(const std::string& job, json parameters) {
  static int launches = 0;
  const auto& definition = *jobs_->find(job);
  submission s{definition.ref(), parameters.dump(),
               identity_of(definition.parameter_specs(), parameters),
               "launch-" + std::to_string(++launches)};
  return client_->submit(s).id;
}

run_state sim_cluster::state_of(run_id run) { return client_->find_run(run)->state; }

json sim_cluster::result_of(run_id run) {
  return json::parse(client_->find_run(run)->result, nullptr, false);
}

void sim_cluster::step() {
  now_ += step_size;
  clock_.advance(step_size);
  for (auto& m : members_) {
    if (m->dead || m->left) continue;
    if (m->paused) {
      m->missed += step_size;
      continue;
    }
    m->scheduler().advance_time(std::exchange(m->missed, milliseconds{0}) + step_size);
    // Bounded: a loop that never rests must fail a test, not hang it.
    for (int jobs = 0; m->scheduler().has_job() && jobs < 100'000; ++jobs)
      m->scheduler().run_once();
  }
  auto after = db_->snapshot();
  for (auto& v : test::violations(after)) violations_.push_back(v);
  for (auto& v : test::violations_between(before_, after)) violations_.push_back(v);
  before_ = std::move(after);
}

void sim_cluster::advance(milliseconds time) {
  for (milliseconds passed{0}; passed < time; passed += step_size) step();
}

bool sim_cluster::advance_until(const std::function<bool()>& done, milliseconds limit) {
  for (milliseconds passed{0}; passed < limit; passed += step_size) {
    if (done()) return true;
    step();
  }
  return done();
}

bool sim_cluster::finish(run_id run, milliseconds limit) {
  return advance_until([&] { return is_terminal(state_of(run)); }, limit);
}

}  // namespace partita::test
