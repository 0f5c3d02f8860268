// What it costs a busy cluster that its nodes remove what was purged: the claims of nodes that
// work, in turns while rows are removed and while that rests. Then what the removal took as a
// whole, whether the disk is used again, and whether the audit finds all in order.

#include <pqxx/pqxx>

#include "apps/partita/bench/cluster.hpp"
#include "apps/partita/bench/work.hpp"
#include "apps/partita/errors.hpp"
#include "batch/batch.hpp"
#include "bench/program.hpp"
#include "bench/timed_database.hpp"
#include "storage/audit/audit.hpp"
#include "storage/clock.hpp"

using namespace partita;
using namespace partita::bench;

namespace {

job nothing_done(std::int64_t partitions) {
  return job{"bench_purge"}.step(partitioned{"work"}
                                     .split([partitions](split_context&) {
                                       return std::vector<partition>(
                                           static_cast<std::size_t>(partitions));
                                     })
                                     .each([](partition_context&) {}));
}

double gigabytes(pqxx::connection& server) {
  pqxx::nontransaction tx(server);
  const auto bytes = tx.exec("SELECT pg_database_size(current_database())")[0][0];
  return rounded(static_cast<double>(bytes.as<std::int64_t>()) / 1e9);
}

class purge_bench {
 public:
  explicit purge_bench(const cli::arguments& args)
      : url_(database_of(args)),
        count_(args.number("run", 1, 10'000'000)),
        window_(args.number("window", 1, 600)),
        pairs_(static_cast<int>(args.number("pairs", 1, 1000))),
        runs_(args.number("partitions", 1, 1'000'000'000) / count_),
        db_(migrated(url_)),
        nodes_(timed(db_, claims_), nothing_done(count_), limits(),
               static_cast<int>(args.number("nodes", 1, 64))),
        server_(url_) {}

  void run() {
    for (std::int64_t i = 0; i < runs_; ++i) nodes_.wait_completed(nodes_.submit());
    const auto filled_gb = gigabytes(server_);
    while (!keeper_.purge({}, 1000).empty()) {
    }
    wait_for_removal();
    const auto begun = boot_now();
    std::vector<double> resting, going_on;
    double rested_s = 0;
    for (int i = 0; i < pairs_ && reader_.count_purging() > 0; ++i) {
      const auto rest_begun = boot_now();
      append(resting, watched(true));
      rested_s += seconds(rest_begun, boot_now());
      append(going_on, watched(false));
    }
    while (reader_.count_purging() > 0) nodes_.pause(milliseconds{100});
    const auto removed_s = seconds(begun, boot_now()) - rested_s;
    const auto purged_gb = gigabytes(server_);
    for (std::int64_t i = 0; i < runs_ / 4; ++i) nodes_.wait_completed(nodes_.submit());
    const auto verdict = audit::audit(db_->audit_rows({}));
    const auto quiet = spread(resting), busy = spread(going_on);
    print({{"bench", "purge"},
           {"database", "postgresql"},
           {"partitions", runs_ * count_},
           {"claim_ms", quiet},
           {"claim_ms_beside", busy},
           {"p99_ratio", rounded(busy["p99"].get<double>() / quiet["p99"].get<double>())},
           {"removed_s", rounded(removed_s)},
           {"partitions_removed_per_s",
            std::llround(static_cast<double>(runs_ * count_) / removed_s)},
           {"filled_gb", filled_gb},
           {"purged_gb", purged_gb},
           {"a_quarter_filled_again_gb", gigabytes(server_)},
           {"audit", verdict.clean() ? "clean" : verdict.findings.front().sentence}});
  }

 private:
  static std::shared_ptr<database> migrated(const std::string& url) {
    auto db = open_database(url);
    db->migrate();
    return db;
  }

  /// Small leases: many claims.
  static settings limits() {
    settings s;
    s.executors = 2;
    s.max_lease_width = 200;
    return s;
  }

  static void append(std::vector<double>& to, const std::vector<double>& more) {
    to.insert(to.end(), more.begin(), more.end());
  }

  /// From now on nothing is removed for so long.
  void rest(milliseconds length) {
    while (keeper_.purge_rows(1, length).resting) nodes_.pause(milliseconds{1});
  }

  /// A node that found others at it looks again after a while.
  void wait_for_removal() {
    const auto before = nodes_.counted(&node_counters::rows_purged);
    while (nodes_.counted(&node_counters::rows_purged) == before && reader_.count_purging() > 0)
      nodes_.pause(milliseconds{10});
  }

  /// The claims of a window in which the nodes work all the time.
  std::vector<double> watched(bool resting) {
    if (resting)
      rest(std::chrono::seconds{window_});
    else
      wait_for_removal();
    claims_->take();
    const auto end = boot_now() + std::chrono::seconds{window_};
    while (boot_now() < end) nodes_.wait_completed(nodes_.submit());
    return claims_->take();
  }

  const std::string url_;
  const std::int64_t count_, window_;
  const int pairs_;
  const std::int64_t runs_;
  const std::shared_ptr<claim_times> claims_ = std::make_shared<claim_times>();
  const std::shared_ptr<database> db_;
  cluster nodes_;
  pqxx::connection server_;
  const retention_store keeper_{db_->connect({})};
  const reader reader_{db_->connect({})};
};

}  // namespace

int main(int argc, char** argv) {
  run_program(
      argc, argv,
      {"purge", "what purging costs a busy cluster (PostgreSQL)",
       database_option() + option_list{{"partitions", "N", "that are purged", "", "10000000"},
                                       {"run", "N", "partitions of a run", "", "100000"},
                                       {"window", "S", "how long each watch lasts", "", "20"},
                                       {"pairs", "N", "watches of each kind, at most", "", "10"},
                                       {"nodes", "N", "nodes in this process", "", "2"}},
       [](const cli::arguments& args) { purge_bench{args}.run(); }});
}
