#include "storage/verbs/retention.hpp"

#include <algorithm>

#include "protocol/mutation.hpp"
#include "storage/event_detail.hpp"
#include "storage/text.hpp"
#include "storage/verbs/parts.hpp"

namespace partita::verbs {

namespace {

using namespace std::chrono_literals;

void require_retention(const retention& what) {
  if (what.keep < 1s) throw store_error(errc::bad_request, "runs are kept for a second or longer");
  if (what.keep_last < 0 || what.keep_last > highest_keep_last)
    throw store_error(errc::bad_request,
                      "of a job, between 0 and " + std::to_string(highest_keep_last) +
                          " of the last runs are kept, not " + std::to_string(what.keep_last));
}

/// The chain that ends with this run, oldest run first, locked; none when it has gone on, or was
/// purged, since it was looked for.
std::vector<run_id> locked_chain(transaction& tx, run_id last) {
  std::vector<run_id> chain;
  for (auto id = last; id;) {
    chain.push_back(id);
    id = require_run(tx, id, row_lock::none).restart_of;
  }
  std::reverse(chain.begin(), chain.end());
  const auto lock =
      PARTITA_BUG(postgres_purge_without_the_lock) ? row_lock::none : row_lock::update;
  for (auto id : chain) {
    const auto run = require_run(tx, id, lock);
    if (!is_terminal(run.state) || run.purged_at) return {};
  }
  if (tx.find_continuation(last) && !PARTITA_BUG(purge_of_what_goes_on)) return {};
  return chain;
}

std::vector<run_id> purge_chains(transaction& tx, const std::vector<run_id>& found, bool expired,
                                 const std::string& by) {
  std::vector<run_id> purged;
  for (auto last : found) {
    auto chain = locked_chain(tx, last);
    if (chain.empty()) continue;
    if (PARTITA_BUG(purge_of_half_a_chain)) chain = {chain.front()};
    expect_rows("purging runs", tx.entomb(chain, expired), std::ssize(chain));
    purged.insert(purged.end(), chain.begin(), chain.end());
  }
  if (purged.empty()) return purged;
  auto runs = nlohmann::json::array();
  for (auto run : purged) runs.push_back(run.value);
  tx.log(event::runs_purged, {}, event::asked({{"runs", std::move(runs)}}, by));
  return purged;
}

bool has_room(const purged_files& piece, int most) {
  return std::ssize(piece.results) < most && std::ssize(piece.ended) < most;
}

/// What comes next of the run at the cursor, as far as there is room. Whether it was all.
bool read_files(transaction& tx, purged_files& piece, int most) {
  auto& at = piece.next;
  auto steps = tx.list_steps(at.run);
  std::sort(steps.begin(), steps.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  for (const auto& step : steps) {
    if (step.id < at.step) continue;
    if (step.id != at.step) at = {at.run, step.id};
    const auto room = most - static_cast<int>(piece.results.size());
    for (auto& row : tx.list_results(step.id, at.no, room, result_kind::with_files)) {
      at.no = row.no;
      piece.results.push_back({at.run, std::move(row.files)});
    }
    if (!has_room(piece, most)) return false;
  }
  return true;
}

}  // namespace

void set_retention(transaction& tx, const std::string& job, const std::optional<retention>& what,
                   const std::string& by) {
  require_text("the name of the job", job);
  require_text("who asks", by);
  if (!what) {
    if (tx.remove_retention(job) == 0) return;
    return tx.log(event::retention_set, {}, event::asked({{"job", job}}, by));
  }
  require_retention(*what);
  if (!job.empty()) require_known_job(tx, job);
  tx.set_retention(job, *what);
  tx.log(event::retention_set, {},
         event::asked(
             {{"job", job}, {"keep_ms", what->keep.count()}, {"keep_last", what->keep_last}}, by));
}

std::vector<run_id> purge(transaction& tx, const purge_choice& which, int most,
                          const std::string& by) {
  require_text("the name of the job", which.job);
  require_text("who asks", by);
  return purge_chains(tx, tx.list_purgeable(which, most), false, by);
}

purge_round purge_expired(transaction& tx, int most) {
  auto purged = purge_chains(tx, tx.list_expired(most), true, "retention");
  return {std::move(purged), tx.count_purging() > 0};
}

purged_files next_purged_files(transaction& tx, const purged_files_cursor& after, int most,
                               milliseconds pause) {
  purged_files piece;
  piece.resting = !tx.take_purge_turn(pause);
  piece.next = after;
  while (!piece.resting && has_room(piece, most)) {
    const auto run = tx.find_purged_with_files(piece.next.run);
    if (!run) break;
    if (*run != piece.next.run) piece.next = {*run};
    if (!read_files(tx, piece, most)) break;
    piece.ended.push_back(*run);
    piece.next = purged_files_cursor::behind(*run);
  }
  return piece;
}

purge_progress purge_rows(transaction& tx, int most, milliseconds pause) {
  if (!tx.take_purge_turn(pause)) return {0, true};
  return {tx.purge_rows(most), false};
}

}  // namespace partita::verbs
