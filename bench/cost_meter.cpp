#include "bench/cost_meter.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include <pqxx/pqxx>

#include "storage/clock.hpp"

namespace partita::bench {

namespace {

/// The fields of /proc/PID/stat behind the name of the program: state, parent, …
std::vector<std::string> stat_of(const std::string& pid) {
  std::ifstream in("/proc/" + pid + "/stat");
  std::string text;
  std::getline(in, text);
  std::istringstream rest(text.substr(std::min(text.size(), text.rfind(')') + 2)));
  return {std::istream_iterator<std::string>(rest), {}};
}

/// CPU time of a process of one thread, in seconds, by the scheduler: clock ticks do not see one
/// that always wakes and rests between two of them.
double scheduled(const std::string& pid) {
  std::ifstream in("/proc/" + pid + "/schedstat");
  double ns = 0;
  in >> ns;
  return ns / 1e9;
}

double own_cpu() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  auto in_s = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return in_s(used.ru_utime) + in_s(used.ru_stime);
}

double peak_memory_mb() {
  std::ifstream in("/proc/self/status");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) / 1024;
  return 0;
}

}  // namespace

double family_cpu(long pid) {
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  const auto head = std::to_string(pid);
  double sum = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const auto name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != name.npos) continue;
    const auto fields = stat_of(name);
    if (fields.size() < 15 || (name != head && fields[1] != head)) continue;
    sum += scheduled(name);
    if (name == head) sum += (std::stod(fields[13]) + std::stod(fields[14])) / ticks;
  }
  return sum;
}

cost_meter::cost_meter(const std::string& url) {
  if (url.starts_with("sqlite:")) return;
  server_ = std::make_unique<pqxx::connection>(url);
  pqxx::nontransaction tx(*server_);
  counts_statements_ =
      !tx.exec("SELECT FROM pg_extension WHERE extname = 'pg_stat_statements'").empty();
  const auto local = tx.exec1(
                           "SELECT inet_server_addr() IS NULL OR "
                           "inet_server_addr() = inet_client_addr()")[0]
                         .as<bool>();
  const auto trusted =
      tx.exec1("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")[0].as<bool>();
  if (local && trusted)
    postmaster_ = std::stol(tx.exec1("SELECT pg_read_file('postmaster.pid')")[0].c_str());
}

cost_meter::~cost_meter() = default;

double cost_meter::total_of(const char* sql) {
  pqxx::nontransaction tx(*server_);
  return tx.exec1(sql)[0].as<double>(0);
}

double cost_meter::commits() { return total_of("SELECT sum(xact_commit) FROM pg_stat_database"); }

cost_meter::readings cost_meter::read() {
  readings now{{"seconds", std::chrono::duration<double>(boot_now().time_since_epoch()).count()},
               {"engine_cpu_s", own_cpu()}};
  if (!server_) return now;
  now["wal_bytes"] = total_of("SELECT pg_current_wal_insert_lsn() - '0/0'");
  if (counts_statements_) now["statements"] = total_of("SELECT sum(calls) FROM pg_stat_statements");
  if (postmaster_ > 0) now["database_cpu_s"] = family_cpu(postmaster_);
  return now;
}

void cost_meter::begin() {
  if (server_) first_commits_ = commits();
  first_ = read();
}

void cost_meter::end() { last_ = read(); }

double cost_meter::seconds() const { return last_.at("seconds") - first_.at("seconds"); }

cli::document cost_meter::figures(double count, const std::string& unit) {
  const auto each = "_per_" + unit;
  auto spent = [&](const char* name) { return last_.at(name) - first_.at(name); };
  cli::document all{{"engine_cores", rounded(spent("engine_cpu_s") / seconds())},
                    {"engine_us" + each, rounded(1e6 * spent("engine_cpu_s") / count)},
                    {"peak_memory_mb", rounded(peak_memory_mb())}};
  if (last_.contains("database_cpu_s")) {
    all["database_cores"] = rounded(spent("database_cpu_s") / seconds());
    all["database_us" + each] = rounded(1e6 * spent("database_cpu_s") / count);
  }
  if (!server_) return all;
  all["wal_bytes" + each] = rounded(spent("wal_bytes") / count);
  if (last_.contains("statements")) all["statements" + each] = rounded(spent("statements") / count);
  all["commits" + each] = rounded((commits() - first_commits_) / count);
  return all;
}

}  // namespace partita::bench
