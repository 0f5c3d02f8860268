#include "storage/verbs/schedules.hpp"

#include <algorithm>

#include "protocol/events.hpp"
#include "protocol/mutation.hpp"
#include "storage/event_detail.hpp"
#include "storage/text.hpp"
#include "storage/verbs/parts.hpp"

namespace partita::verbs {

namespace {

/// Who owns what is to be decided anew: by nobody before this transaction has ended.
void unbalance(transaction& tx) { expect_rows("asking for a new balance", tx.set_balanced(false)); }

schedule_row require_schedule(transaction& tx, const std::string& name, row_lock lock) {
  require_text("the name of the schedule", name);
  auto found = tx.find_schedule(name, lock);
  if (!found) throw store_error(errc::not_found, "there is no schedule " + name);
  return *found;
}

trigger require_trigger(const std::string& text, const std::string& zone, errc otherwise) {
  const auto parsed = parse_trigger(text, zone);
  if (!parsed.value) throw store_error(otherwise, "the trigger " + text + ": " + parsed.flaw);
  return *parsed.value;
}

nlohmann::json detail_of(const schedule_row& s, const std::string& by) {
  nlohmann::json detail{{"schedule", s.id.value}, {"name", s.what.name}};
  if (!by.empty()) detail["by"] = by;
  return detail;
}

/// What a run for this tick is.
run_row run_for(const schedule_row& s, db_time tick, int version) {
  run_row run;
  run.job = {s.what.job, version};
  run.parameters = with_tick(s.what.parameters, tick);
  run.identity = with_tick(s.what.identity, tick);
  run.launch_key = launch_key_of(s.id, tick);
  run.schedule = s.id;
  run.tick = tick;
  return run;
}

void log_started(transaction& tx, run_id run, const schedule_row& s, db_time tick,
                 const std::string& by) {
  nlohmann::json detail{{"job", s.what.job}, {"schedule", s.id.value}, {"tick", tick_text(tick)}};
  if (!by.empty()) detail["by"] = by;
  tx.log(event::run_submitted, {run, {}, {}, {}}, detail);
}

std::string_view word_of(missed_why why) {
  switch (why) {
    case missed_why::none_missed:
      break;
    case missed_why::overlap:
      return "overlap";
    case missed_why::too_late:
      return "too_late";
    case missed_why::newer:
      return "newer";
  }
  return "none";
}

void log_missed(transaction& tx, const schedule_row& s, node_id node, const missed_ticks& missed,
                missed_why why) {
  auto detail = detail_of(s, "");
  detail["count"] = missed.count;
  detail["first"] = tick_text(missed.first);
  detail["last"] = tick_text(missed.last);
  detail["why"] = word_of(why);
  tx.log(event::ticks_missed, {{}, {}, {}, node}, detail);
}

/// The newest version of a job that the node knows.
int version_known(std::span<const job_ref> known, const std::string& job) {
  int version = 1;
  for (const auto& k : known)
    if (k.name == job) version = std::max(version, k.version);
  return version;
}

/// What a stored trigger says can be too new for the zones of this machine, or for this program:
/// then it rests until somebody looks.
schedule_decision decision_on(transaction& tx, const due_schedule& s, node_id node) {
  const auto& what = s.row.what;
  const auto parsed = parse_trigger(what.trigger, what.zone);
  if (parsed.value)
    return decide({*parsed.value, what.overlap, what.catch_up}, *s.row.next_tick, tx.now(), s.runs);
  auto detail = detail_of(s.row, "");
  detail["trigger"] = what.trigger;
  detail["zone"] = what.zone;
  tx.log(event::trigger_unknown, {{}, {}, {}, node}, detail);
  return {};
}

struct checked_schedule {
  new_schedule what;  // its trigger as it is written best
  trigger when;
};

/// Throws bad_request for what is none.
checked_schedule required(const new_schedule& s) {
  require_name("the name of the schedule", s.name);
  require_text("the name of the job", s.job);
  require_text("the parameters", s.parameters);
  require_text("the identifying parameters", s.identity);
  require_text("the trigger", s.trigger);
  require_text("the time zone", s.zone);
  checked_schedule checked{s, require_trigger(s.trigger, s.zone, errc::bad_request)};
  checked.what.trigger = to_text(checked.when);
  return checked;
}

nlohmann::json described(const schedule_row& there, const new_schedule& what,
                         const std::string& by) {
  auto detail = detail_of(there, by);
  detail["job"] = what.job;
  detail["trigger"] = what.trigger;
  return detail;
}

schedule_row logged_as_new(transaction& tx, const new_schedule& what, const std::string& by) {
  auto made = require_schedule(tx, what.name, row_lock::none);
  tx.log(event::schedule_added, {}, described(made, what, by));
  return made;
}

}  // namespace

schedule_row add_schedule(transaction& tx, const new_schedule& s, bool paused,
                          const std::string& by) {
  require_text("who asks", by);
  const auto wanted = required(s);
  std::optional<pause_mark> pause;
  if (paused) pause = pause_mark{tx.now(), by, "added so"};
  unbalance(tx);
  if (!tx.insert_schedule(wanted.what, next_tick(wanted.when, tx.now()), false, pause))
    throw store_error(errc::wrong_state, "there is a schedule " + s.name + " already");
  return logged_as_new(tx, wanted.what, by);
}

/// Two nodes that join at once may declare the same.
int declare_schedules(transaction& tx, std::span<const new_schedule> all) {
  int changed = 0;
  for (const auto& s : all) {
    const auto [what, when] = required(s);
    const auto there = tx.find_schedule(s.name, row_lock::none);
    if (there && (!there->declared || there->what == what)) continue;
    ++changed;
    const auto next = next_tick(when, tx.now());
    unbalance(tx);
    if (there) {
      expect_rows("declaring a schedule", tx.redefine_schedule(there->id, what, next));
      tx.log(event::schedule_changed, {}, described(*there, what, ""));
    } else if (tx.insert_schedule(what, next, true, {})) {
      logged_as_new(tx, what, "");
    } else {
      throw lost_race("another node has declared the same schedule");
    }
  }
  return changed;
}

void remove_schedule(transaction& tx, const std::string& name, const std::string& by) {
  require_text("who asks", by);
  unbalance(tx);
  const auto s = require_schedule(tx, name, row_lock::update);
  expect_rows("removing a schedule", tx.delete_schedule(s.id));
  tx.log(event::schedule_removed, {}, detail_of(s, by));
}

schedule_row pause_schedule(transaction& tx, const std::string& name, const std::string& note,
                            const std::string& by) {
  require_text("the note", note);
  require_text("who asks", by);
  unbalance(tx);
  const auto s = require_schedule(tx, name, row_lock::update);
  expect_rows("pausing a schedule", tx.pause_schedule(s.id, by, note));
  auto detail = detail_of(s, by);
  detail["note"] = note;
  tx.log(event::schedule_paused, {}, detail);
  return require_schedule(tx, name, row_lock::none);
}

schedule_row resume_schedule(transaction& tx, const std::string& name, const std::string& by) {
  require_text("who asks", by);
  if (!PARTITA_BUG(a_resumed_schedule_has_no_owner)) unbalance(tx);
  auto s = require_schedule(tx, name, row_lock::update);
  if (!s.paused) return s;  // a repeat
  const auto when = require_trigger(s.what.trigger, s.what.zone, errc::damaged);
  expect_rows("resuming a schedule", tx.resume_schedule(s.id, next_tick(when, tx.now())));
  tx.log(event::schedule_resumed, {}, detail_of(s, by));
  return require_schedule(tx, name, row_lock::none);
}

run_row run_schedule(transaction& tx, const std::string& name, const std::optional<db_time>& tick,
                     int version, const std::string& by) {
  require_text("who asks", by);
  const auto s = require_schedule(tx, name, row_lock::no_key_update);
  const auto at = tick.value_or(tx.now());
  if (at > tx.now())
    throw store_error(errc::bad_request, "the tick " + tick_text(at) + " is still to come");
  if (const auto there = tx.find_run_of_tick(s.id, at)) return *there;
  const auto run = tx.insert_run(run_for(s, at, version));
  if (!run) throw lost_race("a run of the same tick was in the way");
  log_started(tx, *run, s, at, by);
  tx.tell_of_work();
  const advanced_schedule now_newest{s.id, s.next_tick, at, *run, 0};
  if (!s.last_tick || at > *s.last_tick)
    expect_rows("running a schedule", tx.advance_schedules({&now_newest, 1}));
  return require_run(tx, *run, row_lock::none);
}

int balance_schedules(transaction& tx, node_id node) {
  const auto self = tx.find_node(node, row_lock::key_share);
  if (!self || self->state != node_state::active) return 0;
  if (tx.is_balanced(row_lock::update) && !tx.owns_over(node)) return 0;
  const auto moves = balance_tokens(tx.token_nodes(), tx.token_schedules());
  expect_rows("moving schedules", tx.move_schedules(moves), std::ssize(moves));
  expect_rows("a new balance", tx.set_balanced(true));
  for (const auto& m : moves)
    tx.log(event::schedule_moved, {{}, {}, {}, m.to},
           {{"schedule", m.schedule.value}, {"from", m.from.value}});
  return static_cast<int>(moves.size());
}

fired_ticks fire_schedules(transaction& tx, node_id node, std::span<const job_ref> known,
                           int most) {
  fired_ticks done;
  const auto self = tx.find_node(node, row_lock::key_share);
  if (!self || self->state != node_state::active) return done;

  const auto due = tx.due_schedules(node, most);
  std::vector<advanced_schedule> all;
  std::vector<run_row> runs;
  std::vector<std::size_t> of_run;  // which of `due` each run is of
  for (const auto& s : due) {
    const auto decided = decision_on(tx, s, node);
    const auto next = PARTITA_BUG(a_fired_tick_stays_due) ? s.row.next_tick : decided.next;
    const auto missed = PARTITA_BUG(missed_ticks_are_not_counted) ? 0 : decided.missed.count;
    all.push_back({s.row.id, next, {}, {}, missed});
    done.missed += decided.missed.count;
    if (decided.missed.count > 0) log_missed(tx, s.row, node, decided.missed, decided.why);
    if (!decided.fire) continue;
    of_run.push_back(all.size() - 1);
    runs.push_back(run_for(s.row, *decided.fire, version_known(known, s.row.what.job)));
  }
  const auto made = tx.fire_ticks(runs, node);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    auto& s = all[of_run[i]];
    if (!made[i]) {
      if (tx.find_run_of_tick(s.id, *runs[i].tick)) continue;  // somebody has started it by hand
      // The same work is under way: for another schedule, or because somebody submitted it.
      const missed_ticks one{1, *runs[i].tick, *runs[i].tick};
      log_missed(tx, due[of_run[i]].row, node, one, missed_why::overlap);
      ++s.missed;
      ++done.missed;
      continue;
    }
    s.tick = runs[i].tick;
    s.run = *made[i];
    log_started(tx, *made[i], due[of_run[i]].row, *runs[i].tick, "");
    done.runs.push_back(*made[i]);
  }
  expect_rows("firing schedules", tx.advance_schedules(all), std::ssize(all));
  done.tick_in = time_to_next_tick(tx, node);
  if (!done.runs.empty() && !done.more_are_due()) tx.tell_of_work();
  return done;
}

void let_go_of_schedules(transaction& tx, const node_standing& node) {
  if (node.tokens == 0 || PARTITA_BUG(a_lost_node_keeps_its_schedules)) return;
  unbalance(tx);
  tx.disown_schedules(node.id);
}

std::optional<microseconds> time_to_next_tick(transaction& tx, node_id node) {
  const auto next = tx.next_due(node);
  return next ? std::optional{*next - tx.now()} : std::nullopt;
}

}  // namespace partita::verbs
