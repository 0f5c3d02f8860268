#include "storage/split.hpp"

#include <algorithm>

#include "protocol/errors.hpp"
#include "protocol/ranges.hpp"
#include "storage/text.hpp"

namespace partita {

void require_open(const step_row& step) {
  if (step.sealed || step.state != step_state::running)
    throw store_error(errc::wrong_state, named(step.id) + " is sealed: its split is final");
}

void require_next(const step_row& step, partition_no first) {
  if (step.count != first)
    throw store_error(errc::wrong_state, named(step.id) + " has " + std::to_string(step.count) +
                                             " partitions; none can be appended at " +
                                             std::to_string(first));
}

void require_texts(std::span<const new_partition> rows) {
  for (const auto& p : rows) {
    require_text("the key of a partition", p.key);
    require_text("the input of a partition", p.input);
  }
}

void require_cover(step_id step, std::int64_t count, std::span<const ready_range> ranges) {
  std::vector<range> spans;
  for (const auto& r : ranges) spans.push_back(r.span);
  std::sort(spans.begin(), spans.end());
  partition_no next = 0;
  for (auto span : spans) {
    if (span.lo != next || span.hi < span.lo) break;
    next = span.hi + 1;
  }
  if (next != count || total_size(spans) != count)
    throw store_error(errc::bad_request, "the ready ranges of " + named(step) +
                                             " do not cover each of its " + std::to_string(count) +
                                             " partitions once");
}

}  // namespace partita
