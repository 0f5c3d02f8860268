#pragma once

#include <initializer_list>
#include <map>
#include <string>
#include <vector>

#include "batch/job.hpp"

namespace partita {

/// The jobs a binary knows. Fixed at compile time: nothing in the database can add to it.
class registry {
 public:
  registry(std::initializer_list<job> jobs) : registry(std::vector<job>(jobs)) {}
  /// Throws definition_error if a job cannot work or two share a name.
  explicit registry(std::vector<job> jobs) {
    for (auto& one : jobs) {
      one.shape();
      auto name = one.name();
      if (!jobs_.emplace(name, std::move(one)).second)
        throw definition_error("two jobs are named " + name);
    }
  }

  /// The job, or null when this binary does not know it (or knows another version).
  const job* find(const job_ref& ref) const {
    const auto* found = find(ref.name);
    return found && found->version() == ref.version ? found : nullptr;
  }
  const job* find(const std::string& name) const {
    auto found = jobs_.find(name);
    return found == jobs_.end() ? nullptr : &found->second;
  }

  std::vector<job_ref> refs() const {
    std::vector<job_ref> all;
    for (const auto& [name, one] : jobs_) all.push_back(one.ref());
    return all;
  }
  const std::map<std::string, job>& all() const { return jobs_; }

 private:
  std::map<std::string, job> jobs_;
};

}  // namespace partita
