#include "apps/jobs/range_sum/range_sum.hpp"

#include <algorithm>
#include <limits>

#include "apps/jobs/support/demo.hpp"
#include "batch/batch.hpp"

namespace partita {

namespace {

__extension__ typedef __int128 wide;

/// from + … + to, or 0 when to < from.
wide closed_form(wide from, wide to) { return to < from ? 0 : (from + to) * (to - from + 1) / 2; }

/// The negative and the other summands are judged apart: then no partial sum, in whatever order
/// the partitions are added, leaves 64 bits either.
bool fits(std::int64_t from, std::int64_t to) {
  using limits = std::numeric_limits<std::int64_t>;
  return closed_form(from, std::min<wide>(to, -1)) >= limits::min() &&
         closed_form(std::max<wide>(from, 0), to) <= limits::max();
}

std::vector<partition> split(split_context& s) {
  const auto from = s.get<std::int64_t>("from");
  const auto to = s.get<std::int64_t>("to");
  const auto range = std::to_string(from) + " to " + std::to_string(to);
  if (to < from) throw permanent_error("the range " + range + " is empty: to is less than from");
  if (!fits(from, to)) throw permanent_error("the sum of " + range + " does not fit into 64 bits");
  in_range("delay_ms", s.get<std::int64_t>("delay_ms"), 0, most_delay_ms);

  const auto total = to - from + 1;  // far from overflow: the sum fits
  const auto wanted = in_range("partitions", s.get<std::int64_t>("partitions"), 1, most_partitions);
  const auto count = std::min(wanted, total);
  std::vector<partition> parts;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto longer = total % count;  // the first parts have one integer more
    const auto first = from + i * (total / count) + std::min(i, longer);
    const auto last = first + (total / count - (i < longer ? 0 : 1));
    auto key = std::to_string(first) + " to " + std::to_string(last);
    parts.push_back({std::move(key), {{"from", first}, {"to", last}}});
  }
  return parts;
}

void add(partition_context& p) {
  const auto from = p.input().at("from").get<std::int64_t>();
  const auto to = p.input().at("to").get<std::int64_t>();
  p.rest(milliseconds{p.get<std::int64_t>("delay_ms")});  // as if there were work to do
  const auto count = to - from + 1;
  std::int64_t sum = 0;
  for (std::int64_t i = 0; i < count; ++i) sum += from + i;
  p.progress(count, count);
  p.output({{"sum", sum}});
}

void total(const results& all, run_context& run) {
  std::int64_t sum = 0;
  all.for_each(
      [&](const partition_result& one) { sum += one.output.at("sum").get<std::int64_t>(); });
  run.result({{"sum", sum}, {"partitions", all.count()}});
}

}  // namespace

job range_sum() {
  return job{"range_sum"}
      .about("adds the integers of a range")
      .parameter<std::int64_t>("from", required, about{"first integer"})
      .parameter<std::int64_t>("to", required, about{"last integer, included"})
      .parameter<std::int64_t>("partitions", default_value{10},
                               about{"parts to cut the range into"})
      .parameter<std::int64_t>("delay_ms", default_value{0}, non_identifying,
                               about{"pause in each partition, to have time to watch"})
      .step(partitioned{"add"}.split(split).each(add).aggregate(total));
}

}  // namespace partita
