#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <tuple>
#include <vector>

#include "tests/support/ledger.hpp"

using namespace partita;
using namespace partita::test;

namespace {

std::vector<std::int64_t> numbers(std::int64_t count) {
  std::vector<std::int64_t> all;
  for (std::int64_t i = 0; i < count; ++i) all.push_back(i);
  return all;
}

}  // namespace

TEST_CASE_METHOD(ledger, "an author's rows and the chunk stand together, or neither does") {
  if (!knows_sql()) return;
  const auto grant = one();
  CHECK(db->commit_chunk(grant.lease, 0, upto(0, 3, 1), rows(0, 3)).to.counts.read == 3);
  db->commit_chunk(grant.lease, 0, upto(3, 5, 2), rows(3, 5));
  CHECK(items(grant) == numbers(5));
  const auto fails = [&](sql_transaction& tx, chunk& c) {
    rows(5, 9)(tx, c);
    throw std::runtime_error("the author's own");
  };
  CHECK_THROWS_WITH(db->commit_chunk(grant.lease, 0, upto(5, 9, 3), fails), "the author's own");
  CHECK(items(grant) == numbers(5));
  report(node_, ended(grant.lease, 0, attempt_outcome::released));
  CHECK(take(node_, step_).partitions.at(0).resume->counts.read == 5);
}

TEST_CASE_METHOD(ledger,
                 "what is written elsewhere stands by itself, whatever becomes of the chunk") {
  if (!knows_sql()) return;
  const auto grant = one();
  const auto lets_go = [&](sql_transaction& tx, chunk& c) {
    rows(0, 3)(tx, c);
    c.to.counts.skipped = 7;
  };
  CHECK(db->write_elsewhere(grant.lease, 0, upto(0, 3, 1), lets_go).to.counts.skipped == 7);
  CHECK(items(grant) == numbers(3));
  const auto fails = [&](sql_transaction& tx, chunk& c) {
    rows(3, 5)(tx, c);
    throw std::runtime_error("the author's own");
  };
  CHECK_THROWS_WITH(db->write_elsewhere(grant.lease, 0, upto(3, 5, 2), fails), "the author's own");
  CHECK(items(grant) == numbers(3));
  report(node_, ended(grant.lease, 0, attempt_outcome::released));
  db->write_elsewhere(grant.lease, 0, upto(3, 5, 2), rows(3, 5));  // its lease is over
  CHECK(items(grant) == numbers(5));
  CHECK(error_of([&] { db->commit_chunk(grant.lease, 0, upto(0, 5, 1), {}); }) == errc::lease_lost);
}

TEST_CASE_METHOD(ledger, "a chunk that does not follow what is stored is refused, with its rows") {
  const auto grant = one();
  const auto work = [&](std::int64_t from, std::int64_t to) {
    return knows_sql() ? rows(from, to) : author_work{};
  };
  const auto refused = [&](std::int64_t from, std::int64_t to, std::int64_t seq) {
    return error_of([&] { db->commit_chunk(grant.lease, 0, upto(from, to, seq), work(from, to)); });
  };
  CHECK(refused(3, 5, 1) == errc::wrong_state);  // nothing is stored
  CHECK(refused(0, 5, 2) == errc::wrong_state);
  db->commit_chunk(grant.lease, 0, upto(0, 5, 1), work(0, 5));
  CHECK(refused(0, 5, 1) == errc::wrong_state);  // again
  CHECK(refused(0, 5, 2) == errc::wrong_state);
  CHECK(refused(3, 9, 2) == errc::wrong_state);
  CHECK(refused(5, 9, 3) == errc::wrong_state);
  db->commit_chunk(grant.lease, 0, upto(5, 6, 2), work(5, 6));
  if (knows_sql()) CHECK(items(grant) == numbers(6));
}

TEST_CASE_METHOD(ledger, "under a lease that is lost nothing of the author's is stored") {
  const auto grant = one();
  const auto work = knows_sql() ? rows(0, 2) : author_work{};
  const auto commit = [&](lease_id lease, partition_no no) {
    return error_of([&] { db->commit_chunk(lease, no, upto(0, 2, 1), work); });
  };
  CHECK(commit(grant.lease, 99) == errc::lease_lost);
  CHECK(commit(lease_id{grant.lease.value + 7}, 0) == errc::lease_lost);
  complete(node_, grant.lease, 1);
  CHECK(commit(grant.lease, 1) == errc::lease_lost);
  report(node_, ended(grant.lease, 2, attempt_outcome::retry));
  CHECK(commit(grant.lease, 2) == errc::lease_lost);
  lose(node_);
  CHECK(commit(grant.lease, 0) == errc::lease_lost);
  node_ = join();
  if (knows_sql()) CHECK(items(take(node_, step_, 1)).empty());
}

TEST_CASE_METHOD(ledger,
                 "progress that is shown before the first chunk does not stand in its way") {
  const auto grant = one();
  db->record_progress(std::vector{progress_report{grant.lease, 0, 1, 7}});
  db->commit_chunk(grant.lease, 0, upto(0, 2, 1), knows_sql() ? rows(0, 2) : author_work{});
  report(node_, ended(grant.lease, 0, attempt_outcome::released));
  CHECK(take(node_, step_, 1).partitions.at(0).resume->counts.read == 2);
}

TEST_CASE_METHOD(ledger, "rules of the tables are the author's to mend, and leave nothing behind") {
  if (!knows_sql()) return;
  const auto grant = one();
  const auto fails = [&](const std::string& statement) {
    try {
      db->commit_chunk(grant.lease, 0, upto(0, 1, 1), [&](sql_transaction& tx, chunk& c) {
        rows(0, 1)(tx, c);
        tx.execute(statement);
      });
    } catch (const constraint_error&) {
      return "constraint";
    } catch (const sql_error&) {
      return "sql";
    }
    return "none";
  };
  CHECK(fails("INSERT INTO ledger VALUES (-1, 'x')") == std::string{"constraint"});
  CHECK(fails("INSERT INTO ledger VALUES (NULL, 'x')") == std::string{"constraint"});
  for (const auto* wrong : {"INSERT INTO nowhere VALUES (1)", "INSRT INTO ledger VALUES (1, 'x')",
                            "COMMIT", "  begin", "/* a */ -- b\n ROLLBACK", "SAVEPOINT a", "",
                            "INSERT INTO ledger VALUES (1,'x'); SELECT 1"}) {
    INFO(wrong);
    CHECK(fails(wrong) == std::string{"sql"});
  }
  CHECK(items(grant).empty());
  CHECK(db->commit_chunk(grant.lease, 0, upto(0, 1, 1), rows(0, 1)).from == 0);
}

TEST_CASE_METHOD(ledger, "who goes on after a failed statement stores nothing") {
  if (!knows_sql()) return;
  const auto grant = one();
  const auto careless = [&](sql_transaction& tx, chunk& c) {
    rows(0, 1)(tx, c);
    try {
      tx.execute("INSERT INTO ledger VALUES (-1, 'x')");
    } catch (const std::exception&) {
    }
  };
  CHECK_THROWS_AS(db->commit_chunk(grant.lease, 0, upto(0, 1, 1), careless), sql_error);
  CHECK(items(grant).empty());
}

TEST_CASE_METHOD(ledger, "an attempt that fails is undone, and the transaction goes on") {
  if (!knows_sql()) return;
  const auto grant = one();
  const auto work = [&](sql_transaction& tx, chunk& c) {
    for (const std::int64_t i : {0, -1, 1}) try {
        tx.attempt([&] { tx.execute("INSERT INTO ledger VALUES ($1, $2)", i, "x"); });
      } catch (const constraint_error& e) {
        c.skipped.push_back({1, skip_stage::write, "line 2", e.what()});
        ++c.to.counts.skipped;
        --c.to.counts.written;
      }
  };
  const auto stored = db->commit_chunk(grant.lease, 0, upto(0, 3, 1), work);
  CHECK(stored.to.counts == item_counts{3, 2, 0, 1});
  CHECK(items(grant) == numbers(2));
  const auto skipped = db->list_skipped(run_.run, {}, 10);
  REQUIRE(skipped.size() == 1);
  CHECK(skipped[0].step == step_);
  CHECK(skipped[0].no == 0);
  CHECK(skipped[0].what.item == 1);
  CHECK(skipped[0].what.stage == skip_stage::write);
  CHECK(skipped[0].what.place == "line 2");
  CHECK_FALSE(skipped[0].what.why.empty());
  CHECK(db->list_skipped_of(step_, 0, 10).size() == 1);
  CHECK(db->list_skipped_of(step_, 0, 0).empty());
  CHECK(db->list_skipped_of(step_, 1, 10).empty());
  CHECK(db->find_checkpoint(step_, 0) == stored.to);
  CHECK_FALSE(db->find_checkpoint(step_, 1));
}

TEST_CASE_METHOD(ledger, "skipped items of a run come in pages, by step, partition and item") {
  const auto let_go = [&](const lease_grant& grant, partition_no no, std::int64_t items) {
    auto c = upto(0, items, 1);
    c.to.counts = {items, 0, 0, items};
    for (auto item : numbers(items))
      c.skipped.push_back({item, skip_stage::read, "line " + std::to_string(item), "odd"});
    db->commit_chunk(grant.lease, no, c, {});
  };
  const auto grant = one();
  const auto later = split(run_, 2, spec("later", 1));
  const auto other = drive(node_, "another");
  const auto elsewhere = split(other, 1);
  const auto second = take(node_, later);
  let_go(second, 1, 2);
  let_go(grant, 2, 3);
  let_go(take(node_, elsewhere), 0, 2);
  let_go(grant, 0, 1);
  let_go(second, 0, 1);

  using key = std::tuple<step_id, partition_no, std::int64_t>;
  const auto keys_of = [](const std::vector<skipped_row>& rows) {
    std::vector<key> keys;
    for (const auto& row : rows) keys.push_back({row.step, row.no, row.what.item});
    return keys;
  };
  const auto in_pages = [&](int limit, step_id only) {
    std::vector<key> all;
    skipped_cursor after;
    for (;;) {
      const auto rows = db->list_skipped(run_.run, after, limit, only);
      if (rows.empty()) return all;
      CHECK(std::ssize(rows) <= limit);
      for (const auto& found : keys_of(rows)) all.push_back(found);
      after = rows.back().cursor();
    }
  };
  const std::vector<key> of_first{{step_, 0, 0}, {step_, 2, 0}, {step_, 2, 1}, {step_, 2, 2}};
  const std::vector<key> of_later{{later, 0, 0}, {later, 1, 0}, {later, 1, 1}};
  auto all = of_first;
  all.insert(all.end(), of_later.begin(), of_later.end());
  CHECK(keys_of(db->list_skipped(run_.run, {}, 100)) == all);
  for (int limit : {1, 2, 3, 100}) {
    CHECK(in_pages(limit, {}) == all);
    CHECK(in_pages(limit, step_) == of_first);
    CHECK(in_pages(limit, later) == of_later);
    CHECK(in_pages(limit, elsewhere).empty());
  }
  CHECK(keys_of(db->list_skipped(run_.run, {step_, 1, 7}, 1)) == std::vector<key>{of_first[1]});
  CHECK(keys_of(db->list_skipped(run_.run, {later}, 100)) == of_later);
  CHECK(keys_of(db->list_skipped(run_.run, {step_, 2, 1}, 100, later)) == of_later);
  CHECK(db->list_skipped(run_.run, {later, 1, 1}, 100).empty());
  CHECK(db->list_skipped(run_.run, {later, 1, 1}, 100, step_).empty());
  CHECK(db->list_skipped(run_.run, {step_id{later.value + 99}}, 100).empty());
  CHECK(db->list_skipped(run_.run, {}, 0).empty());
  CHECK(db->list_skipped(run_id{999}, {}, 100).empty());
}

TEST_CASE_METHOD(ledger, "values go in and come out as they are") {
  if (!knows_sql()) return;
  const auto grant = one();
  const std::string odd = "tab\t back\\slash \n line \r \"quote\" 'single' {brace} , ü \\N";
  table("wide", "item BIGINT PRIMARY KEY, name TEXT, part DOUBLE PRECISION");
  const std::vector<sql_row> given{{std::int64_t{1}, odd},
                                   {std::int64_t{9'007'199'254'740'993}, nullptr},
                                   {std::int64_t{2}, ""}};
  const auto work = [&](sql_transaction& tx, chunk&) {
    const std::vector<std::string> columns{"item", "name"};
    tx.insert("wide", columns, given);
    CHECK(tx.query("SELECT item, name FROM wide ORDER BY item") ==
          std::vector<sql_row>{given[0], given[2], given[1]});
    CHECK(tx.execute("UPDATE wide SET part = $1 WHERE item = $2", 0.1, 1) == 1);
    CHECK(tx.query("SELECT part FROM wide WHERE item = $1", 1) == std::vector<sql_row>{{0.1}});
    tx.upsert("wide", columns, std::vector<std::string>{"item"},
              std::vector<sql_row>{{std::int64_t{1}, odd + odd}, {std::int64_t{3}, nullptr}});
    CHECK(tx.query("SELECT item, name FROM wide WHERE item IN (1, 3) ORDER BY item") ==
          std::vector<sql_row>{{std::int64_t{1}, odd + odd}, {std::int64_t{3}, nullptr}});
    CHECK(tx.query("SELECT part FROM wide WHERE item = 1") == std::vector<sql_row>{{0.1}});
    throw std::runtime_error("enough");
  };
  CHECK_THROWS_WITH(db->commit_chunk(grant.lease, 0, upto(0, 1, 1), work), "enough");
}

TEST_CASE_METHOD(ledger, "names that need quotes are quoted, and schemas are told apart") {
  if (!knows_sql()) return;
  const auto grant = one();
  const auto schema = on->name() == "postgres" ? "public" : "main";
  table("\"odd \"\"table\"", "\"Group\" INTEGER");
  const auto work = [&](sql_transaction& tx, chunk&) {
    tx.insert(std::string{schema} + ".odd \"table", std::vector<std::string>{"Group"},
              std::vector<sql_row>{{std::int64_t{1}}});
    CHECK(tx.query("SELECT \"Group\" FROM \"odd \"\"table\"").size() == 1);
    throw std::runtime_error("enough");
  };
  CHECK_THROWS_WITH(db->commit_chunk(grant.lease, 0, upto(0, 1, 1), work), "enough");
}

TEST_CASE_METHOD(ledger,
                 "a reference that is checked at the end breaks the chunk, not the session") {
  if (!knows_sql()) return;
  const auto grant = one();
  on->tamper("DROP TABLE IF EXISTS child");
  table("parent", "id INTEGER PRIMARY KEY");
  table("child", "id INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED");
  const auto orphan = [](sql_transaction& tx, chunk&) {
    tx.execute("INSERT INTO child VALUES (7)");
  };
  CHECK_THROWS_AS(db->commit_chunk(grant.lease, 0, upto(0, 1, 1), orphan), constraint_error);
  CHECK_THROWS_AS(db->write_elsewhere(grant.lease, 0, upto(0, 1, 1), orphan), constraint_error);
  const auto alone = [](sql_transaction& tx, chunk&) {
    CHECK_THROWS_AS(tx.attempt([&] { tx.execute("INSERT INTO child VALUES (7)"); }),
                    constraint_error);
    tx.attempt([&] {
      tx.execute("INSERT INTO child VALUES (8)");
      tx.execute("INSERT INTO parent VALUES (8)");
    });
  };
  db->commit_chunk(grant.lease, 0, upto(0, 1, 1), alone);
  CHECK(asked(grant, "SELECT id FROM child") == std::vector<sql_row>{{std::int64_t{8}}});
}

TEST_CASE_METHOD(ledger, "what an attempt leaves in its session the next one does not find") {
  if (on->name() != "postgres") return;
  const auto grant = one();
  db->commit_chunk(grant.lease, 0, upto(0, 1, 1), [](sql_transaction& tx, chunk&) {
    tx.execute("CREATE TEMP TABLE mine (id INTEGER)");
    tx.execute("SET search_path = pg_catalog");
  });
  db->commit_chunk(grant.lease, 1, upto(0, 1, 1), [](sql_transaction& tx, chunk&) {
    CHECK(tx.query("SELECT to_regclass('mine')") == std::vector<sql_row>{{nullptr}});
    CHECK(tx.query("SHOW search_path") != std::vector<sql_row>{{std::string{"pg_catalog"}}});
  });
}

TEST_CASE_METHOD(ledger, "an author cannot leave READ COMMITTED, on which the fence relies") {
  if (on->name() != "postgres") return;
  const auto grant = one();
  CHECK(error_of([&] {
          db->commit_chunk(grant.lease, 0, upto(0, 1, 1), [](sql_transaction& tx, chunk&) {
            tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
          });
        }) == errc::bad_request);
}

TEST_CASE_METHOD(ledger,
                 "the tables of the engine are not for authors where their session owns them") {
  if (on->name() != "sqlite") return;
  const auto grant = one();
  for (const auto* statement :
       {"DELETE FROM partita_lease", "DROP TABLE partita_run", "PRAGMA foreign_keys = OFF",
        "CREATE TEMP TABLE mine (id INTEGER)", "ATTACH 'x' AS x",
        "INSERT OR ROLLBACK INTO ledger VALUES (-1, 'x')"}) {
    INFO(statement);
    CHECK_THROWS_AS(db->commit_chunk(grant.lease, 0, upto(0, 1, 1),
                                     [&](sql_transaction& tx, chunk&) { tx.execute(statement); }),
                    sql_error);
  }
  CHECK(items(grant).empty());
}

TEST_CASE_METHOD(ledger,
                 "a FAILED partition keeps its checkpoint and skipped items; restart copies them") {
  const auto grant = one();
  auto c = upto(0, 4, 1);
  c.to.counts = {4, 3, 0, 1};
  c.skipped = {{2, skip_stage::read, "FILE, line 3", "no number"}};
  db->commit_chunk(grant.lease, 0, c, {});
  report(node_, ended(grant.lease, 0, attempt_outcome::failed));
  complete(node_, grant.lease, 1);
  complete(node_, grant.lease, 2);
  end(run_, step_, step_state::failed);
  end(run_, run_state::failed);
  const auto again = db->restart(run_.run, "again");
  const auto skipped = db->list_skipped(again.id, {}, 10);
  REQUIRE(skipped.size() == 1);
  CHECK(skipped[0].what == c.skipped[0]);
  REQUIRE(db->adopt_run(again.id, node_, again.term));
  const auto next = take(node_, db->list_steps(again.id).at(0).id);
  CHECK(next.partitions.at(0).resume == c.to);
}

namespace {

/// A run that is COMPLETED: of partition 0 items 2 and 7 were let go, of the others none.
struct lossy_run : ledger {
  lossy_run() {
    grant_ = one();
    chunk c{0, {1, "10", {10, 7, 1, 2}}, {}};
    c.skipped = {{2, skip_stage::read, "FILE, line 3", "no number"},
                 {7, skip_stage::write, "FILE, line 8", "refused"}};
    db->commit_chunk(grant_.lease, 0, c, {});
    auto lossy = ended(grant_.lease, 0);
    lossy.counts = {10, 7, 1, 2};
    report(node_, lossy);
    complete(node_, grant_.lease, 1);
    complete(node_, grant_.lease, 2);
    end(run_, step_, step_state::completed);
  }
  lease_grant grant_;
};

}  // namespace

TEST_CASE_METHOD(lossy_run,
                 "skipped items are tried again by a run that continues a COMPLETED one") {
  end(run_, run_state::completed);
  CHECK(error_of([&] { db->restart(run_.run, "again"); }) == errc::wrong_state);
  const auto again = db->restart(run_.run, "again", 0, "", restart_scope::skipped);
  CHECK(db->restart(run_.run, "again", 0, "", restart_scope::skipped).id == again.id);
  const auto copy = db->list_steps(again.id).at(0);
  CHECK(copy.state == step_state::running);
  CHECK(in_state(copy.id, partition_state::completed) == std::vector<partition_no>{1, 2});
  CHECK(db->list_skipped(again.id, {}, 10).empty());
  REQUIRE(db->adopt_run(again.id, node_, again.term));
  const auto next = take(node_, copy.id);
  REQUIRE(next.partitions.size() == 1);
  const auto& from = next.partitions.at(0).resume;
  REQUIRE(from);
  CHECK(from->seq == 1);
  CHECK(from->counts == item_counts{});
  CHECK(nlohmann::json::parse(from->position) ==
        nlohmann::json::parse(R"({"partita_repeat": {"run": )" + std::to_string(again.id.value) +
                              R"(, "read": 10, "written": 7, "filtered": 1,
                               "items": [[2, "FILE, line 3"], [7, "FILE, line 8"]]}})"));
  chunk c{0, {2, "10", {10, 8, 1, 1}}, {{7, skip_stage::write, "FILE, line 8", "refused again"}}};
  db->commit_chunk(next.lease, 0, c, {});
  complete(node_, next.lease, 0);
  const driven_run driven{again.id, node_, term{1}};
  end(driven, copy.id, step_state::completed);
  end(driven, run_state::completed);
  const auto left = db->list_skipped(again.id, {}, 10);
  REQUIRE(left.size() == 1);
  CHECK(left[0].what == c.skipped[0]);
  CHECK(db->list_skipped(run_.run, {}, 10).size() == 2);  // what has ended stays
}

TEST_CASE_METHOD(lossy_run,
                 "a run that let no item go is continued for its skipped items no more") {
  const auto other = split(run_, 2, spec("other", 1));
  complete_all(node_, take(node_, other));
  end(run_, other, step_state::completed);
  end(run_, run_state::completed);
  const auto again = db->restart(run_.run, "again", 0, "", restart_scope::skipped);
  const auto steps = db->list_steps(again.id);
  CHECK(steps.at(0).state == step_state::running);
  CHECK(steps.at(1).state == step_state::completed);  // it has let none go
  REQUIRE(db->adopt_run(again.id, node_, again.term));
  const auto next = take(node_, steps.at(0).id);
  db->commit_chunk(next.lease, 0, {0, {2, "10", {10, 9, 1, 0}}, {}}, {});
  complete(node_, next.lease, 0);
  const driven_run driven{again.id, node_, term{1}};
  end(driven, steps.at(0).id, step_state::completed);
  end(driven, run_state::completed);
  const auto refused = [&] { db->restart(again.id, "more", 0, "", restart_scope::skipped); };
  CHECK(error_of(refused) == errc::wrong_state);
  CHECK_THROWS_WITH(refused(), Catch::Contains("has let no item go"));
}

TEST_CASE_METHOD(lossy_run, "what comes after skipped items is over before they are tried again") {
  const auto other = split(run_, 2, spec("other", 1));
  const auto lease = take(node_, other);
  complete(node_, lease.lease, 0);
  report(node_, ended(lease.lease, 1, attempt_outcome::failed));
  end(run_, other, step_state::failed);
  const auto skipped = [&] { db->restart(run_.run, "again", 0, "", restart_scope::skipped); };
  end(run_, run_state::failed);
  CHECK(error_of(skipped) == errc::wrong_state);
  CHECK_THROWS_WITH(skipped(), Catch::Contains("step other, which is FAILED") &&
                                   Catch::Contains("continue the run first"));
  const auto steps = db->list_steps(db->restart(run_.run, "again").id);
  CHECK(steps.at(0).state == step_state::completed);
}

TEST_CASE_METHOD(ledger, "in a step that FAILED skipped items are tried again with the rest") {
  const auto grant = one();
  chunk c{0, {1, "10", {10, 9, 0, 1}}, {{4, skip_stage::process, "FILE, line 5", "odd"}}};
  db->commit_chunk(grant.lease, 0, c, {});
  auto lossy = ended(grant.lease, 0);
  lossy.counts = {10, 9, 0, 1};
  report(node_, lossy);
  complete(node_, grant.lease, 1);
  report(node_, ended(grant.lease, 2, attempt_outcome::failed));
  if (on->name() == "postgres")  // what a report of progress leaves that came late
    on->tamper(
        "INSERT INTO partita.checkpoint (step_id, no, lease_id, seq) SELECT step_id, 0, "
        "lease_id, 0 FROM partita.lease");
  end(run_, step_, step_state::failed);
  end(run_, run_state::failed);
  const auto again = db->restart(run_.run, "again", 0, "", restart_scope::skipped);
  const auto copy = db->list_steps(again.id).at(0).id;
  CHECK(in_state(copy, partition_state::pending) == std::vector<partition_no>{0, 2});
  // A restart of that one keeps what is still to be tried.
  db->request_stop(again.id, stop_mode::stop);
  const auto third = db->restart(again.id, "third");
  REQUIRE(db->adopt_run(third.id, node_, third.term));
  const auto next = take(node_, db->list_steps(third.id).at(0).id);
  CHECK(next.partitions.at(0).resume->position.find("FILE, line 5") != std::string::npos);
}

TEST_CASE_METHOD(ledger, "empty texts are rows like others") {
  if (!knows_sql()) return;
  table("texts", "t TEXT");
  const auto grant = one();
  const std::vector<std::vector<std::string>> sets{{"", "x"}, {"x", ""}, {"", "", ""}, {"\n", ""}};
  std::int64_t at = 0;
  for (const auto& set : sets) {
    db->commit_chunk(grant.lease, 0, upto(at, at + 1, at + 1), [&](sql_transaction& tx, chunk&) {
      tx.execute("DELETE FROM texts");
      std::vector<sql_row> all;
      for (const auto& text : set) all.push_back({text});
      tx.insert("texts", std::vector<std::string>{"t"}, all);
    });
    ++at;
    std::vector<std::string> found;
    for (const auto& row : asked(grant, "SELECT t FROM texts"))
      found.push_back(std::get<std::string>(row.at(0)));
    CHECK(found == set);
  }
}

TEST_CASE_METHOD(ledger, "a bad text behind many rows leaves nothing of them") {
  if (!knows_sql()) return;
  table("texts", "t TEXT");
  const auto grant = one();
  std::vector<sql_row> all(2000, sql_row{std::string(100, 'x')});
  all.push_back({std::string{"\xff"}});
  const std::vector<std::string> columns{"t"};
  db->commit_chunk(grant.lease, 0, upto(0, 1, 1), [&](sql_transaction& tx, chunk&) {
    CHECK_THROWS_AS(tx.attempt([&] { tx.insert("texts", columns, all); }), constraint_error);
    tx.insert("texts", columns, std::vector<sql_row>{{"good"}});
  });
  CHECK(asked(grant, "SELECT count(*), max(t) FROM texts") ==
        std::vector<sql_row>{{std::int64_t{1}, std::string{"good"}}});
  CHECK_THROWS_AS(
      db->commit_chunk(grant.lease, 0, upto(1, 2, 2),
                       [&](sql_transaction& tx, chunk&) { tx.insert("texts", columns, all); }),
      constraint_error);
  CHECK(asked(grant, "SELECT count(*) FROM texts") == std::vector<sql_row>{{std::int64_t{1}}});
}

TEST_CASE_METHOD(ledger, "what an author does wrong is said, and never taken for the server's") {
  if (!knows_sql()) return;
  const auto grant = one();
  const auto fails = [&](const std::string& statement, const sql_row& values) {
    db->commit_chunk(grant.lease, 0, upto(0, 1, 1),
                     [&](sql_transaction& tx, chunk&) { tx.fetch(statement, values); });
  };
  CHECK_THROWS_AS(fails("SELECT CAST($1 AS integer), CAST($2 AS integer)", {std::int64_t{1}}),
                  sql_error);
  CHECK_THROWS_AS(fails("--\rCOMMIT /*\nSELECT 1 */", {}), sql_error);
  CHECK_NOTHROW(asked(grant, "SELECT 1; -- and no more"));
  CHECK_THROWS_AS(asked(grant, "SELECT 1; SELECT 2"), sql_error);
  if (on->name() != "postgres") return;
  const auto late = [&](sql_transaction& tx, chunk&) {
    tx.query("SELECT 1");
    tx.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE");
  };
  CHECK_THROWS_AS(db->commit_chunk(grant.lease, 0, upto(0, 1, 1), late), sql_error);
  table("narrow", "k VARCHAR(3) PRIMARY KEY, v CHAR(2)");
  const auto upsert = [&](const std::string& k, const std::string& v) {
    db->commit_chunk(grant.lease, 0, upto(0, 1, 1), [&](sql_transaction& tx, chunk&) {
      const std::vector<sql_row> row{{k, v}};
      tx.upsert("narrow", std::vector<std::string>{"k", "v"}, std::vector<std::string>{"k"}, row);
    });
  };
  CHECK_THROWS_AS(upsert("abcdef", "x"), constraint_error);
  CHECK_THROWS_AS(upsert("abc", "xyz"), constraint_error);
  upsert("abc", "xy");
}
