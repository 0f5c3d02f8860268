#pragma once

#include <algorithm>
#include <cstddef>
#include <list>
#include <map>

#include "batch/job.hpp"
#include "batch/resources.hpp"

namespace partita {

/// The resources that one executor uses. It holds those of the runs that it worked for last: runs
/// that share the cluster take turns.
class held_resources {
 public:
  static constexpr std::size_t most_runs = 4;

  /// `get` is for this run from now on. Lets go of those of the run that was longest not worked
  /// for.
  void turn_to(run_id run, run_id first_run) {
    const auto found =
        std::find_if(runs_.begin(), runs_.end(), [&](const of_run& one) { return one.run == run; });
    if (found != runs_.end()) {
      runs_.splice(runs_.begin(), runs_, found);
      return;
    }
    if (runs_.size() == most_runs) runs_.pop_back();
    runs_.push_front({run, first_run ? first_run : run, {}});
  }
  void clear() { runs_.clear(); }
  bool empty() const {
    return std::all_of(runs_.begin(), runs_.end(),
                       [](const of_run& one) { return one.made.empty(); });
  }

  /// Null: the job has none of this type. REQUIRES: turn_to was called.
  resource_ptr get(resource_cache& cache, const job& of, std::type_index type,
                   const parameters& given, const std::shared_ptr<sql_queries>& queries) {
    const auto* make = of.resource_of(type);
    if (make == nullptr) return nullptr;
    auto& now = runs_.front();
    auto& mine = now.made[type];
    if (!mine)
      mine = cache.get(now.run, type, [&] {
        resource_context context{now.first_run, given, queries};
        return (*make)(context);
      });
    return mine;
  }

 private:
  struct of_run {
    run_id run;
    run_id first_run;
    std::map<std::type_index, resource_ptr> made;
  };
  std::list<of_run> runs_;  // the present one is the first
};

}  // namespace partita
