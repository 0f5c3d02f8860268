#include "apps/jobs/command/command.hpp"

#include <cstring>
#include <utility>

#include "apps/jobs/support/demo.hpp"
#include "batch/batch.hpp"
#include "batch/programs.hpp"
#include "batch/readers/lines.hpp"

namespace partita {

namespace {

constexpr int asks_for_another_try = 75;  // EX_TEMPFAIL of sysexits.h
constexpr std::size_t longest_line = 65'536;
constexpr std::int64_t longest_timeout_s = 30 * 86'400;

std::vector<std::string> arguments_of(const parameters& given) {
  const auto text = given.get<std::string>("arguments");
  const auto list = json::parse(text, nullptr, false);
  std::vector<std::string> words;
  bool is_list = list.is_array();
  for (const auto& word : list) {
    is_list = is_list && word.is_string();
    if (is_list) words.push_back(word.get<std::string>());
  }
  if (!is_list)
    throw permanent_error("arguments=" + text + R"( is no list of texts, as ["-l", "/srv"] is)");
  return words;
}

std::chrono::seconds timeout_of(const parameters& given) {
  return std::chrono::seconds{
      in_range("timeout_s", given.get<std::int64_t>("timeout_s"), 0, longest_timeout_s)};
}

void check(const parameters& given) {
  arguments_of(given);
  timeout_of(given);
  if (given.find<std::string>("input") && given.find<std::filesystem::path>("lines"))
    throw permanent_error("input and lines are both given: a program reads one of them");
}

void each_line(split_context& s, const std::function<void(partition)>& keep) {
  check(s.all_parameters());  // before any partition is made: SQL submits unchecked
  const auto file = s.find<std::filesystem::path>("lines");
  if (!file) {
    keep({"", nullptr});
    return;
  }
  lines::reader lines{*file, lines::split(*file, 1).front()};
  try {
    while (auto line = lines.next()) {
      if (line->size() > longest_line)
        lines.fail("it is longer than " + std::to_string(longest_line) + " bytes");
      keep({"line " + std::to_string(lines.line()), std::move(*line)});
    }
  } catch (const data_error& e) {
    throw permanent_error(e.what());
  }
}

/// How a program ended that did not end well.
std::string told(int status) {
  constexpr int signals = 128;  // status of program_end
  if (status <= signals) return std::to_string(status);
  const auto signal = status - signals;
  const auto* name = ::sigabbrev_np(signal);
  return std::to_string(status) +
         (name != nullptr ? ": by signal " + std::to_string(signal) + " (SIG" + name + "), perhaps"
                          : "");
}

void run(partition_context& p) {
  program_call what{p.get<std::string>("program"), arguments_of(p.all_parameters()),
                    p.find<std::string>("input").value_or("")};
  if (p.input().is_string()) {
    const auto line = p.input<std::string>();
    what.input = line + "\n";
    what.environment["PARTITA_LINE"] = line;
  }
  what.timeout = timeout_of(p.all_parameters());
  const auto end = run_program(p, what);
  if (end.status == asks_for_another_try)
    throw transient_error(what.program.string() + " ended with 75: it asks for another try");
  if (end.status != 0)
    throw permanent_error(what.program.string() + " ended with " + told(end.status));
  p.output({{"status", end.status}, {"output", end.output}, {"output_bytes", end.output_bytes}});
}

void count(const results& all, run_context& run) {
  json result{{"programs", all.count()}};
  if (all.count() == 1)
    all.for_each([&](const partition_result& one) { result.update(one.output); });
  run.result(std::move(result));
}

}  // namespace

job command() {
  return job{"command"}
      .about("runs a program, once or for each line of a file")
      .parameter<std::filesystem::path>("program", required, about{"what to run"})
      .parameter<std::string>("arguments", default_value{std::string{"[]"}},
                              about{R"(a JSON list: ["-l", "/srv"]; no shell looks at it)"})
      .parameter<std::string>("input", about{"what it reads from stdin"})
      .parameter<std::filesystem::path>(
          "lines", about{"a file: one program for each line, which it gets as stdin"})
      .parameter<std::int64_t>("timeout_s", default_value{0}, non_identifying,
                               about{"seconds a program may last; 0: any time"})
      .starts_programs()
      .check(check)
      .step(partitioned{"run"}.stream(each_line).each(run).aggregate(count));
}

}  // namespace partita
