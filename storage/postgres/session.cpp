#include "storage/postgres/session.hpp"

#include <random>
#include <thread>

#include "protocol/retry.hpp"
#include "storage/postgres/failure.hpp"

namespace partita::postgres {

namespace {

constexpr int max_tries = 5;  // of one transaction that lost a race
constexpr int oldest_server = 140000;

/// 5, 10, 20, 40 ms, each +-10 %.
milliseconds rest_after(int tries) {
  thread_local std::minstd_rand generator{std::random_device{}()};
  const auto dice = std::uniform_real_distribution<>{0, 1}(generator);
  return jittered(milliseconds{5 << (tries - 1)}, dice);
}

}  // namespace

session::session(const conninfo& where, const session_options& options)
    : settings_(where.with(options)),
      address_(where.address()),
      statement_timeout_(options.statement_timeout) {}

connection::connection(const std::string& settings, bool may_prepare)
    : pqxx::connection(settings), prepares(may_prepare) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"  // 6.x reactivates unless told not to
  inhibit_reactivation(true);
#pragma GCC diagnostic pop
}

pqxx::connection& session::connected() {
  if (link_) return link_->server;
  std::unique_ptr<link> fresh;
  try {
    fresh = std::make_unique<link>(settings_, may_prepare_);
  } catch (const std::exception& refusal) {
    throw refused(refusal.what(), address_);
  }
  if (fresh->server.server_version() < oldest_server)
    throw store_error(errc::bad_request,
                      address_ + " is too old a server; Partita needs PostgreSQL 14 or newer");
  link_ = std::move(fresh);
  return link_->server;
}

session::effort session::begin_effort() const { return {1, boot_now()}; }

void session::recover(const std::exception& failure, effort& spent) {
  // Behind a pooler that shares sessions and knows nothing of prepared statements.
  if (may_prepare_ && is_lost_preparation(failure)) {
    may_prepare_ = false;
    return link_.reset();
  }
  const auto lost_race = is_lost_race(failure);
  if (lost_race && spent.tries < max_tries && boot_now() - spent.since < statement_timeout_) {
    std::this_thread::sleep_for(rest_after(spent.tries++));
    return;
  }
  // Many nodes that open connections anew would make a slow server slower.
  if (!lost_race && !is_cancelled(failure)) link_.reset();
  throw translated(failure, address_);
}

}  // namespace partita::postgres
