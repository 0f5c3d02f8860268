#include "bench/by_hand.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <pqxx/pqxx>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <vector>

namespace partita::bench {

namespace {

constexpr std::string_view sqlite_prefix = "sqlite:";

constexpr const char* tables =
    "DROP TABLE IF EXISTS source; DROP TABLE IF EXISTS target; DROP TABLE IF EXISTS done;"
    "CREATE TABLE source (id BIGINT PRIMARY KEY, name TEXT, amount DOUBLE PRECISION, note TEXT);"
    "CREATE TABLE target (id BIGINT PRIMARY KEY, name TEXT, amount DOUBLE PRECISION, note TEXT);"
    "CREATE TABLE done (position BIGINT NOT NULL, items BIGINT NOT NULL);"
    "INSERT INTO done VALUES (0, 0);";
constexpr const char* select_into =
    "INSERT INTO target (id, name, amount, note) SELECT id, name, amount, note FROM source";

/// Lines of a file, split at commas.
class csv_lines {
 public:
  using fields = std::array<std::string, 4>;

  explicit csv_lines(const std::filesystem::path& file) : file_(file) {
    std::getline(file_, line_);  // the header
  }
  bool next(fields& into) {
    if (!std::getline(file_, line_)) return false;
    std::string_view rest = line_;
    for (auto& field : into) {
      const auto comma = rest.find(',');
      field = rest.substr(0, comma);
      rest.remove_prefix(comma == rest.npos ? rest.size() : comma + 1);
    }
    return true;
  }
  std::int64_t position() { return file_.tellg(); }

 private:
  std::ifstream file_;
  std::string line_;
};

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

  void table_to_table(int interval) override {
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

  void csv_to_table(const std::filesystem::path& from, int interval) override {
    csv_lines lines{from};
    csv_lines::fields row;
    for (bool more = true; more;) {
      pqxx::work tx{server_};
      pqxx::stream_to to{tx, "target", std::vector<std::string>{"id", "name", "amount", "note"}};
      int count = 0;
      while (count < interval && (more = lines.next(row))) {
        to << std::make_tuple(row[0], row[1], row[2], row[3]);
        ++count;
      }
      to.complete();
      tx.exec_prepared("done", more ? lines.position() : 0, count);
      tx.commit();
    }
  }

 protected:
  void note(std::int64_t position, std::int64_t items) override {
    pqxx::work tx{server_};
    tx.exec_prepared("done", position, items);
    tx.commit();
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

  void table_to_table(int interval) override {
    const auto page = statement(
        "SELECT id, name, amount, note FROM source WHERE id > ?1 "
        "ORDER BY id LIMIT " +
        std::to_string(interval));
    const auto insert = statement("INSERT INTO target VALUES (?1, ?2, ?3, ?4)");
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
      add_done(last, count);
      run("COMMIT");
    }
  }

  void csv_to_table(const std::filesystem::path& from, int interval) override {
    csv_lines lines{from};
    csv_lines::fields row;
    const auto insert = statement("INSERT INTO target VALUES (?1, ?2, ?3, ?4)");
    for (bool more = true; more;) {
      run("BEGIN IMMEDIATE");
      int count = 0;
      for (; count < interval && (more = lines.next(row)); ++count) {
        for (int i = 0; i < 4; ++i) {
          const auto& text = row[static_cast<std::size_t>(i)];
          sqlite3_bind_text(insert.get(), i + 1, text.data(), static_cast<int>(text.size()),
                            SQLITE_STATIC);
        }
        finish(insert);
      }
      add_done(more ? lines.position() : 0, count);
      run("COMMIT");
    }
  }

 protected:
  void note(std::int64_t position, std::int64_t items) override {
    run("BEGIN IMMEDIATE");
    add_done(position, items);
    run("COMMIT");
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
  void add_done(std::int64_t position, std::int64_t items) {
    if (!done_) done_ = statement("UPDATE done SET position = ?1, items = items + ?2");
    sqlite3_bind_int64(done_.get(), 1, position);
    sqlite3_bind_int64(done_.get(), 2, items);
    finish(done_);
  }
  void finish(const prepared& s) const {
    require(sqlite3_step(s.get()) == SQLITE_DONE);
    sqlite3_reset(s.get());
  }

  std::unique_ptr<sqlite3, closer> db_;
  prepared done_;
};

/// What is written to it is on disk after each flush.
class output_by_hand {
 public:
  explicit output_by_hand(const std::filesystem::path& file)
      : file_(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)) {
    require(file_ >= 0);
  }
  ~output_by_hand() { ::close(file_); }
  output_by_hand(const output_by_hand&) = delete;
  output_by_hand& operator=(const output_by_hand&) = delete;

  void flush(const std::string& text) const {
    require(::write(file_, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    require(::fdatasync(file_) == 0);
  }

 private:
  static void require(bool good) {
    if (!good) throw std::system_error(errno, std::generic_category(), "the XML file");
  }
  const int file_;
};

void add_element(std::string& to, std::string_view name, std::string_view text) {
  to.append(1, '<').append(name).append(1, '>');
  for (const char c : text) switch (c) {
      case '&':
        to += "&amp;";
        break;
      case '<':
        to += "&lt;";
        break;
      case '>':
        to += "&gt;";
        break;
      default:
        to += c;
    }
  to.append("</").append(name).append(1, '>');
}

}  // namespace

void by_hand::csv_to_xml(const std::filesystem::path& from, const std::filesystem::path& to,
                         int interval) {
  constexpr std::array<std::string_view, 4> names{"id", "name", "amount", "note"};
  csv_lines lines{from};
  csv_lines::fields row;
  const output_by_hand file{to};
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<entries>";
  for (bool more = true; more;) {
    int count = 0;
    for (; count < interval && (more = lines.next(row)); ++count) {
      text += "<entry>";
      for (std::size_t i = 0; i < names.size(); ++i) add_element(text, names[i], row[i]);
      text += "</entry>";
    }
    if (!more) text += "</entries>\n";
    file.flush(text);
    text.clear();
    note(more ? lines.position() : 0, count);
  }
}

std::unique_ptr<by_hand> open_by_hand(const std::string& url) {
  if (url.starts_with(sqlite_prefix))
    return std::make_unique<sqlite_by_hand>(url.substr(sqlite_prefix.size()));
  return std::make_unique<postgres_by_hand>(url);
}

void write_csv(const std::filesystem::path& file, std::int64_t rows) {
  std::ofstream out{file};
  out << "id,name,amount,note\n";
  for (std::int64_t i = 1; i <= rows; ++i)
    out << i << ",name " << i << ',' << static_cast<double>(i) * 0.5 << ",a note about number " << i
        << '\n';
  if (!out.flush()) throw std::runtime_error("the CSV file cannot be written");
}

}  // namespace partita::bench
