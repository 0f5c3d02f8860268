#include "apps/program.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <iostream>

#include "actors/node_process.hpp"
#include "apps/partita/bodies.hpp"
#include "apps/partita/command_table.hpp"
#include "apps/partita/schedule_monitor.hpp"

namespace partita {

namespace {

/// Works before the options are parsed: an error in the options is printed as JSON too.
bool asks_for_json(const std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto& word = words[i];
    auto next = i + 1 < words.size() ? words[i + 1] : "";
    if (word == "--output=json" || word == "-ojson" || word == "--output=jsonl" ||
        word == "-ojsonl")
      return true;
    if ((word == "-o" || word == "--output") && (next == "json" || next == "jsonl")) return true;
  }
  return false;
}

/// Whether whoever reads our stdout has ended, as `head` does when it has enough.
bool reader_is_gone() {
  pollfd out{STDOUT_FILENO, POLLOUT, 0};
  return ::poll(&out, 1, 0) == 1 && (out.revents & (POLLERR | POLLHUP)) != 0;
}

}  // namespace

int main(int argc, char** argv, const registry& of_program) {
  const auto jobs = of_program.with(cli::schedule_monitor(nullptr));
  auto program = argc > 0 ? std::filesystem::path(argv[0]).filename().string() : "partita";
  std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  // A reader that ends early must not end us in the middle of our work.
  std::signal(SIGPIPE, SIG_IGN);
  try {
    if (!words.empty() && words.front() == cli::body_word) cli::execute_bodies(words, jobs);
    auto exit = cli::dispatch(program, words, jobs);
    // A full disk must not look like a short but successful answer.
    if (!std::cout.flush() && !reader_is_gone())
      throw cli::command_error(cli::exit_code::failed, "output", "stdout cannot be written");
    end_process(static_cast<int>(exit));
  } catch (...) {
    auto what = cli::describe(std::current_exception());
    std::cerr << cli::render(what, program, asks_for_json(words));
    end_process(static_cast<int>(what.exit));
  }
}

}  // namespace partita
