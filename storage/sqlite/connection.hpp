#pragma once

#include <sqlite3.h>

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "storage/clock.hpp"
#include "storage/session.hpp"
#include "storage/sqlite/statement.hpp"

namespace partita::sqlite {

/// How a connection is opened.
struct open_options {
  std::string path;  // as given; beginning with "file:" it is a URI
  wall_clock clock;
  milliseconds lock_timeout{10'000};  // how long a lock of others is waited for
  bool create = false;                // else a missing file is schema_missing
  milliseconds author_limit{0};       // of an author's transaction; 0: none
  bool purges = false;                // foreign keys are not checked: see session_options
  bool alone = false;                 // no other thread writes: there is nobody to make room for
};

/// Another session of this process holds a lock of a shared in-memory database, and SQLite does not
/// wait for it: the transaction is rolled back and run again.
class lock_conflict : public store_error {
 public:
  using store_error::store_error;
};

/// One open handle, used by one thread at a time. WAL, synchronous FULL, foreign keys
/// on but where it purges. Offers
/// SQL the function partita_now(): the clock in microseconds, one reading a transaction.
///
/// SQLite has one writer at a time and no queue of writers. So that no writer starves, a writer
/// that has waited long tries more often, and one that writes again and again pauses after each
/// `longest_turn`.
///
/// Every error is a store_error that names the file. The file is never touched but through SQLite:
/// closing any other descriptor of it would drop the locks of the whole process. A file that the
/// user can only read can be read; a transaction that writes throws missing_right.
class connection {
 public:
  /// Throws unavailable, access_denied, schema_missing (no such file).
  explicit connection(open_options options);
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  /// Readers go on beside a writer from now on; kept in the file. No effect on a file that this
  /// user can only read.
  void use_wal();

  /// Runs every statement of a script.
  void run_script(std::string_view sql);

  /// The statement, prepared once a connection. `sql` is one of statements/: its address is the
  /// key. REQUIRES: no other loan of the same statement is in use.
  statement prepare(const char* sql);

  /// The same for a statement of the engine's that is put together, kept by its text: an address
  /// would be that of another text soon.
  statement prepare_made(const std::string& sql);

  /// Prepared and bound; rows are read with next().
  template <class... Values>
  statement query(const char* sql, const Values&... values) {
    auto s = prepare(sql);
    s.bind(values...);
    return s;
  }

  /// Runs a change; returns the number of rows it inserted, updated or deleted.
  template <class... Values>
  std::int64_t run(const char* sql, const Values&... values) {
    return prepare(sql).run(values...);
  }

  /// Runs an insert; returns the id of the row.
  template <class... Values>
  std::int64_t insert(const char* sql, const Values&... values) {
    run(sql, values...);
    return last_id();
  }

  /// The id of the row inserted last.
  std::int64_t last_id() const { return sqlite3_last_insert_rowid(db_.get()); }

  /// A statement of a job author, kept by its text. Throws sql_error when it is not one statement,
  /// or touches the tables of the engine, or the transaction.
  statement prepare_authored(const std::string& sql);

  /// What partita_submit(…) does in an author's statement: a new run in the transaction that is
  /// open. Null: nothing can be submitted.
  using submitter = std::function<run_id(const submission&)>;
  void let_authors_submit(submitter to) { submit_ = std::move(to); }
  run_id submit_for_author(const submission& what);

  /// How long an author's transaction may last; 0: no limit.
  milliseconds author_limit() const { return options_.author_limit; }

  /// Whether a reference that is checked at the end of the transaction leads to no row now.
  bool leaves_references_open() const;
  int step_as_author(sqlite3_stmt* raw);
  /// Whether the transaction that is open may write.
  bool writes() const;

  /// Rows that the last statement changed.
  std::int64_t changes() const { return sqlite3_changes64(db_.get()); }

  /// Throws what a failed statement of an author means.
  [[noreturn]] void fail_authored(int code);

  /// Whether an author's statement may do this: for SQLite's authorizer.
  bool allows(int action, const char* first, const char* second) const;

  /// Runs a SELECT that is used once; hands out its rows as text, NULL as nothing.
  using text_row = std::span<const std::optional<std::string_view>>;
  void each_row(const std::string& sql, const std::function<void(text_row)>& take);

  db_time now() const { return now_; }

  /// Whether this handle is of no use any more: the session must open another one.
  bool broken() const { return broken_; }

  /// Whether the file was deleted or replaced under the open handle, so that what is committed
  /// here is lost to everybody else.
  bool moved() const;

  /// Called by SQLite while another writer is at work: sleeps and returns true, or gives up.
  bool wait_for_lock(int tries);

  /// Throws what the last error of the handle means.
  [[noreturn]] void fail(int code);

 private:
  friend class transaction_scope;

  struct closer {
    void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
    void operator()(sqlite3_stmt* s) const { sqlite3_finalize(s); }
  };

  bool is_empty(const char* rest);
  void open();
  int open_file(const std::string& name, int flags);
  /// For a file that this user can only read: its log may not be usable without writing beside it.
  void open_without_log();
  void pause_after_write();
  void sync_commits(bool yes);

  open_options options_;
  bool broken_ = false;
  bool syncs_commits_ = true;
  bool author_speaks_ = false;  // the statement that is being prepared is an author's
  submitter submit_;
  std::exception_ptr not_submitted_;  // why the author's statement fails
  bool read_only_ = false;            // the user has no right to write the file
  mono_time waiting_since_{};
  mono_time last_write_{};
  mono_time turn_began_{};  // the first of the writes between which it did not pause
  db_time now_{};
  std::unique_ptr<sqlite3, closer> db_;
  std::unordered_map<const char*, std::unique_ptr<sqlite3_stmt, closer>> prepared_;
  std::unordered_map<std::string, std::unique_ptr<sqlite3_stmt, closer>> made_;
  std::unordered_map<std::string, std::unique_ptr<sqlite3_stmt, closer>> authored_;
};

/// Sleeps: while another writer has the lock, or to let others take it. SQLite does not notify
/// waiting writers when the lock is free.
void pause(std::chrono::nanoseconds time);

/// A transaction; rolled back unless committed. `read` is one snapshot: it waits for no other
/// transaction, and no other one waits for it. Every other mode is BEGIN IMMEDIATE: one writer at a
/// time, and the rows that it reads cannot change before it ends. Only a light_write does not wait
/// for the disk.
class transaction_scope {
 public:
  transaction_scope(connection& db, access mode);
  ~transaction_scope();
  transaction_scope(const transaction_scope&) = delete;
  transaction_scope& operator=(const transaction_scope&) = delete;

  /// REQUIRES: no statement of the connection is on loan.
  void commit();

 private:
  connection& db_;
  const access mode_;
};

}  // namespace partita::sqlite
