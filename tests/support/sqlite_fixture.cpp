#include <sqlite3.h>

#include <stdexcept>

#include "storage/sqlite/sqlite_database.hpp"
#include "tests/support/backend.hpp"
#include "tests/support/sqlite_reader.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/ticking_clock.hpp"

namespace partita::test {

namespace {

void require_ok(bool ok, sqlite3* db) {
  if (!ok) throw std::runtime_error(std::string{"sqlite: "} + sqlite3_errmsg(db));
}

class sqlite_backend final : public backend {
 public:
  sqlite_backend() { db_->migrate(); }
  std::string name() const override { return "sqlite"; }
  database& db() override { return *db_; }
  void pass(milliseconds time) override { clock_.advance(time); }
  void tamper(const std::string& sql) override { sqlite_reader{path_}.run(sql); }

 private:
  temp_dir directory_;
  std::string path_ = directory_ / "partita.db";
  ticking_clock clock_;
  std::shared_ptr<database> db_ = open_sqlite(path_, clock_.reader());
};

}  // namespace

sqlite_reader::sqlite_reader(const std::string& path) {
  auto opened = sqlite3_open_v2(path.c_str(), &db_, SQLITE_OPEN_READWRITE, nullptr) == SQLITE_OK;
  if (opened) sqlite3_busy_timeout(db_, 10'000);
  if (opened) return;
  std::string why = sqlite3_errmsg(db_);
  sqlite3_close(db_);
  throw std::runtime_error("sqlite: " + why);
}

sqlite_reader::~sqlite_reader() { sqlite3_close(db_); }

std::vector<text_row> sqlite_reader::query(const std::string& sql) {
  sqlite3_stmt* raw = nullptr;
  require_ok(sqlite3_prepare_v2(db_, sql.c_str(), -1, &raw, nullptr) == SQLITE_OK, db_);
  std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)> statement{raw, &sqlite3_finalize};
  std::vector<text_row> rows;
  int step = 0;
  while ((step = sqlite3_step(raw)) == SQLITE_ROW) {
    text_row row;
    for (int i = 0; i < sqlite3_column_count(raw); ++i) {
      const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(raw, i));
      row.push_back(text == nullptr ? std::nullopt : std::optional<std::string>{text});
    }
    rows.push_back(std::move(row));
  }
  require_ok(step == SQLITE_DONE, db_);
  return rows;
}

void sqlite_reader::run(const std::string& sql) {
  require_ok(sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK, db_);
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
