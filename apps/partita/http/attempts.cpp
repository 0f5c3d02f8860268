#include "apps/partita/http/attempts.hpp"

#include <algorithm>

#include "apps/partita/text.hpp"

namespace partita::http {

using cli::document;

std::vector<told_attempt> attempts_told(const node_row& row) {
  constexpr std::int64_t longest = std::int64_t{1} << 40;  // milliseconds
  std::vector<told_attempt> all;
  const auto told = document::parse(row.load.doing, nullptr, false);
  if (!told.is_array()) return all;
  for (const auto& one : told) {
    const auto is_number = [](const document& part) { return part.is_number_integer(); };
    if (!one.is_array() || one.size() != 3 || !std::all_of(one.begin(), one.end(), is_number))
      continue;
    const auto ran = one[2].get<std::int64_t>();
    if (ran < 0 || ran > longest) continue;
    all.push_back(
        {lease_id{one[0].get<std::int64_t>()}, one[1].get<partition_no>(), milliseconds{ran}});
  }
  return all;
}

std::vector<live_attempt> live_attempts(const node_row& row,
                                        const std::vector<live_lease_row>& leases, int most) {
  std::vector<live_attempt> all;
  for (const auto& [id, no, ran] : attempts_told(row)) {
    if (std::ssize(all) == most) break;
    const auto of = std::find_if(leases.begin(), leases.end(), [wanted = id](const auto& lease) {
      return lease.lease == wanted;
    });
    if (of != leases.end() && of->span.contains(no))
      all.push_back({row.id, *of, no, row.heartbeat_at - ran});
  }
  return all;
}

partitions_by_number partitions_at(const reader& look, const std::vector<live_attempt>& attempts) {
  std::map<step_id, std::vector<partition_no>> wanted;
  for (const auto& attempt : attempts) wanted[attempt.lease.step].push_back(attempt.no);
  partitions_by_number found;
  for (const auto& [step, numbers] : wanted)
    for (auto& row : look.find_partitions(step, numbers))
      found.emplace(std::pair{step, row.no}, std::move(row));
  return found;
}

}  // namespace partita::http
