#include "storage/memory/memory_database.hpp"

#include <algorithm>
#include <iterator>

#include "storage/memory/memory_transaction.hpp"

namespace partita {

namespace {

template <class Map, class Condition>
auto rows_where(const Map& map, Condition holds) {
  std::vector<typename Map::mapped_type> rows;
  rows.reserve(map.size());
  for (const auto& [key, row] : map)
    if (holds(row)) rows.push_back(row);
  return rows;
}

template <class Map>
auto rows_of(const Map& map) {
  return rows_where(map, [](const auto&) { return true; });
}

/// Of runs that are purged, and still have rows, none is shown.
class purge_filter {
 public:
  explicit purge_filter(const memory::state& all) : all_(all) {}

  bool operator()(const event_row& e) const { return !all_.purging.contains(e.run); }
  bool operator()(const step_record& s) const { return !all_.purging.contains(s.row.run); }
  template <class Row>
  bool operator()(const Row& row) const {
    const auto step = all_.steps.find(row.step);
    return step == all_.steps.end() || (*this)(step->second);
  }

 private:
  const memory::state& all_;
};

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
  const purge_filter kept{*state_};
  tables t;
  t.nodes = rows_of(state_->nodes);
  t.runs = rows_of(state_->runs);
  t.steps = rows_where(state_->steps, kept);
  t.partitions = rows_where(state_->partitions, kept);
  t.ready = rows_where(state_->ready, kept);
  t.leases = rows_where(state_->leases, kept);
  t.results = rows_where(state_->results, kept);
  t.checkpoints = rows_where(state_->checkpoints, kept);
  for (const auto& [key, row] : state_->skipped)
    if (kept(row)) t.skipped.push_back({row.step, row.no, row.what.item});
  t.failures = rows_where(state_->failures, kept);
  t.counters = rows_where(state_->counters, kept);
  for (const auto& [job, why] : state_->paused_jobs) t.paused_jobs.push_back({job, why});
  t.limits = rows_of(state_->limits);
  t.schedules = rows_of(state_->schedules);
  t.retention = rows_of(state_->retention);
  std::copy_if(state_->events.begin(), state_->events.end(), std::back_inserter(t.events), kept);
  return t;
}

std::shared_ptr<memory_database> make_memory_database(wall_clock clock) {
  return std::make_shared<memory_database>(std::move(clock));
}

}  // namespace partita
