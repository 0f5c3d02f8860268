// The job marc_map on one and on two executors of a node, beside plain loops that do the same: read
// the same records, map them by the same rules, write the same files, which are on disk when a
// chunk is done. In turns, so that what else the machine does meets all of them.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <thread>

#include "apps/jobs/marc/generate.hpp"
#include "apps/jobs/marc/mapper.hpp"
#include "apps/jobs/marc/marc.hpp"
#include "apps/jobs/marc/record_file.hpp"
#include "apps/jobs/marc/shipped_rules.hpp"
#include "apps/partita/bench/cluster.hpp"
#include "apps/partita/errors.hpp"
#include "bench/cost_meter.hpp"
#include "bench/program.hpp"
#include "storage/clock.hpp"
#include "storage/database.hpp"

namespace partita::bench {

namespace {

namespace fs = std::filesystem;

constexpr int most_executors = 2;
constexpr std::int64_t every_error = 1'000'000;

// --- by hand

void require(bool good, const fs::path& file) {
  if (!good) throw std::system_error(errno, std::generic_category(), file.string());
}

/// It is on disk then.
void write_file(const fs::path& file, std::string_view text) {
  const int to = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  require(to >= 0, file);
  require(::write(to, text.data(), text.size()) == std::ssize(text), file);
  require(::fdatasync(to) == 0, file);
  ::close(to);
}

/// A chunk of good records: it has no errors to write.
void map_chunk(const fs::path& from, const marc::file_part& part, const marc::mapping_rules& rules,
               const std::string& to) {
  marc::record_file records{from, part};
  std::string text;
  while (const auto bytes = records.next()) {
    const auto one = marc::decode(records.how(), *bytes);
    auto entity = marc::map_record(one, rules);
    entity.emplace("id", marc::control_number(one));
    entity["source"] = "MARC";
    text += entity.dump() + '\n';
  }
  write_file(to + "_entity", text);
  write_file(to + "_entity-error", "");
  write_file(to + "_error", "");
}

/// Each thread takes the next chunk when it is done with one.
void map_by_hand(const fs::path& from, const fs::path& folder, std::int64_t chunk, int threads) {
  fs::create_directories(folder);
  const auto rules = marc::parse_rules(marc::shipped_rules(marc::entity_type::authority),
                                       marc::entity_type::authority, {});
  const auto parts = marc::cut(from, chunk);
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (auto mine = next++; mine < parts.size(); mine = next++)
      map_chunk(from, parts[mine], rules, (folder / std::to_string(mine)).string());
  };
  std::vector<std::jthread> others;
  for (int i = 1; i < threads; ++i) others.emplace_back(work);
  work();
}

std::string content_of(const fs::path& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// The names of all files in it, in order.
/// But for what tells whose they are.
std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator{folder})
    if (entry.path().filename() != "migration.json")
      names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

// --- the measurement

struct spent {
  double time = 0;
  double cpu = 0;  // of this process
  void operator+=(const spent& more) {
    time += more.time;
    cpu += more.cpu;
  }
};

class migrations {
 public:
  explicit migrations(const cli::arguments& args)
      : url_(database_of(args)),
        records_(args.number("records", 1, 100'000'000)),
        chunk_(args.number("chunk", 1, 100'000)),
        rounds_(args.number("rounds", 1, 100)),
        folder_(fs::absolute(args.text("folder")) / "marc_map"),
        db_(open_database(url_)) {
    db_->migrate();
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    marc::generate_marc(input_, marc::format::iso2709, records_, 0, 1);
    map_by_hand(input_, wanted_, chunk_, most_executors);  // warms up, too
  }
  ~migrations() { fs::remove_all(folder_); }
  migrations(const migrations&) = delete;
  migrations& operator=(const migrations&) = delete;

  void measure() {
    std::array<spent, most_executors + 1> loops{}, jobs{};  // by executors, of all rounds
    const auto round = [&](int executors) {
      const auto at = static_cast<std::size_t>(executors);
      loops.at(at) += by_loop(executors);
      jobs.at(at) += by_job(executors);
    };
    for (std::int64_t i = 0; i < rounds_; ++i)  // who comes first has no advantage
      for (int turn = 1; turn <= most_executors; ++turn)
        round(i % 2 == 0 ? turn : most_executors + 1 - turn);
    for (std::size_t executors = 1; executors <= most_executors; ++executors) {
      auto line = about("job_to_loop", static_cast<int>(executors));
      line["job_to_loop_by_hand"] = rounded(loops.at(executors).time / jobs.at(executors).time);
      line["job_to_loop_cpu"] = rounded(loops.at(executors).cpu / jobs.at(executors).cpu);
      print(line);
    }
    auto line = about("scaling", most_executors);
    const auto of_ideal = [](const auto& all) {
      return rounded(all.at(1).time / all.at(most_executors).time / most_executors);
    };
    line["of_ideal"] = of_ideal(jobs);
    line["threads_of_ideal"] = of_ideal(loops);
    print(line);
  }

 private:
  document about(const std::string& how, int executors) const {
    return {{"bench", "marc_map"}, {"database", database_kind(url_)},
            {"how", how},          {"executors", executors},
            {"records", records_}, {"chunk", chunk_}};
  }

  spent tell(const std::string& how, int executors, double took, cost_meter& costs) const {
    auto line = about(how, executors);
    const auto speed = static_cast<double>(records_) / took;
    line["execute_s"] = rounded(took);
    line["records_per_s"] = std::llround(speed);
    line["records_per_s_each"] = std::llround(speed / executors);
    line.update(costs.figures(static_cast<double>(records_), "record"));
    print(line);
    return {took, line.at("engine_us_per_record").get<double>()};
  }

  spent by_loop(int threads) const {
    fs::remove_all(output_);
    cost_meter costs(url_);
    costs.begin();
    const auto begun = boot_now();
    map_by_hand(input_, output_, chunk_, threads);
    const auto took = seconds(begun, boot_now());
    costs.end();
    return tell("loop_by_hand", threads, took, costs);
  }

  /// From its first lease to the end of its step.
  spent by_job(int executors) const {
    fs::remove_all(output_);
    settings limits;
    limits.executors = executors;
    cost_meter costs(url_);
    double took = 0;
    {
      cluster nodes(db_, marc_map(), limits, 1);
      costs.begin();
      const auto run = nodes.submit({{"input", input_.string()},
                                     {"output_dir", output_.string()},
                                     {"entity", "authority"},
                                     {"tenant", ""},
                                     {"id_column", "id"},
                                     {"marc_column", "marc"},
                                     {"chunk_size", chunk_},
                                     {"max_errors", every_error}});
      nodes.wait_sealed(run);
      nodes.wait_completed(run);
      costs.end();
      const auto at = nodes.milestones_of(run);
      took = seconds(at.leased, at.ended);
    }
    require_same_files();
    return tell("job", executors, took, costs);
  }

  void require_same_files() const {
    const auto names = names_in(wanted_);
    const auto fail = [](const std::string& why) {
      throw cli::command_error(cli::exit_code::failed, "bench", why);
    };
    if (names != names_in(output_)) fail("the job and the loop wrote files of different names");
    for (const auto& name : names)
      if (content_of(wanted_ / name) != content_of(output_ / name))
        fail("the job and the loop wrote different bytes into " + name);
  }

  const std::string url_;
  const std::int64_t records_, chunk_, rounds_;
  const fs::path folder_;
  const fs::path input_ = folder_ / "authorities.mrc";
  const fs::path wanted_ = folder_ / "wanted";
  const fs::path output_ = folder_ / "out";
  std::shared_ptr<database> db_;
};

}  // namespace

}  // namespace partita::bench

int main(int argc, char** argv) {
  using namespace partita::bench;
  run_program(argc, argv,
              {"marc_map", "records a second of the shipped job, against plain loops",
               database_option() + option_list{{"records", "N", "of the file", "", "200000"},
                                               {"chunk", "N", "records of a chunk", "", "500"},
                                               {"rounds", "N", "of all, in turns", "", "5"},
                                               {"folder", "DIR", "where the files go", "", "."}},
               [](const auto& args) { migrations{args}.measure(); }});
}
