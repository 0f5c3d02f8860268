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

purge_progress purge_rows(transaction& tx, int most, milliseconds pause) {
  if (!tx.take_purge_turn(pause)) return {0, true};
  return {tx.purge_rows(most), false};
}

}  // namespace partita::verbs
