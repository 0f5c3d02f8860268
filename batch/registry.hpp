#pragma once

#include <initializer_list>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "batch/job.hpp"

namespace partita {

/// The jobs a binary knows, some of them perhaps in several versions: so it goes on with runs that
/// began under an older one. Fixed at compile time: nothing in the database can add to it.
class registry {
 public:
  registry(std::initializer_list<job> jobs) : registry(std::vector<job>(jobs)) {}
  /// Throws definition_error if a job cannot work or two share a name and a version.
  explicit registry(std::vector<job> jobs) {
    for (auto& one : jobs) {
      one.shape();
      schedules_of(one);
      const auto ref = one.ref();
      if (!jobs_.emplace(ref, std::move(one)).second)
        throw definition_error("two jobs are named " + ref.name + ", both of version " +
                               std::to_string(ref.version));
    }
  }

  /// The job, or null when this binary does not know it in this version.
  const job* find(const job_ref& ref) const {
    const auto found = jobs_.find(ref);
    return found == jobs_.end() ? nullptr : &found->second;
  }
  /// Its newest version: the one that new runs get.
  const job* find(const std::string& name) const {
    auto behind = jobs_.upper_bound({name, std::numeric_limits<int>::max()});
    if (behind == jobs_.begin() || (--behind)->first.name != name) return nullptr;
    return &behind->second;
  }

  /// With this one beside them, or in the place of one of its name and version.
  registry with(job more) const {
    std::vector<job> all;
    for (const auto& [ref, one] : jobs_)
      if (ref != more.ref()) all.push_back(one);
    all.push_back(std::move(more));
    return registry{std::move(all)};
  }

  /// Without the jobs that start programs.
  registry without_programs() const {
    std::vector<job> kept;
    for (const auto& [ref, one] : jobs_)
      if (!one.is_starting_programs()) kept.push_back(one);
    return registry{std::move(kept)};
  }

  std::vector<job_ref> refs() const {
    std::vector<job_ref> all;
    for (const auto& [ref, one] : jobs_) all.push_back(ref);
    return all;
  }
  /// What the newest versions of its jobs declare.
  std::vector<new_schedule> schedules() const {
    std::vector<new_schedule> declared;
    for (const auto& [ref, one] : jobs_)
      if (find(ref.name) == &one)
        for (auto& s : schedules_of(one)) declared.push_back(std::move(s));
    return declared;
  }
  /// By name and version.
  const std::map<job_ref, job>& all() const { return jobs_; }

 private:
  std::map<job_ref, job> jobs_;
};

}  // namespace partita
