// What a cluster costs by being there: nodes that heartbeat and poll, idle and while one big run is
// under way. The nodes are whole ones, with the threads and connections of theirs, in this process;
// the partitions of the run sleep, as work on other machines would seem from here. Before the nodes
// start, as many sessions do nothing but a durable UPDATE of a row of their own a second: less than
// that no cluster can cost whose nodes tell the database that they live.

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>

#include <pqxx/pqxx>

#include "apps/partita/bench/cluster.hpp"
#include "batch/batch.hpp"
#include "bench/cost_meter.hpp"
#include "bench/program.hpp"
#include "bench/timed_database.hpp"
#include "storage/clock.hpp"

using namespace partita;
using namespace partita::bench;

namespace {

std::int64_t count_of(const std::string& url, const std::string& sql) {
  pqxx::connection server(url);
  return pqxx::nontransaction(server).exec1(sql)[0].as<std::int64_t>();
}

int threads_of_this_process() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return static_cast<int>(std::distance(begin(tasks), end(tasks)));
}

job sleeping(milliseconds body) {
  return job{"bench_cluster_scale"}.step(
      partitioned{"work"}
          .split([](split_context& s) {
            return std::vector<partition>(static_cast<std::size_t>(1000 * s.slots()));
          })
          .each([body](partition_context& p) {
            std::mutex mutex;
            std::condition_variable_any never;
            std::unique_lock lock{mutex};
            never.wait_for(lock, p.stop_token(), body, [] { return false; });
            p.stop_if_requested();
          }));
}

/// The least that heartbeats cost: sessions that each update a row of their own once a second.
document bare_heartbeats(const std::string& url, int sessions, milliseconds watch) {
  std::vector<std::unique_ptr<pqxx::connection>> links;
  for (int i = 0; i < sessions; ++i) links.push_back(std::make_unique<pqxx::connection>(url));
  pqxx::nontransaction(*links[0]).exec(
      "DROP SCHEMA IF EXISTS bare CASCADE; CREATE SCHEMA bare;"
      "CREATE TABLE bare.node (id integer PRIMARY KEY, heartbeat_at timestamptz)"
      " WITH (fillfactor = 50);"
      "INSERT INTO bare.node SELECT * FROM generate_series(0, " +
      std::to_string(sessions - 1) + "), now()");
  for (auto& link : links)
    link->prepare("beat", "UPDATE bare.node SET heartbeat_at = now() WHERE id = $1");
  auto beat = [&](int i) { pqxx::nontransaction(*links[i]).exec_prepared("beat", i); };
  for (int i = 0; i < sessions; ++i) beat(i);  // each has its plan now

  cost_meter costs(url);
  costs.begin();
  const auto pause = std::chrono::nanoseconds{std::chrono::seconds{1}} / sessions;
  auto next = std::chrono::steady_clock::now();
  const auto end = next + watch;
  for (int i = 0; next < end; i = (i + 1) % sessions) {
    beat(i);
    std::this_thread::sleep_until(next += pause);
  }
  costs.end();
  pqxx::nontransaction(*links[0]).exec("DROP SCHEMA bare CASCADE");
  document line{{"phase", "bare heartbeats"}};
  line.update(costs.figures(costs.seconds(), "s"));
  return line;
}

/// Figures of one phase, after it was watched for `watch`.
document watched(const std::string& phase, const std::string& url, cluster& nodes,
                 milliseconds watch, claim_times& claims) {
  cost_meter costs(url);
  claims.take();
  costs.begin();
  nodes.pause(watch);
  costs.end();
  document line{{"phase", phase}, {"claim_ms", spread(claims.take())}};
  line.update(costs.figures(costs.seconds(), "s"));
  line["alive"] = count_of(url, "SELECT count(*) FROM partita.node WHERE state = 'ACTIVE'");
  line["lost"] = count_of(url,
                          "SELECT count(*) FROM partita.event WHERE kind IN "
                          "('NODE_OVERDUE', 'NODE_CONDEMNED') AND at > now() - interval '" +
                              std::to_string(watch.count()) + " ms'");
  return line;
}

void measure_scale(const cli::arguments& args) {
  const auto url = database_of(args);
  const auto count = static_cast<int>(args.number("nodes", 1, 4096));
  const milliseconds body{args.number("body-ms", 1, 3'600'000)};
  const milliseconds watch{1000 * args.number("seconds", 1, 86'400)};
  const milliseconds settle{1000 * args.number("settle", 0, 86'400)};
  settings limits;
  limits.executors = static_cast<int>(args.number("executors", 1, 1024));
  limits.poll = milliseconds{args.number("poll-ms", 1, 3'600'000)};

  const auto bare = bare_heartbeats(url, count, watch);
  auto db = open_database(url);
  db->migrate();
  auto claims = std::make_shared<claim_times>();
  const auto begun = boot_now();
  cluster nodes(timed(db, claims), sleeping(body), limits, count);
  const auto joined_s = seconds(begun, boot_now());
  nodes.pause(settle);
  const document head{{"bench", "cluster_scale"},
                      {"database", "postgresql"},
                      {"nodes", count},
                      {"executors", limits.executors},
                      {"poll_ms", limits.poll.count()},
                      {"body_ms", body.count()},
                      {"join_s", rounded(joined_s)},
                      {"threads", threads_of_this_process()},
                      {"sessions", count_of(url,
                                            "SELECT count(*) FROM pg_stat_activity WHERE "
                                            "application_name LIKE 'partita bench%'")}};
  auto tell = [&](const document& figures) {
    auto line = head;
    line.update(figures);
    print(line);
  };
  tell(bare);
  tell(watched("idle", url, nodes, watch, *claims));
  const auto run = nodes.submit();
  nodes.wait_sealed(run);
  nodes.pause(settle);
  tell(watched("busy", url, nodes, watch, *claims));
  nodes.view().request_stop(run, stop_mode::now);
  while (!is_terminal(nodes.view().find_run(run)->state)) nodes.pause(milliseconds{100});
}

}  // namespace

int main(int argc, char** argv) {
  run_program(
      argc, argv,
      {"cluster_scale", "what nodes cost by being there, idle and busy (PostgreSQL)",
       database_option() + option_list{{"nodes", "N", "nodes in this process", "", "16"},
                                       {"executors", "N", "of each node", "", "1"},
                                       {"poll-ms", "MS", "between looks for work", "", "500"},
                                       {"body-ms", "MS", "how long a partition sleeps", "", "1000"},
                                       {"settle", "S", "before each phase is watched", "", "5"},
                                       {"seconds", "S", "each phase is watched", "", "10"}},
       measure_scale});
}
