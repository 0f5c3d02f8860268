#include "storage/sqlite/sqlite_session.hpp"

#include <algorithm>
#include <random>

#include "protocol/retry.hpp"
#include "storage/sqlite/sqlite_transaction.hpp"

namespace partita::sqlite {

namespace {

/// How many times a verb may lose a race.
constexpr int most_races = 5;

/// Limits how long a transaction is repeated after lock conflicts; waits between two tries.
class conflict_retries {
 public:
  explicit conflict_retries(milliseconds limit) : end_(boot_now() + limit) {}

  bool is_over() const { return boot_now() >= end_; }

  void pause() {
    thread_local std::minstd_rand dice{std::random_device{}()};
    const auto wait = milliseconds{std::min(1 << std::min(pauses_++, 4), 10)};
    sqlite::pause(jittered(wait, std::uniform_real_distribution<double>{0, 1}(dice)));
  }

 private:
  mono_time end_;
  int pauses_ = 0;
};

}  // namespace

sqlite_session::sqlite_session(open_options options, std::unique_ptr<connection> db)
    : options_(std::move(options)), db_(std::move(db)) {}

void sqlite_session::run(verb& v) {
  int races = 0;
  for (conflict_retries wait{options_.lock_timeout};; wait.pause()) {
    try {
      return run_once(v);
    } catch (const lock_conflict&) {
      if (wait.is_over()) throw;
    } catch (const lost_race&) {
      if (++races == most_races) throw;
    }
  }
}

void sqlite_session::run_once(verb& v) {
  auto& db = open(v.mode);
  transaction_scope scope{db, v.mode};
  sqlite_transaction tx{db};
  v.work(tx);
  scope.commit();
}

connection& sqlite_session::open(access mode) {
  if (!db_ || db_->broken()) {
    db_.reset();
    db_ = std::make_unique<connection>(options_);
  }
  if (mode != access::read && db_->moved()) {
    db_.reset();
    throw store_error(errc::unavailable,
                      options_.path + " was deleted or replaced while it was in use");
  }
  return *db_;
}

}  // namespace partita::sqlite
