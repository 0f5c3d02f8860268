#include "tests/support/sim_cluster.hpp"

#include "storage/memory/memory_database.hpp"

namespace partita::test {

namespace {

constexpr milliseconds step{5};  // between two looks; below most intervals of fast_settings
constexpr milliseconds for_ever = std::chrono::hours{10'000};

sim::odds always(sim::fate kind) {
  sim::odds chances;
  if (kind != sim::fate::none) chances.of[static_cast<int>(kind)] = 10'000;
  return chances;
}

}  // namespace

sim_cluster::sim_cluster(std::vector<job> jobs, settings limits, sim::fate kind,
                         std::set<std::string> faults)
    : faults_(std::move(faults)),
      world_(1, make_memory_database, std::move(jobs), limits, always(kind), faults_) {}

std::size_t sim_cluster::add_node(int executors, std::vector<job> jobs) {
  return world_.add_node(executors, std::move(jobs));
}

void sim_cluster::pause(std::size_t node) { world_.pause(node, for_ever); }
void sim_cluster::resume(std::size_t node) { world_.pause(node, milliseconds{0}); }

run_id sim_cluster::submit(const std::string& job, const json& parameters) {
  const auto& definition = *world_.jobs().find(job);
  submission s{definition.ref(), parameters.dump(),
               identity_of(definition.parameter_specs(), parameters),
               "launch-" + std::to_string(++launches_)};
  return client().submit(s).id;
}

run_state sim_cluster::state_of(run_id run) { return client().find_run(run)->state; }

json sim_cluster::result_of(run_id run) {
  return json::parse(client().find_run(run)->result, nullptr, false);
}

bool sim_cluster::advance_until(const std::function<bool()>& done, milliseconds limit) {
  for (milliseconds passed{0}; passed < limit && !done(); passed += step) advance(step);
  return done();
}

bool sim_cluster::finish(run_id run, milliseconds limit) {
  return advance_until([&] { return is_terminal(state_of(run)); }, limit);
}

}  // namespace partita::test
