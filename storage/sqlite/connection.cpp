#include "storage/sqlite/connection.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <thread>

#include "storage/sqlite/statements/schema.hpp"

namespace partita::sqlite {

namespace {

constexpr microseconds pause_between_writes{500};
constexpr milliseconds longest_turn{10};

int on_busy(void* db, int tries) { return static_cast<connection*>(db)->wait_for_lock(tries); }

int authorize(void* db, int action, const char* first, const char* second, const char*,
              const char*) {
  const auto* self = static_cast<const connection*>(db);
  return self->allows(action, first, second) ? SQLITE_OK : SQLITE_DENY;
}

/// partita_now(): what the transaction read from the clock when it began.
void now_function(sqlite3_context* context, int, sqlite3_value**) {
  const auto* db = static_cast<const connection*>(sqlite3_user_data(context));
  sqlite3_result_int64(context, db->now().time_since_epoch().count());
}

/// partita_submit(job, version, parameters, identity, key): the id of the run.
void submit_function(sqlite3_context* context, int, sqlite3_value** given) {
  auto* db = static_cast<connection*>(sqlite3_user_data(context));
  const auto text = [&](int i) {
    const auto* found = reinterpret_cast<const char*>(sqlite3_value_text(given[i]));
    return std::string{found == nullptr ? "" : found};
  };
  try {
    const submission what{{text(0), sqlite3_value_int(given[1])}, text(2), text(3), text(4)};
    sqlite3_result_int64(context, db->submit_for_author(what).value);
  } catch (const std::exception& e) {
    sqlite3_result_error(context, e.what(), -1);
  }
}

/// Whether there is a directory to create this file in. Looks only, and opens nothing.
bool has_directory(const std::string& path) {
  std::error_code ignored;
  auto parent = std::filesystem::path{path}.parent_path();
  return parent.empty() || std::filesystem::is_directory(parent, ignored);
}

/// Why a file could not be opened, from the operating system's reason.
store_error open_error(const std::string& path, int reason, const std::string& message,
                       bool creating) {
  switch (reason) {
    case ENOENT:  // also when a file may not be created: SQLite then tries to open it for reading
    case ENOTDIR:
      if (creating && has_directory(path))
        return {errc::access_denied,
                path + " cannot be created: this user needs the right to write its directory"};
      if (creating)
        return {errc::unavailable, path +
                                       " cannot be created: its directory does not exist; "
                                       "create the directory first"};
      return {errc::schema_missing,
              "there is no database " + path + "; create it with `partita schema migrate`"};
    case EISDIR:
      return {errc::unavailable, path + " is a directory; name a file in it"};
    case EACCES:
    case EPERM:
    case EROFS:
      return {errc::access_denied,
              path +
                  " cannot be opened: this user needs the right to read and write it and to "
                  "create files beside it"};
    default:
      return {errc::unavailable, path + " cannot be opened: " + message};
  }
}

/// A path as a URI of SQLite.
std::string uri_of(const std::string& path) {
  constexpr char digits[] = "0123456789ABCDEF";
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '%' || c == '?' || c == '#') {
      uri += '%';
      uri += digits[static_cast<unsigned char>(c) >> 4];
      uri += digits[static_cast<unsigned char>(c) & 15];
    } else {
      uri += c;
    }
  }
  return uri;
}

}  // namespace

connection::connection(open_options options) : options_(std::move(options)) { open(); }

int connection::open_file(const std::string& name, int flags) {
  // SQLite counts its memory under one lock of all threads, and nobody asks for the number. Where
  // somebody in this process has used SQLite before, it goes on counting.
  static const int counts_nothing = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  static_cast<void>(counts_nothing);
  sqlite3* raw = nullptr;
  auto code = sqlite3_open_v2(name.c_str(), &raw,
                              flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  db_.reset(raw);
  return code;
}

/// Without the files beside it, and without the right to create them, a file in WAL mode can be
/// read only as one that nobody changes. That is true unless somebody begins to just now: where
/// others are at work their files are there, and are used.
void connection::open_without_log() {
  if (options_.path.starts_with("file:")) return;
  const auto first_read = [&] {
    return sqlite3_exec(db_.get(), "SELECT 1 FROM sqlite_master", nullptr, nullptr, nullptr);
  };
  const auto code = first_read() & 0xff;
  if (code != SQLITE_CANTOPEN && code != SQLITE_READONLY) return;
  if (std::filesystem::exists(options_.path + "-wal")) return;
  if (auto failed =
          open_file(uri_of(options_.path) + "?immutable=1", SQLITE_OPEN_READONLY | SQLITE_OPEN_URI))
    fail(failed);
}

void connection::open() {
  const auto& path = options_.path;
  int flags = SQLITE_OPEN_READWRITE;
  if (options_.create) flags |= SQLITE_OPEN_CREATE;
  if (path.starts_with("file:")) flags |= SQLITE_OPEN_URI;
  if (auto code = open_file(path, flags)) fail(code);
  read_only_ = sqlite3_db_readonly(db_.get(), "main") == 1;
  if (read_only_) open_without_log();
  auto* raw = db_.get();
  sqlite3_busy_handler(raw, on_busy, this);
  sqlite3_create_function(raw, "partita_now", 0, SQLITE_UTF8 | SQLITE_DIRECTONLY, this,
                          now_function, nullptr, nullptr);
  sqlite3_create_function(raw, "partita_submit", 5, SQLITE_UTF8 | SQLITE_DIRECTONLY, this,
                          submit_function, nullptr, nullptr);
  sqlite3_set_authorizer(raw, authorize, this);
  if (!options_.purges) run_script("PRAGMA foreign_keys = ON");
  run(sql::sync_each_commit);
}

void connection::use_wal() {
  if (read_only_) return;
  // While others open the same new file, the switch fails at once instead of waiting for them.
  const auto end = boot_now() + options_.lock_timeout;
  for (;;) {
    auto code = sqlite3_exec(db_.get(), "PRAGMA journal_mode = WAL", nullptr, nullptr, nullptr);
    if (code == SQLITE_OK) return;
    if ((code & 0xff) != SQLITE_BUSY || boot_now() >= end) fail(code);
    pause(pause_between_writes);
  }
}

void connection::run_script(std::string_view sql) {
  if (auto code = sqlite3_exec(db_.get(), std::string{sql}.c_str(), nullptr, nullptr, nullptr))
    fail(code);
}

bool connection::wait_for_lock(int tries) {
  const auto now = boot_now();
  if (tries == 0) waiting_since_ = now;
  const auto waited = now - waiting_since_;
  if (waited >= options_.lock_timeout) return false;
  const auto waited_briefly = waited < milliseconds{20};
  pause(waited_briefly ? microseconds{1000} : pause_between_writes / 4);
  return true;
}

void connection::pause_after_write() {
  if (options_.alone) return;
  const auto now = boot_now();
  const auto due = last_write_ + pause_between_writes;
  if (now < due && now < turn_began_ + longest_turn) return;
  if (now < due) pause(due - now);
  turn_began_ = std::max(now, due);
}

void connection::sync_commits(bool yes) {
  if (syncs_commits_ == yes) return;
  run(yes ? sql::sync_each_commit : sql::sync_with_the_next);
  syncs_commits_ = yes;
}

statement connection::prepare(const char* sql) {
  auto& kept = prepared_[sql];
  if (!kept) {
    sqlite3_stmt* raw = nullptr;
    auto code = sqlite3_prepare_v3(db_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
    if (code != SQLITE_OK) fail(code);
    kept.reset(raw);
  }
  return statement{*this, kept.get()};
}

statement connection::prepare_made(const std::string& sql) {
  auto& kept = made_[sql];
  if (!kept) {
    sqlite3_stmt* raw = nullptr;
    if (auto code = sqlite3_prepare_v2(db_.get(), sql.c_str(), -1, &raw, nullptr)) fail(code);
    kept.reset(raw);
  }
  return statement{*this, kept.get()};
}

void connection::each_row(const std::string& sql, const std::function<void(text_row)>& take) {
  sqlite3_stmt* raw = nullptr;
  if (auto code = sqlite3_prepare_v2(db_.get(), sql.c_str(), -1, &raw, nullptr)) fail(code);
  std::unique_ptr<sqlite3_stmt, closer> select{raw};
  std::vector<std::optional<std::string_view>> row(
      static_cast<std::size_t>(sqlite3_column_count(raw)));
  auto code = sqlite3_step(raw);
  for (; code == SQLITE_ROW; code = sqlite3_step(raw)) {
    for (int i = 0; auto& column : row) {
      const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(raw, i));
      column.reset();
      if (text) column.emplace(text, static_cast<std::size_t>(sqlite3_column_bytes(raw, i)));
      ++i;
    }
    take(row);
  }
  if (code != SQLITE_DONE) fail(code);
}

bool connection::moved() const {
  int yes = 0;
  sqlite3_file_control(db_.get(), "main", SQLITE_FCNTL_HAS_MOVED, &yes);
  return yes != 0;
}

void connection::fail(int code) {
  const auto& path = options_.path;
  const std::string message = sqlite3_errmsg(db_.get());
  auto waited = std::to_string(options_.lock_timeout.count()) + " ms";
  switch (code & 0xff) {
    case SQLITE_BUSY:
      throw store_error(errc::unavailable, path + " stayed locked by another process for " +
                                               waited + "; it is tried again");
    case SQLITE_LOCKED:
      throw lock_conflict(errc::unavailable, path + " stayed locked by another session for " +
                                                 waited + "; it is tried again");
    case SQLITE_CONSTRAINT:
      throw store_error(errc::bad_request,
                        "the request breaks a rule of the tables in " + path + ": " + message);
    case SQLITE_TOOBIG:
      throw store_error(errc::bad_request, "a text is too long for " + path);
    default:
      break;
  }
  broken_ = true;
  switch (code & 0xff) {
    case SQLITE_CANTOPEN:
      throw open_error(path, sqlite3_system_errno(db_.get()), message, options_.create);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      throw store_error(errc::missing_right,
                        path + " cannot be written (" + message +
                            "); this user needs the right to write it and to create files "
                            "beside it");
    case SQLITE_FULL:
      throw store_error(errc::unavailable,
                        "the disk that holds " + path + " is full; free some space on it");
    case SQLITE_NOTADB:
      throw store_error(errc::unavailable, path + " is not a SQLite database; name another file");
    case SQLITE_CORRUPT:
      throw store_error(errc::damaged,
                        path + " is damaged (" + message + "); restore it from a backup");
    case SQLITE_ERROR:
    case SQLITE_SCHEMA:
      throw store_error(errc::schema_mismatch,
                        path + " does not hold the tables this program expects: " + message);
    default:
      throw store_error(errc::unavailable, path + " cannot be read or written: " + message);
  }
}

bool statement::next() {
  auto code = sqlite3_step(raw_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) db_->fail(code);
  return false;
}

std::int64_t statement::run_bound() {
  while (next()) continue;
  auto changed = sqlite3_changes64(sqlite3_db_handle(raw_));
  reset();
  return changed;
}

int statement::bind_text(int index, std::string_view value) {
  return sqlite3_bind_text64(raw_, index, value.data() ? value.data() : "", value.size(),
                             SQLITE_TRANSIENT, SQLITE_UTF8);
}

std::string statement::text(int column) const {
  const auto* begin = reinterpret_cast<const char*>(sqlite3_column_text(raw_, column));
  if (begin == nullptr) return {};
  return {begin, static_cast<std::size_t>(sqlite3_column_bytes(raw_, column))};
}

void statement::check(int code) {
  if (code != SQLITE_OK) db_->fail(code);
}

void statement::reset() {
  if (raw_ != nullptr) sqlite3_reset(raw_);
}

void pause(std::chrono::nanoseconds time) { std::this_thread::sleep_for(time); }

transaction_scope::transaction_scope(connection& db, access mode) : db_(db), mode_(mode) {
  if (mode == access::read) {
    db_.run(sql::begin_read);
  } else {
    if (db_.read_only_)
      throw store_error(errc::missing_right, db_.options_.path +
                                                 " can only be read; this user needs the right to "
                                                 "write it and to create files beside it");
    db_.pause_after_write();
    db_.sync_commits(mode != access::light_write);
    db_.run(sql::begin_write);
  }
  db_.now_ = db_.options_.clock();
}

transaction_scope::~transaction_scope() {
  auto* raw = db_.db_.get();
  if (sqlite3_get_autocommit(raw)) return;
  sqlite3_exec(raw, "ROLLBACK", nullptr, nullptr, nullptr);
  if (!sqlite3_get_autocommit(raw)) db_.broken_ = true;
}

void transaction_scope::commit() {
  db_.run(sql::commit);
  if (mode_ != access::read) db_.last_write_ = boot_now();
}

}  // namespace partita::sqlite
