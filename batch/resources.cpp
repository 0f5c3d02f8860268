#include "batch/resources.hpp"

namespace partita {

std::vector<sql_row> resource_context::fetch(std::string_view statement,
                                             std::span<const sql_value> values) {
  if (!queries_) throw definition_error("a resource is made here without a database to read");
  return queries_->query(statement, values);
}

resource_ptr resource_cache::get(run_id run, std::type_index type,
                                 const std::function<resource_ptr()>& make) {
  std::shared_ptr<entry> mine;
  {
    std::lock_guard lock{mutex_};
    std::erase_if(entries_, [](const auto& one) {
      std::unique_lock nobody_makes_it{one.second->mutex, std::try_to_lock};
      return nobody_makes_it && one.second.use_count() == 1 && one.second->made.expired();
    });
    auto& found = entries_[{run, type}];
    if (!found) found = std::make_shared<entry>();
    mine = found;
  }
  std::lock_guard lock{mine->mutex};
  auto made = mine->made.lock();
  if (!made) mine->made = made = make();
  return made;
}

}  // namespace partita
