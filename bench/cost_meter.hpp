#pragma once

#include <map>
#include <memory>
#include <string>

#include <pqxx/connection>

#include "apps/partita/bench/benchmarks.hpp"

namespace partita::bench {

/// What a stretch of work costs this process and, if the database is a PostgreSQL, its server: WAL,
/// statements and commits are those of the whole server, which is why it should have nothing else
/// to do. What the server does not tell this user (pg_stat_statements is not installed, it runs on
/// another host) is left out.
class cost_meter final : public meter {
 public:
  explicit cost_meter(const std::string& url);
  ~cost_meter() override;
  void begin() override;
  void end() override;

  double seconds() const;
  /// WAL bytes, statements, commits and CPU time for each of `count` units (partitions, rows,
  /// seconds), the cores both sides kept busy, and the most memory this process ever held. Call it
  /// when the nodes have left if commits matter: a session tells them up to a second late.
  cli::document figures(double count, const std::string& unit);

 private:
  /// By name: seconds, engine_cpu_s, database_cpu_s, wal_bytes, statements.
  using readings = std::map<std::string, double>;
  readings read();
  double commits();
  double total_of(const char* sql);

  std::unique_ptr<pqxx::connection> server_;
  long postmaster_ = 0;  // 0: not on this machine, or not to be known
  bool counts_statements_ = false;
  readings first_;
  readings last_;
  double first_commits_ = 0;
};

/// CPU time of a process and of all it has started, in seconds; that of children that have ended is
/// known in clock ticks only. REQUIRES: each has one thread, as those of PostgreSQL.
double family_cpu(long pid);

}  // namespace partita::bench
