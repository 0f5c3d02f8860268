#include "tests/support/contract.hpp"

#include <algorithm>

#include "storage/audit/violations.hpp"

namespace partita::test {

namespace {

std::string next_backend() { return GENERATE(from_range(backend_names())); }

}  // namespace

contract::contract()
    : on(make_backend(next_backend())),
      db(on->connect()),
      where_(Catch::MessageBuilder("INFO", CATCH_INTERNAL_LINEINFO, Catch::ResultWas::Info)
             << "on " << on->name()) {}

contract::~contract() {
  if (!tampered_) CHECK(audit::violations_with_log(on->dump()) == std::vector<std::string>{});
}

void contract::tamper(std::string sql) {
  tampered_ = true;
  const auto prefix = on->name() == "postgres" ? "partita." : "partita_";
  for (auto at = sql.find('@'); at != sql.npos; at = sql.find('@')) sql.replace(at, 1, prefix);
  on->tamper(sql);
}

void contract::lose(node_id lost) {
  pass_deregistered();
  for (const auto& n : db->list_nodes(false))
    if (n.id != lost) db->heartbeat(n.id, n.load, n.state == node_state::draining, limits);
  REQUIRE(db->sweep(lost, limits) == sweep_verdict::condemned);
  REQUIRE(sweep_all(*db, lost, limits) == sweep_verdict::deregistered);
}

sweep_verdict sweep_all(const store& s, node_id suspect, const liveness_limits& limits) {
  auto verdict = sweep_verdict::condemned;
  while (verdict == sweep_verdict::condemned) verdict = s.sweep(suspect, limits);
  return verdict;
}

node_id contract::join(const std::string& name, int slots) {
  return db->register_node({name, "host", 4711, slots, "0.1.0", {job}});
}

submission contract::launch(const std::string& identity) {
  return {job, R"({"year":2024})", identity, "key " + std::to_string(++keys_)};
}

driven_run contract::drive(node_id master, const std::string& identity) {
  auto made = db->submit(launch(identity));
  auto won = db->adopt_run(made.id, master, made.term);
  REQUIRE(won);
  return {made.id, master, *won};
}

step_spec contract::spec(const std::string& name, int ordinal) const {
  step_spec s;
  s.name = name;
  s.ordinal = ordinal;
  return s;
}

step_id contract::begin(const driven_run& r, const step_spec& s) {
  return db->begin_step(r.run, r.master, r.term, s).id;
}

void contract::append(const driven_run& r, step_id step, partition_no first, std::int64_t count) {
  std::vector<new_partition> rows;
  for (auto no = first; no < first + count; ++no)
    rows.push_back({"key " + std::to_string(no), "{\"no\":" + std::to_string(no) + "}"});
  db->append_partitions(step, r.master, r.term, first, rows);
}

void contract::seal(const driven_run& r, step_id step, const std::vector<ready_range>& ranges) {
  db->seal_split(step, r.master, r.term, this->step(r, step).count, {}, ranges);
}

step_id contract::split(const driven_run& r, std::int64_t count, const step_spec& s) {
  auto step = begin(r, s);
  append(r, step, 0, count);
  seal(r, step,
       s.streamed ? std::vector<ready_range>{} : std::vector<ready_range>{{{0, count - 1}, {}, 0}});
  return step;
}

void contract::end(const driven_run& r, step_id step, step_state state) {
  db->end_step(step, r.master, r.term, state, "{}", "", std::nullopt);
}

void contract::end(const driven_run& r, run_state state) {
  db->end_run(r.run, r.master, r.term, state, "");
}

lease_grant contract::take(node_id node, step_id step, std::int64_t width) {
  auto grant = db->claim(node, step, width, width);
  REQUIRE(grant);
  return *grant;
}

attempt_report contract::ended(lease_id lease, partition_no no, attempt_outcome outcome) const {
  attempt_report item;
  item.lease = lease;
  item.no = no;
  item.outcome = outcome;
  item.counts = {10, 8, 1, 1};
  item.took = microseconds{1500};
  if (outcome == attempt_outcome::completed)
    item.output = std::to_string(no);
  else
    item.error = "partition " + std::to_string(no) + " threw";
  return item;
}

report_verdict contract::report(node_id node, const attempt_report& item) {
  auto verdicts = db->report(node, std::span{&item, 1});
  REQUIRE(verdicts.size() == 1);
  return verdicts.front();
}

report_verdict contract::complete(node_id node, lease_id lease, partition_no no) {
  return report(node, ended(lease, no));
}

void contract::complete_all(node_id node, const lease_grant& grant) {
  std::vector<attempt_report> items;
  for (const auto& p : grant.partitions) items.push_back(ended(grant.lease, p.no));
  for (auto verdict : db->report(node, items)) CHECK(verdict == report_verdict::recorded);
}

partition_row contract::partition(step_id step, partition_no no) {
  auto rows = db->list_partitions(step, no - 1, 1);
  REQUIRE(rows.size() == 1);
  REQUIRE(rows.front().no == no);
  return rows.front();
}

std::vector<partition_no> contract::in_state(step_id step, partition_state state) {
  std::vector<partition_no> numbers;
  for (const auto& p : db->list_partitions(step, -1, 1'000'000))
    if (p.state == state) numbers.push_back(p.no);
  return numbers;
}

node_row contract::node(node_id id) {
  for (const auto& n : db->list_nodes(true))
    if (n.id == id) return n;
  throw std::runtime_error("no such node");
}

step_row contract::step(const driven_run& r, step_id id) {
  for (const auto& s : db->list_steps(r.run))
    if (s.id == id) return s;
  throw std::runtime_error("no such step");
}

lease_record contract::lease(lease_id id) {
  for (const auto& l : on->dump().leases)
    if (l.id == id) return l;
  throw std::runtime_error("no such lease");
}

std::vector<ready_range> contract::waiting(step_id step) {
  std::vector<ready_range> ranges;
  for (const auto& r : on->dump().ready)
    if (r.step == step) ranges.push_back({r.span, r.node, r.attempt});
  std::sort(ranges.begin(), ranges.end(),
            [](const auto& a, const auto& b) { return a.span < b.span; });
  return ranges;
}

std::vector<event_row> contract::events(std::string_view kind) {
  std::vector<event_row> rows;
  for (const auto& e : db->list_events({}, 0, 1'000'000))
    if (e.kind == kind) rows.push_back(e);
  return rows;
}

std::optional<errc> error_of(const std::function<void()>& verb) {
  try {
    verb();
  } catch (const store_error& e) {
    return e.code();
  }
  return std::nullopt;
}

std::string sentence_of(const std::function<void()>& verb) {
  try {
    verb();
  } catch (const store_error& e) {
    return e.what();
  }
  return {};
}

}  // namespace partita::test
