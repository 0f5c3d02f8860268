// Whether figures stay what they were: mixed load, minute after minute, while a transaction that
// somebody forgot holds back the cleaning of all dead rows. One line a minute, then the last
// quarter against the first.
//
// What cannot stay flat: each run that ended leaves an entry in the index of live runs, which every
// look passes until the transaction ends (0.1 ms at first, 0.2 ms after 300 runs).

#include <pqxx/pqxx>

#include "apps/partita/bench/cluster.hpp"
#include "apps/partita/bench/work.hpp"
#include "apps/partita/errors.hpp"
#include "batch/batch.hpp"
#include "bench/cost_meter.hpp"
#include "bench/program.hpp"
#include "bench/timed_database.hpp"
#include "storage/clock.hpp"

using namespace partita;
using namespace partita::bench;

namespace {

/// In one run: most partitions do nothing, some work for a millisecond, some save a checkpoint,
/// some fail once and are tried again.
job mixed(std::int64_t partitions) {
  return job{"bench_endurance"}.step(partitioned{"work"}
                                         .retry(attempts{3}, backoff_of{milliseconds{50}})
                                         .split([partitions](split_context&) {
                                           return std::vector<partition>(
                                               static_cast<std::size_t>(partitions));
                                         })
                                         .each([](partition_context& p) {
                                           if (p.no() % 50 == 0) spin(microseconds{1000});
                                           if (p.no() % 500 == 1) p.checkpoint(p.no());
                                           if (p.no() % 500 == 2 && p.attempt() == 1)
                                             throw std::runtime_error("once");
                                         }));
}

/// A transaction with a snapshot, and nothing else to do.
class forgotten_transaction {
 public:
  explicit forgotten_transaction(const std::string& url) : link_(url), tx_(link_) {
    tx_.exec("SELECT txid_current()");
    tx_.exec("SELECT count(*) FROM partita.node");
  }

 private:
  pqxx::connection link_;
  pqxx::transaction<pqxx::repeatable_read> tx_;
};

document dead_rows(pqxx::connection& server) {
  document dead;
  pqxx::nontransaction tx(server);
  for (const auto& row : tx.exec("SELECT relname, n_dead_tup FROM pg_stat_user_tables "
                                 "WHERE schemaname = 'partita' AND n_dead_tup > 0 ORDER BY 1"))
    dead[row[0].c_str()] = row[1].as<std::int64_t>();
  return dead;
}

/// Of the last quarter against the first.
double ratio(const std::vector<double>& values) {
  const auto quarter = std::max<std::size_t>(1, values.size() / 4);
  double first = 0, last = 0;
  for (std::size_t i = 0; i < quarter; ++i) {
    first += values[i];
    last += values[values.size() - 1 - i];
  }
  return first > 0 ? rounded(last / first) : 0;
}

void endure(const cli::arguments& args) {
  const auto url = database_of(args);
  const auto minutes = static_cast<int>(args.number("minutes", 1, 10'000));
  const auto count = args.number("partitions", 1, 10'000'000);
  settings limits;
  limits.executors = static_cast<int>(args.number("executors", 1, 1024));
  const auto node_count = static_cast<int>(args.number("nodes", 1, 1024));

  auto db = open_database(url);
  db->migrate();
  spin(microseconds{1});
  std::optional<forgotten_transaction> forgotten;
  if (!args.has("no-transaction")) forgotten.emplace(url);
  auto claims = std::make_shared<claim_times>();
  cluster nodes(timed(db, claims), mixed(count), limits, node_count);
  pqxx::connection server(url);
  cost_meter costs(url);

  const document head{
      {"bench", "endurance"},          {"database", "postgresql"},        {"nodes", node_count},
      {"executors", limits.executors}, {"pinned", forgotten.has_value()}, {"partitions", count}};
  std::vector<double> throughputs, claims_p99, run_p50s, database_us;
  auto next = boot_now();
  for (int minute = 1; minute <= minutes; ++minute) {
    next += std::chrono::minutes{1};
    std::int64_t done = 0;
    std::vector<double> runs_s;
    costs.begin();
    while (boot_now() < next) {
      const auto begun = boot_now();
      nodes.wait_completed(nodes.submit());
      runs_s.push_back(seconds(begun, boot_now()));
      done += count;
    }
    costs.end();
    auto line = head;
    line.update(costs.figures(static_cast<double>(done), "partition"));
    const auto rate = static_cast<double>(done) / costs.seconds();
    const auto claim_ms = spread(claims->take());
    const auto run_s = spread(runs_s);
    line.update({{"minute", minute},
                 {"partitions_per_s", std::llround(rate)},
                 {"claim_ms", claim_ms},
                 {"run_s", run_s},
                 {"dead_rows", dead_rows(server)}});
    print(line);
    throughputs.push_back(rate);
    claims_p99.push_back(claim_ms["p99"].get<double>());
    run_p50s.push_back(run_s["p50"].get<double>());
    database_us.push_back(line.value("database_us_per_partition", 0.0));
  }
  auto line = head;
  line.update({{"minutes", minutes},
               {"last_to_first_quarter",
                {{"partitions_per_s", ratio(throughputs)},
                 {"claim_p99", ratio(claims_p99)},
                 {"run_p50", ratio(run_p50s)},
                 {"database_us_per_partition", ratio(database_us)}}}});
  print(line);
}

}  // namespace

int main(int argc, char** argv) {
  run_program(
      argc, argv,
      {"endurance", "whether throughput and claims stay flat, hour after hour (PostgreSQL)",
       database_option() + option_list{{"minutes", "N", "how long", "", "30"},
                                       {"partitions", "N", "of each run", "", "20000"},
                                       {"nodes", "N", "nodes in this process", "", "2"},
                                       {"executors", "N", "of each node", "", "2"},
                                       {"no-transaction", "", "without the forgotten transaction"}},
       endure});
}
