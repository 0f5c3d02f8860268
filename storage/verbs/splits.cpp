#include <algorithm>

#include "protocol/ranges.hpp"
#include "storage/text.hpp"
#include "storage/verbs/parts.hpp"
#include "storage/verbs/steps.hpp"

namespace partita::verbs {

namespace {

/// Partitions that one statement deletes: a large split must not meet the statement timeout.
constexpr std::int64_t delete_piece = 200'000;

/// A split goes on only while its step runs and is not sealed.
void require_open(const step_row& step) {
  if (step.sealed || step.state != step_state::running)
    throw store_error(errc::wrong_state, named(step.id) + " is sealed: its split is final");
  if (!step.error.empty())
    throw store_error(errc::wrong_state, named(step.id) + " fails: its split is over");
}

/// The step has `first` partitions, so that numbers go on without gap or overlap.
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

/// The ranges cover 0..count-1, each number once.
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

/// REQUIRES: the step is driven and open.
void append(transaction& tx, step_row& step, node_id node, term t,
            std::span<const new_partition> rows) {
  const auto first = step.count;
  step.count += static_cast<std::int64_t>(rows.size());
  tx.insert_partitions(step.id, first, rows);
  expect_rows("counting partitions", tx.set_count(step.id, step.count));
  const range added{first, step.count - 1};
  if (step.spec.streamed) {
    const new_ready waiting{step.id, added, node_id{}, 0, milliseconds{0}};
    tx.insert_ready({&waiting, 1});
  }
  tx.log(event::split_appended, {step.run, step.id, {}, node},
         {{"lo", added.lo}, {"hi", added.hi}, {"term", t.value}});
}

/// A range bound to a node that is not ACTIVE is shared. The nodes are locked: a sweep that is
/// about to give one up waits, and then finds the range.
void make_ready(transaction& tx, step_id step, std::span<const ready_range> ranges) {
  std::set<node_id> bound;
  for (const auto& r : ranges)
    if (r.node) bound.insert(r.node);
  const auto there = bound.empty() ? bound : tx.active_among(bound);
  std::vector<new_ready> waiting;
  for (const auto& r : ranges)
    waiting.push_back(
        {step, r.span, there.contains(r.node) ? r.node : node_id{}, r.attempt, milliseconds{0}});
  tx.insert_ready(waiting);
}

}  // namespace

void reset_split(transaction& tx, step_id step, node_id node, term t) {
  const auto row = require_driven_step(tx, step, node, t, row_lock::no_key_update);
  require_open(row);
  if (row.spec.streamed)
    throw store_error(errc::wrong_state, named(step) + " is streamed: what it has may be at work");
  if (row.count == 0) return;
  for (partition_no lo = 0; lo < row.count; lo += delete_piece)
    tx.delete_partitions(step, {lo, lo + delete_piece - 1});
  expect_rows("counting partitions", tx.set_count(step, 0));
  tx.log(event::split_reset, {row.run, step, {}, node}, {{"term", t.value}});
}

void append_partitions(transaction& tx, step_id step, node_id node, term t, partition_no first_no,
                       std::span<const new_partition> rows) {
  if (rows.empty()) throw store_error(errc::bad_request, "there are no partitions to append");
  require_texts(rows);
  auto row = require_driven_step(tx, step, node, t, row_lock::no_key_update);
  require_open(row);
  if (row.count == first_no + static_cast<std::int64_t>(rows.size())) return;  // a repeat
  require_next(row, first_no);
  append(tx, row, node, t, rows);
}

void seal_split(transaction& tx, step_id step, node_id node, term t, partition_no first_no,
                std::span<const new_partition> last, std::span<const ready_range> ranges) {
  require_texts(last);
  auto row = require_driven_step(tx, step, node, t, row_lock::no_key_update);
  if (row.sealed) return;  // a repeat
  require_open(row);
  require_next(row, first_no);
  const auto listed = !row.spec.streamed;
  if (listed) require_cover(step, first_no + static_cast<std::int64_t>(last.size()), ranges);
  if (!last.empty()) append(tx, row, node, t, last);
  if (listed) make_ready(tx, step, ranges);
  expect_rows("sealing a split", tx.seal_step(step));
  tx.tell_of_work();
  tx.log(event::split_sealed, {row.run, step, {}, node}, {{"count", row.count}, {"term", t.value}});
}

}  // namespace partita::verbs
