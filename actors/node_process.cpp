#include "actors/node_process.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <future>
#include <iostream>
#include <random>
#include <thread>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/logger.hpp>

#include "actors/log_event.hpp"
#include "actors/node.hpp"
#include "batch/description.hpp"

namespace partita {

void tell_of_jobs(node_info& to, const registry& jobs) {
  for (const auto& [ref, job] : jobs.all()) {
    to.jobs.push_back(ref);
    to.catalogue.push_back({ref, describe(job).dump(), job.fairness(), job.most_runs()});
  }
}

namespace {

std::string host_name() {
  char name[256] = {};
  if (::gethostname(name, sizeof name - 1) != 0) return "unknown";
  return name;
}

deps_ptr make_deps(const node_config& config) {
  node_deps deps;
  deps.db = config.db;
  deps.author_db = config.author_db;
  deps.jobs = config.jobs;
  deps.limits = config.settings;
  deps.body_command = config.body_command;
  deps.traces = config.traces;
  deps.info.host = host_name();
  deps.info.pid = ::getpid();
  deps.info.name =
      config.name.empty() ? deps.info.host + "-" + std::to_string(deps.info.pid) : config.name;
  deps.info.slots = config.settings.executors > 0
                        ? config.settings.executors
                        : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  deps.info.version = config.version;
  deps.info.tokens = config.settings.tokens;
  deps.info.tags = config.settings.tags;
  deps.info.unreachable_after = config.settings.unreachable_after;
  deps.info.deregister_after = config.settings.deregister_after;
  tell_of_jobs(deps.info, *config.jobs);
  deps.seed = std::random_device{}();
  return std::make_shared<const node_deps>(std::move(deps));
}

/// Only the node actor is scheduled; all others have threads of their own. Its worker waits for
/// work: CAF's default, a worker that steals, polls a thousand times a second for ever.
struct actor_config : caf::actor_system_config {
  actor_config() {
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", 1u);
  }
};

}  // namespace

struct node_process::impl {
  explicit impl(const node_config& config)
      : deps(make_deps(config)), left(over.get_future()), system(settings) {
    auto first = lazy_session<cluster_store>(deps, "join", deps->limits.database_timeout)
                     .verbs()
                     ->register_node(deps->info);
    declare_schedules();
    log::info("node_joined", {.node = first},
              {{"name", deps->info.name}, {"executors", deps->info.slots}});
    root = system.spawn(node, deps, first, spawn_choice{},
                        std::function<void(bool)>([this](bool well) { over.set_value(well); }));
  }

  /// Of its jobs. A login that may not do so leaves it to others: to `schedule sync`, for one.
  void declare_schedules() const {
    const auto declared = deps->jobs->schedules();
    if (declared.empty()) return;
    try {
      lazy_session<schedule_store>(deps, "join", deps->limits.database_timeout)
          .verbs()
          ->declare_schedules(declared);
    } catch (const store_error& e) {
      log::warn("schedules_not_declared", {}, {{"why", e.what()}});
    }
  }

  deps_ptr deps;
  actor_config settings;
  // The promise is kept by an actor: it outlives the system, whose end waits for every actor.
  std::promise<bool> over;
  std::shared_future<bool> left;
  caf::actor_system system;
  node_actor root;
};

node_process::node_process(const node_config& config) : impl_(std::make_unique<impl>(config)) {}

node_process::~node_process() {
  if (!impl_) return;
  if (impl_->left.wait_for(std::chrono::seconds{0}) != std::future_status::ready) {
    release_now();
    impl_->left.wait();
  }
}

void node_process::drain() { caf::anon_send(impl_->root, drain_atom::value); }

void node_process::release_now() { caf::anon_send(impl_->root, release_atom::value); }

bool node_process::wait(milliseconds limit) {
  return impl_->left.wait_for(limit) == std::future_status::ready;
}

bool node_process::close(milliseconds limit) {
  // This thread made the system, so it holds CAF's log, for which the end of the system waits.
  caf::logger::set_current_actor_system(nullptr);
  std::promise<void> closed;
  auto done = closed.get_future();
  std::thread{[left_over = impl_.release(), closed = std::move(closed)]() mutable {
    delete left_over;
    closed.set_value();
  }}.detach();
  return done.wait_for(limit) == std::future_status::ready;
}

bool node_process::failed() const {
  return impl_->left.wait_for(std::chrono::seconds{0}) == std::future_status::ready &&
         !impl_->left.get();
}

const node_counters& node_process::counters() const { return *impl_->deps->counters; }

std::shared_ptr<const node_counters> node_process::shared_counters() const {
  return impl_->deps->counters;
}

void end_process(int code) {
  std::cout.flush();
  std::cerr.flush();
  std::fflush(nullptr);
  std::quick_exit(code);
}

}  // namespace partita
