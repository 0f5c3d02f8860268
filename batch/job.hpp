#pragma once

#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "batch/flow.hpp"
#include "batch/listeners.hpp"
#include "batch/outcomes.hpp"
#include "batch/parameters.hpp"
#include "batch/resources.hpp"
#include "batch/schedules.hpp"
#include "batch/step.hpp"
#include "protocol/run_plan.hpp"

namespace partita {

/// A job: a named definition of parameters and steps, executed in the order they are given, but for
/// parallel groups and jumps. Definitions that cannot work (no step, a step without a body, a name
/// used twice, a jump backward or out of its flow, a backoff that is no time) throw
/// definition_error when the job is registered.
class job {
 public:
  explicit job(std::string name) : name_(std::move(name)) {}

  job& about(std::string line) { return about_ = std::move(line), *this; }
  /// Raise it when a run begun by an older binary must not be continued by a newer one: a node
  /// takes only runs of the versions it knows. A program may have several versions of a job.
  /// Default: 1.
  job& version(int v) { return version_ = v, *this; }
  /// An operator may let this version continue runs of older ones, from `oldest` on: their steps
  /// have the same names here, and this version understands their partitions, results and
  /// checkpoints. Default: none.
  job& can_continue(int oldest) { return oldest_continued_ = oldest, *this; }
  template <class T, class... Properties>
  job& parameter(std::string name, const Properties&... properties) {
    parameter_spec spec;
    spec.name = std::move(name);
    spec.type = parameter_type_of<T>();
    (spec.apply(properties), ...);
    parameters_.push_back(std::move(spec));
    return *this;
  }
  /// Looks at the parameters where a run is submitted or scheduled by a program that knows the job:
  /// what it throws is told there, and there is no run. Others submit unchecked: steps must check
  /// for themselves. A path may lead nowhere on this host.
  job& check(std::function<void(const parameters&)> f) { return check_ = std::move(f), *this; }
  /// What partitions share and is costly to make: a node makes it once for a run, when a partition
  /// first asks for it (partition_context::resource), and lets it go when it is not used any more.
  /// `make` is called with a resource_context& and returns a T; threads read it at the same time.
  template <class T, class Make>
  job& resource(Make make) {
    resources_.insert_or_assign(std::type_index{typeid(T)},
                                [make = std::move(make)](resource_context& r) -> resource_ptr {
                                  return std::make_shared<const T>(make(r));
                                });
    return *this;
  }
  /// Its bodies start programs (batch/programs.hpp): only nodes take it whose operator has allowed
  /// that with --allow-command.
  job& starts_programs() { return starts_programs_ = true, *this; }
  /// Runs begin by the clock: `trigger` is what `partita schedule test` takes. Nodes that know the
  /// job add the schedule when they join, or change it to what is said here, unless somebody added
  /// one of this name by hand. Throws definition_error, when the job is registered, for what is no
  /// trigger.
  job& scheduled(std::string name, std::string trigger, scheduling how = {}) {
    schedules_.push_back({std::move(name), std::move(trigger), std::move(how)});
    return *this;
  }
  /// The output files of its runs are removed when the run is purged (`retention`, `purge`), unless
  /// they were replaced or changed since. Without it they are the author's, and stay.
  job& files_expire() { return files_expire_ = true, *this; }
  /// At most so many of its runs are RUNNING at once in the cluster; others wait, those of a higher
  /// priority and older ones first. Default: any number.
  job& max_runs(int n) { return max_runs_ = n, *this; }
  /// Runs with one value of this parameter share the cluster as one: a run of another value need
  /// not wait behind all of them. Without it each run has a share.
  job& fair_by(std::string parameter) { return fair_by_ = std::move(parameter), *this; }
  /// Begins when what was given before it has ended well.
  job& step(job_step s);
  /// What comes after the group begins when all its flows have ended.
  job& step(const parallel& group);
  /// When this step FAILS, the run goes on with the target and what comes after that, and is FAILED
  /// at its end. Without it nothing more begins after a failure: steps that run beside it end, and
  /// then the run is FAILED.
  job& on_failure(std::string step_name, go_to target) {
    jumps_.push_back({std::move(step_name), std::move(target.step)});
    return *this;
  }
  /// When this step has COMPLETED, `chooses` tells what comes next. It is tried as often as its
  /// step when it throws; then the run ends FAILED.
  job& decide(std::string step_name, decider chooses) {
    deciders_.push_back({std::move(step_name), std::move(chooses)});
    return *this;
  }

  // Listeners (batch/listeners.hpp); each may be given several times.
  job& before_step(before_step_function f) {
    return listeners_.before_step.push_back(std::move(f)), *this;
  }
  job& after_step(after_step_function f) {
    return listeners_.after_step.push_back(std::move(f)), *this;
  }
  job& after_run(after_run_function f) {
    return listeners_.after_run.push_back(std::move(f)), *this;
  }

  const std::string& name() const { return name_; }
  const std::string& about() const { return about_; }
  int version() const { return version_; }
  job_ref ref() const { return {name_, version_}; }
  bool continues(int older) const {
    return older == version_ || (oldest_continued_ <= older && older < version_);
  }
  int most_runs() const { return max_runs_; }  // 0: any number
  const std::string& fairness() const { return fair_by_; }
  const std::vector<parameter_spec>& parameter_specs() const { return parameters_; }
  /// Throws what `check` throws.
  void require_usable(const parameters& given) const {
    if (check_) check_(given);
  }
  const std::vector<job_step>& steps() const { return steps_; }
  const partitioned* partitioned_step(std::string_view step_name) const;
  /// Null: what comes after the step just comes after it.
  const decider* decider_of(std::string_view step_name) const;
  const listeners& listening() const { return listeners_; }
  const std::vector<declared_schedule>& schedules() const { return schedules_; }
  bool is_starting_programs() const { return starts_programs_; }
  bool do_files_expire() const { return files_expire_; }
  /// Null: the job has none of this type.
  const resource_maker* resource_of(std::type_index type) const {
    const auto found = resources_.find(type);
    return found == resources_.end() ? nullptr : &found->second;
  }

  /// What the run state machine needs to know. Throws definition_error: see above.
  std::vector<step_shape> shape() const;

 private:
  /// Where a step stands in the graph.
  struct position {
    std::vector<std::size_t> after;
    int flow = 0;
  };
  void add(job_step s, std::vector<std::size_t> after, int flow);
  void add_jumps(std::vector<step_shape>& plan) const;

  std::string name_;
  std::string about_;
  int version_ = 1;
  int oldest_continued_ = std::numeric_limits<int>::max();
  std::vector<parameter_spec> parameters_;
  std::function<void(const parameters&)> check_;
  std::vector<job_step> steps_;
  std::vector<position> positions_;  // of the steps
  std::vector<std::size_t> last_;    // the steps that what is given next comes after
  int flows_ = 0;
  int max_runs_ = 0;
  std::string fair_by_;
  bool starts_programs_ = false;
  bool files_expire_ = false;
  std::string flaw_;  // of a group; "": none
  std::vector<std::pair<std::string, std::string>> jumps_;
  std::vector<std::pair<std::string, decider>> deciders_;
  listeners listeners_;
  std::vector<declared_schedule> schedules_;
  std::map<std::type_index, resource_maker> resources_;
};

}  // namespace partita
