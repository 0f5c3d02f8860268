#include "storage/verbs/leases.hpp"

#include "protocol/mutation.hpp"
#include "protocol/retry.hpp"
#include "storage/event_detail.hpp"
#include "storage/text.hpp"
#include "storage/verbs/parts.hpp"

namespace partita::verbs {

namespace {

/// The lease keeps lo..from-1; from..hi is ready again. REQUIRES: lo < from <= hi, LIVE.
void shorten(transaction& tx, held_lease_row held, partition_no from) {
  auto& lease = held.lease;
  const range back{from, lease.span.hi};
  // What of the end was reported would be missing in what is left.
  const auto left = unfinished(tx, {&held, 1}).front();
  if (left.empty() || left.back().hi != back.hi || left.back().lo > back.lo)
    throw store_error(errc::bad_request, "something at or above partition " + std::to_string(from) +
                                             " of " + named(lease.id) + " has ended");
  lease.span.hi = from - 1;
  const new_ready waiting{lease.step, back, node_id{}, tries_used_up(lease.attempt, true),
                          milliseconds{0}};
  if (!PARTITA_BUG(give_back_loses_partitions)) tx.insert_ready({&waiting, 1});
  tx.log(event::lease_shrunk, about(held), {{"lo", back.lo}, {"hi", back.hi}});
  if (lease.unended() == 0) {
    lease.state = lease_state::done;
    tx.log(event::lease_ended, about(held), {{"state", "DONE"}});
  }
  save(tx, {&held, 1});
}

/// Runs the author's part. What that throws comes out as author_failure, unless the engine itself
/// could not go on: then what stopped it comes out.
template <class Work>
auto by_author(author_transaction& author, const Work& work) {
  try {
    return work();
  } catch (...) {
    author.rethrow_interruption();
    throw author_failure{std::current_exception()};
  }
}

}  // namespace

int release(transaction& tx, node_id node, std::span<const lease_id> leases) {
  auto held = tx.lock_leases(node, leases);
  std::erase_if(held, [](const auto& h) { return h.lease.state != lease_state::live; });
  const auto count = static_cast<int>(held.size());
  if (count > 0) requeue(tx, std::move(held), lease_state::released);
  return count;
}

void give_back(transaction& tx, node_id node, lease_id lease, partition_no from) {
  auto found = tx.lock_leases(node, {&lease, 1});
  if (found.empty() || found.front().lease.state != lease_state::live ||
      from > found.front().lease.span.hi)
    return;
  if (from <= found.front().lease.span.lo)
    return requeue(tx, std::move(found), lease_state::released);
  shorten(tx, found.front(), from);
}

void require_checkpoint(const checkpoint& c) {
  require_text("the position of a checkpoint", c.position);
  if (c.seq < 1) throw store_error(errc::bad_request, "checkpoints are numbered from 1");
}

std::vector<sql_row> query(transaction& tx, lease_id lease, partition_no no,
                           const std::string& statement, std::span<const sql_value> values) {
  auto& author = tx.author(lease, no);
  return by_author(author, [&] { return author.fetch(statement, values); });
}

void open_cursor(transaction& tx, lease_id lease, partition_no no, std::int64_t cursor,
                 const std::string& statement, std::span<const sql_value> values) {
  auto& author = tx.author(lease, no);
  by_author(author, [&] { author.open_cursor(cursor, statement, values); });
}

std::vector<sql_row> read_cursor(transaction& tx, lease_id lease, partition_no no,
                                 std::int64_t cursor, std::int64_t after, int most) {
  auto& author = tx.author(lease, no);
  return by_author(author, [&] { return author.read_cursor(cursor, after, most); });
}

chunk write_elsewhere(transaction& tx, lease_id lease, partition_no no, const chunk& wanted,
                      const author_work& write) {
  auto c = wanted;
  auto& author = tx.author(lease, no);
  // By itself, so that all rules are checked before the COMMIT.
  by_author(author, [&] { author.attempt([&] { write(author, c); }); });
  author.end();
  return c;
}

chunk commit_chunk(transaction& tx, lease_id lease, partition_no no, const chunk& wanted,
                   const author_work& write) {
  auto c = wanted;
  if (write) {
    auto& author = tx.author(lease, no);
    by_author(author, [&] { write(author, c); });
    author.end();
  }
  require_checkpoint(c.to);
  for (const auto& item : c.skipped) {
    require_text("the place of a skipped item", item.place);
    require_text("the reason of a skipped item", item.why);
  }
  if (PARTITA_BUG(author_rows_stand_without_their_chunk)) return c;
  try {
    tx.fence_chunk(lease, no, c);
  } catch (const store_error&) {
    if (!PARTITA_BUG(authors_commit_although_the_fence_refuses)) throw;
  }
  return c;
}

void require_next(const checkpoint& stored, const chunk& c) {
  if (stored.seq == c.to.seq - 1 && stored.counts.read == c.from) return;
  throw store_error(errc::wrong_state, "a chunk from item " + std::to_string(c.from) +
                                           " does not follow what is stored: checkpoint " +
                                           std::to_string(stored.seq) + ", " +
                                           std::to_string(stored.counts.read) + " items");
}

void refuse_checkpoint(lease_id lease, partition_no no) {
  throw store_error(errc::lease_lost,
                    named(lease) + " no longer covers partition " + std::to_string(no));
}

}  // namespace partita::verbs
