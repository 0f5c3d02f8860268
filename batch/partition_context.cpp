#include "batch/partition_context.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "batch/files.hpp"
#include "protocol/errors.hpp"
#include "protocol/mutation.hpp"

namespace partita {

namespace {

/// Makes a flag true as long as it lives.
class while_alive {
 public:
  explicit while_alive(bool& flag) : flag_(flag) { flag_ = true; }
  ~while_alive() { flag_ = false; }
  while_alive(const while_alive&) = delete;
  while_alive& operator=(const while_alive&) = delete;

 private:
  bool& flag_;
};

constexpr const char* repeat_key = "partita_repeat";

}  // namespace

partition_context::partition_context(partition_setup setup) : setup_(std::move(setup)) {
  if (!setup_.resume) return;
  position_ = json::parse(setup_.resume->position, nullptr, false);
  if (position_->is_object() && position_->contains(repeat_key)) {
    const auto& told = position_->at(repeat_key);
    repeats_ = {run_id{told.at("run").get<std::int64_t>()},
                {told.at("read").get<std::int64_t>(), told.at("written").get<std::int64_t>(),
                 told.at("filtered").get<std::int64_t>(), 0},
                {},
                {}};
    for (const auto& one : told.at("items")) {
      repeats_->items.push_back(one.at(0).get<std::int64_t>());
      repeats_->places.push_back(one.at(1).get<std::string>());
    }
    const auto reader = position_->find("reader");
    position_ = reader == position_->end() ? std::nullopt : std::optional{json(*reader)};
  }
  if (!PARTITA_BUG(a_resumed_attempt_counts_from_zero)) counts_ = setup_.resume->counts;
  seq_ = setup_.resume->seq;
  stored_items_ = counts_.read;
}

std::optional<json> partition_context::resume_position() const { return position_; }

std::string partition_context::position_text(const json& position, std::int64_t read) const {
  if (!repeats_) return position.dump();
  const auto& [run, before, items, places] = *repeats_;
  auto left = json::array();
  for (auto i = std::lower_bound(items.begin(), items.end(), read); i != items.end(); ++i)
    left.push_back({*i, places[static_cast<std::size_t>(i - items.begin())]});
  return json{{repeat_key,
               {{"run", run.value},
                {"read", before.read},
                {"written", before.written},
                {"filtered", before.filtered},
                {"items", left}}},
              {"reader", position}}
      .dump();
}

void partition_context::require_outside() const {
  if (in_transaction_)
    throw definition_error(
        "the author's code is in a transaction: it reads and writes with that only");
}

const void* partition_context::resource_of(const std::type_info& type) {
  auto& mine = resources_[type];
  if (!mine) {
    require_outside();  // it may read
    mine = setup_.resource(type);
  }
  if (!mine) throw definition_error(std::string{"the job has no resource of type "} + type.name());
  return mine.get();
}

sql_queries& partition_context::queries() const {
  require_outside();
  if (!setup_.queries) throw definition_error("this attempt has no database to read");
  return *setup_.queries;
}

std::vector<sql_row> partition_context::fetch(std::string_view statement,
                                              std::span<const sql_value> values) {
  return queries().query(statement, values);
}

std::future<std::vector<sql_row>> partition_context::fetch_ahead(std::string statement,
                                                                 sql_row values) {
  return queries().query_ahead(std::move(statement), std::move(values));
}

int partition_context::open_cursor(std::string_view statement, std::span<const sql_value> values) {
  queries().open_cursor(++cursors_, statement, values);
  return cursors_;
}

std::vector<sql_row> partition_context::read_cursor(int cursor, std::int64_t after, int most) {
  return queries().read_cursor(cursor, after, most);
}

void partition_context::checkpoint(const json& position) {
  require_outside();
  setup_.commit({seq_ + 1, position_text(position, counts_.read), counts_});
  ++seq_;
  stored_items_ = counts_.read;
  stop_if_requested();
}

void partition_context::transaction(const json& position,
                                    const std::function<void(sql_transaction&)>& work) {
  store_chunk({stored_items_, {0, position_text(position, counts_.read), counts_}, {}},
              [&](sql_transaction& tx, chunk&) { work(tx); });
  stop_if_requested();
}

void partition_context::store_chunk(chunk c, const author_work& write) {
  require_outside();
  if (lost_) std::rethrow_exception(lost_);
  c.to.seq = seq_ + 1;
  may_have_stored_ = true;
  const auto alone = [&](sql_transaction& tx, chunk& changed) {
    const while_alive mark{in_transaction_};
    write(tx, changed);
  };
  try {
    counts_ = setup_.commit_chunk(c, write ? author_work{alone} : author_work{}).to.counts;
  } catch (const store_error&) {
    lost_ = std::current_exception();
    throw;
  }
  ++seq_;
  stored_items_ = counts_.read;
}

void partition_context::stop_if_requested() const {
  if (stop_requested()) throw stop_requested_error{};
}

void partition_context::rest(milliseconds time) const {
  if (time.count() <= 0) return;
  if (setup_.rest) {
    setup_.rest(time);
  } else {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock{mutex};
    never.wait_for(lock, setup_.stop, time, [] { return false; });
  }
  stop_if_requested();
}

void partition_context::progress(std::int64_t done, std::int64_t total) {
  setup_.progress->total.store(total, std::memory_order_relaxed);
  setup_.progress->done.store(done, std::memory_order_relaxed);
}

void partition_context::log(std::string_view line) const {
  setup_.log ? setup_.log(line) : setup_.progress->log.append(line);
}

void partition_context::progress(std::int64_t done) {
  setup_.progress->done.store(done, std::memory_order_relaxed);
}

std::filesystem::path partition_context::output_file(const std::filesystem::path& final_path) {
  auto path = plain_path(final_path);
  require_plain_folder(path);
  auto name = path.filename().string();
  if (auto at = name.find("{}"); at != std::string::npos) name.replace(at, 2, std::to_string(no()));
  path.replace_filename(name);
  require_folder_of(path);
  auto file = stage_output(path, setup_.run, setup_.step_name, setup_.lease, no(), staging_,
                           setup_.crashes.starts);
  files_.push_back(file);
  return written_path(file);
}

void partition_context::sync_files() {
  for (auto& file : files_) {
    auto identity = sync_file(file, setup_.stop);
    if (setup_.files_expire) file.identity = std::move(identity);
  }
}

std::string partition_context::idempotency_key() const {
  return std::to_string(first_run().value) + ":" + setup_.step_name + ":" + std::to_string(no()) +
         ":" + (repeats_ ? "by-" + std::to_string(repeats_->run.value) + ":" : "") +
         std::to_string(seq_);
}

}  // namespace partita
