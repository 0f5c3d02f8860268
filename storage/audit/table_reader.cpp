#include "storage/audit/table_reader.hpp"

#include <charconv>
#include <nlohmann/json.hpp>
#include <vector>

#include "protocol/errors.hpp"

namespace partita::audit {

namespace {

[[noreturn]] void damaged(const std::string& what) {
  throw store_error(errc::damaged,
                    "a row of the database holds " + what + ", which no version of Partita writes");
}

constexpr std::int64_t largest_number = std::int64_t{1} << 52;  // of a partition

/// The columns of a row, taken from left to right.
class cursor {
 public:
  explicit cursor(text_row row) : row_(row) {}

  std::string text() { return std::string{next().value_or("")}; }
  std::int64_t number() {
    const auto digits = next().value_or("0");
    std::int64_t value = 0;
    const auto* end = digits.data() + digits.size();
    if (std::from_chars(digits.data(), end, value).ptr != end)
      damaged("'" + std::string{digits} + "' for a number");
    return value;
  }
  int small() { return static_cast<int>(number()); }
  std::optional<int> maybe_small() {
    if (row_[place_]) return small();
    ++place_;
    return std::nullopt;
  }
  std::vector<std::string> names() {
    const auto text = next().value_or("[]");
    const auto list = nlohmann::json::parse(text, nullptr, false);
    std::vector<std::string> all;
    for (const auto& one : list) {
      if (!one.is_string()) damaged("'" + std::string{text} + "' for a list of names");
      all.push_back(one.get<std::string>());
    }
    return all;
  }
  bool flag() {
    const auto value = next().value_or("");
    return value == "t" || value == "1";
  }
  template <class Id>
  Id id() {
    return Id{number()};
  }
  range span() {
    const range r{number(), number()};
    if (r.lo < 0 || r.hi < r.lo || r.hi > largest_number)
      damaged("the range " + std::to_string(r.lo) + ".." + std::to_string(r.hi));
    return r;
  }
  db_time time() { return db_time{microseconds{number()}}; }
  std::optional<db_time> maybe_time() {
    if (row_[place_]) return time();
    ++place_;
    return std::nullopt;
  }
  template <class State>
  State state() {
    const auto name = next().value_or("");
    if (auto known = parse_state<State>(name)) return *known;
    damaged("the state '" + std::string{name} + "'");
  }
  template <class State>
  std::optional<State> maybe_state() {
    if (row_[place_]) return state<State>();
    ++place_;
    return std::nullopt;
  }
  item_counts counts() {
    item_counts c;
    c.read = number();
    c.written = number();
    c.filtered = number();
    c.skipped = number();
    return c;
  }
  attempt_outcome outcome() {
    const auto name = next().value_or("");
    if (name == "RETRY") return attempt_outcome::retry;
    return name == "RELEASED" ? attempt_outcome::released : attempt_outcome::failed;
  }

 private:
  std::optional<std::string_view> next() { return row_[place_++]; }

  text_row row_;
  std::size_t place_ = 0;
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
  n.info.tokens = c.small();
  return n;
}

run_row run_of(cursor c) {
  run_row r;
  r.id = c.id<run_id>();
  r.job.name = c.text();
  r.job.version = c.small();
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
  r.abandoned = c.flag();
  r.schedule = c.id<schedule_id>();
  r.tick = c.maybe_time();
  if (const auto since = c.maybe_time()) r.paused = pause_mark{*since, {}, {}};
  r.priority = c.small();
  r.purged_at = c.maybe_time();
  return r;
}

step_record step(cursor c) {
  step_record s;
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
  s.row.error = c.text();
  s.row.spec.after_failure = c.flag();
  if (const auto how = c.maybe_state<decision_kind>()) s.row.decided = decision{*how, {}};
  const auto decided = c.text();
  if (s.row.decided) s.row.decided->text = decided;
  s.row.started_at = c.time();
  s.row.ended_at = c.maybe_time();
  s.row.spec.at_most = c.small();
  s.row.spec.limits = c.names();
  return s;
}

paused_job paused(cursor c) { return {c.text(), {}}; }

retention_row kept(cursor c) {
  retention_row q;
  q.job = c.text();
  q.what.keep = milliseconds{c.number()};
  q.what.keep_last = c.small();
  return q;
}

limit_row limit(cursor c) {
  limit_row q;
  q.name = c.text();
  q.slots = c.maybe_small();
  q.since = c.id<lease_id>();
  return q;
}

lease_record lease(cursor c) {
  lease_record l;
  l.id = c.id<lease_id>();
  l.step = c.id<step_id>();
  l.node = c.id<node_id>();
  l.span = c.span();
  l.attempt = c.small();
  l.state = c.state<lease_state>();
  l.completed = c.number();
  l.failed = c.number();
  l.returned = c.number();
  l.granted_at = c.time();
  l.ended_at = c.maybe_time();
  return l;
}

ready_record ready(cursor c) {
  ready_record r;
  r.id = c.number();
  r.step = c.id<step_id>();
  r.span = c.span();
  r.node = c.id<node_id>();
  r.attempt = c.small();
  r.available_at = c.time();
  return r;
}

partition_record partition(cursor c) {
  partition_record p;
  p.step = c.id<step_id>();
  p.no = c.number();
  return p;
}

result_record result(cursor c) {
  result_record r;
  r.step = c.id<step_id>();
  r.row.no = c.number();
  r.row.lease = c.id<lease_id>();
  r.row.completed = c.text() == "COMPLETED";
  r.row.counts = c.counts();
  r.row.ended_at = c.time();
  r.row.files = c.text();
  return r;
}

checkpoint_record checkpoint_of(cursor c) {
  checkpoint_record r;
  r.step = c.id<step_id>();
  r.no = c.number();
  r.lease = c.id<lease_id>();
  r.saved.seq = c.number();
  r.saved.counts = c.counts();
  return r;
}

skipped_record skipped(cursor c) {
  skipped_record r;
  r.step = c.id<step_id>();
  r.no = c.number();
  r.item = c.number();
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

counter_record counter(cursor c) {
  counter_record r;
  r.step = c.id<step_id>();
  r.node = c.id<node_id>();
  r.completed = c.number();
  r.failed = c.number();
  r.counts = c.counts();
  return r;
}

schedule_row schedule(cursor c) {
  schedule_row s;
  s.id = c.id<schedule_id>();
  s.what.name = c.text();
  s.what.job = c.text();
  s.owner = c.id<node_id>();
  s.next_tick = c.maybe_time();
  s.created_at = c.time();
  if (const auto since = c.maybe_time()) s.paused = {*since, {}, {}};
  return s;
}

event_row event(cursor c) {
  event_row e;
  e.id = c.number();
  e.at = c.time();
  e.kind = c.text();
  e.run = c.id<run_id>();
  e.step = c.id<step_id>();
  e.lease = c.id<lease_id>();
  e.node = c.id<node_id>();
  e.detail = c.text();
  return e;
}

class reader {
 public:
  reader(const text_query& query, const sql_dialect& dialect) : query_(query), dialect_(dialect) {}

  tables all(std::optional<run_id> only) {
    const auto of_runs = only ? " WHERE run_id IN (" + family(*only) + ")" : std::string{};
    const auto purging = "(SELECT run_id FROM " + dialect_.prefix + "purging)";
    const auto whole = (only ? of_runs + " AND " : " WHERE ") + "run_id NOT IN " + purging;
    tables t;
    t.of_all_runs = !only;
    read(t.runs, run_of,
         "run_id, job, job_version, identity, launch_key, state, master_node_id, term, stop, "
         "restart_of, " +
             time("created_at") + time(", started_at") + time(", ended_at") +
             ", abandoned, schedule_id" + time(", tick") + time(", paused_at") + ", priority" +
             time(", purged_at"),
         "run" + of_runs, "run_id");
    if (only && t.runs.empty())
      throw store_error(errc::not_found, "there is no run " + std::to_string(only->value));
    read(t.nodes, node,
         "node_id, name, slots, state, " + time("joined_at") + time(", heartbeat_at") +
             time(", left_at") + ", tokens",
         "node", "node_id");
    read(t.schedules, schedule,
         "schedule_id, name, job, owner_node_id" + time(", next_tick") + time(", created_at") +
             time(", paused_at"),
         "schedule", "schedule_id");
    read(t.steps, step,
         "step_id, run_id, name, ordinal, kind, streamed, transferable, max_attempts, state, "
         "count, sealed, carried, error, after_failure, decision, decision_text, " +
             time("started_at") + time(", ended_at") + ", at_most, " + dialect_.as_list("limits"),
         "step" + whole, "step_id");
    read(t.paused_jobs, paused, "job", "paused_job", "job");
    read(t.limits, limit, "name, slots, since_lease", "resource_limit", "name");
    read(t.retention, kept, "job, keep_ms, keep_last", "retention", "job");
    read_of_steps(t, only ? " WHERE step_id IN (" + ids_of(t.steps) + ")"
                          : " WHERE step_id NOT IN (SELECT s.step_id FROM " + dialect_.prefix +
                                "step s WHERE s.run_id IN " + purging + ")");
    read(t.events, event,
         "event_id, " + time("at") + ", kind, run_id, step_id, lease_id, node_id, detail",
         "event" + whole + " OR run_id IS NULL", "event_id");
    return t;
  }

 private:
  /// One SELECT; every row becomes one of `rows`.
  template <class Rows, class Make>
  void read(Rows& rows, Make make, const std::string& columns, const std::string& table,
            const std::string& order) {
    query_("SELECT " + columns + " FROM " + dialect_.prefix + table + " ORDER BY " + order,
           [&](text_row row) { rows.push_back(make(cursor{row})); });
  }

  void read_of_steps(tables& t, const std::string& of_steps) {
    const std::string counts = ", read_count, write_count, filter_count, skip_count";
    read(t.partitions, partition, "step_id, no", "partition" + of_steps, "step_id, no");
    read(t.ready, ready, "ready_id, step_id, lo, hi, node_id, attempt, " + time("available_at"),
         "ready" + of_steps, "ready_id");
    read(t.leases, lease,
         "lease_id, step_id, node_id, lo, hi, attempt, state, completed, failed, returned, " +
             time("granted_at") + time(", ended_at"),
         "lease" + of_steps, "lease_id");
    read(t.results, result,
         "step_id, no, lease_id, outcome" + counts + time(", ended_at") + ", files",
         "result" + of_steps, "step_id, no");
    read(t.checkpoints, checkpoint_of, "step_id, no, lease_id, seq" + counts,
         "checkpoint" + of_steps, "step_id, no");
    read(t.skipped, skipped, "step_id, no, item", "skipped" + of_steps, "step_id, no, item");
    read(t.failures, failure,
         "step_id, no, lease_id, node_id, attempt, outcome, error, " + time("at"),
         "failure" + of_steps, "lease_id, no");
    read(t.counters, counter, "step_id, node_id, completed, failed" + counts,
         "step_counter" + of_steps, "step_id, node_id");
  }

  /// The run, those it continues, and a live one with its identifying parameters.
  std::string family(run_id only) {
    const auto runs = dialect_.prefix + "run";
    std::string ids = std::to_string(only.value);
    query_(
        "WITH RECURSIVE line (run_id, restart_of, job, identity) AS ("
        "SELECT run_id, restart_of, job, identity FROM " +
            runs + " WHERE run_id = " + ids +
            " UNION SELECT r.run_id, r.restart_of, r.job, r.identity FROM " + runs +
            " r JOIN line ON r.run_id = line.restart_of) "
            "SELECT run_id FROM line UNION SELECT r.run_id FROM " +
            runs +
            " r JOIN line ON r.job = line.job AND r.identity = line.identity "
            "WHERE r.state IN ('CREATED', 'RUNNING')",
        [&](text_row row) { ids += "," + std::to_string(cursor{row}.number()); });
    return ids;
  }

  static std::string ids_of(const std::vector<step_record>& steps) {
    std::string ids = "0";
    for (const auto& s : steps) ids += "," + std::to_string(s.row.id.value);
    return ids;
  }

  /// ", column": that column, in microseconds.
  std::string time(const std::string& column) const {
    const auto comma = column.starts_with(", ") ? column.substr(2) : column;
    return (comma.size() < column.size() ? ", " : "") + dialect_.as_micros(comma);
  }

  const text_query& query_;
  const sql_dialect& dialect_;
};

}  // namespace

tables read_tables(const text_query& query, const sql_dialect& dialect, std::optional<run_id> run) {
  return reader{query, dialect}.all(run);
}

}  // namespace partita::audit
