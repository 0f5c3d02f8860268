// A chunked job that copies a table into another one, beside a loop by hand that does the same with
// the same chunks: read a page by key, insert it, note how far one is, commit. And beside one
// INSERT … SELECT, which has neither chunks nor a way to go on. All in the engine's database.

#include <sqlite3.h>

#include <algorithm>
#include <memory>
#include <pqxx/pqxx>

#include "apps/partita/bench/cluster.hpp"
#include "apps/partita/errors.hpp"
#include "batch/batch.hpp"
#include "batch/readers/sql.hpp"
#include "batch/writers/sql.hpp"
#include "bench/program.hpp"
#include "storage/clock.hpp"
#include "storage/database.hpp"

namespace partita::bench {

namespace {

constexpr const char* columns = "id, name, amount, note";

/// The database as a program by hand uses it.
class by_hand {
 public:
  virtual ~by_hand() = default;
  virtual void prepare(std::int64_t rows) = 0;
  virtual void clear() = 0;
  virtual void insert_select() = 0;
  virtual void loop(int interval) = 0;
  virtual std::int64_t copied() = 0;
};

constexpr const char* tables =
    "DROP TABLE IF EXISTS source; DROP TABLE IF EXISTS target; DROP TABLE IF EXISTS done;"
    "CREATE TABLE source (id BIGINT PRIMARY KEY, name TEXT, amount DOUBLE PRECISION, note TEXT);"
    "CREATE TABLE target (id BIGINT PRIMARY KEY, name TEXT, amount DOUBLE PRECISION, note TEXT);"
    "CREATE TABLE done (position BIGINT NOT NULL, items BIGINT NOT NULL);"
    "INSERT INTO done VALUES (0, 0);";
constexpr const char* select_into =
    "INSERT INTO target (id, name, amount, note) SELECT id, name, amount, note FROM source";

class postgres_by_hand final : public by_hand {
 public:
  explicit postgres_by_hand(const std::string& url) : server_(url) {
    server_.prepare("done", "UPDATE done SET position = $1, items = items + $2");
  }

  void prepare(std::int64_t rows) override {
    run(tables);
    run("INSERT INTO source SELECT i, 'name ' || i, i * 0.5, 'a note about number ' || i "
        "FROM generate_series(1, " +
        std::to_string(rows) + ") AS i");
    run("VACUUM ANALYZE source");
  }
  void clear() override {
    run("TRUNCATE target");
    run("UPDATE done SET position = 0, items = 0");
    run("CHECKPOINT");
  }
  void insert_select() override { run(select_into); }
  std::int64_t copied() override {
    return pqxx::nontransaction{server_}.exec1("SELECT count(*) FROM target")[0].as<std::int64_t>();
  }

  void loop(int interval) override {
    server_.prepare("page",
                    "SELECT id, name, amount, note FROM source WHERE id > $1 ORDER BY id "
                    "LIMIT " +
                        std::to_string(interval));
    std::string last = "0";
    for (;;) {
      const auto page = pqxx::nontransaction{server_}.exec_prepared("page", last);
      if (page.empty()) break;
      pqxx::work tx{server_};
      pqxx::stream_to to{tx, "target", std::vector<std::string>{"id", "name", "amount", "note"}};
      for (const auto& row : page)
        to << std::make_tuple(row[0].c_str(), row[1].c_str(), row[2].c_str(), row[3].c_str());
      to.complete();
      last = page.back()[0].c_str();
      tx.exec_prepared("done", last, page.size());
      tx.commit();
    }
    server_.unprepare("page");
  }

 private:
  void run(const std::string& statements) { pqxx::nontransaction{server_}.exec(statements); }

  pqxx::connection server_;
};

class sqlite_by_hand final : public by_hand {
 public:
  explicit sqlite_by_hand(const std::string& file) {
    sqlite3* raw = nullptr;
    const auto code = sqlite3_open(file.c_str(), &raw);
    db_.reset(raw);
    require(code == SQLITE_OK);
    run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 10000");
  }

  void prepare(std::int64_t rows) override {
    run(tables);
    run("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " +
        std::to_string(rows) +
        ") INSERT INTO source SELECT i, 'name ' || i, i * 0.5, 'a note about number ' || i FROM n");
  }
  void clear() override { run("DELETE FROM target; UPDATE done SET position = 0, items = 0"); }
  void insert_select() override { run(select_into); }
  std::int64_t copied() override {
    const auto count = statement("SELECT count(*) FROM target");
    require(sqlite3_step(count.get()) == SQLITE_ROW);
    return sqlite3_column_int64(count.get(), 0);
  }

  void loop(int interval) override {
    const auto page = statement(
        "SELECT id, name, amount, note FROM source WHERE id > ?1 "
        "ORDER BY id LIMIT " +
        std::to_string(interval));
    const auto insert = statement("INSERT INTO target VALUES (?1, ?2, ?3, ?4)");
    const auto done = statement("UPDATE done SET position = ?1, items = items + ?2");
    for (std::int64_t last = 0, count = 1; count > 0;) {
      run("BEGIN IMMEDIATE");
      count = 0;
      sqlite3_bind_int64(page.get(), 1, last);
      for (; sqlite3_step(page.get()) == SQLITE_ROW; ++count) {
        last = sqlite3_column_int64(page.get(), 0);
        for (int i = 0; i < 4; ++i)
          sqlite3_bind_value(insert.get(), i + 1, sqlite3_column_value(page.get(), i));
        finish(insert);
      }
      sqlite3_reset(page.get());
      sqlite3_bind_int64(done.get(), 1, last);
      sqlite3_bind_int64(done.get(), 2, count);
      finish(done);
      run("COMMIT");
    }
  }

 private:
  struct closer {
    void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
    void operator()(sqlite3_stmt* s) const { sqlite3_finalize(s); }
  };
  using prepared = std::unique_ptr<sqlite3_stmt, closer>;

  void require(bool good) const {
    if (!good) throw std::runtime_error(sqlite3_errmsg(db_.get()));
  }
  void run(const std::string& statements) const {
    require(sqlite3_exec(db_.get(), statements.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  }
  prepared statement(const std::string& text) const {
    sqlite3_stmt* raw = nullptr;
    require(sqlite3_prepare_v2(db_.get(), text.c_str(), -1, &raw, nullptr) == SQLITE_OK);
    return prepared{raw};
  }
  void finish(const prepared& s) const {
    require(sqlite3_step(s.get()) == SQLITE_DONE);
    sqlite3_reset(s.get());
  }

  std::unique_ptr<sqlite3, closer> db_;
};

struct entry {
  std::int64_t id;
  sql_value name, amount, note;
};

job copy_job(int interval) {
  const auto read = [interval](partition_context& p) {
    return sql::keyset<entry>{p,
                              {"source", {columns}, {"id"}, "", {}},
                              {},
                              [](sql_row& row) {
                                return entry{std::get<std::int64_t>(row[0]), std::move(row[1]),
                                             std::move(row[2]), std::move(row[3])};
                              },
                              interval};
  };
  const auto write = [](partition_context&) {
    return sql::insert<entry>{"target", {"id", "name", "amount", "note"}, [](const entry& e) {
                                return sql_row{e.id, e.name, e.amount, e.note};
                              }};
  };
  return job{"chunk_copy"}.step(partitioned{"copy"}
                                    .split([](split_context&) { return std::vector<partition>(1); })
                                    .each(chunked<entry>{interval}.read(read).write(write)));
}

void measure_copy(const cli::arguments& args) {
  const auto url = database_of(args);
  const auto rows = args.number("rows", 1, 1'000'000'000);
  const auto interval = static_cast<int>(args.number("interval", 1, 1'000'000));
  const auto rounds = args.number("rounds", 1, 100);
  constexpr std::string_view file_prefix = "sqlite:";
  const bool is_file = url.starts_with(file_prefix);
  auto db = open_database(url);
  db->migrate();
  std::unique_ptr<by_hand> hand;
  if (is_file)
    hand = std::make_unique<sqlite_by_hand>(url.substr(file_prefix.size()));
  else
    hand = std::make_unique<postgres_by_hand>(url);
  hand->prepare(rows);

  settings limits;
  limits.executors = 1;
  cluster nodes(db, copy_job(interval), limits, 1);
  const auto job_s = [&] {
    const auto run = nodes.submit();
    nodes.wait_sealed(run);
    nodes.wait_completed(run);
    const auto at = nodes.milestones_of(run);
    return seconds(at.leased, at.ended);
  };
  const auto timed = [](const auto& work) {
    const auto begun = boot_now();
    work();
    return seconds(begun, boot_now());
  };
  const auto measured = [&](const std::string& how, const auto& work) {
    hand->clear();
    const double took = work();
    if (const auto found = hand->copied(); found != rows)
      throw cli::command_error(cli::exit_code::failed, "bench",
                               how + " copied " + std::to_string(found) + " rows");
    print({{"bench", "chunk_copy"},
           {"database", is_file ? "sqlite" : "postgresql"},
           {"how", how},
           {"rows", rows},
           {"interval", interval},
           {"execute_s", rounded(took)},
           {"rows_per_s", std::llround(static_cast<double>(rows) / took)}});
    return took;
  };
  double select = 0, loop = 0, by_job = 0;
  for (std::int64_t i = 0; i < rounds; ++i) {
    select += measured("insert_select", [&] { return timed([&] { hand->insert_select(); }); });
    loop += measured("loop_by_hand", [&] { return timed([&] { hand->loop(interval); }); });
    by_job += measured("job", job_s);
  }
  print({{"bench", "chunk_copy"},
         {"database", is_file ? "sqlite" : "postgresql"},
         {"how", "job_to_loop"},
         {"rows", rows},
         {"interval", interval},
         {"job_to_loop_by_hand", rounded(loop / by_job)},
         {"job_to_insert_select", rounded(select / by_job)}});
}

}  // namespace

}  // namespace partita::bench

int main(int argc, char** argv) {
  using namespace partita::bench;
  run_program(argc, argv,
              {"chunk_copy", "rows a second of a chunked copy, against a loop by hand",
               database_option() +
                   option_list{{"rows", "N", "of the table", "", "1000000"},
                               {"interval", "N", "rows of a chunk", "", "1000"},
                               {"rounds", "N", "of all three, one after the other", "", "3"}},
               measure_copy});
}
