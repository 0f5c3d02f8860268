#include "protocol/limits.hpp"

#include <algorithm>
#include <map>

#include "protocol/mutation.hpp"

namespace partita {

std::int64_t room_for(step_id step, node_id node, int executors, std::span<const limit_use> uses) {
  constexpr auto any_number = std::numeric_limits<std::int64_t>::max();
  struct sum {
    std::int64_t left = 0;  // for this node
    std::int64_t own = 0;   // what it has already
  };
  std::map<std::string, sum> limits;
  for (const auto& use : uses) {
    if (use.step != step) continue;
    auto& limit = limits.try_emplace(use.limit, sum{use.slots, 0}).first->second;
    if (use.node == node)
      limit.own += use.unended;
    else if (!PARTITA_BUG(limits_forget_other_nodes))
      limit.left -= in_execution(use.unended, use.executors);
  }
  auto room = any_number;
  for (const auto& [name, limit] : limits)
    if (limit.left < executors)
      room = std::min(room, std::max<std::int64_t>(0, limit.left - limit.own));
  return room;
}

std::vector<ready_step> with_room(std::vector<ready_step> ready, node_id node, int executors,
                                  std::span<const limit_use> uses) {
  std::erase_if(ready, [&](const ready_step& s) {
    return s.limited && room_for(s.step, node, executors, uses) == 0;
  });
  return ready;
}

}  // namespace partita
