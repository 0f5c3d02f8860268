#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include "apps/program.hpp"
#include "batch/batch.hpp"
#include "batch/readers/generator.hpp"
#include "batch/readers/sql.hpp"
#include "batch/writers/csv.hpp"
#include "batch/writers/sql.hpp"

// Jobs whose bodies crash, hang, or use too much memory: planted, for tests of what that may cost.

namespace {

using namespace partita;
using std::chrono::milliseconds;

/// Busy, deaf to every request to stop.
void spin(milliseconds most) {
  const auto until = std::chrono::steady_clock::now() + most;
  while (std::chrono::steady_clock::now() < until) {
  }
}

/// As deaf, until there is this file.
void ignore_until(const std::string& file) {
  while (!std::filesystem::exists(file)) ::poll(nullptr, 0, 10);
}

void misbehave(const std::string& how, milliseconds ms, const std::string& journal) {
  if (how == "segfault") ::raise(SIGSEGV);
  if (how == "abort") std::abort();
  if (how == "exit") std::_Exit(7);
  if (how == "kill") ::raise(SIGKILL);
  if (how == "spin") spin(ms);
  if (how == "deaf") ignore_until(journal + ".enough");
  if (how == "memory")  // address space alone: a test must not press the machine
    for (int i = 0; i < 64; ++i)
      if (::mmap(nullptr, 256 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
        throw std::bad_alloc{};
  if (how == "throw") throw std::runtime_error("planted");
  if (how == "missing" && !std::filesystem::exists(journal)) throw std::runtime_error("planted");
}

/// The partitions of `bad` ("3,7") do `how`, at their first `tries` tries; the others rest for
/// `healthy_ms` and end well.
void body(partition_context& p) {
  if (auto journal = p.get<std::string>("journal"); !journal.empty())
    std::ofstream{journal, std::ios::app} << p.no() << ' ' << p.attempt() << ' ' << ::getpid()
                                          << std::endl;
  const auto bad = "," + p.get<std::string>("bad") + ",";
  const bool is_bad = bad.find("," + std::to_string(p.no()) + ",") != std::string::npos;
  if (is_bad && p.attempt() <= p.get<std::int64_t>("tries")) {
    p.log("about to " + p.get<std::string>("how"));
    misbehave(p.get<std::string>("how"), milliseconds{p.get<std::int64_t>("ms")},
              p.get<std::string>("journal"));
  } else
    ::poll(nullptr, 0, static_cast<int>(p.get<std::int64_t>("healthy_ms")));
  p.counts().read = 1;
  p.progress(1, 1);
  if (p.attempt() > 1) p.checkpoint({{"at", p.no()}});
  p.output({{"no", p.no()}});
}

std::vector<partition> split(split_context& s) {
  return std::vector<partition>(static_cast<std::size_t>(s.get<std::int64_t>("partitions")));
}

void total(const results& all, run_context& run) { run.result({{"partitions", all.count()}}); }

partitioned step(milliseconds timeout = milliseconds{0}, const std::string& name = "work") {
  return partitioned{name}
      .split(split)
      .retry({3}, {milliseconds{50}, 1.0, milliseconds{50}})
      .timeout(timeout)
      .each(body)
      .aggregate(total);
}

job hard(const std::string& name, job_step work) {
  return job{name}
      .parameter<std::int64_t>("partitions", default_value{8})
      .parameter<std::string>("bad", default_value{""})
      .parameter<std::string>("how", default_value{"segfault"})
      .parameter<std::int64_t>("tries", default_value{1'000})
      .parameter<std::int64_t>("ms", default_value{600'000})
      .parameter<std::int64_t>("healthy_ms", default_value{10})
      .parameter<std::string>("journal", default_value{""})
      .parameter<std::string>("folder", default_value{""})
      .step(std::move(work));
}

/// Busy until it is asked to stop, and then says so in `journal`.
void obedient(run_context& run) {
  std::ofstream journal{run.get<std::string>("journal"), std::ios::app};
  journal << "begun" << std::endl;
  for (int i = 0; i < 6'000; ++i) {
    if (run.stop_requested()) journal << "asked to stop" << std::endl;
    run.stop_if_requested();
    if (std::filesystem::exists(run.get<std::string>("how"))) return;
    ::poll(nullptr, 0, 10);
  }
}

/// Sixty numbers a partition. 13 is malformed, and the table refuses 17.
struct entries {
  int at = 0;
  std::optional<int> next() {
    if (at == 60) return std::nullopt;
    if (at++ == 13) throw data_error("no number");
    return at - 1;
  }
  json position() const { return at; }
  void seek(const json& position) { at = position.get<int>(); }
  std::string where() const { return "entry " + std::to_string(at); }
};

/// The partitions of `bad` do `how` at entry 30, at their first `tries` tries.
std::function<void(int)> trouble(partition_context& p) {
  const auto bad = "," + p.get<std::string>("bad") + ",";
  const bool is_bad = bad.find("," + std::to_string(p.no()) + ",") != std::string::npos &&
                      p.attempt() <= p.get<std::int64_t>("tries");
  return [&p, is_bad](int entry) {
    if (is_bad && entry == 30)
      misbehave(p.get<std::string>("how"), milliseconds{p.get<std::int64_t>("ms")},
                p.get<std::string>("journal"));
  };
}

/// Files in `folder`. They refuse 17.
chunked<int> files(error_filter let_go = on<data_error>()) {
  chunked<int> c{7};
  c.read([](partition_context&) { return entries{}; })
      .process([](int entry) {
        ::poll(nullptr, 0, 1);
        return entry;
      })
      .write([](partition_context& p) {
        const std::filesystem::path folder{p.get<std::string>("folder")};
        return csv::writer<int>{p.output_file(folder / "entries-{}.csv"),
                                {"entry"},
                                [maybe = trouble(p)](csv::fields& to, int entry) {
                                  maybe(entry);
                                  if (entry == 17) throw data_error("refused");
                                  to.add(entry);
                                }};
      })
      .skip(std::move(let_go), at_most{1'000});
  return c;
}

/// Rows in the author's table `ledger`, which has no key.
chunked<int> ledger(error_filter let_go = on<data_error>()) {
  chunked<int> c{7};
  c.read([](partition_context&) { return entries{}; })
      .write([](partition_context& p) {
        return
            [&p, maybe = trouble(p), no = p.no()](std::span<const int> items, sql_transaction& tx) {
              for (const int i : items) {
                tx.execute("INSERT INTO ledger (no, entry) VALUES ($1, $2)", no, i);
                maybe(i);
              }
              ::poll(nullptr, 0, static_cast<int>(p.get<std::int64_t>("healthy_ms")));
            };
      })
      .skip(std::move(let_go), at_most{1'000});
  return c;
}

/// So many items in one partition, and as many killers among them, at places of no pattern.
/// Each process that comes to an item writes its id to `journal` once.
job many_items() {
  const auto items_of = [](partition_context& p) { return p.get<std::int64_t>("items"); };
  chunked<std::int64_t> c{500};
  c.read([items_of](partition_context& p) {
     return generator<std::int64_t>{[last = items_of(p)](std::int64_t i) {
       return i < last ? std::optional{i} : std::nullopt;
     }};
   })
      .process_with([items_of](partition_context& p) {
        const auto stride = items_of(p) / p.get<std::int64_t>("killers");
        return [stride, journal = p.get<std::string>("journal")](std::int64_t i) {
          static const auto told = [&] {
            std::ofstream{journal, std::ios::app} << ::getpid() << std::endl;
            return true;
          }();
          const auto of_stride = i / stride * 7'919 % stride;
          if (told && i % stride == of_stride) ::raise(SIGKILL);
          return i;
        };
      })
      .write([](partition_context&) {
        return sql::insert<std::int64_t>{"ledger", {"no", "entry"}, [](std::int64_t i) {
                                           return sql_row{0, -i};
                                         }};
      })
      .skip(on<crash_error>(), at_most{1'000});
  return job{"many_items"}
      .parameter<std::int64_t>("items", default_value{20'000})
      .parameter<std::int64_t>("killers", default_value{2})
      .parameter<std::string>("journal", required)
      .step(partitioned{"work"}
                .split([](split_context&) { return std::vector<partition>{{"all"}}; })
                .each(std::move(c))
                .isolated());
}

/// { left, as `obedient` says, beside partitions } -> check -> clean -> last. It goes to `last`
/// where nothing was let go.
job flows() {
  auto check = tasklet{"check", [](run_context& run) { run.result(run.result_of("right")); }};
  return hard("flows", tasklet{"load",
                               [](run_context& run) {
                                 run.result({{"loaded", true}});
                               }})
      .step(parallel{flow{tasklet{"left", obedient}}, flow{step(milliseconds{0}, "right")}})
      .step(check)
      .step(tasklet{"clean", [](run_context&) {}})
      .step(tasklet{"last", [](run_context& run) { run.result(run.result_of("check")); }})
      .decide("check", [](const outcomes& so_far) {
        return so_far.of("right").counts.skipped == 0 ? go_to("last") : next();
      });
}

/// The rows of `ledger` once more, read by `reader`.
template <class Reader>
chunked<sql_row> copied(Reader reader) {
  chunked<sql_row> c{7};
  c.read(std::move(reader)).write([](partition_context&) {
    return sql::insert<sql_row>{"ledger_copy", {"no", "entry"}};
  });
  return c;
}

chunked<sql_row> copied_by_key() {
  return copied([](partition_context& p) {
    return sql::keyset<sql_row>{
        p, {"ledger", {"no", "entry"}, {"no", "entry"}, "no = $1", {p.no()}}, {}, 10};
  });
}

chunked<sql_row> copied_by_cursor() {
  return copied([](partition_context& p) {
    return sql::cursor<sql_row>{p,
                                "SELECT no, entry FROM ledger WHERE no = $1 ORDER BY entry",
                                {p.no()},
                                [](const sql_row& row) { return row; },
                                10};
  });
}

/// What its partitions share; each time it is made, the file `folder` gets its process and its run.
struct shared {
  explicit shared(resource_context& from) {
    std::ofstream{from.get<std::string>("folder"), std::ios::app}
        << ::getpid() << " " + std::to_string(from.first_run().value) + "\n";
    ::poll(nullptr, 0, 100);  // costly enough that several threads want it meanwhile
  }
};

registry hard_jobs() {
  const auto written = [] { return step().each(ledger()); };
  const auto killers = on<data_error, crash_error>();
  return {hard("ledger", written()),
          hard("ledger_isolated", written().isolated()),
          hard("copy", step().each(copied_by_key())),
          hard("copy_isolated", step().each(copied_by_key()).isolated()),
          hard("cursor", step().each(copied_by_cursor())),
          hard("cursor_isolated", step().each(copied_by_cursor()).isolated()),
          hard("files", step().each(files())),
          hard("files_isolated", step().each(files()).isolated()).files_expire(),
          hard("ledger_of_killers", step().each(ledger(killers)).isolated()),
          hard("files_of_killers", step().each(files(killers)).isolated()),
          hard("plain", step()),
          hard("timed", step(milliseconds{700})),
          hard("isolated", step().isolated()),
          hard("isolated_timed", step(milliseconds{700}).isolated()),
          hard("small", step().isolated({512 << 20})),
          flows(),
          many_items(),
          hard("on_master", tasklet{"work", obedient}),
          hard("sharing", step().each([](partition_context& p) {
            p.resource<shared>();
            body(p);
          })).resource<shared>([](resource_context& from) { return shared{from}; }),
          hard("newer", step()).version(3).can_continue(2)};
}

}  // namespace

int main(int argc, char** argv) { return partita::main(argc, argv, hard_jobs()); }
