#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "protocol/errors.hpp"
#include "storage/health.hpp"
#include "storage/session.hpp"
#include "storage/tables.hpp"

namespace partita {

struct session_options {
  std::string application = "partita";  // how the session shows in the database's own listings
  milliseconds statement_timeout{10'000};
  milliseconds connect_timeout{3'000};
  // For job authors' statements: the ordinary planner; and where one transaction keeps all others
  // from writing, how long it may last (0: no limit).
  bool of_authors = false;
  bool elsewhere = false;  // in a database that is not the engine's: it has no schema to look for
  milliseconds author_limit{0};
  // It removes rows by the thousand: where the database would look for references to each by
  // reading whole tables, it does not look.
  bool purges = false;
};

struct migration_status {
  int version = 0;
  std::string name;
  bool applied = false;
  bool altered = false;  // applied from a text with another checksum
};

/// Versions of the schema are a range: a program names the lowest it can work with, and each
/// migration names the lowest version a program must know to work with what it makes. So programs
/// older than the newest migration go on beside newer ones, where that migration says so.
struct schema_status {
  int found = 0;       // highest version applied; 0: no schema
  int expected = 0;    // highest version this program knows
  int lowest = 0;      // lowest version this program can work with
  int works_with = 0;  // lowest version a program must know, by what is applied
  std::vector<migration_status> migrations;  // those this program knows
  bool altered() const {
    return std::any_of(migrations.begin(), migrations.end(),
                       [](const auto& m) { return m.altered; });
  }
  bool fits() const { return found >= lowest && works_with <= expected && !altered(); }
};

/// Receives hints of new work, so that a node finds it before its next poll. A hint can be lost,
/// late or wrong.
class wake_up {
 public:
  virtual ~wake_up() = default;
  /// Whether a hint came; waits for one, at most that long. Throws store_error unavailable when the
  /// link is lost: this object receives no more hints.
  virtual bool wait(milliseconds most) = 0;
};

/// The database that a URL names. Not a connection: `connect` makes one.
class database {
 public:
  virtual ~database() = default;

  /// Throws store_error: unavailable, access_denied, schema_missing, schema_mismatch.
  virtual std::shared_ptr<session> connect(const session_options& options) = 0;

  /// Null: this database sends no hints. Throws as `connect` does.
  virtual std::unique_ptr<wake_up> listen(const std::string& application) {
    static_cast<void>(application);
    return nullptr;
  }

  virtual schema_status schema() = 0;

  /// Applies what is missing, in one transaction under a lock (several processes may try at once).
  /// Returns how many were applied. Throws schema_mismatch if the database needs a newer program or
  /// an applied migration was altered.
  virtual int migrate() = 0;

  /// The rows an audit judges (storage/audit), as of one moment, whatever else happens meanwhile:
  /// all, or at least those that tell about one run. Reads only. Throws as `connect` does, and
  /// not_found.
  virtual tables audit_rows(std::optional<run_id> run) = 0;

  /// After `history_lost`: this process has dropped what it remembers of the database, and begins
  /// anew. Until then all its sessions throw history_lost.
  virtual void begin_anew() {}

  /// What of the database, the link to it and this user's rights is unsafe or unfit. Throws as
  /// `connect` does, but for schema_missing and schema_mismatch.
  virtual std::vector<diagnosis> examine() = 0;

  /// The address as it may be shown: never a password.
  virtual std::string address() const = 0;

  /// Whether several hosts can share it.
  virtual bool shared_over_network() const = 0;
};

/// `sqlite:PATH`, `postgresql://…` or `postgres://…` (anything libpq takes; so is `key=value …`).
/// Nothing is opened yet. Throws store_error bad_request on any other text.
std::shared_ptr<database> open_database(const std::string& url);

}  // namespace partita
