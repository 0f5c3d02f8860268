#include "storage/postgres/dialing.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <pqxx/except>
#include <pqxx/nontransaction>

#include "storage/postgres/failure.hpp"
#include "storage/postgres/statements/history.hpp"

namespace partita::postgres {

namespace {

using namespace std::chrono_literals;

constexpr int oldest_server = 140000;

/// The server ends a statement itself after `statement_timeout`: its answer needs a moment more.
/// Only a COMMIT may take longer there, when it waits for a standby.
milliseconds longest_answer(const session_options& options) {
  const auto t = options.statement_timeout;
  return t + std::clamp<milliseconds>(t / 4, 200ms, 2000ms);
}

void look_at(connection& link, server_sight& sight) {
  pqxx::nontransaction tx{link};
  const auto row = tx.exec_params1(sql::sight);
  sight.standby = row["standby"].as<bool>();
  sight.cluster = row["cluster"].c_str();
  sight.timeline = row["timeline"].as<std::int64_t>(0);
}

bool has(connection& link, const acknowledged_event& event) {
  pqxx::nontransaction tx{link};
  return tx.exec_params1(sql::has_event, event.id, event.at)[0].as<bool>();
}

/// Of the hosts that were tried: what was refused for good, else all reasons in one sentence.
store_error none_of(const std::vector<store_error>& refusals, const std::string& address) {
  for (const auto& r : refusals)
    if (refusals.size() == 1 || r.code() != errc::unavailable) return r;
  std::string sentence = "no server of " + address + " can be used";
  for (const auto& r : refusals) sentence += std::string{"; "} + r.what();
  return {errc::unavailable, sentence};
}

}  // namespace

dialer::dialer(conninfo where) : where_(std::move(where)), hosts_(where_.hosts()) {}

reached_server dialer::connect(const session_options& options) {
  std::optional<reached_server> best;
  std::size_t best_host = 0;
  bool lost = true;  // what `best` is
  std::vector<store_error> refusals;
  const auto first = answered_last_.load();
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    const auto host = (first + i) % hosts_.size();
    std::optional<reached_server> found;
    try {
      found = reach(hosts_[host], options);
    } catch (const store_error& refusal) {
      refusals.push_back(refusal);
      continue;
    }
    const auto verdict = history_.judge(found->sight);
    if (verdict == server_verdict::older) {
      refusals.push_back({errc::unavailable, hosts_[host].address() +
                                                 " is a primary from before the last promotion, "
                                                 "and is not followed"});
      continue;
    }
    const bool lacks = verdict == server_verdict::history_lost;
    const bool better =
        !best || lost > lacks || (lost == lacks && found->sight.timeline > best->sight.timeline);
    if (better) {
      best = std::move(found);
      best_host = host;
      lost = lacks;
    }
    if (!lacks && history_.knows_a_server()) break;
  }
  if (!best) throw none_of(refusals, where_.address());
  answered_last_ = best_host;
  history_.trust(best->sight);
  if (lost) {
    history_.lose_history();
    tell_of_loss(*best);
  }
  best->link->history = &history_;
  return std::move(*best);
}

reached_server dialer::reach(const conninfo& host, const session_options& options) {
  reached_server found;
  try {
    found.link = std::make_unique<connection>(host.with(options), longest_answer(options));
  } catch (const std::exception& refusal) {
    throw refused(refusal.what(), host.address());
  }
  auto& link = *found.link;
  if (link.server_version() < oldest_server)
    throw store_error(errc::bad_request, host.address() +
                                             " is too old a server; Partita needs "
                                             "PostgreSQL 14 or newer");
  const answer_awaited limit{link};
  try {
    look_at(link, found.sight);
  } catch (const pqxx::sql_error&) {
    // A service that does not let this be read. What was acknowledged can be looked for all the
    // same.
  } catch (const std::exception& failure) {
    throw translated(failure, host.address());
  }
  const auto newest = history_.newest();
  if (!newest || found.sight.standby) return found;
  try {
    found.sight.has_newest = has(link, *newest);
  } catch (const std::exception& failure) {
    if (translated(failure, host.address()).code() != errc::schema_missing)
      throw translated(failure, host.address());
    found.sight.has_newest = false;
  }
  return found;
}

/// Into the event log, for `verify` and `doctor`. The loss is noticed by each process.
void dialer::tell_of_loss(reached_server& found) {
  const nlohmann::json detail{{"timeline", found.sight.timeline}, {"cluster", found.sight.cluster}};
  try {
    const answer_awaited limit{*found.link};
    pqxx::nontransaction{*found.link}.exec_params(sql::insert_history_lost, detail.dump());
  } catch (const std::exception&) {
    // Not allowed, or no such table: then only the log of this process tells.
  }
}

}  // namespace partita::postgres
