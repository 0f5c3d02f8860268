#include <map>
#include <set>

#include "storage/audit/audit.hpp"
#include "storage/audit/world.hpp"

namespace partita::audit {

namespace {

std::string told(const schedule_row& s) { return "schedule " + s.what.name; }

void check_owner(const world& w, const schedule_row& s, verdict& v) {
  v.count(rule::one_tick);
  if (!s.owner) return;
  const auto* owner = found(w.nodes, s.owner);
  if (s.paused) v.find(rule::one_tick, told(s) + " is paused, and owned by " + named(s.owner));
  if (owner == nullptr ||
      (owner->state != node_state::active && owner->state != node_state::unreachable))
    v.find(rule::one_tick, told(s) + " is owned by " + named(s.owner) +
                               (owner ? ", which is " + str(owner->state) : ", which is gone"));
}

/// The first run of a tick, and those that continue it.
void check_run(const world& w, const run_row& r, verdict& v) {
  v.count(rule::one_tick);
  if (static_cast<bool>(r.schedule) != r.tick.has_value())
    v.find(rule::one_tick, named(r.id) + " has a schedule or a tick, and not both");
  const auto* before = r.restart_of ? found(w.runs, r.restart_of) : nullptr;
  if (before != nullptr && (before->schedule != r.schedule || before->tick != r.tick))
    v.find(rule::one_tick,
           named(r.id) + " continues " + named(before->id) + ", which is of another tick");
}

}  // namespace

void audit_schedules(const tables& t, verdict& v) {
  const world w{t};
  std::map<node_id, int> owned;
  for (const auto& s : t.schedules) {
    check_owner(w, s, v);
    if (s.owner) ++owned[s.owner];
  }
  for (const auto& [id, count] : owned)
    if (const auto* owner = found(w.nodes, id); owner && count > owner->info.tokens)
      v.find(rule::one_tick, named(id) + " owns " + std::to_string(count) + " schedules with " +
                                 std::to_string(owner->info.tokens) + " tokens");
  std::map<std::pair<schedule_id, std::optional<db_time>>, run_id> ticks;
  for (const auto& r : t.runs) {
    if (!r.schedule && !r.tick) continue;
    check_run(w, r, v);
    if (r.restart_of) continue;
    const auto [first, alone] = ticks.emplace(std::pair{r.schedule, r.tick}, r.id);
    if (!alone)
      v.find(rule::one_tick, named(r.id) + " is of the same tick as " + named(first->second));
  }
}

}  // namespace partita::audit
