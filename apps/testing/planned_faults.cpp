#include "apps/testing/planned_faults.hpp"

#include <algorithm>

#include "apps/testing/sim/recorded_author.hpp"

namespace partita::test {

namespace {

constexpr milliseconds longest_commit{20};

[[noreturn]] void fail(const char* why) { throw store_error(errc::unavailable, why); }

bool stores_progress(const verb& v) {
  return v.name == "commit_chunk" || v.name == "commit_checkpoint";
}
bool commits(const verb& v) { return stores_progress(v) || v.name == "report"; }

}  // namespace

void planned_faults::add(fault f) {
  all_.push_back(std::make_unique<fault>(f));
  auto& added = *all_.back();
  const auto go = [this, &added] {
    happen(added, static_cast<std::size_t>(std::max(0, added.node)));
  };
  if (f.when.what == moment::kind::at_once) go();
  if (f.when.what == moment::kind::later) world_.at(world_.now() + f.when.time, go);
}

int planned_faults::to_come() const {
  return static_cast<int>(
      std::count_if(all_.begin(), all_.end(), [](const auto& f) { return !f->happened; }));
}

/// Counts a commit of the node.
std::vector<planned_faults::fault*> planned_faults::due(std::size_t node, moment::kind when) {
  std::vector<fault*> found;
  for (const auto& f : all_)
    if (!f->happened && f->when.what == when &&
        (f->node == whoever || std::cmp_equal(f->node, node)) && ++f->seen == f->when.commits)
      found.push_back(f.get());
  return found;
}

/// A node that ends is not told how its call went; one that freezes is told when it wakes.
void planned_faults::happen_all(const std::vector<fault*>& now, std::size_t node) {
  bool stops = false;
  for (auto* f : now) {
    happen(*f, node);
    stops = stops || f->what == kind::kill || f->what == kind::freeze;
  }
  if (stops) pass(milliseconds{1});
}

void planned_faults::happen(fault& f, std::size_t node) {
  f.happened = true;
  switch (f.what) {
    case kind::kill:
      return world_.crash(node);
    case kind::freeze:
      return world_.pause(node, f.lasts);
    case kind::drain:
      return world_.drain(node);
    case kind::database_away:
      return world_.outage(f.lasts);
  }
}

void planned_faults::pass(milliseconds time) {
  try {
    world_.work(time);
  } catch (const std::runtime_error&) {
    fail("simulated: the process is gone");
  }
}

void planned_faults::before(std::size_t node, const verb& v) {
  if (!commits(v)) return;
  if (stores_progress(v)) pass(milliseconds{pace_.between(1, longest_commit.count())});
  const auto now = due(node, moment::kind::during_commit);
  if (now.empty()) return;
  const bool rolled_back = std::any_of(now.begin(), now.end(), [](const fault* f) {
    return f->what == kind::kill || f->what == kind::database_away;
  });
  try {
    if (rolled_back) sim::with_recorded_author(v, side_.on());
  } catch (...) {  // it does not come to a commit
    for (auto* f : now) --f->seen;
    throw;
  }
  happen_all(now, node);
  if (rolled_back) fail("simulated: no answer, and the transaction was rolled back");
}

void planned_faults::after(std::size_t node, const verb& v) {
  if (!commits(v)) return;
  happen_all(due(node, moment::kind::after_commits), node);
}

}  // namespace partita::test
