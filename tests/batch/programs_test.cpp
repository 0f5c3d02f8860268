#include "batch/programs.hpp"

#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>
#include <thread>

#include "tests/support/temp_dir.hpp"

using namespace partita;
using namespace partita::test;
using namespace std::chrono_literals;

namespace fs = std::filesystem;

namespace {

/// Scripts in a folder that is allowed, and an attempt that runs them.
struct scripts {
  scripts() { allow_programs({allowed}); }
  ~scripts() { allow_programs({}); }

  fs::path script(const std::string& text, const std::string& name = "script") const {
    auto file = allowed / name;
    std::ofstream{file} << "#!/bin/sh\n" << text << "\n";
    fs::permissions(file, fs::perms::owner_all);
    return file;
  }

  program_end run(const program_call& what) {
    partition_setup setup;
    setup.run = run_id{17};
    setup.no = 4;
    setup.key = "the key";
    setup.attempt = 2;
    setup.stop = stop.get_token();
    setup.progress = said;
    partition_context p{setup};
    return run_program(p, what);
  }

  std::vector<std::string> log() const {
    std::vector<std::string> lines;
    for (const auto& line : said->log.waiting({}, 0)) lines.push_back(line.text);
    return lines;
  }

  const temp_dir folder;
  const fs::path allowed = folder.path() / "bin";
  std::stop_source stop;
  std::shared_ptr<progress_cell> said = std::make_shared<progress_cell>();
  const bool made = fs::create_directory(allowed);
};

program_call call(const fs::path& program, std::vector<std::string> arguments = {},
                  std::string input = "") {
  return {program, std::move(arguments), std::move(input)};
}

}  // namespace

TEST_CASE_METHOD(scripts, "a program gets its words as they are, its input, and who it works for") {
  const auto all = run(call(script("printf '%s|' \"$@\"; cat; echo \"$PARTITA_RUN $PARTITA_NO"
                                   " $PARTITA_KEY $PARTITA_ATTEMPT $PARTITA_IDEMPOTENCY_KEY\""),
                            {"$HOME", "a b", "*", "", "ü"}, "in\n"));
  CHECK(all.status == 0);
  CHECK(all.output == "$HOME|a b|*||ü|in\n17 4 the key 2 17::4:0\n");
}

TEST_CASE_METHOD(scripts, "it gets nothing else of the process that starts it") {
  ::setenv("PARTITA_DB", "postgresql://secret@host/db", 1);
  const auto environment = run(call(script("env"))).output;
  ::unsetenv("PARTITA_DB");
  CHECK_THAT(environment, !Catch::Contains("secret"));
  CHECK_THAT(environment, Catch::Contains("PATH="));
  std::ifstream open{allowed / "script"};  // not closed on exec
  const auto files = run(call(script("ls /proc/self/fd | wc -l", "files"))).output;
  CHECK(std::stoi(files) <= 4);  // of ls: the standard ones, and the folder
}

TEST_CASE_METHOD(scripts, "its exit, or the signal that ended it, is told") {
  CHECK(run(call(script("exit 3"))).status == 3);
  CHECK(run(call(script("kill -SEGV $$"))).status == 128 + SIGSEGV);
}

TEST_CASE_METHOD(scripts, "its output is kept up to a limit, and its errors become the log") {
  auto what =
      call(script("echo first >&2; printf 'caf\\303\\251\\377'; echo last >&2;"
                  " printf unfinished >&2"));
  CHECK(run(what).output == "café\\xFF");
  CHECK(log() == std::vector<std::string>{"first", "last", "unfinished"});
  what = call(script("yes | head -c 3000000"));
  what.most_output = 10;
  const auto much = run(what);
  CHECK(much.output == "y\ny\ny\ny\ny\n");
  CHECK(much.output_bytes == 3'000'000);
  what = call(script("printf 'caf\\303\\251'"));
  what.most_output = 4;
  CHECK(run(what).output == "caf");
}

TEST_CASE_METHOD(scripts, "much input goes in while much output comes out, or nobody reads") {
  const std::string input(2'000'000, 'x');
  CHECK(run(call(script("cat"), {}, input)).output_bytes == 2'000'000);
  CHECK(run(call(script("exec <&-; exit 0"), {}, input)).status == 0);
}

TEST_CASE_METHOD(scripts, "it is asked to stop, and killed if it does not") {
  auto what =
      call(script("trap 'echo asked >&2; exit 0' TERM; echo ready >&2;"
                  " while :; do sleep 0.05; done"));
  const auto stop_when_ready = [this] {
    return std::thread{[this] {
      while (log().empty()) std::this_thread::yield();
      stop.request_stop();
    }};
  };
  auto stopper = stop_when_ready();
  CHECK_THROWS_AS(run(what), stop_requested_error);
  stopper.join();
  CHECK(log().back() == "asked");

  stop = {};
  said = std::make_shared<progress_cell>();
  what = call(script("trap '' TERM; (trap '' TERM; sleep 1000) & echo $! >&2; wait"));
  what.grace = 50ms;
  stopper = stop_when_ready();
  CHECK_THROWS_AS(run(what), stop_requested_error);
  stopper.join();
  while (fs::exists("/proc/" + log().front() + "/exe")) std::this_thread::yield();  // of its group
}

TEST_CASE_METHOD(scripts, "one that lasts too long is ended, and failed for good") {
  auto what = call(script("exec sleep 1000"));
  what.timeout = 50ms;
  CHECK_THROWS_WITH(run(what), Catch::Contains("ran longer than its timeout of 50 ms"));
}

TEST_CASE_METHOD(scripts, "what it leaves behind does not keep the attempt waiting") {
  CHECK(run(call(script("sleep 1000 & echo done"))).output == "done\n");
}

TEST_CASE_METHOD(scripts, "long lines of any bytes are kept whole, in pieces") {
  run(
      call(script("for i in 1 2 3 4 5 6 7 8 9 10; do printf 'caf\\303\\251 %0100d' $i; done >&2;"
                  " printf '\\nx\\377%0500d\\n' 7 >&2")));
  std::string whole;
  for (const auto& line : log()) {
    CHECK(line.size() <= partition_log::longest_line);
    whole += line;
  }
  std::string expected;
  const auto padded = [](int number, std::size_t width) {
    const auto digits = std::to_string(number);
    return std::string(width - digits.size(), '0') + digits;
  };
  for (int i = 1; i <= 10; ++i) expected += "café " + padded(i, 100);
  CHECK(whole == expected + "x\\xFF" + padded(7, 500));
}

TEST_CASE_METHOD(scripts, "nothing is started but what the operator allows") {
  const auto refused = [&](const fs::path& program, const std::string& why) {
    CHECK_THROWS_AS(run(call(program)), permanent_error);
    CHECK_THROWS_WITH(run(call(program)), Catch::Contains(why));
  };
  refused("/bin/true", "lies outside the folders whose programs this node may start: ");
  refused(allowed / "../bin/nothing", "cannot be started: No such file");
  refused("script", "is not named by an absolute path");
  fs::create_symlink("/bin/true", allowed / "link");
  refused(allowed / "link", "lies outside");
  std::ofstream{allowed / "text"} << "no program";
  refused(allowed / "text", "is no program that this node may execute");
  fs::permissions(allowed / "text", fs::perms::owner_all);
  refused(allowed / "text", "cannot be started: Exec format error");
  const auto good = script("exit 0");
  CHECK_THROWS_WITH(run(call(good, {std::string("a\0b", 3)})), Catch::Contains("NUL"));
  allow_programs({});
  refused(good, "this node starts none (an option of the node: --allow-command)");
  CHECK_THROWS_WITH(allow_programs({folder.path() / "none"}), Catch::Contains("--allow-command"));
  CHECK_THROWS_AS(allow_programs({good}), std::system_error);
}
