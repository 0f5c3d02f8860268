#include "batch/chunk_loop.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "batch/utf8.hpp"
#include "protocol/errors.hpp"
#include "protocol/mutation.hpp"

namespace partita {

namespace {

constexpr std::size_t most_text = 1000;  // bytes of where and why

/// What no policy may hold up: the attempt is over.
bool ends_attempt(const std::exception& e) {
  return dynamic_cast<const stop_requested_error*>(&e) != nullptr ||
         dynamic_cast<const lease_lost_error*>(&e) != nullptr ||
         dynamic_cast<const store_error*>(&e) != nullptr;
}

void sleep(milliseconds time, const std::stop_token& stop) {
  if (time.count() <= 0) return;
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock{mutex};
  never.wait_for(lock, stop, time, [] { return false; });
}

}  // namespace

void require_chunk_size(int items) {
  if (items < 1) throw definition_error("a chunk has at least one item");
}

void chunk_loop::require_no_files() const {
  if (!p_.files().empty())
    throw definition_error("a chunked step cannot write output files; write them in a plain body");
}

void chunk_loop::require_skippable(const std::exception& why) const {
  if (ends_attempt(why) || !how_.skipped || !how_.skipped(why)) throw;
}

void chunk_loop::add_skipped(std::vector<skipped_item>& to, skipped_item one) const {
  one.place = utf8::shortened(one.place, most_text);
  one.why = utf8::shortened(one.why, most_text);
  const auto all = p_.counts().skipped + static_cast<std::int64_t>(to.size()) + 1;
  if (all > how_.skip_limit)
    throw permanent_error(
        "more than " + std::to_string(how_.skip_limit) + " items would be let go; the last one: " +
        (one.place.empty() ? "item " + std::to_string(one.item) : one.place) + ": " + one.why);
  const auto at =
      std::lower_bound(to.begin(), to.end(), one.item,
                       [](const skipped_item& s, std::int64_t i) { return s.item < i; });
  to.insert(at, std::move(one));
}

bool chunk_loop::rests_before_retry(const std::exception& why, int tries) const {
  if (ends_attempt(why) || !how_.retried || tries >= how_.retries.max_attempts ||
      !how_.retried(why))
    return false;
  sleep(backoff(how_.retries, tries), p_.stop_token());
  p_.stop_if_requested();
  return true;
}

/// One output by itself, so that only those are let go that cannot be written.
void chunk_loop::write_each(sql_transaction* tx, const write_function& write, chunk& c) const {
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    try {
      if (tx != nullptr && !PARTITA_BUG(bad_rows_are_not_undone))
        tx->attempt([&] { write(tx, i, 1); });
      else
        write(tx, i, 1);
    } catch (const std::exception& e) {
      require_skippable(e);
      add_skipped(c.skipped, {outputs_[i].item, skip_stage::write, outputs_[i].where, e.what()});
      if (!PARTITA_BUG(an_item_let_go_counts_as_written)) --c.to.counts.written;
      ++c.to.counts.skipped;
    }
  }
}

void chunk_loop::store(const json& position, bool uses_sql, const write_function& write,
                       bool alone) {
  chunk c;
  c.from = p_.counts().read;
  c.skipped = skipped_;
  c.to.position = position.dump();
  c.to.counts = p_.counts();
  c.to.counts += item_counts{read_, static_cast<std::int64_t>(outputs_.size()), filtered_,
                             static_cast<std::int64_t>(skipped_.size())};
  const auto all = [&](sql_transaction* tx, chunk& changed) {
    if (alone)
      write_each(tx, write, changed);
    else if (!outputs_.empty())
      write(tx, 0, outputs_.size());
  };
  if (!uses_sql) all(nullptr, c);
  p_.store_chunk(
      c, uses_sql ? author_work{[&](sql_transaction& tx, chunk& changed) { all(&tx, changed); }}
                  : author_work{});
}

void chunk_loop::commit(const json& position, bool uses_sql, const write_function& write) {
  if (read_ == 0) return;
  for (int tries = 1;; ++tries) {
    try {
      store(position, uses_sql, write, false);
      break;
    } catch (const std::exception& e) {
      if (rests_before_retry(e, tries)) continue;
      require_skippable(e);
    }
    store(position, uses_sql, write, true);
    break;
  }
  read_ = filtered_ = 0;
  skipped_.clear();
  outputs_.clear();
  p_.progress(p_.counts().read, 0);
  p_.stop_if_requested();
}

}  // namespace partita
