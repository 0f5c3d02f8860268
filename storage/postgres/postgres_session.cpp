#include "storage/postgres/postgres_session.hpp"

#include <random>
#include <thread>

#include "protocol/retry.hpp"
#include "storage/postgres/failure.hpp"
#include "storage/postgres/postgres_transaction.hpp"

namespace partita::postgres {

namespace {

constexpr int max_tries = 5;  // of one transaction that lost a race

/// 5, 10, 20, 40 ms, each +-10 %.
milliseconds backoff_after(int tries) {
  thread_local std::minstd_rand generator{std::random_device{}()};
  const auto dice = std::uniform_real_distribution<>{0, 1}(generator);
  return jittered(milliseconds{5 << (tries - 1)}, dice);
}

}  // namespace

postgres_session::postgres_session(std::shared_ptr<dialer> dial, session_options options)
    : dial_(std::move(dial)), options_(std::move(options)) {}

void postgres_session::run(verb& v) {
  until_done([&](connection& server) {
    postgres_transaction tx{server, v.mode};
    v.work(tx);
    tx.commit();
  });
}

connection& postgres_session::connected() {
  const auto changes = dial_->history().changes();
  if (server_ && !server_->unusable && changes_ == changes) return *server_;
  require_history();
  if (!may_go_on()) {
    server_.reset();
    losses_ = dial_->history().losses();
    auto reached = dial_->connect(options_);
    server_ = std::move(reached.link);
    sight_ = std::move(reached.sight);
    server_->prepares = may_prepare_;
    require_history();
  }
  changes_ = changes;
  return *server_;
}

bool postgres_session::may_go_on() const {
  const auto& history = dial_->history();
  return server_ && !server_->unusable && losses_ == history.losses() &&
         !history.knows_newer(sight_);
}

void postgres_session::require_history() const {
  if (dial_->history().history_is_lost()) throw history_lost_at(dial_->where().address());
}

postgres_session::effort postgres_session::begin_effort() const { return {1, boot_now()}; }

void postgres_session::recover(const std::exception& failure, effort& spent) {
  // Behind a pooler that shares sessions and knows nothing of prepared statements.
  if (may_prepare_ && is_lost_preparation(failure)) {
    may_prepare_ = false;
    return server_.reset();
  }
  const auto lost_race = is_lost_race(failure);
  if (lost_race && spent.tries < max_tries &&
      boot_now() - spent.since < options_.statement_timeout) {
    std::this_thread::sleep_for(backoff_after(spent.tries++));
    return;
  }
  if (dynamic_cast<const store_error*>(&failure) != nullptr) throw;  // the answer of the verb
  const auto address = dial_->where().address();
  if (server_ && server_->gave_up()) {
    const auto waited = server_->longest_answer();
    server_.reset();
    throw unanswered(address, waited);
  }
  // Many nodes that open connections anew would make a slow server slower.
  if (!lost_race && !is_cancelled(failure)) server_.reset();
  throw translated(failure, address);
}

}  // namespace partita::postgres
