#include "storage/sqlite/sqlite_store.hpp"

#include <algorithm>
#include <random>

#include "protocol/retry.hpp"

namespace partita::sqlite {

sqlite_store::sqlite_store(open_options options, std::unique_ptr<connection> db)
    : options_(std::move(options)), db_(std::move(db)) {}

connection& sqlite_store::open(access mode) {
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

void sqlite_store::patience::rest() {
  thread_local std::minstd_rand dice{std::random_device{}()};
  auto wait = milliseconds{std::min(1 << std::min(rests_++, 4), 10)};
  sqlite::rest(jittered(wait, std::uniform_real_distribution<double>{0, 1}(dice)));
}

}  // namespace partita::sqlite
