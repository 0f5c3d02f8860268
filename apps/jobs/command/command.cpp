#include "apps/jobs/command/command.hpp"

#include <utility>

#include "apps/jobs/support/demo.hpp"
#include "batch/batch.hpp"
#include "batch/programs.hpp"
#include "batch/readers/input_file.hpp"
#include "batch/utf8.hpp"

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

void each_line(split_context& s, const std::function<void(partition)>& keep) {
  arguments_of(s.all_parameters());  // before any partition is made
  const auto file = s.find<std::filesystem::path>("lines");
  if (!file) {
    keep({"", nullptr});
    return;
  }
  input_file lines{*file};
  std::vector<char> block(longest_line);
  std::string line;
  std::int64_t number = 1;
  const auto end_line = [&] {
    if (!utf8::is_valid(line) || line.find('\0') != std::string::npos)
      throw permanent_error(file->string() + ":" + std::to_string(number) + " is not UTF-8 text");
    keep({"line " + std::to_string(number++), std::exchange(line, {})});
  };
  while (const auto count = lines.read(block.data(), block.size()))
    for (const char c : std::string_view{block.data(), count}) {
      if (c == '\n') {
        end_line();
      } else if ((line += c).size() > longest_line) {
        throw permanent_error(file->string() + ":" + std::to_string(number) + " is longer than " +
                              std::to_string(longest_line) + " bytes");
      }
    }
  if (!line.empty()) end_line();
}

void run(partition_context& p) {
  program_call what{p.get<std::string>("program"), arguments_of(p.all_parameters()),
                    p.find<std::string>("input").value_or("")};
  if (p.input().is_string()) {
    const auto line = p.input<std::string>();
    what.input = line + "\n";
    what.environment["PARTITA_LINE"] = line;
  }
  what.timeout = std::chrono::seconds{
      in_range("timeout_s", p.get<std::int64_t>("timeout_s"), 0, longest_timeout_s)};
  const auto end = run_program(p, what);
  if (end.status == asks_for_another_try)
    throw transient_error(what.program.string() + " ended with 75: it asks for another try");
  if (end.status != 0)
    throw permanent_error(what.program.string() + " ended with " + std::to_string(end.status) +
                          (end.status > 128 ? " (a signal)" : ""));
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
      .step(partitioned{"run"}.stream(each_line).each(run).aggregate(count));
}

}  // namespace partita
