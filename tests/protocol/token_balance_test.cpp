#include "protocol/token_balance.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <tuple>

#include "tests/protocol/seed.hpp"

using namespace partita;
using namespace partita::test;

namespace {

using nodes = std::vector<token_node>;
using schedules = std::vector<token_schedule>;

void carry_out(schedules& all, const std::vector<token_move>& moves) {
  std::map<schedule_id, token_schedule*> by_id;
  for (auto& one : all) by_id[one.id] = &one;
  for (const auto& move : moves) {
    auto* at = by_id.at(move.schedule);
    CHECK(at->owner == move.from);
    CHECK(move.from != move.to);
    at->owner = move.to;
  }
}

const token_node* owner_of(const token_schedule& schedule, const nodes& all) {
  for (const auto& node : all)
    if (node.id == schedule.owner) return &node;
  return nullptr;
}

bool knows(const token_node& node, const std::string& job) {
  return std::find(node.jobs.begin(), node.jobs.end(), job) != node.jobs.end();
}

std::map<node_id, std::size_t> shares(const schedules& all, const nodes& of) {
  std::map<node_id, std::size_t> out;
  for (const auto& node : of) out[node.id] = 0;
  for (const auto& schedule : all)
    if (owner_of(schedule, of) != nullptr) ++out[schedule.owner];
  return out;
}

std::size_t spread_of(const std::map<node_id, std::size_t>& by_node) {
  const auto less = [](const auto& a, const auto& b) { return a.second < b.second; };
  const auto [low, high] = std::minmax_element(by_node.begin(), by_node.end(), less);
  return high->second - low->second;
}

/// A cluster of which nothing is in order.
struct cluster {
  nodes all;
  schedules wanted;
};

cluster random_cluster(std::mt19937_64& random, int most_nodes, int most_schedules, int jobs) {
  cluster out;
  const auto job = [&] { return "job" + std::to_string(any_below(random, jobs)); };
  const auto count = 1 + any_below(random, most_nodes);
  for (int i = 1; i <= count; ++i) {
    token_node node{
        node_id{i}, static_cast<std::size_t>(any_below(random, 5)), {}, any_below(random, 6) == 0};
    std::set<std::string> known;
    for (int j = any_below(random, jobs + 1); j > 0; --j) known.insert(job());
    node.jobs = {known.begin(), known.end()};
    out.all.push_back(node);
  }
  for (int i = any_below(random, most_schedules + 1); i > 0; --i)
    out.wanted.push_back(
        {schedule_id{i}, job(), node_id{any_below(random, count + 2)}, any_below(random, 8) == 0});
  return out;
}

/// What is best, by trying all owners of all schedules: most with an owner that does not drain,
/// then the most even shares, then the fewest moves.
struct best_found {
  std::size_t owned = 0;
  std::size_t squares = 0;
  std::size_t moves = 0;
  auto key() const { return std::tuple{-static_cast<long>(owned), squares, moves}; }
};

best_found best_of(const cluster& in) {
  best_found best{0, 0, SIZE_MAX};
  std::vector<std::size_t> owned(in.all.size());
  const std::function<void(std::size_t, best_found)> next = [&](std::size_t i, best_found so_far) {
    if (i == in.wanted.size()) {
      for (const auto count : owned) so_far.squares += count * count;
      best = std::min(best, so_far, [](auto& a, auto& b) { return a.key() < b.key(); });
      return;
    }
    const auto& schedule = in.wanted[i];
    if (schedule.rests) return next(i + 1, so_far);
    next(i + 1, {so_far.owned, 0, so_far.moves + 1});
    for (std::size_t n = 0; n < in.all.size(); ++n) {
      const auto& node = in.all[n];
      if (node.draining || owned[n] == node.tokens || !knows(node, schedule.job)) continue;
      ++owned[n];
      next(i + 1, {so_far.owned + 1, 0, so_far.moves + (schedule.owner == node.id ? 0 : 1)});
      --owned[n];
    }
  };
  next(0, {});
  return best;
}

/// The same numbers of what was done.
best_found measured(const cluster& before, const schedules& after) {
  best_found out;
  std::map<node_id, std::size_t> by_node;
  for (std::size_t i = 0; i < after.size(); ++i) {
    if (after[i].rests) continue;
    const auto* owner = owner_of(after[i], before.all);
    const auto counts = owner != nullptr && !owner->draining;
    if (counts) ++out.owned;
    if (counts) ++by_node[owner->id];
    if (!counts || after[i].owner != before.wanted[i].owner) ++out.moves;
  }
  for (const auto& [id, count] : by_node) out.squares += count * count;
  return out;
}

void check_promises(const cluster& before, const schedules& after) {
  std::map<node_id, std::size_t> by_node;
  for (const auto& schedule : after) {
    const auto* owner = owner_of(schedule, before.all);
    if (schedule.rests) CHECK_FALSE(schedule.owner);
    if (owner == nullptr) continue;
    CHECK(knows(*owner, schedule.job));
    if (!owner->draining) CHECK(++by_node[owner->id] <= owner->tokens);
  }
  CHECK(balance_tokens(before.all, after).empty());
}

}  // namespace

TEST_CASE("small clusters are balanced as well as trying all owners does, with as few moves") {
  auto random = seeded_random("small clusters");
  for (int round = 0; round < 400 * test_effort(); ++round) {
    const auto before = random_cluster(random, 4, 6, 3);
    auto after = before.wanted;
    carry_out(after, balance_tokens(before.all, after));
    check_promises(before, after);
    const auto best = best_of(before);
    const auto done = measured(before, after);
    INFO("round " << round);
    CHECK(done.owned == best.owned);
    CHECK(done.squares == best.squares);
    CHECK(done.moves <= best.moves + 1);
  }
}

TEST_CASE("random clusters keep all promises") {
  auto random = seeded_random("random clusters");
  for (int round = 0; round < 150 * test_effort(); ++round) {
    const auto before = random_cluster(random, 30, 80, 1 + any_below(random, 12));
    auto after = before.wanted;
    carry_out(after, balance_tokens(before.all, after));
    INFO("round " << round);
    check_promises(before, after);
  }
}

TEST_CASE("where all nodes know all jobs, shares differ by one at most, with the fewest moves") {
  auto random = seeded_random("equal nodes");
  for (int round = 0; round < 200 * test_effort(); ++round) {
    nodes all;
    const auto count = 1 + any_below(random, 12);
    for (int i = 1; i <= count; ++i) all.push_back({node_id{i}, 1000, {"a", "b"}});
    schedules wanted;
    for (int i = any_below(random, 100); i > 0; --i)
      wanted.push_back(
          {schedule_id{i}, i % 3 == 0 ? "a" : "b", node_id{any_below(random, count + 1)}});
    std::size_t orphans = 0;
    for (const auto& one : wanted) orphans += one.owner ? 0 : 1;
    // The fewest: the largest shares keep what is over.
    std::vector<std::size_t> before;
    for (const auto& [id, owned] : shares(wanted, all)) before.push_back(owned);
    std::sort(before.rbegin(), before.rend());
    std::size_t fewest = orphans;
    const auto size = static_cast<std::size_t>(count);
    for (std::size_t i = 0; i < size; ++i) {
      const auto target = wanted.size() / size + (i < wanted.size() % size ? 1 : 0);
      fewest += before[i] > target ? before[i] - target : 0;
    }
    const auto moves = balance_tokens(all, wanted);
    CHECK(moves.size() == fewest);
    carry_out(wanted, moves);
    CHECK(spread_of(shares(wanted, all)) <= 1);
    for (const auto& one : wanted) CHECK(one.owner);
    CHECK(balance_tokens(all, wanted).empty());
  }
}

TEST_CASE("a schedule gets an owner even if others must move for it") {
  // 1 knows all, 2 only a. Both of a's schedules are at 1, and b has no owner.
  const nodes all{{node_id{1}, 2, {"a", "b"}}, {node_id{2}, 2, {"a"}}};
  schedules wanted{{schedule_id{1}, "a", node_id{1}},
                   {schedule_id{2}, "a", node_id{1}},
                   {schedule_id{3}, "b", {}}};
  const auto moves = balance_tokens(all, wanted);
  CHECK(moves == std::vector<token_move>{{schedule_id{2}, node_id{1}, node_id{2}},
                                         {schedule_id{3}, {}, node_id{1}}});
}

TEST_CASE("tokens that do not suffice leave schedules without an owner, and move nothing") {
  const nodes all{{node_id{1}, 1, {"a"}}, {node_id{2}, 1, {"a"}}};
  const schedules wanted{{schedule_id{1}, "a", node_id{2}},
                         {schedule_id{2}, "a", node_id{1}},
                         {schedule_id{3}, "a", {}},
                         {schedule_id{4}, "a", node_id{9}}};  // that is gone
  CHECK(balance_tokens(all, wanted).empty());
}

TEST_CASE("a lost node's schedules go to the others, and those of nobody's job to nobody") {
  const nodes all{{node_id{1}, 2, {"a"}}, {node_id{2}, 2, {"a"}}};
  const schedules wanted{{schedule_id{1}, "a", node_id{1}},
                         {schedule_id{2}, "a", node_id{3}},
                         {schedule_id{3}, "a", node_id{3}},
                         {schedule_id{4}, "unknown", node_id{3}},
                         {schedule_id{5}, "unknown", node_id{1}}};
  CHECK(balance_tokens(all, wanted) ==
        std::vector<token_move>{{schedule_id{2}, node_id{3}, node_id{1}},
                                {schedule_id{3}, node_id{3}, node_id{2}},
                                {schedule_id{5}, node_id{1}, {}}});
}

TEST_CASE("a node that drains gives all away that others can take, and goes on with the rest") {
  const nodes all{{node_id{1}, 9, {"a", "b"}, true}, {node_id{2}, 1, {"a"}}};
  const schedules wanted{{schedule_id{1}, "a", node_id{1}},
                         {schedule_id{2}, "a", node_id{1}},
                         {schedule_id{3}, "b", node_id{1}}};
  CHECK(balance_tokens(all, wanted) ==
        std::vector<token_move>{{schedule_id{1}, node_id{1}, node_id{2}}});
  auto more = wanted;
  more.push_back({schedule_id{4}, "a", {}});  // it has no owner: it comes first
  CHECK(balance_tokens(all, more) == std::vector<token_move>{{schedule_id{4}, {}, node_id{2}}});
}

TEST_CASE("a schedule that rests has no owner and needs no token") {
  const nodes all{{node_id{1}, 1, {"a"}}};
  const schedules wanted{{schedule_id{1}, "a", node_id{1}, true},
                         {schedule_id{2}, "a", {}, true},
                         {schedule_id{3}, "a", {}}};
  CHECK(balance_tokens(all, wanted) == std::vector<token_move>{{schedule_id{1}, node_id{1}, {}},
                                                               {schedule_id{3}, {}, node_id{1}}});
}

TEST_CASE("no nodes, no schedules, no tokens: no moves") {
  CHECK(balance_tokens({}, {}).empty());
  CHECK(balance_tokens({}, schedules{{schedule_id{1}, "a", node_id{3}}}).empty());
  CHECK(
      balance_tokens(nodes{{node_id{1}, 0, {"a"}}}, schedules{{schedule_id{1}, "a", {}}}).empty());
}

TEST_CASE("10,000 schedules are balanced on up to 512 nodes, some of which drain and come back") {
  for (const auto count : {8, 64, 512}) {
    nodes all;
    for (int i = 1; i <= count; ++i) {
      token_node node{node_id{i}, 20'000 / static_cast<std::size_t>(count), {}};
      // 40 jobs; each node knows those of one of four kinds, and half of them all.
      for (int job = 0; job < 40; ++job)
        if (i % 2 == 0 || job % 4 == i / 2 % 4) node.jobs.push_back("job" + std::to_string(job));
      all.push_back(node);
    }
    schedules wanted;
    for (int i = 1; i <= 10'000; ++i)
      wanted.push_back({schedule_id{i}, "job" + std::to_string(i * 7 % 40), {}});
    carry_out(wanted, balance_tokens(all, wanted));
    CHECK(spread_of(shares(wanted, all)) <= 1);
    CHECK(balance_tokens(all, wanted).empty());
    for (auto& node : all) node.draining = node.id.value % 4 == 1;  // a quarter goes
    carry_out(wanted, balance_tokens(all, wanted));
    for (auto& node : all) node.draining = false;  // and comes back
    carry_out(wanted, balance_tokens(all, wanted));
    CHECK(spread_of(shares(wanted, all)) <= 1);
    for (const auto& one : wanted) CHECK(one.owner);
  }
}
