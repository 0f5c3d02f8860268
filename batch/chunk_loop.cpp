#include "batch/chunk_loop.hpp"

#include <algorithm>

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

}  // namespace

void require_chunk_size(int items) {
  if (items < 1) throw definition_error("a chunk has at least one item");
}

chunk_loop::chunk_loop(partition_context& p, const chunk_policies& how)
    : p_(p), how_(how), skip_limit_(how.skip_limit ? how.skip_limit(p.all_parameters()) : 0) {
  p.files_go_on();
}

std::optional<json> chunk_loop::begin(chunk_output& out) {
  out_ = &out;
  if (!p_.files().empty() && !out.goes_on())
    throw definition_error(
        "a chunked step with output files needs a writer that can go on: position, resume, sync");
  if (p_.repeats() && p_.files().empty()) only_ = &*p_.repeats();
  if (p_.repeats() && !p_.files().empty() && (out.uses_sql() || !has_files_only(out.position())))
    throw permanent_error(
        "its skipped items cannot be tried again: files are made anew from all items, and the"
        " partition does not write only files");
  auto stored = p_.resume_position();
  if (!stored || p_.files().empty() || p_.counts().read == 0) return stored;
  const auto at = to_files_position(*stored);
  if (find_files(at.files)) {
    out.resume(at.writer);
    for (std::size_t i = 0; i < at.files.size(); ++i)
      sources_.push_back(staged_beside(p_.files()[i], at.files[i].staged));
    return at.reader;
  }
  if (out.uses_sql() || !has_files_only(at.writer))
    throw permanent_error("what an earlier attempt wrote to " +
                          p_.files().front().final_path.string() +
                          " is not on this host, or is cut off, and the partition does not write"
                          " only files");
  if (p_.crashes().starts > 0)  // the ordinals of a search are those behind what is stored
    throw permanent_error("what an earlier attempt wrote to " +
                          p_.files().front().final_path.string() +
                          " is not on this host, and making it anew crashes: " + p_.crashes().why);
  rebuilt_.emplace();
  rebuilt_until_ = at.reader;
  return std::nullopt;
}

void chunk_loop::require_no_killer() const {
  if (p_.crashes().let_go == items() - 1) throw crash_error(p_.crashes().why);
}

/// Makes the files of the last attempt those of this one.
bool chunk_loop::find_files(const std::vector<files_position::file>& stored) const {
  if (stored.size() != p_.files().size())
    throw permanent_error("an earlier attempt wrote " + std::to_string(stored.size()) +
                          " output files, this one writes " + std::to_string(p_.files().size()));
  for (std::size_t i = 0; i < stored.size(); ++i)
    if (!go_on_with(stored[i].staged, stored[i].bytes, p_.files()[i])) return false;
  return true;
}

std::int64_t chunk_loop::room(std::int64_t ahead) const {
  std::int64_t size = how_.size;
  const auto& crashed = p_.crashes();
  if (const auto first = done().read + ahead; first < crashed.until)
    size = std::min({size, crashed.most, crashed.until - first});
  const auto to_rebuild = rebuilt_ ? p_.counts().read - rebuilt_->read - ahead : 0;
  return to_rebuild > 0 ? std::min(size, to_rebuild) : size;
}

bool chunk_loop::may_be_let_go(const std::exception& why) const {
  return !ends_attempt(why) && how_.skipped && how_.skipped(why);
}

void chunk_loop::require_skippable(const std::exception& why, const std::string& place) const {
  if (may_be_let_go(why)) return;
  const std::string_view text = why.what();
  if (dynamic_cast<const data_error*>(&why) == nullptr || place.empty() || text.starts_with(place))
    throw;
  const auto told = place + ": " + why.what();
  if (dynamic_cast<const constraint_error*>(&why) != nullptr) throw constraint_error(told);
  throw data_error(told);
}

void chunk_loop::add_skipped(std::vector<skipped_item>& to, skipped_item one) const {
  if (const auto told = one.place + ": "; !one.place.empty() && one.why.starts_with(told))
    one.why.erase(0, told.size());  // the error of a reader tells the place, too
  one.place = utf8::shortened(one.place, most_text);
  one.why = utf8::shortened(one.why, most_text);
  const auto all = done().skipped + static_cast<std::int64_t>(to.size()) + 1;
  if (all > skip_limit_)
    throw permanent_error(
        "more than " + std::to_string(skip_limit_) + " items would be let go; the last one: " +
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
  p_.rest(backoff(how_.retries, tries));
  p_.stop_if_requested();
  return true;
}

std::string chunk_loop::place_of(std::size_t no) const {
  const auto begin = no == 0 ? 0 : outputs_[no - 1].place_end;
  return places_.substr(begin, outputs_[no].place_end - begin);
}

/// One output by itself, so that only those are let go that cannot be written.
void chunk_loop::write_each(sql_transaction* tx, chunk& c) {
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    const auto before = out_->position();
    std::vector<refused_item> refused;
    try {
      if (tx != nullptr && !PARTITA_BUG(bad_rows_are_not_undone))
        tx->attempt([&] { refused = out_->write(tx, i, 1); });
      else
        refused = out_->write(tx, i, 1);
    } catch (const std::exception& e) {
      require_skippable(e, place_of(i));
      out_->resume(before);
      let_go_output(i, e.what(), c);
    }
    let_go(refused, c);
  }
}

void chunk_loop::let_go(const std::vector<refused_item>& refused, chunk& c) const {
  std::size_t next = 0;
  for (const auto& [no, why] : refused) {
    if (no < next || no >= outputs_.size())
      throw definition_error("a writer was refused items that it was not given, or not in order");
    next = no + 1;
    if (!may_be_let_go(data_error(why))) throw permanent_error(place_of(no) + ": " + why);
    let_go_output(no, why, c);
  }
}

void chunk_loop::let_go_output(std::size_t no, const std::string& why, chunk& c) const {
  if (outputs_[no].is_instead) return;  // its item was let go already
  add_skipped(c.skipped, {outputs_[no].item, skip_stage::write, place_of(no), why});
  if (!PARTITA_BUG(an_item_let_go_counts_as_written)) --c.to.counts.written;
  ++c.to.counts.skipped;
}

/// Of the chunk's end. What was written is on disk then.
json chunk_loop::position(const json& reader) const {
  if (p_.files().empty()) return reader;
  out_->sync();
  const auto end =
      PARTITA_BUG(files_go_on_where_the_chunk_began) ? written_before_ : out_->position();
  files_position at{reader, end, {}};
  for (const auto& file : p_.files())
    at.files.push_back({file.staged_path.filename().string(), staged_bytes(file)});
  return to_json(at);
}

/// May be called again for the same chunk: what it wrote to files before is taken back.
void chunk_loop::write(sql_transaction* tx, bool alone, chunk& c) {
  if (std::exchange(perhaps_written_, true)) out_->resume(written_before_);
  if (alone)
    write_each(tx, c);
  else if (!outputs_.empty())
    let_go(out_->write(tx, 0, outputs_.size()), c);
}

std::string chunk_loop::position_behind(const chunk& c, const json& reader) const {
  return p_.position_text(position(reader), c.to.counts.read);
}

/// Of a chunk that is the whole partition. Its result follows at once, makes the files durable and
/// has the counts: a checkpoint before it would cost as much, and save nothing.
bool chunk_loop::is_told_by_the_result(const chunk& c) const {
  return c.from == 0 && c.skipped.empty() && !p_.files().empty() &&
         has_files_only(written_before_) && !p_.repeats() && p_.crashes().starts == 0;
}

bool chunk_loop::was_done(std::int64_t ordinal) const {
  return only_ != nullptr && !PARTITA_BUG(all_items_are_tried_again) &&
         ordinal < only_->before.read &&
         !std::binary_search(only_->items.begin(), only_->items.end(), ordinal);
}

void chunk_loop::require_same_item(const std::string& place) const {
  const auto& all = only_->items;
  const auto at = std::lower_bound(all.begin(), all.end(), items() - 1);
  if (at == all.end() || *at != items() - 1) return;  // one behind those of before
  const auto& then = only_->places[static_cast<std::size_t>(at - all.begin())];
  if (utf8::shortened(place, most_text) == then) return;
  throw permanent_error("item " + std::to_string(items() - 1) + " was " + utf8::printable(then) +
                        " when it was let go, and is " + utf8::printable(place) +
                        " now: the source has changed, so its items cannot be tried again");
}

std::int64_t chunk_loop::done_before(std::int64_t ordinal) const {
  const auto& [run, before, items, places] = *only_;
  const auto upto = std::min(ordinal, before.read);
  const auto left = std::lower_bound(items.begin(), items.end(), upto) - items.begin();
  const auto tried_already = before.read - before.written - before.filtered - std::ssize(items);
  return upto - tried_already - left;
}

item_counts chunk_loop::counted() const {
  item_counts c{read_, std::ssize(outputs_) - instead_, filtered_, std::ssize(skipped_)};
  if (only_ == nullptr) return c;
  // Which of them were written, and which filtered, nobody knows any more: the first ones were
  // written.
  const auto from = done_before(done().read), to = done_before(done().read + read_);
  const auto written = std::min(to, only_->before.written) - std::min(from, only_->before.written);
  c.written += written;
  c.filtered += to - from - written;
  return c;
}

void chunk_loop::store(const json& reader, bool alone, bool last) {
  chunk c;
  c.from = done().read;
  c.skipped = skipped_;
  c.to.counts = done();
  c.to.counts += counted();
  author_work work;
  if (out_->uses_sql()) {
    work = [&](sql_transaction& tx, chunk& changed) {
      write(&tx, alone, changed);
      changed.to.position = position_behind(changed, reader);
    };
  } else {
    write(nullptr, alone, c);
    if (rebuilt_) {
      rebuilt_ = c.to.counts;
      return;
    }
    if (last && is_told_by_the_result(c)) {
      out_->position();  // what was written is handed to the system
      p_.counts() = c.to.counts;
      return;
    }
    c.to.position = position_behind(c, reader);
  }
  p_.store_chunk(c, work);
  // The checkpoint speaks of the files of this attempt now.
  for (const auto& source : std::exchange(sources_, {})) remove_staged(source);
}

/// The files that were made anew have come to where the last attempt was.
void chunk_loop::require_same(const json& reader) const {
  if (reader == rebuilt_until_ && *rebuilt_ == p_.counts()) return;
  const auto& then = p_.counts();
  throw permanent_error(
      "the first " + std::to_string(then.read) + " items are not what they were: then " +
      std::to_string(then.written) + " were written, " + std::to_string(then.filtered) +
      " filtered and " + std::to_string(then.skipped) + " let go; now " +
      std::to_string(rebuilt_->written) + ", " + std::to_string(rebuilt_->filtered) + " and " +
      std::to_string(rebuilt_->skipped));
}

void chunk_loop::finish() {
  if (rebuilt_ || (p_.repeats() && items() < p_.repeats()->before.read))
    throw permanent_error("the reader has fewer items than before");
  out_->close();
}

void chunk_loop::commit(const json& reader, bool last) {
  if (read_ == 0) return;
  written_before_ = out_->position();
  perhaps_written_ = false;
  for (int tries = 1;; ++tries) {
    try {
      store(reader, false, last);
      break;
    } catch (const std::exception& e) {
      if (rests_before_retry(e, tries)) continue;
      // One of them is bad. Where that fails the attempt, the error tells which.
      if (!may_be_let_go(e) && dynamic_cast<const data_error*>(&e) == nullptr) throw;
    }
    store(reader, true, last);
    break;
  }
  if (rebuilt_ && rebuilt_->read == p_.counts().read) {
    require_same(reader);
    rebuilt_.reset();
  }
  read_ = filtered_ = instead_ = 0;
  skipped_.clear();
  outputs_.clear();
  places_.clear();
  if (!last) p_.stop_if_requested();
}

}  // namespace partita
