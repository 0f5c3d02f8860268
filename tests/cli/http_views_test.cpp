#include <algorithm>
#include <set>

#include "apps/partita/http/cluster_views.hpp"
#include "apps/partita/http/errors.hpp"
#include "apps/partita/http/query.hpp"
#include "apps/partita/http/run_views.hpp"
#include "apps/partita/http/timeline_view.hpp"
#include "apps/partita/run_errors.hpp"
#include "tests/support/contract.hpp"

using namespace partita;
using namespace partita::test;
using namespace partita::http;
using namespace std::chrono_literals;
using cli::document;

namespace {

/// What the API tells of a database that a test has filled.
struct api_views : contract {
  const reader& look() const { return *db; }

  document changes(const std::string& since = "") {
    request what{"GET", "/api/v1/changes", {}, {}, ""};
    if (!since.empty()) what.query.emplace("since", since);
    return changes_view(look(), what);
  }
  document timeline(run_id run) { return timeline_view(look(), tiles, run, {}); }

  attempt_report took(lease_id lease, partition_no no, microseconds time,
                      attempt_outcome how = attempt_outcome::completed) const {
    auto item = ended(lease, no, how);
    item.took = time;
    return item;
  }
  /// Reports of all partitions of a grant, a thousand at once.
  void report_all(node_id node, const lease_grant& grant, microseconds time,
                  attempt_outcome how = attempt_outcome::completed) {
    std::vector<attempt_report> items;
    for (auto no = grant.span.lo; no <= grant.span.hi; ++no) {
      items.push_back(took(grant.lease, no, time, how));
      if (items.size() < 1'000 && no < grant.span.hi) continue;
      db->report(node, items);
      items.clear();
    }
  }
  void tell(node_id node, const std::string& doing, int running = 1) {
    node_load load{running, 0};
    load.doing = doing;
    db->heartbeat(node, load, false, std::nullopt);
  }
  bool is_slow() const { return on->name() != "memory"; }

  tile_cache tiles;
  pace_cache pace;
};

std::string told(const lease_grant& grant, partition_no no, milliseconds ran) {
  return "[[" + std::to_string(grant.lease.value) + "," + std::to_string(no) + "," +
         std::to_string(ran.count()) + "]]";
}

std::vector<std::string> codes_of(const document& health) {
  std::vector<std::string> codes;
  for (const auto& warning : health["warnings"]) codes.push_back(warning["code"]);
  return codes;
}

}  // namespace

TEST_CASE_METHOD(api_views, "health and masterships are those of all live runs") {
  const auto master = join("a");
  const auto idle = join("b");
  for (int i = 0; i < 210; ++i) {
    const auto run = drive(master, std::to_string(i));
    if (i < 25) split(run, 3);
  }
  db->submit(launch("new"));
  tell(master, "[]", 2);
  tell(idle, "[]", 2);
  const auto health = health_view(look(), "here", false);
  CHECK(health["runs"]["running"] == 210);
  CHECK(health["runs"]["created"] == 1);
  const auto node = node_view(look(), master);
  CHECK(node["masters"].size() == 200);
  CHECK(node["more_masters"] == true);
  CHECK(node_view(look(), idle)["masters"].empty());
  CHECK(node_view(look(), idle)["more_masters"] == false);
}

TEST_CASE_METHOD(api_views, "runs in a queue are no trouble, runs that no node can take are") {
  const auto node = join("a");
  split(drive(node, "busy"), 3);
  const auto paused = drive(node, "paused");
  split(paused, 3);
  db->pause_run(paused.run, "later", "anna");
  db->submit(launch("new"));
  tell(node, "[]", 2);
  const auto well = health_view(look(), "here", false);
  CHECK(well["status"] == "OK");
  CHECK(well["warnings"].empty());
  pass(6min);
  tell(node, "[]", 2);
  auto codes = codes_of(health_view(look(), "here", false));
  CHECK(codes == std::vector<std::string>{"run_waits"});  // of the one that nobody drives
  for (int i = 0; i < 25; ++i) {
    auto unknown = launch("unknown " + std::to_string(i));
    unknown.job.name = "unheard_of";
    db->submit(unknown);
  }
  const auto health = health_view(look(), "here", false);
  codes = codes_of(health);
  CHECK(health["status"] == "WARNING");
  CHECK(std::count(codes.begin(), codes.end(), "run_waits") == 20);
  REQUIRE(codes.back() == "more_runs_wait");
  CHECK(health["warnings"].back()["text"] == "6 more runs wait");
}

TEST_CASE_METHOD(api_views, "a run that is paused or stops has no rate and no end in sight") {
  const auto node = join();
  const auto driven = drive(node);
  const auto grant = take(node, split(driven, 10), 5);
  pass(10s);
  tell(node, "[]");
  report_all(node, grant, 1s);
  const auto shown = [&] { return changed_run(look(), run(driven.run)); };
  CHECK(shown()["rate_per_s"].is_number());
  CHECK(shown()["eta_s"].is_number());
  db->pause_run(driven.run, "", "");
  CHECK(shown()["rate_per_s"].is_null());
  CHECK(shown()["eta_s"].is_null());
  db->resume_run(driven.run, "");
  CHECK(shown()["eta_s"].is_number());
  db->request_stop(driven.run, stop_mode::stop, "");
  CHECK(shown()["rate_per_s"].is_null());
  CHECK(shown()["eta_s"].is_null());
}

TEST_CASE_METHOD(api_views, "who knows events that are not there is told to read all anew") {
  drive(join());
  const auto newest = std::stoll(changes()["newest"].get<std::string>());
  for (const auto beyond : {1, 500, 99'999'999}) {
    const auto shown = changes(std::to_string(newest + beyond));
    CHECK(shown["newest"] == std::to_string(newest));
    CHECK(shown["more"] == true);
  }
  CHECK(changes(std::to_string(newest))["more"] == false);
}

TEST_CASE_METHOD(api_views, "changes are told behind an event, and whether there are more") {
  const auto node = join();
  drive(node, "first");
  const auto start = changes();
  CHECK(start["runs"].empty());
  CHECK(start["more"] == false);
  pass(60s);
  tell(node, "[]");
  // Nothing is behind it, and nothing is so young that it may have been committed late.
  const auto since = start["newest"].get<std::string>();
  if (on->name() == "memory") CHECK(changes(since)["runs"].empty());
  const auto next = drive(node, "next");
  const auto then = changes(since);
  const auto& runs = then["runs"];
  CHECK(std::count(runs.begin(), runs.end(), std::to_string(next.run.value)) == 1);
  CHECK(then["nodes"] == document::array({std::to_string(node.value)}));
  CHECK(std::stoll(then["newest"].get<std::string>()) > std::stoll(since));
  CHECK(then["more"] == false);
  // What is young is told again: its transaction may have ended after others.
  CHECK(changes(then["newest"].get<std::string>())["runs"].size() >= 1);
  CHECK(changes("0")["runs"].size() == 2);
  if (is_slow()) return;
  for (int i = 0; i < 2'100; ++i) db->submit(launch(std::to_string(i)));
  const auto all = changes("0");
  CHECK(all["more"] == true);
  const auto some = all["newest"].get<std::string>();
  CHECK(std::stoll(some) < std::stoll(changes()["newest"].get<std::string>()));
  CHECK(changes(some)["more"] == false);
}

TEST_CASE_METHOD(api_views, "errors tell of more only where there are more") {
  const auto node = join();
  const auto run = drive(node);
  const auto exact = split(run, 1'000);
  report_all(node, take(node, exact), 1ms, attempt_outcome::failed);
  auto errors = errors_view(look(), run.run);
  CHECK(errors["more"] == false);
  CHECK(errors["looked_at"] == 1'000);
  const auto next = split(run, 1'001, spec("next", 1));
  report_all(node, take(node, next), 1ms, attempt_outcome::failed);
  errors = errors_view(look(), run.run);
  CHECK(errors["more"] == true);
  CHECK(errors["looked_at"] == 2'000);
}

TEST_CASE_METHOD(api_views, "a partition has its own skipped items, and its checkpoint") {
  if (on->name() == "memory") return;  // it knows no SQL
  const auto node = join();
  const auto run = drive(node);
  const auto step = split(run, 2);
  const auto grant = take(node, step);
  chunk many{0, {1, R"({"row":1001})", {1'001, 0, 0, 1'001}}, {}};
  for (std::int64_t item = 0; item < 1'001; ++item)
    many.skipped.push_back({item, skip_stage::read, "line", "odd"});
  db->commit_chunk(grant.lease, 0, many, {});
  db->commit_chunk(grant.lease, 1, {0, {1, "7", {1, 0, 0, 1}}, {{0, skip_stage::read, "l", "w"}}},
                   {});
  const auto first = partition_view(look(), run.run, "count", 0);
  CHECK(first["skipped"].size() == 1'000);
  CHECK(first["more_skipped"] == true);
  CHECK(first["checkpoint"]["position"]["row"] == 1'001);
  CHECK(first["checkpoint"]["seq"] == 1);
  const auto second = partition_view(look(), run.run, "count", 1);
  REQUIRE(second["skipped"].size() == 1);
  CHECK(second["skipped"][0]["why"] == "w");
  CHECK(second["more_skipped"] == false);
  complete_all(node, grant);
  CHECK(partition_view(look(), run.run, "count", 1)["checkpoint"].is_null());
}

TEST_CASE_METHOD(api_views, "skipped items of a run come in pages, of all steps or of one") {
  const auto node = join();
  const auto run = drive(node);
  const auto first = split(run, 2);
  const auto later = split(run, 1, spec("later", 1));
  const auto let_go = [&](const lease_grant& grant, partition_no no, std::int64_t items) {
    chunk c{0, {1, "1", {items, 0, 0, items}}, {}};
    for (std::int64_t item = 0; item < items; ++item)
      c.skipped.push_back({item, skip_stage::read, "line", "odd"});
    db->commit_chunk(grant.lease, no, c, {});
  };
  const auto grant = take(node, first);
  let_go(grant, 0, 2);
  let_go(grant, 1, 1);
  let_go(take(node, later), 0, 2);
  const auto page = [&](const std::string& after, const std::string& step, int limit) {
    request what{"GET", "/api/v1/runs/1/skipped", {}, {}, ""};
    what.query = {{"after", after}, {"step", step}, {"limit", std::to_string(limit)}};
    return skipped_view(look(), run.run, what);
  };
  auto items = document::array();
  std::string after;
  do {
    const auto shown = page(after, "", 2);
    CHECK(shown["items"].size() <= 2);
    CHECK(shown["more"].get<bool>() != shown["next"].is_null());
    for (const auto& item : shown["items"]) items.push_back(item);
    after = shown["next"].is_null() ? "" : shown["next"].get<std::string>();
  } while (!after.empty());
  const auto whole = page("", "", 5);
  CHECK(items.size() == 5);
  CHECK(items == whole["items"]);
  CHECK(whole["next"].is_null());
  const auto of_later = page("", "later", 9);
  REQUIRE(of_later["items"].size() == 2);
  CHECK(of_later["items"][1]["step"] == "later");
  CHECK(of_later["items"][1]["item"] == 1);
  const auto beyond = cursor_text({step_id{later.value + 1}, 0, 0});
  CHECK(page(beyond, "", 5)["items"].empty());
  for (const auto* odd : {"x", "1", "1.2", "1.2.", "1.2.-3", "1.2.3.4", "1,2,3", " 1.2.3"}) {
    INFO(odd);
    CHECK_THROWS_AS(page(odd, "", 2), http_error);
  }
  CHECK_THROWS_AS(page("", "none", 2), http_error);
}

TEST_CASE_METHOD(api_views, "the slowest of a large step are found wherever they ran") {
  if (is_slow()) return;
  const auto node = join();
  const auto run = drive(node);
  const auto step = split(run, 20'100);
  report_all(node, take(node, step, 20'000), 10ms);
  pass(30min);
  tell(node, "[]");
  const auto last = take(node, step);
  for (partition_no no : {20'003, 20'007}) report(node, took(last.lease, no, 20min + no * 1ms));
  // One that is made again is no result. Of a tile the slowest one is known.
  pass(2min);
  tell(node, "[]");
  report(node, took(last.lease, 20'050, 25min, attempt_outcome::retry));
  const auto shown = run_view(look(), tiles, run.run);
  const auto& slowest = shown["steps"][0]["slowest"];
  REQUIRE(slowest.size() >= 1);
  CHECK(slowest.size() <= 10);
  CHECK(slowest[0]["no"].get<partition_no>() >= 20'003);
  std::set<partition_no> numbers;
  for (const auto& one : slowest) numbers.insert(one["no"].get<partition_no>());
  CHECK(numbers.size() == slowest.size());
  CHECK_FALSE(numbers.contains(20'050));
}

TEST_CASE_METHOD(api_views, "what is shared of the pace is what the database tells") {
  if (on->name() == "postgres") return;  // there the past is moved, not the time
  const auto node = join();
  const auto run = drive(node);
  const auto step = split(run, 100);
  const auto grant = take(node, step, 100);
  const auto ended_in = [](const document& shown) {
    std::vector<std::int64_t> counts;
    for (const auto& count : shown["ended"])
      if (count != 0) counts.push_back(count.get<std::int64_t>());
    return counts;
  };
  partition_no no = 0;
  for (const auto pause : {0min, 1min, 4min, 10min, 20min, 3min, 40min, 120min}) {
    pass(pause);
    tell(node, "[]");
    report(node, took(grant.lease, no++, 1s, attempt_outcome::failed));
    report(node, took(grant.lease, no++, 1s));
    auto late = took(grant.lease, no++, 1s);
    late.ended_ago = 4min;
    report(node, late);
    pace_cache fresh;
    auto shared = throughput_view(look(), pace), anew = throughput_view(look(), fresh);
    CHECK(shared["ended"] == anew["ended"]);
    CHECK(shared["failed"] == anew["failed"]);
    CHECK(ended_in(shared).back() >= 2);
  }
  CHECK(ended_in(throughput_view(look(), pace)).size() == 2);
}

TEST_CASE_METHOD(api_views, "a step that has ended is read once, and whole") {
  const auto node = join();
  const auto run = drive(node);
  const auto step = split(run, 30);
  report_all(node, take(node, step, 10), 1s);
  CHECK(run_view(look(), tiles, run.run)["steps"][0]["durations_of"] == 10);
  const auto counted = [&](const document& shown) {
    std::int64_t all = 0;
    for (const auto& tile : shown["tiles"]) all += tile[3].get<std::int64_t>();
    return all + std::ssize(shown["partitions"]);
  };
  CHECK(counted(timeline(run.run)) == 10);
  report_all(node, take(node, step), 3s);
  end(run, step, step_state::completed);
  CHECK(counted(timeline(run.run)) == 30);
  const auto shown = run_view(look(), tiles, run.run);
  CHECK(shown["steps"][0]["durations_of"] == 30);
  CHECK(shown["steps"][0]["median_s"] == 3.0);
  CHECK(run_view(look(), tiles, run.run)["steps"] == shown["steps"]);
  CHECK(counted(timeline(run.run)) == 30);
}

TEST_CASE_METHOD(api_views, "the timeline tells what runs now, and what takes long") {
  const auto a = join("a");
  const auto run = drive(a);
  const auto step = split(run, 40);
  report_all(a, take(a, step, 20), 1s);
  const auto held = take(a, step, 4);
  pass(10s);
  tell(a, told(held, 21, 9s));
  const auto shown = timeline(run.run);
  REQUIRE(shown["doing"].size() == 1);
  const auto& now = shown["doing"][0];
  CHECK(now["no"] == 21);
  CHECK(now["lease"] == std::to_string(held.lease.value));
  CHECK(shown["nodes"][now["node"].get<std::size_t>()]["name"] == "a");
  CHECK(shown["steps"][now["step"].get<std::size_t>()]["name"] == "count");
  REQUIRE(shown["stragglers"].size() == 1);
  const auto& slow = shown["stragglers"][0];
  CHECK(slow["no"] == 21);
  CHECK(slow["key"] == "key 21");
  CHECK(slow["node"]["name"] == "a");
  CHECK(slow["running_s"].get<double>() >= 9.0);
  CHECK(slow["median_s"] == 1.0);
  const auto node = node_view(look(), a);
  REQUIRE(node["doing"].size() == 1);
  CHECK(node["doing"][0]["key"] == "key 21");
  CHECK(node["more_leases"] == false);
  // What makes no sense, or is over, is left out.
  tell(a, "[[1,2],[" + std::to_string(held.lease.value) + ",39,5],[999,21,5],\"x\"]");
  CHECK(timeline(run.run)["doing"].empty());
}

TEST_CASE_METHOD(api_views, "work that moved tells whether its node was lost or left") {
  const auto lost = join("lost");
  const auto left = join("left");
  const auto stays = join("stays");
  const auto run = drive(stays);
  const auto step = split(run, 8);
  const auto first = take(lost, step, 2);
  const auto second = take(left, step, 2);
  REQUIRE(db->leave(left));
  lose(lost);
  complete_all(stays, take(stays, step));
  const auto shown = timeline(run.run);
  REQUIRE(shown["moves"].size() == 2);
  for (const auto& move : shown["moves"]) {
    const bool is_first = move["lease"] == std::to_string(first.lease.value);
    if (!is_first) CHECK(move["lease"] == std::to_string(second.lease.value));
    CHECK(move["why"] == (is_first ? "LOST" : "LEFT"));
    CHECK(move["cause"] == (is_first ? "lost was lost" : "left left"));
  }
}
