#pragma once

#include <map>
#include <memory>
#include <utility>

#include "batch/job.hpp"
#include "batch/resources.hpp"

namespace partita {

/// The resources that one executor uses. It holds them from one partition of a run to the next.
class held_resources {
 public:
  /// Lets go of those of other runs.
  void keep_only(run_id run, run_id first_run) {
    if (run_ != run) made_.clear();
    run_ = run;
    first_run_ = first_run ? first_run : run;
  }
  void clear() { made_.clear(); }
  bool empty() const { return made_.empty(); }

  /// Null: the job has none of this type.
  resource_ptr get(resource_cache& cache, const job& of, std::type_index type,
                   const parameters& given, const std::shared_ptr<sql_queries>& queries) {
    const auto* make = of.resource_of(type);
    if (make == nullptr) return nullptr;
    auto& mine = made_[type];
    if (!mine)
      mine = cache.get(run_, type, [&] {
        resource_context context{first_run_, given, queries};
        return (*make)(context);
      });
    return mine;
  }

 private:
  run_id run_;
  run_id first_run_;
  std::map<std::type_index, resource_ptr> made_;
};

}  // namespace partita
