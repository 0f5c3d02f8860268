// How much memory a node takes while it reads a stream, stores its items with their partitions,
// and works on them: whether it grows with how many there are.

#include <fstream>

#include "apps/partita/bench/cluster.hpp"
#include "apps/partita/errors.hpp"
#include "batch/batch.hpp"
#include "batch/readers/generator.hpp"
#include "bench/program.hpp"
#include "storage/clock.hpp"
#include "storage/database.hpp"

namespace partita::bench {

namespace {

/// So many texts of 100 bytes, 500 a partition, of which nothing is made.
job streamed() {
  chunked<std::string> c{500};
  c.read([](partition_context& p) {
     return generator<std::string>{[items = p.get<std::int64_t>("items")](std::int64_t i) {
       if (i >= items) return std::optional<std::string>{};
       auto text = std::to_string(i);
       return std::optional{text + std::string(100 - text.size(), 'x')};
     }};
   }).write([](partition_context&) { return [](std::span<const std::string>) {}; });
  return job{"bench_streamed_items"}
      .parameter<std::int64_t>("items", required)
      .step(partitioned{"work"}
                .split([](split_context&) { return std::vector<partition>{{"all"}}; })
                .scale([](const parameters&) -> scaling { return remote_chunking{500}; })
                .each(std::move(c)));
}

/// The largest resident size of this process since the last call, in MiB.
double peak_memory() {
  std::ifstream status{"/proc/self/status"};
  std::string word;
  double kib = 0;
  while (status >> word)
    if (word == "VmHWM:") status >> kib;
  std::ofstream{"/proc/self/clear_refs"} << 5;  // from here on anew
  return kib / 1024;
}

void stream(const cli::arguments& args) {
  const auto url = database_of(args);
  const auto most = args.number("items", 1'000, 1'000'000'000);
  settings limits;
  limits.executors = static_cast<int>(args.number("executors", 1, 1'024));
  auto db = open_database(url);
  db->migrate();
  cluster nodes(db, streamed(), limits, 1);
  for (auto items = most / 100; items <= most; items *= 10) {
    peak_memory();
    const auto begun = boot_now();
    const auto run = nodes.submit({{"items", items}});
    nodes.wait_completed(run);
    const auto took = seconds(begun, boot_now());
    const auto done = nodes.view().summarize(run).at(0).totals.counts.written;
    if (done != items)
      throw cli::command_error(cli::exit_code::failed, "bench",
                               std::to_string(done) + " items were written");
    print({{"bench", "streamed_items"},
           {"database", database_kind(url)},
           {"items", items},
           {"items_per_s", std::llround(static_cast<double>(items) / took)},
           {"peak_memory_mib", rounded(peak_memory())}});
  }
}

}  // namespace

}  // namespace partita::bench

int main(int argc, char** argv) {
  using namespace partita::bench;
  run_program(
      argc, argv,
      {"streamed_items", "the memory of a node while items are streamed",
       database_option() + option_list{{"items", "N", "of the longest stream", "", "10000000"},
                                       {"executors", "N", "of the node", "", "2"}},
       stream});
}
