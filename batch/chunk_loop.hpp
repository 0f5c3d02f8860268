#pragma once

#include <any>
#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

#include "batch/chunk_output.hpp"
#include "batch/partition_context.hpp"
#include "batch/split_context.hpp"
#include "protocol/retry.hpp"

namespace partita {

using error_filter = std::function<bool(const std::exception&)>;
/// How many items may be let go in a run with these parameters.
using skip_limit_function = std::function<std::int64_t(const parameters&)>;

/// What a chunked body does about items that fail.
struct chunk_policies {
  int size = 0;          // items a chunk
  error_filter retried;  // null: none
  retry_policy retries;
  error_filter skipped;            // null: none
  skip_limit_function skip_limit;  // of one partition
};

/// What a processor learns of its item.
struct item {
  std::int64_t ordinal = 0;  // among the items of the partition, from 0
  std::function<std::string()> where;
};

/// What a chunked body makes of one item, for tests (testing.hpp).
struct item_processor {
  std::any make;  // processor_function<In, Out>
  const std::type_info* in = nullptr;
  const std::type_info* out = nullptr;
};
template <class In, class Out>
using processor_function = std::function<std::optional<Out>(In, const item&)>;

/// What `chunked` (batch/chunk.hpp) makes for `partitioned::each`.
struct chunked_body {
  partition_function run;
  skip_limit_function skip_limit;  // of the whole step; null: any number
  item_processor processor{};
  /// Items that are in hand at once; 0: no policy lets an item go that crashes.
  std::int64_t crash_suspects = 0;
  // For `scale` (batch/scaling.hpp).
  std::function<void(partition_context&, int threads)> run_in_threads{};
  /// Null, and so is run_packed: the items have no way to JSON and back.
  std::function<void(partition_context& reading, int items, const take_partition&)> pack{};
  partition_function run_packed{};
};

/// Throws definition_error unless a chunk has at least one item.
void require_chunk_size(int items);

/// The accounts of a chunked body: which items came of the reader, what became of each, and when a
/// chunk is stored. `where` tells the place of the item that came last; it is asked only when an
/// item is let go.
class chunk_loop {
 public:
  /// done: an item that is not tried again, in a partition whose skipped items are.
  enum class got { item, let_go, done, end };

  chunk_loop(partition_context& p, const chunk_policies& how);

  /// REQUIRES: called once, when reader and writer are made. The reader's position from which on
  /// items are wanted; none: from the start.
  ///
  /// A writer of files goes on with what the last attempt has staged. Where that is lost (it is on
  /// another host's disk), and the writer has nothing but files, they are made anew: the items
  /// before the position come once more, and are written and stored nowhere else. Throws
  /// definition_error when a body has output files and a writer that cannot go on, permanent_error
  /// when files are lost that cannot be made anew.
  std::optional<json> begin(chunk_output& out);
  /// Whether this item needs nothing any more: it was written, or filtered, in the run that this
  /// one continues. Any thread.
  bool was_done(std::int64_t ordinal) const;
  /// Items behind which the next one comes.
  std::int64_t items() const { return done().read + read_; }
  /// A chunk ends early when a stop is requested: what it has is stored.
  bool wants_items() const { return read_ < room() && !p_.stop_requested(); }
  /// How many items the chunk may have that comes so many items behind the last one stored.
  std::int64_t room(std::int64_t ahead = 0) const;

  /// `next` returns whether there was an item.
  template <class Next, class Where>
  got read(const Next& next, const Where& where) {
    try {
      if (!next()) return got::end;
    } catch (const data_error& e) {
      ++read_;
      if (was_done(items() - 1)) return got::done;
      if (only_ != nullptr) require_same_item(where());
      let_go(skip_stage::read, where, e);
      return got::let_go;
    }
    ++read_;
    p_.progress(items());
    if (was_done(items() - 1)) return got::done;
    if (only_ != nullptr) require_same_item(where());
    return got::item;
  }

  /// `make` returns whether something came of the item; else it is filtered. Tries it as often as
  /// the policy wants. False: there is nothing to write.
  template <class Make, class Where>
  bool process(const Make& make, const Where& where) {
    for (int tries = 1;; ++tries) {
      try {
        require_no_killer();
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

  /// The item that came last will be written, or something in its place after it was let go.
  /// `tell_place` appends its place to a text.
  template <class Tell>
  void will_write(const Tell& tell_place, bool was_let_go = false) {
    tell_place(places_);
    outputs_.push_back({items() - 1, places_.size(), was_let_go});
    if (was_let_go) ++instead_;
  }

  /// Writes and stores the chunk, unless no item came. Then a new chunk begins. `reader`: its
  /// position. `last`: it has no more items, so that a stop which was requested comes too late.
  void commit(const json& reader, bool last = false);
  /// No item will come any more. Throws permanent_error when there were fewer than before.
  void finish();

 private:
  /// Throws crash_error where the item that came last is known to crash the process.
  void require_no_killer() const;
  struct output {
    std::int64_t item;
    std::size_t place_end;  // in places_; it begins where that of the output before it ends
    bool is_instead;        // of an item that was let go: it does not count as written
  };
  std::string place_of(std::size_t no) const;

  template <class Where>
  void let_go(skip_stage stage, const Where& where, const std::exception& why) {
    auto place = where();
    require_skippable(why, place);
    add_skipped(skipped_, {items() - 1, stage, std::move(place), why.what()});
  }

  bool may_be_let_go(const std::exception& why) const;
  /// REQUIRES: called where the exception was caught. Throws it again when no policy lets it pass;
  /// a data_error tells the place of the item then.
  void require_skippable(const std::exception& why, const std::string& place) const;
  void add_skipped(std::vector<skipped_item>& to, skipped_item one) const;
  bool rests_before_retry(const std::exception& why, int tries) const;
  /// The item that came last, and is tried again, must come from where it came from when it was let
  /// go: throws permanent_error.
  void require_same_item(const std::string& place) const;
  /// Items before this one that were done: was_done.
  std::int64_t done_before(std::int64_t ordinal) const;
  /// What becomes of the items of the chunk that were read, where all outputs are written.
  item_counts counted() const;
  /// Before this chunk.
  const item_counts& done() const { return rebuilt_ ? *rebuilt_ : p_.counts(); }
  bool find_files(const std::vector<files_position::file>& stored) const;
  json position(const json& reader) const;
  void write_each(sql_transaction* tx, chunk& c);
  /// These outputs were refused, the others are written. Throws permanent_error, which tells the
  /// place, when no policy lets one of them go.
  void let_go(const std::vector<refused_item>& refused, chunk& c) const;
  void let_go_output(std::size_t no, const std::string& why, chunk& c) const;
  void write(sql_transaction* tx, bool alone, chunk& c);
  std::string position_behind(const chunk& c, const json& reader) const;
  bool is_told_by_the_result(const chunk& c) const;
  void store(const json& reader, bool alone, bool last);
  void require_same(const json& reader) const;

  partition_context& p_;
  const chunk_policies& how_;
  const std::int64_t skip_limit_;
  chunk_output* out_ = nullptr;
  const item_repeat* only_ = nullptr;  // these items are tried again, and no others
  std::vector<output_file> sources_;   // what the files of this attempt were copied from

  // Of lost files that are made anew.
  std::optional<item_counts> rebuilt_;  // so far
  json rebuilt_until_;                  // the reader's position

  // Of the chunk that is being filled.
  std::int64_t read_ = 0;
  std::int64_t filtered_ = 0;
  std::vector<skipped_item> skipped_;
  std::vector<output> outputs_;
  std::int64_t instead_ = 0;      // outputs that stand for items that were let go
  std::string places_;            // of the outputs, one behind the other
  json written_before_;           // the writer's position
  bool perhaps_written_ = false;  // something of this chunk, behind it
};

}  // namespace partita
