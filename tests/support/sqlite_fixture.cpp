#include <filesystem>

#include "storage/sqlite/sqlite_database.hpp"
#include "tests/support/backend.hpp"
#include "tests/support/sqlite_reader.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/ticking_clock.hpp"

namespace partita::test {

namespace {

/// An empty database: migrations are applied once in this process, and their result is copied.
std::string copy_of_empty(const std::string& path) {
  static const temp_dir directory;
  static const auto made = [] {
    auto empty = directory / "empty.db";
    open_sqlite(empty)->migrate();
    return empty;
  }();
  std::filesystem::copy_file(made, path);
  return path;
}

class sqlite_backend final : public backend {
 public:
  std::string name() const override { return "sqlite"; }
  database& db() override { return *db_; }
  void pass(milliseconds time) override { clock_.advance(time); }
  void tamper(const std::string& sql) override { sqlite_reader{path_}.run(sql); }

 private:
  temp_dir directory_;
  std::string path_ = copy_of_empty(directory_ / "partita.db");
  ticking_clock clock_;
  std::shared_ptr<database> db_ = open_sqlite(path_, clock_.reader());
};

}  // namespace

sqlite_reader::sqlite_reader(const std::string& path) : db_({path, wall_now}) {
  db_.run_script("PRAGMA foreign_keys = OFF");
}

std::vector<text_row> sqlite_reader::query(const std::string& sql) {
  std::vector<text_row> rows;
  db_.each_row(
      sql, [&](sqlite::connection::text_row row) { rows.emplace_back(row.begin(), row.end()); });
  return rows;
}

std::unique_ptr<backend> make_sqlite_backend() { return std::make_unique<sqlite_backend>(); }

std::string fresh_sqlite_schema() {
  temp_dir directory;
  const std::string path = directory / "fresh.db";
  open_sqlite(path)->migrate();
  std::string schema;
  sqlite_reader reader{path};
  for (const auto& row :
       reader.query("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type, name"))
    schema += (schema.empty() ? "" : ";\n\n") + row.at(0).value_or("");
  return schema;
}

}  // namespace partita::test
