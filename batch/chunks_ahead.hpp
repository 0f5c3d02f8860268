#pragma once

#include <deque>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "batch/chunk_loop.hpp"
#include "batch/chunk_source.hpp"
#include "batch/thread_team.hpp"

namespace partita {

/// Chunks of one reader, in their order, whose items threads process while earlier chunks are
/// written. What goes wrong with an item waits for its turn.
template <class In, class Out>
class chunks_ahead {
 public:
  struct work {
    std::optional<In> in;  // none: it was malformed
    std::string where;
    std::optional<Out> out;
    std::exception_ptr error;  // of the reader or the processor
  };
  struct chunk {
    std::vector<work> items;
    json position;              // of the reader, behind them
    std::exception_ptr broken;  // the reader cannot go on
    thread_team::task_ptr done;
    std::int64_t size() const { return static_cast<std::int64_t>(items.size()); }
  };
  using process_one = std::function<std::optional<Out>(In&, const item&)>;

  chunks_ahead(item_source<In>& reader, int threads, process_one process)
      : reader_(reader), process_(std::move(process)), team_(threads) {}

  /// Reads the next chunk, at most so many items, the first of which has this ordinal, and lets the
  /// threads begin with it.
  void begin(std::int64_t first, std::int64_t most) {
    if (ended_) return;
    auto& c = chunks_.emplace_back();
    while (c.size() < most && read(c)) continue;
    if (c.items.empty() && !c.broken) return chunks_.pop_back();
    c.position = reader_.position();
    c.done = team_.begin(c.items.size(), [this, first, &c](std::size_t i) {
      process(c.items[i], first + static_cast<std::int64_t>(i));
    });
  }

  /// The oldest chunk; null: there is none.
  chunk* first() { return chunks_.empty() ? nullptr : &chunks_.front(); }
  /// Until it is processed. Throws what the reader broke with in it.
  void wait() {
    team_.wait(chunks_.front().done);
    if (chunks_.front().broken) std::rethrow_exception(chunks_.front().broken);
  }
  void drop_first() { chunks_.pop_front(); }

 private:
  bool read(chunk& to) {
    work one;
    try {
      one.in = reader_.next();
      if (!one.in) ended_ = true;
    } catch (const data_error&) {
      one.error = std::current_exception();
    } catch (...) {
      ended_ = true;
      to.broken = std::current_exception();
    }
    if (ended_) return false;
    one.where = reader_.where();
    to.items.push_back(std::move(one));
    return true;
  }

  void process(work& one, std::int64_t ordinal) const {
    if (!one.in) return;
    try {
      one.out = process_(*one.in, {ordinal, [&] { return one.where; }});
    } catch (...) {
      one.error = std::current_exception();
    }
  }

  item_source<In>& reader_;
  const process_one process_;
  bool ended_ = false;
  std::deque<chunk> chunks_;
  thread_team team_;  // its end comes first
};

}  // namespace partita
