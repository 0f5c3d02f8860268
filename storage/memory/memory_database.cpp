#include "storage/memory/memory_database.hpp"

#include "storage/memory/memory_transaction.hpp"

namespace partita {

namespace {

template <class Map>
auto rows_of(const Map& map) {
  std::vector<typename Map::mapped_type> rows;
  rows.reserve(map.size());
  for (const auto& [key, row] : map) rows.push_back(row);
  return rows;
}

/// Nothing but a share of the tables.
class memory_session final : public session {
 public:
  explicit memory_session(std::shared_ptr<memory::state> shared) : state_(std::move(shared)) {}

  void run(verb& v) override {
    memory::memory_transaction tx{*state_};
    v.work(tx);
    tx.commit();
  }

 private:
  std::shared_ptr<memory::state> state_;
};

}  // namespace

memory_database::memory_database(wall_clock clock)
    : state_(std::make_shared<memory::state>(std::move(clock))) {}

std::shared_ptr<session> memory_database::connect(const session_options&) {
  return std::make_shared<memory_session>(state_);
}

schema_status memory_database::schema() { return {}; }  // nothing is needed, and that fits

int memory_database::migrate() { return 0; }

std::string memory_database::address() const { return "memory"; }

bool memory_database::shared_over_network() const { return false; }

tables memory_database::audit_rows(std::optional<run_id>) {
  std::lock_guard lock{state_->guard};
  tables t;
  t.nodes = rows_of(state_->nodes);
  t.runs = rows_of(state_->runs);
  t.steps = rows_of(state_->steps);
  t.partitions = rows_of(state_->partitions);
  t.ready = rows_of(state_->ready);
  t.leases = rows_of(state_->leases);
  t.results = rows_of(state_->results);
  t.checkpoints = rows_of(state_->checkpoints);
  for (const auto& [key, row] : state_->skipped)
    t.skipped.push_back({row.step, row.no, row.what.item});
  t.failures = rows_of(state_->failures);
  t.counters = rows_of(state_->counters);
  for (const auto& [job, why] : state_->paused_jobs) t.paused_jobs.push_back({job, why});
  t.limits = rows_of(state_->limits);
  t.schedules = rows_of(state_->schedules);
  t.events = state_->events;
  return t;
}

std::shared_ptr<memory_database> make_memory_database(wall_clock clock) {
  return std::make_shared<memory_database>(std::move(clock));
}

}  // namespace partita
