#include "storage/postgres/postgres_session.hpp"

#include <random>
#include <thread>

#include "protocol/retry.hpp"
#include "storage/postgres/failure.hpp"
#include "storage/postgres/postgres_transaction.hpp"

namespace partita::postgres {

namespace {

constexpr int max_tries = 5;  // of one transaction that lost a race
constexpr int oldest_server = 140000;

/// 5, 10, 20, 40 ms, each +-10 %.
milliseconds backoff_after(int tries) {
  thread_local std::minstd_rand generator{std::random_device{}()};
  const auto dice = std::uniform_real_distribution<>{0, 1}(generator);
  return jittered(milliseconds{5 << (tries - 1)}, dice);
}

}  // namespace

postgres_session::postgres_session(const conninfo& where, const session_options& options)
    : settings_(where.with(options)),
      address_(where.address()),
      statement_timeout_(options.statement_timeout) {}

void postgres_session::run(verb& v) {
  until_done([&](connection& server) {
    postgres_transaction tx{server, v.mode};
    v.work(tx);
    tx.commit();
  });
}

connection& postgres_session::connected() {
  if (server_ && !server_->unusable) return *server_;
  std::unique_ptr<connection> fresh;
  try {
    fresh = std::make_unique<connection>(settings_, may_prepare_);
  } catch (const std::exception& refusal) {
    throw refused(refusal.what(), address_);
  }
  if (fresh->server_version() < oldest_server)
    throw store_error(errc::bad_request,
                      address_ + " is too old a server; Partita needs PostgreSQL 14 or newer");
  server_ = std::move(fresh);
  return *server_;
}

postgres_session::effort postgres_session::begin_effort() const { return {1, boot_now()}; }

void postgres_session::recover(const std::exception& failure, effort& spent) {
  // Behind a pooler that shares sessions and knows nothing of prepared statements.
  if (may_prepare_ && is_lost_preparation(failure)) {
    may_prepare_ = false;
    return server_.reset();
  }
  const auto lost_race = is_lost_race(failure);
  if (lost_race && spent.tries < max_tries && boot_now() - spent.since < statement_timeout_) {
    std::this_thread::sleep_for(backoff_after(spent.tries++));
    return;
  }
  if (dynamic_cast<const store_error*>(&failure) != nullptr) throw;  // the answer of the verb
  // Many nodes that open connections anew would make a slow server slower.
  if (!lost_race && !is_cancelled(failure)) server_.reset();
  throw translated(failure, address_);
}

}  // namespace partita::postgres
