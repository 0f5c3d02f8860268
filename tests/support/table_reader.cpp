#include "tests/support/table_reader.hpp"

#include <stdexcept>

namespace partita::test {

namespace {

/// The columns of a row, taken from left to right.
class cursor {
 public:
  explicit cursor(const text_row& row) : row_(row) {}

  std::string text() { return row_.at(next_++).value_or(""); }
  std::int64_t number() { return std::stoll(row_.at(next_++).value_or("0")); }
  int small() { return static_cast<int>(number()); }
  bool flag() {
    auto value = text();
    return value == "t" || value == "1";
  }
  template <class Id>
  Id id() {
    return Id{number()};
  }
  db_time time() { return db_time{microseconds{number()}}; }
  std::optional<db_time> maybe_time() {
    if (row_.at(next_)) return time();
    ++next_;
    return std::nullopt;
  }
  template <class State>
  State state() {
    auto name = text();
    if (auto known = parse_state<State>(name)) return *known;
    throw std::runtime_error("no such state: " + name);
  }
  item_counts counts() { return {number(), number(), number(), number()}; }
  attempt_outcome outcome() {
    auto name = text();
    if (name == "RETRY") return attempt_outcome::retry;
    return name == "RELEASED" ? attempt_outcome::released : attempt_outcome::failed;
  }

 private:
  const text_row& row_;
  std::size_t next_ = 0;
};

node_row node(cursor c) {
  node_row n;
  n.id = c.id<node_id>();
  n.info.name = c.text();
  n.info.slots = c.small();
  n.state = c.state<node_state>();
  n.joined_at = c.time();
  n.heartbeat_at = c.time();
  n.left_at = c.maybe_time();
  return n;
}

run_row run(cursor c) {
  run_row r;
  r.id = c.id<run_id>();
  r.job = {c.text(), c.small()};
  r.identity = c.text();
  r.launch_key = c.text();
  r.state = c.state<run_state>();
  r.master = c.id<node_id>();
  r.term = c.id<term>();
  r.stop = c.state<stop_mode>();
  r.restart_of = c.id<run_id>();
  r.created_at = c.time();
  r.started_at = c.maybe_time();
  r.ended_at = c.maybe_time();
  return r;
}

memory::step_record step(cursor c) {
  memory::step_record s;
  s.row.id = c.id<step_id>();
  s.row.run = c.id<run_id>();
  s.row.spec.name = c.text();
  s.row.spec.ordinal = c.small();
  s.row.spec.kind = c.state<step_kind>();
  s.row.spec.streamed = c.flag();
  s.row.spec.transferable = c.flag();
  s.row.spec.retry.max_attempts = c.small();
  s.row.state = c.state<step_state>();
  s.row.count = c.number();
  s.row.sealed = c.flag();
  s.carried = c.number();
  s.row.started_at = c.time();
  s.row.ended_at = c.maybe_time();
  return s;
}

memory::lease_record lease(cursor c) {
  memory::lease_record l;
  l.id = c.id<lease_id>();
  l.step = c.id<step_id>();
  l.node = c.id<node_id>();
  l.span = {c.number(), c.number()};
  l.attempt = c.small();
  l.state = c.state<lease_state>();
  l.completed = c.number();
  l.failed = c.number();
  l.returned = c.number();
  l.granted_at = c.time();
  l.ended_at = c.maybe_time();
  return l;
}

memory::ready_record ready(cursor c) {
  return {c.number(),      c.id<step_id>(), {c.number(), c.number()},
          c.id<node_id>(), c.small(),       c.time()};
}

memory::partition_record partition(cursor c) { return {c.id<step_id>(), c.number(), {}, {}}; }

memory::result_record result(cursor c) {
  memory::result_record r;
  r.step = c.id<step_id>();
  r.row.no = c.number();
  r.row.lease = c.id<lease_id>();
  r.row.completed = c.text() == "COMPLETED";
  r.row.counts = c.counts();
  r.row.ended_at = c.time();
  return r;
}

memory::checkpoint_record checkpoint_of(cursor c) {
  memory::checkpoint_record r;
  r.step = c.id<step_id>();
  r.no = c.number();
  r.lease = c.id<lease_id>();
  r.saved.seq = c.number();
  r.saved.position = c.text();
  r.saved.counts = c.counts();
  return r;
}

failure_row failure(cursor c) {
  failure_row f;
  f.step = c.id<step_id>();
  f.no = c.number();
  f.lease = c.id<lease_id>();
  f.node = c.id<node_id>();
  f.attempt = c.small();
  f.outcome = c.outcome();
  f.error = c.text();
  f.at = c.time();
  return f;
}

event_row event(cursor c) {
  return {c.number(),      c.time(),         c.text(),        c.id<run_id>(),
          c.id<step_id>(), c.id<lease_id>(), c.id<node_id>(), c.text()};
}

}  // namespace

memory::tables read_tables(const text_query& query, const sql_dialect& dialect) {
  auto read = [&](auto& rows, auto make, const std::string& columns, const std::string& table,
                  const std::string& order) {
    auto sql = "SELECT " + columns + " FROM " + dialect.prefix + table + " ORDER BY " + order;
    for (const auto& row : query(sql)) rows.push_back(make(cursor{row}));
  };
  auto t = [&](const char* column) { return dialect.as_micros(column); };
  const std::string counts = ", read_count, write_count, filter_count, skip_count";
  memory::tables all;
  read(all.nodes, node,
       "node_id, name, slots, state, " + t("joined_at") + ", " + t("heartbeat_at") + ", " +
           t("left_at"),
       "node", "node_id");
  read(all.runs, run,
       "run_id, job, job_version, identity, launch_key, state, master_node_id, term, stop, "
       "restart_of, " +
           t("created_at") + ", " + t("started_at") + ", " + t("ended_at"),
       "run", "run_id");
  read(all.steps, step,
       "step_id, run_id, name, ordinal, kind, streamed, transferable, max_attempts, state, count, "
       "sealed, carried, " +
           t("started_at") + ", " + t("ended_at"),
       "step", "step_id");
  read(all.partitions, partition, "step_id, no", "partition", "step_id, no");
  read(all.ready, ready, "ready_id, step_id, lo, hi, node_id, attempt, " + t("available_at"),
       "ready", "ready_id");
  read(all.leases, lease,
       "lease_id, step_id, node_id, lo, hi, attempt, state, completed, failed, returned, " +
           t("granted_at") + ", " + t("ended_at"),
       "lease", "lease_id");
  read(all.results, result, "step_id, no, lease_id, outcome" + counts + ", " + t("ended_at"),
       "result", "step_id, no");
  read(all.checkpoints, checkpoint_of, "step_id, no, lease_id, seq, position" + counts,
       "checkpoint", "step_id, no");
  read(all.failures, failure, "step_id, no, lease_id, node_id, attempt, outcome, error, " + t("at"),
       "failure", "lease_id, no");
  read(all.events, event,
       "event_id, " + t("at") + ", kind, run_id, step_id, lease_id, node_id, detail", "event",
       "event_id");
  return all;
}

}  // namespace partita::test
