#include "storage/postgres/postgres_transaction.hpp"

#include "storage/postgres/rows.hpp"
#include "storage/postgres/statements/runs.hpp"
#include "storage/postgres/statements/views.hpp"

namespace partita::postgres {

postgres_transaction::postgres_transaction(connection& server, access how)
    : server_(server), carrier_(server), enclosed_(how == access::write) {}

postgres_transaction::~postgres_transaction() {
  if (!begun_) return;
  try {
    server_.expect_answer();
    carrier_.exec0("ROLLBACK");
  } catch (const std::exception&) {
    server_.unusable = true;
  }
}

void postgres_transaction::begin() { enclosed_ = true; }

void postgres_transaction::open() {
  if (!enclosed_ || begun_) return;
  server_.expect_answer();
  carrier_.exec0("BEGIN ISOLATION LEVEL READ COMMITTED");
  begun_ = true;
}

void postgres_transaction::commit() {
  write_events();
  if (tells_of_work_) {
    open();
    carrier_.exec0(sql::tell_of_work);
  }
  server_.expect_answer();
  if (begun_) carrier_.exec0("COMMIT");
  begun_ = false;
  if (newest_ && server_.history != nullptr) server_.history->acknowledged(*newest_);
}

void postgres_transaction::log(std::string_view kind, const subject& about,
                               const nlohmann::json& detail) {
  events_.push_back({std::string{kind}, about, detail.dump()});
}

/// All at once, at the end. The transaction still holds the locks of its changes, so that events of
/// different transactions are in the same order as the changes.
void postgres_transaction::write_events() {
  if (events_.empty()) return;
  const auto ids = [&](auto which) {
    return column(events_, [&](const auto& e) { return (e.about.*which).value; });
  };
  const auto texts = [&](auto which) {
    return column(events_, [&](const auto& e) { return std::string_view{e.*which}; });
  };
  const auto written =
      query(sql::insert_events, texts(&logged_event::kind), ids(&subject::run), ids(&subject::step),
            ids(&subject::lease), ids(&subject::node), texts(&logged_event::detail));
  const auto newest = written.back();
  newest_ = {newest["event_id"].as<std::int64_t>(), newest["at"].as<std::int64_t>()};
}

}  // namespace partita::postgres
