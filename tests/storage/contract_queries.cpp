#include <random>

#include "batch/partition_context.hpp"
#include "batch/readers/sql.hpp"
#include "batch/writers/sql.hpp"
#include "storage/session_queries.hpp"
#include "tests/support/ledger.hpp"

using namespace partita;
using namespace partita::test;

namespace {

struct queries : ledger {
  queries() { grant = one(); }

  /// What a reader of an attempt asks with.
  partition_context context() {
    partition_setup setup;
    setup.queries = std::make_shared<session_queries>(link, grant.lease, 0);
    return partition_context{setup};
  }

  void write(const author_work& work) {
    db->commit_chunk(grant.lease, 0, upto(seq, seq + 1, seq + 1), work);
    ++seq;
  }
  void write(const std::string& statement) {
    write([&](sql_transaction& tx, chunk&) { tx.execute(statement); });
  }

  std::shared_ptr<session> link = on->db().connect({});
  lease_grant grant;
  std::int64_t seq = 0;
};

using pair = std::pair<std::int64_t, std::string>;

pair pair_of(const sql_row& row) {
  return {std::get<std::int64_t>(row.at(0)), std::get<std::string>(row.at(1))};
}

template <class Reader>
std::vector<pair> all_of(Reader& reader) {
  std::vector<pair> all;
  while (auto one = reader.next()) all.push_back(std::move(*one));
  return all;
}

}  // namespace

TEST_CASE_METHOD(queries, "a query sees what was committed, and changes nothing") {
  if (!knows_sql()) {
    CHECK(error_of([&] { asked(grant, "SELECT 1"); }) == errc::bad_request);
    return;
  }
  write(rows(0, 3));
  CHECK(asked(grant, "SELECT name FROM ledger WHERE item = $1", {std::int64_t{1}}) ==
        std::vector<sql_row>{{std::string{"item 1"}}});
  CHECK_THROWS_WITH(asked(grant, "DELETE FROM ledger"), Catch::Contains("a query changes nothing"));
  CHECK_THROWS_WITH(asked(grant, "INSERT INTO ledger VALUES (9, 'x') RETURNING item"),
                    Catch::Contains("a query changes nothing"));
  CHECK_THROWS_AS(asked(grant, "SELEC 1"), sql_error);
  CHECK_THROWS_AS(asked(grant, "BEGIN"), sql_error);
  CHECK_THROWS_AS(asked(grant, "SELECT * FROM nowhere"), sql_error);
  CHECK_THROWS_AS(asked(grant, "SELECT $1", {std::string{"\xff"}}), constraint_error);
  CHECK(items(grant) == std::vector<std::int64_t>{0, 1, 2});
  write(rows(3, 4));  // the session can write again
  CHECK(items(grant).size() == 4);
}

TEST_CASE_METHOD(queries, "rows are read by key, page by page, from any position") {
  if (!knows_sql()) return;
  table("sorted", "a INTEGER NOT NULL, b INTEGER NOT NULL, name TEXT, PRIMARY KEY (a, b)");
  std::vector<pair> expected;
  write([&](sql_transaction& tx, chunk&) {
    std::vector<sql_row> all;
    for (std::int64_t i = 0; i < 50; ++i) {
      all.push_back({i / 7, i % 7, "n" + std::to_string(i)});
      if (i % 3 != 1) expected.emplace_back(i / 7, "n" + std::to_string(i));
    }
    std::shuffle(all.begin(), all.end(), std::minstd_rand{1});
    tx.insert("sorted", std::vector<std::string>{"a", "b", "name"}, all);
  });
  auto p = context();
  const sql::source what{
      "sorted", {"a", "name"}, {"a", "b"}, "(a * 7 + b) % 3 <> $1", {std::int64_t{1}}};
  const auto reader = [&](sql::key_range range, int page) {
    return sql::keyset<pair>{p, what, std::move(range), pair_of, page};
  };
  for (const int page : {1, 2, 7, 33, 34, 1000}) {
    CAPTURE(page);
    auto whole = reader({}, page);
    CHECK(all_of(whole) == expected);
    for (std::size_t cut = 0; cut <= expected.size(); cut += 5) {
      auto first = reader({}, page);
      std::vector<pair> read;
      while (read.size() < cut) read.push_back(*first.next());
      auto second = reader({}, page);
      second.seek(first.position());
      const auto rest = all_of(second);
      read.insert(read.end(), rest.begin(), rest.end());
      CHECK(read == expected);
    }
    std::vector<pair> parts;  // two partitions
    const sql_row middle{std::int64_t{3}, std::int64_t{2}};
    for (const auto& range : {sql::key_range{{}, middle}, sql::key_range{middle, {}}}) {
      auto part = reader(json(range).get<sql::key_range>(), page);
      const auto some = all_of(part);
      parts.insert(parts.end(), some.begin(), some.end());
    }
    CHECK(parts == expected);
  }
  auto one = reader({}, 10);
  one.next();
  CHECK(one.where() == "sorted, key [0,0]");
  CHECK_THROWS_AS(one.seek(json{1}), permanent_error);
  CHECK_THROWS_AS(one.seek(json{{"a", 1}}), permanent_error);
  CHECK_THROWS_AS(json(7).get<sql::key_range>(), permanent_error);
  CHECK_THROWS_AS(reader({{std::int64_t{1}}, {}}, 10), definition_error);
  CHECK_THROWS_AS(reader({}, 0), definition_error);
}

TEST_CASE_METHOD(queries, "a query is run once, and its rows are read from any position") {
  if (!knows_sql()) return;
  write(rows(0, 50));
  auto p = context();
  const auto reader = [&](int page) {
    return sql::cursor<pair>{
        p,
        "SELECT item % 7 AS a, name FROM ledger WHERE item <> $1 ORDER BY 1, 2 -- as told",
        {std::int64_t{9}},
        pair_of,
        page};
  };
  auto unbroken = reader(1000);
  const auto expected = all_of(unbroken);
  REQUIRE(expected.size() == 49);
  CHECK(std::is_sorted(expected.begin(), expected.end()));
  for (const int page : {1, 7, 48, 49, 50}) {
    CAPTURE(page);
    for (std::size_t cut = 0; cut <= expected.size(); cut += 7) {
      auto first = reader(page);
      std::vector<pair> read;
      while (read.size() < cut) read.push_back(*first.next());
      if (cut == expected.size()) CHECK_FALSE(first.next());
      auto second = reader(page);
      second.seek(json::parse(first.position().dump()));
      CHECK(second.position() == first.position());
      const auto rest = all_of(second);
      read.insert(read.end(), rest.begin(), rest.end());
      CHECK(read == expected);
    }
  }
  auto before = reader(10);
  before.next();
  write(rows(50, 60));
  CHECK(all_of(before).size() == 48);  // as of the moment when it was run
}

TEST_CASE_METHOD(queries, "a query that gives other rows than before is not gone on with") {
  if (!knows_sql()) return;
  write(rows(0, 20));
  auto p = context();
  const auto reader = [&] {
    return sql::cursor<sql_row>{
        p, "SELECT item FROM ledger ORDER BY item", {}, [](const sql_row& row) { return row; }, 5};
  };
  auto first = reader();
  for (int i = 0; i < 3; ++i) first.next();
  CHECK(first.position() == json{{"rows", 3}, {"last", "[2]"}});
  write("DELETE FROM ledger WHERE item = 1");
  auto second = reader();
  second.seek(first.position());
  CHECK_THROWS_WITH(
      second.next(),
      Catch::StartsWith("row 3 of SELECT item FROM ledger ORDER BY item was [2] and is [3] now"));
  write("DELETE FROM ledger");
  auto third = reader();
  third.seek(first.position());
  CHECK_THROWS_WITH(third.next(), Catch::Contains("was [2] and is nothing now"));
  for (const auto& other : {json(7), json{{"rows", -1}, {"last", "x"}}, json{{"rows", 2}}})
    CHECK_THROWS_AS(third.seek(other), permanent_error);
}

TEST_CASE_METHOD(queries, "a cursor changes nothing, and ends with its session") {
  if (!knows_sql()) return;
  write(rows(0, 5));
  const auto open = [&](const std::string& statement, const sql_row& values = {}) {
    session_queries{link, grant.lease, 0}.open_cursor(1, statement, values);
  };
  const auto read = [&] { return session_queries{link, grant.lease, 0}.read_cursor(1, 1, 2); };
  for (const std::string statement :
       {"DELETE FROM ledger", "INSERT INTO ledger VALUES (9, 'x') RETURNING item", "BEGIN",
        "SELECT * FROM nowhere", "SELECT 1; SELECT 2", "SELECT $1", "SELECT name FROM ledger) ("}) {
    CAPTURE(statement);
    CHECK_THROWS_AS(open(statement), sql_error);
  }
  CHECK_THROWS_AS(open("SELECT $1", {std::string{"\xff"}}), constraint_error);
  // What fails in a row that nobody reads yet fails now.
  if (on->name() == "postgres")
    CHECK_THROWS_AS(open("SELECT 1 / (4 - item) FROM ledger ORDER BY item"), constraint_error);
  CHECK(error_of([&] { read(); }) == errc::unavailable);
  open("SELECT item, name FROM ledger ORDER BY item");
  CHECK(read() == std::vector<sql_row>{{std::int64_t{1}, std::string{"item 1"}},
                                       {std::int64_t{2}, std::string{"item 2"}}});
  CHECK(read() == read());
  CHECK(items(grant).size() == 5);
  link = on->db().connect({});
  CHECK(error_of([&] { read(); }) == errc::unavailable);
}

TEST_CASE_METHOD(queries, "what has no order is refused, and a page that fails is no bad item") {
  if (!knows_sql()) return;
  table("loose", "a INTEGER, b INTEGER");
  write("INSERT INTO loose VALUES (1, 1), (2, 0), (NULL, 2)");
  auto p = context();
  const auto read = [&](const sql::source& what, int page) {
    sql::keyset<sql_row> reader{p, what, {}, [](const sql_row& row) { return row; }, page};
    std::vector<sql_row> all;
    while (auto one = reader.next()) all.push_back(*one);
    return all;
  };
  CHECK_THROWS_AS(read({"loose", {"b"}, {"a"}, "", {}}, 10), permanent_error);
  // A column of the author's may have the name of the key.
  CHECK(read({"loose", {"-a AS a"}, {"a"}, "a IS NOT NULL", {}}, 1) ==
        std::vector<sql_row>{{std::int64_t{-1}}, {std::int64_t{-2}}});
  CHECK_THROWS_WITH(read({"loose", {"a"}, {"a"}, "a < $1", {std::string{"\xff"}}}, 2),
                    Catch::StartsWith("a page of loose cannot be read: "));
  if (on->name() != "sqlite") return;
  write("INSERT INTO loose VALUES (x'01', 3)");
  CHECK_THROWS_WITH(read({"loose", {"b"}, {"a"}, "a IS NOT NULL", {}}, 1),
                    Catch::Contains("holds a BLOB"));
}

TEST_CASE_METHOD(queries, "a key may be a text, and a bad row is told by it") {
  if (!knows_sql()) return;
  write(rows(0, 12));
  auto p = context();
  sql::keyset<std::string> reader{p,
                                  {"ledger", {"name"}, {"name"}, "", {}},
                                  {{std::string{"item 1"}}, {std::string{"item 3"}}},
                                  [](const sql_row& row) {
                                    auto name = std::get<std::string>(row[0]);
                                    if (name == "item 2") throw data_error("two");
                                    return name;
                                  },
                                  2};
  CHECK(reader.next() == "item 10");
  CHECK(reader.next() == "item 11");
  CHECK_THROWS_WITH(reader.next(), "ledger, key [\"item 2\"]: two");
  CHECK(reader.next() == "item 3");
  CHECK(reader.next() == std::nullopt);
}

TEST_CASE_METHOD(queries, "writers insert, set and change rows") {
  if (!knows_sql()) return;
  table("named", "id INTEGER PRIMARY KEY, name TEXT");
  const auto row_of = [](const pair& one) { return sql_row{one.first, one.second}; };
  const auto with = [&](auto writer, std::vector<pair> some) {
    write([&](sql_transaction& tx, chunk&) { writer.write(std::span<const pair>{some}, tx); });
  };
  const auto found = [&] {
    std::vector<pair> all;
    for (const auto& row : asked(grant, "SELECT id, name FROM named ORDER BY id"))
      all.push_back(pair_of(row));
    return all;
  };
  sql::insert<pair> insert{"named", {"id", "name"}, row_of};
  with(insert, {{1, "a"}, {2, "b"}});
  CHECK_THROWS_AS(with(insert, {{3, "c"}, {1, "z"}}), constraint_error);
  sql::upsert<pair> upsert{"named", {"id"}, {"id", "name"}, row_of};
  with(upsert, {{2, "x"}, {4, "d"}, {2, "y"}});
  CHECK(found() == std::vector<pair>{{1, "a"}, {2, "y"}, {4, "d"}});
  sql::update<pair> update{"UPDATE named SET name = $2 WHERE id = $1", row_of};
  with(update, {{1, "A"}, {4, "D"}});
  CHECK_THROWS_WITH(with(update, {{1, "B"}, {5, "E"}}), "no row was changed");
  CHECK(found() == std::vector<pair>{{1, "A"}, {2, "y"}, {4, "D"}});
  CHECK_THROWS_AS((sql::upsert<pair>{"named", {"key"}, {"id", "name"}, row_of}), definition_error);
}
