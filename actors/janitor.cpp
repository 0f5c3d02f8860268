#include "actors/janitor.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "actors/log_event.hpp"
#include "batch/errors.hpp"
#include "batch/output_files.hpp"

namespace partita {

namespace {

using namespace std::chrono_literals;

/// Chains that one transaction purges, rows that one removes, and results that it reads whose files
/// are removed.
constexpr int chains_at_once = 100;
constexpr int rows_at_once = 4'000;
constexpr int results_at_once = 200;

/// So many files that could not be removed are named in the log, before the next look at all.
constexpr int most_told = 3;

/// A piece takes about a tenth of the time from its beginning to that of the next one.
constexpr auto shortest_pause = 100ms;
constexpr int parts_of_the_time = 10;

/// In heartbeats: from round to round, and to the next look where somebody else removes rows.
constexpr int heartbeats_between = 60;
constexpr int heartbeats_beside = 10;

}  // namespace

void janitor_state::begin_round() {
  try {
    const auto round = db->verbs()->purge_expired(chains_at_once);
    answered();
    const auto purged = std::ssize(round.purged);
    more_are_past = purged >= chains_at_once;
    deps->counters->runs_purged.add(purged);
    if (purged > 0) log::info("runs_purged", log::subject{}, {{"runs", purged}});
    if (!round.rows_wait) return rest();
    files_first = true;
    self->send(self, work_atom::value);
  } catch (const store_error& e) {
    failed(e);
  }
}

/// One node at work is enough: where somebody else's pause is under way, this one comes back later.
void janitor_state::go_on() {
  try {
    const auto begun = deps->now();
    const auto asked = pause;  // before it is over, this node would find its own turn taken
    const auto did = files_first ? remove_files() : remove_rows();
    if (did == step::resting) return look_later();
    if (did == step::nothing_left) return rest();
    const auto took = std::chrono::duration_cast<milliseconds>(deps->now() - begun);
    pause = std::max<milliseconds>(shortest_pause, parts_of_the_time * took);
    self->delayed_send(self, std::max(asked, pause), work_atom::value);
  } catch (const store_error& e) {
    failed(e);
  }
}

/// A file that this node cannot remove keeps no rows: perhaps no node can, ever.
janitor_state::step janitor_state::remove_files() {
  const auto piece = db->verbs()->next_purged_files(files, results_at_once, pause);
  answered();
  if (piece.resting) return step::resting;
  if (piece.none()) return end_of_files(), step::done;
  if (!remove(piece)) return end_of_files(), step::done;
  if (!piece.ended.empty()) db->verbs()->files_are_gone(piece.ended);
  files = piece.next;
  return step::done;
}

bool janitor_state::remove(const purged_files& piece) {
  std::vector<output_file> removed;
  for (const auto& result : piece.results)
    for (auto& file : parse_files(result.files)) {
      try {
        if (remove_published(file)) removed.push_back(std::move(file));
      } catch (const transient_error& e) {
        log::warn("files_wait", {.run = result.run},
                  {{"file", file.final_path.string()}, {"why", e.what()}});
        return false;
      } catch (const std::exception& e) {
        left({.run = result.run}, file.final_path.string(), e.what());
      }
    }
  try {
    sync_removed(removed);
  } catch (const std::exception& e) {
    left({}, removed.front().final_path.string(), e.what());
  }
  tally.removed += std::ssize(removed);
  deps->counters->files_removed.add(std::ssize(removed));
  return true;
}

void janitor_state::left(const log::subject& of, const std::string& file, const std::string& why) {
  deps->counters->files_left.add();
  if (++tally.left > most_told) return;
  log::warn("file_not_removed", of, {{"file", file}, {"why", why}});
}

/// The next round looks at the newest runs again.
void janitor_state::end_of_files() {
  if (tally.removed > 0 || tally.left > 0)
    log::info("files_removed", log::subject{}, {{"files", tally.removed}, {"left", tally.left}});
  tally = {};
  files = {};
  files_first = false;
}

janitor_state::step janitor_state::remove_rows() {
  const auto piece = db->verbs()->purge_rows(rows_at_once, pause);
  answered();
  if (piece.resting) return step::resting;
  if (piece.removed == 0) return step::nothing_left;
  deps->counters->rows_purged.add(piece.removed);
  return step::done;
}

void janitor_state::look_later() {
  db->close();
  self->delayed_send(self, heartbeats_beside * deps->limits.heartbeat, work_atom::value);
}

void janitor_state::answered() {
  if (tries->succeeded()) log::info("purge_goes_on", log::subject{});
}

/// The next round goes on where this one ended.
void janitor_state::failed(const store_error& e) {
  tries->failed("purge_failed", log::subject{}, e);
  rest();
}

void janitor_state::rest() {
  db->close();
  const auto next = more_are_past ? pause : heartbeats_between * deps->limits.heartbeat;
  more_are_past = false;
  self->delayed_send(self, next, tick_atom::value);
}

janitor_actor::behavior_type janitor(janitor_actor::stateful_pointer<janitor_state> self,
                                     deps_ptr deps) {
  auto& s = self->state;
  s.self = self;
  s.deps = deps;
  s.db = std::make_unique<lazy_session<retention_store>>(deps, "janitor",
                                                         deps->limits.database_timeout);
  s.tries = std::make_unique<retries>(retry_wait{deps->limits, deps->seed + 8});
  s.pause = shortest_pause;
  // Nodes that begin together do not look together.
  const auto first = 1 + static_cast<int>(deps->seed % heartbeats_between);
  self->delayed_send(self, first * deps->limits.heartbeat, tick_atom::value);
  return {[self](tick_atom) { self->state.begin_round(); },
          [self](work_atom) { self->state.go_on(); }};
}

}  // namespace partita
