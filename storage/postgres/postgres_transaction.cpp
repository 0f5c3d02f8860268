#include "storage/postgres/postgres_transaction.hpp"

#include "protocol/mutation.hpp"
#include "storage/postgres/failure.hpp"
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

author_transaction& postgres_transaction::author(lease_id lease, partition_no no) {
  const std::pair attempt{lease, no};
  if (server_.author_of && server_.author_of != attempt) {
    server_.expect_answer();
    carrier_.exec(
        "RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; CLOSE ALL; DISCARD TEMP; UNLISTEN *; "
        "SELECT pg_advisory_unlock_all()");
  }
  server_.author_of = attempt;
  const bool reads_only = !enclosed_;
  if (reads_only) {
    server_.expect_answer();
    carrier_.exec0("BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY");
    begun_ = true;
  }
  open();
  return author_.emplace(server_, carrier_, reads_only);
}

void postgres_transaction::fence_chunk(lease_id lease, partition_no no, const chunk& c) {
  auto let_go = nlohmann::json::array();
  for (const auto& s : c.skipped)
    let_go.push_back(
        {{"item", s.item}, {"stage", to_string(s.stage)}, {"place", s.place}, {"why", s.why}});
  const auto& n = c.to.counts;
  open();
  fence_ = "SELECT partita.fence(" + std::to_string(lease.value) + ", " + std::to_string(no) +
           ", " + std::to_string(c.from) + ", " + std::to_string(c.to.seq) + ", " +
           carrier_.quote(c.to.position) + ", ARRAY[" + std::to_string(n.read) + ", " +
           std::to_string(n.written) + ", " + std::to_string(n.filtered) + ", " +
           std::to_string(n.skipped) + "]::bigint[], " +
           (let_go.empty() ? "NULL" : carrier_.quote(let_go.dump())) + "); ";
}

/// One message: no client can stop between the two.
void postgres_transaction::commit_fenced() {
  server_.expect_answer();
  try {
    carrier_.exec(PARTITA_BUG(postgres_chunk_commits_without_the_fence) ? "COMMIT"
                                                                        : fence_ + "COMMIT");
  } catch (const pqxx::sql_error& e) {
    // A rule that the server checks at the end, or a trigger that waited for it.
    if (const auto broken = broken_rule(e))
      throw author_failure{std::make_exception_ptr(constraint_error(*broken))};
    if (!is_of_the_server(e) && !is_lost_race(e) && !e.sqlstate().starts_with("PT"))
      throw author_failure{std::make_exception_ptr(sql_error(line_of(e.what())))};
    throw;
  }
  begun_ = false;
}

void postgres_transaction::commit() {
  if (!fence_.empty()) return commit_fenced();
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
