#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "batch/partition_context.hpp"
#include "protocol/retry.hpp"

namespace partita {

using error_filter = std::function<bool(const std::exception&)>;

/// What a chunked body does about items that fail.
struct chunk_policies {
  int size = 0;          // items a chunk
  error_filter retried;  // null: none
  retry_policy retries;
  error_filter skipped;         // null: none
  std::int64_t skip_limit = 0;  // of one partition
};

/// What `chunked` (batch/chunk.hpp) makes for `partitioned::each`.
struct chunked_body {
  partition_function run;
  std::optional<std::int64_t> skip_limit;  // of the whole step
};

/// Throws definition_error unless a chunk has at least one item.
void require_chunk_size(int items);

/// What a processor learns of its item.
struct item {
  std::int64_t ordinal = 0;  // among the items of the partition, from 0
  std::function<std::string()> where;
};

/// The accounts of a chunked body: which items came of the reader, what became of each, and when a
/// chunk is stored. `where` tells the place of the item that came last; it is asked only when an
/// item is let go.
class chunk_loop {
 public:
  enum class got { item, let_go, end };

  chunk_loop(partition_context& p, const chunk_policies& how) : p_(p), how_(how) {}

  /// The reader's position behind the last chunk that is stored; null: from the start.
  std::optional<json> resumed_from() const { return p_.resume_position(); }
  /// Items behind which the next one comes.
  std::int64_t items() const { return p_.counts().read + read_; }
  /// A chunk ends early when a stop is requested: what it has is stored.
  bool wants_items() const { return read_ < how_.size && !p_.stop_requested(); }

  /// Throws definition_error when the body has output files: an attempt that goes on behind another
  /// one would have only its own part of them.
  void require_no_files() const;

  /// `next` returns whether there was an item.
  template <class Next, class Where>
  got read(const Next& next, const Where& where) {
    try {
      if (!next()) return got::end;
    } catch (const std::exception& e) {
      ++read_;
      let_go(skip_stage::read, where, e);
      return got::let_go;
    }
    ++read_;
    return got::item;
  }

  /// `make` returns whether something came of the item; else it is filtered. Tries it as often as
  /// the policy wants. False: there is nothing to write.
  template <class Make, class Where>
  bool process(const Make& make, const Where& where) {
    for (int tries = 1;; ++tries) {
      try {
        const bool made = make();
        if (!made) ++filtered_;
        return made;
      } catch (const std::exception& e) {
        if (rests_before_retry(e, tries)) continue;
        let_go(skip_stage::process, where, e);
        return false;
      }
    }
  }

  /// The item that came last will be written.
  template <class Where>
  void will_write(const Where& where) {
    outputs_.push_back({items() - 1, how_.skipped ? where() : std::string{}});
  }

  /// Writes outputs [first, first + count) of the chunk; the transaction is null where the writer
  /// wants none.
  using write_function =
      std::function<void(sql_transaction* tx, std::size_t first, std::size_t count)>;

  /// Stores the chunk, unless no item came. Then a new chunk begins.
  void commit(const json& position, bool uses_sql, const write_function& write);

 private:
  struct output {
    std::int64_t item;
    std::string where;
  };

  template <class Where>
  void let_go(skip_stage stage, const Where& where, const std::exception& why) {
    require_skippable(why);
    add_skipped(skipped_, {items() - 1, stage, where(), why.what()});
  }

  /// REQUIRES: called where the exception was caught. Throws it again when no policy lets it pass.
  void require_skippable(const std::exception& why) const;
  void add_skipped(std::vector<skipped_item>& to, skipped_item one) const;
  bool rests_before_retry(const std::exception& why, int tries) const;
  void write_each(sql_transaction* tx, const write_function& write, chunk& c) const;
  void store(const json& position, bool uses_sql, const write_function& write, bool alone);

  partition_context& p_;
  const chunk_policies& how_;

  // Of the chunk that is being filled.
  std::int64_t read_ = 0;
  std::int64_t filtered_ = 0;
  std::vector<skipped_item> skipped_;
  std::vector<output> outputs_;
};

}  // namespace partita
