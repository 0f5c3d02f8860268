#include "batch/programs.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <stop_token>
#include <system_error>
#include <utility>

#include "batch/argv.hpp"
#include "batch/files.hpp"
#include "batch/utf8.hpp"

namespace partita {

namespace fs = std::filesystem;

namespace {

using clock = std::chrono::steady_clock;

// Of the process. Empty: nothing is started.
std::vector<fs::path> allowed;

[[noreturn]] void program_failed(const fs::path& program, const std::string& why) {
  throw permanent_error("the program " + program.string() + " " + why);
}

/// Where the program really is.
fs::path found(const fs::path& program) {
  if (!program.is_absolute()) program_failed(program, "is not named by an absolute path");
  std::error_code failed;
  auto real = fs::canonical(program, failed);
  if (failed) program_failed(program, "cannot be started: " + failed.message());
  const auto beneath = [&](const fs::path& folder) {
    return std::mismatch(folder.begin(), folder.end(), real.begin(), real.end()).first ==
           folder.end();
  };
  if (std::any_of(allowed.begin(), allowed.end(), beneath)) {
    if (::access(real.c_str(), X_OK) == 0 && fs::is_regular_file(real, failed)) return real;
    program_failed(program, "is no program that this node may execute");
  }
  std::string folders;
  for (const auto& one : allowed) folders += (folders.empty() ? "" : ", ") + one.string();
  program_failed(program, folders.empty()
                              ? "may not be started: this node starts none (an option of the node: "
                                "--allow-command)"
                              : "lies outside the folders whose programs this node may start: " +
                                    folders + " (an option of the node: --allow-command)");
}

std::vector<std::string> environment_of(const partition_context& p, const program_call& what) {
  std::map<std::string, std::string> all;
  for (const char* name : {"PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR"})
    if (const char* value = std::getenv(name)) all[name] = value;
  for (const auto& [name, value] : what.environment) all[name] = value;
  all["PARTITA_RUN"] = std::to_string(p.run().value);
  all["PARTITA_NO"] = std::to_string(p.no());
  all["PARTITA_KEY"] = p.key();
  all["PARTITA_ATTEMPT"] = std::to_string(p.attempt());
  all["PARTITA_IDEMPOTENCY_KEY"] = p.idempotency_key();
  std::vector<std::string> lines;
  for (const auto& [name, value] : all) lines.push_back(name + "=" + value);
  return lines;
}

/// The result of a call, unless it failed.
int checked(int result) {
  if (result < 0)
    throw std::system_error(errno, std::generic_category(), "cannot prepare to start a program");
  return result;
}

/// What a guard tells its node.
struct message {
  enum class kind : int { not_started, ended };
  kind what = kind::ended;
  int value = 0;  // an errno, or what waitpid gave
};

// In a copy of one thread of many, between fork and exec, only what is safe in a signal handler.
namespace copied {

enum : int { lifeline = 3, messages = 4 };

void tell(message::kind what, int value) {
  const message one{what, value};
  [[maybe_unused]] const auto told = ::write(messages, &one, sizeof one);
}

[[noreturn]] void become(const char* program, char* const* argv, char* const* env) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  rlimit memory{};  // that of an isolated body is its own
  if (::getrlimit(RLIMIT_AS, &memory) == 0) {
    memory.rlim_cur = memory.rlim_max;
    ::setrlimit(RLIMIT_AS, &memory);
  }
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::close_range(lifeline, ~0U, CLOSE_RANGE_CLOEXEC);
  ::execve(program, argv, env);
  tell(message::kind::not_started, errno);
  ::_exit(127);
}

/// The guard of a program: leads its process group, and ends all of it when the program has ended,
/// or the node.
[[noreturn]] void guard(const int (&files)[5], const char* program, char* const* argv,
                        char* const* env) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_NAME, "partita-guard");
  for (int i = 0; i < 5; ++i) ::dup2(files[i], i);
  ::close_range(5, ~0U, 0);
  const auto pid = ::fork();
  if (pid == 0) become(program, argv, env);
  ::close_range(0, 2, 0);
  const auto ended = static_cast<int>(pid < 0 ? -1 : ::syscall(SYS_pidfd_open, pid, 0));
  if (ended < 0) tell(message::kind::not_started, errno);
  for (pollfd watched[]{{ended, POLLIN, 0}, {lifeline, POLLIN, 0}}; ended >= 0;) {
    if (::poll(watched, 2, -1) < 0 && errno == EINTR) continue;
    int status = 0;
    if (watched[0].revents != 0 && ::waitpid(pid, &status, 0) == pid)
      tell(message::kind::ended, status);
    break;
  }
  ::kill(0, SIGKILL);
  ::_exit(127);
}

}  // namespace copied

/// No signal reaches this thread while it lives.
class without_signals {
 public:
  without_signals() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, &before_);
  }
  ~without_signals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  without_signals(const without_signals&) = delete;
  without_signals& operator=(const without_signals&) = delete;

 private:
  sigset_t before_;
};

/// A program in a process group of its own. When this goes, or its process ends, whatever it is,
/// all of the group is killed.
class guarded_program {
 public:
  guarded_program(const fs::path& program, std::vector<std::string> words,
                  std::vector<std::string> environment) {
    words.insert(words.begin(), program.string());
    const auto argv = argv_of(words);
    const auto env = argv_of(environment);
    auto [its_input, input_end] = make_pipe();
    auto [output_end, its_output] = make_pipe();
    auto [errors_end, its_errors] = make_pipe();
    auto [watched, kept] = make_pipe();
    auto [told, tells] = make_pipe();
    for (const auto* one : {&input_end, &output_end, &errors_end})
      ::fcntl(one->get(), F_SETFL, O_NONBLOCK);
    const int files[]{its_input.get(), its_output.get(), its_errors.get(), watched.get(),
                      tells.get()};
    to = std::move(input_end);
    output = std::move(output_end);
    errors = std::move(errors_end);
    messages = std::move(told);
    lifeline_ = std::move(kept);
    const without_signals quiet;  // and the guard begins as deaf
    pid_ = checked(::fork());
    if (pid_ == 0) copied::guard(files, program.c_str(), argv.data(), env.data());
    ::setpgid(pid_, pid_);  // here too: whoever is first
  }
  ~guarded_program() { end(); }
  guarded_program(const guarded_program&) = delete;
  guarded_program& operator=(const guarded_program&) = delete;

  void signal(int number) const { ::kill(-pid_, number); }

  /// Ends what is left of the group.
  void end() {
    if (pid_ <= 0) return;
    signal(SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) continue;
    pid_ = -1;
  }

  file_handle to, output, errors;
  file_handle messages;  // of the guard; at its end the group has ended

 private:
  file_handle lifeline_;  // closed by the end of this process
  pid_t pid_ = -1;
};

/// A file that can be read once the attempt is asked to stop.
class stop_signal {
 public:
  explicit stop_signal(const std::stop_token& stop)
      : file_{checked(::eventfd(0, EFD_CLOEXEC))}, tell_(stop, [this] {
          const std::uint64_t one = 1;
          [[maybe_unused]] const auto told = ::write(file_.get(), &one, sizeof one);
        }) {}
  int file() const { return file_.get(); }

 private:
  file_handle file_;
  std::stop_callback<std::function<void()>> tell_;
};

/// Keeps a signal off this thread while it lives, and forgets one that came meanwhile.
class signal_kept_off {
 public:
  explicit signal_kept_off(int number) {
    ::sigemptyset(&it_);
    ::sigaddset(&it_, number);
    ::pthread_sigmask(SIG_BLOCK, &it_, &before_);
  }
  ~signal_kept_off() {
    const timespec at_once{};
    while (::sigtimedwait(&it_, nullptr, &at_once) > 0) continue;
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  signal_kept_off(const signal_kept_off&) = delete;
  signal_kept_off& operator=(const signal_kept_off&) = delete;

 private:
  sigset_t it_, before_;
};

/// What can be read of a pipe now; empty: nothing. It is closed at its end.
std::string read_some(file_handle& from) {
  char bytes[65'536];
  const auto count = ::read(from.get(), bytes, sizeof bytes);
  if (count > 0) return {bytes, static_cast<std::size_t>(count)};
  if (count == 0 || (errno != EAGAIN && errno != EINTR)) from.close();
  return {};
}

/// Bytes as lines into the log of a partition; a very long one is cut into several.
class log_lines {
 public:
  explicit log_lines(const partition_context& p) : p_(p) {}

  void add(std::string_view bytes) {
    for (const char c : bytes) {
      const bool begins_a_character = (c & 0xC0) != 0x80;
      const auto full = rest_.size() >= most && (begins_a_character || rest_.size() >= 2 * most);
      if (c == '\n' || full) flush();
      if (c != '\n') rest_ += c;
    }
  }
  /// What has no end of line.
  void end() {
    if (!rest_.empty()) flush();
  }

 private:
  static constexpr auto most = partition_log::longest_line / 4;  // a byte may become \xNN

  void flush() {
    p_.log(rest_);
    rest_.clear();
  }

  const partition_context& p_;
  std::string rest_;
};

/// Talks with the program until it has ended.
class conversation {
 public:
  conversation(partition_context& p, const program_call& what, guarded_program& child)
      : what_(what), child_(child), log_(p), stop_(p.stop_token()) {
    if (what_.input.empty()) child_.to.close();
    if (what_.timeout.count() > 0) stop_at_ = clock::now() + what_.timeout;
  }

  program_end run() {
    while (!step()) continue;
    child_.end();
    // As much as a pipe holds: what has left the group may go on writing.
    for (int i = 0; i < 16 && read_output(); ++i) continue;
    for (int i = 0; i < 16 && read_errors(); ++i) continue;
    log_.end();
    if (failed_to_start_)
      program_failed(what_.program,
                     "cannot be started: " + std::generic_category().message(*failed_to_start_));
    const auto kept = static_cast<std::int64_t>(end_.output.size());
    if (kept < end_.output_bytes) utf8::drop_cut_character(end_.output);
    end_.output = utf8::escaped(end_.output);
    if (timed_out_)
      program_failed(what_.program, "ran longer than its timeout of " +
                                        std::to_string(what_.timeout.count()) + " ms");
    return end_;
  }

  bool asked_to_stop() const { return asked_; }

 private:
  /// Whether it has ended.
  bool step() {
    std::array<pollfd, 5> files{{{child_.messages.get(), POLLIN, 0},
                                 {asked_ ? -1 : stop_.file(), POLLIN, 0},
                                 {child_.output.get(), POLLIN, 0},
                                 {child_.errors.get(), POLLIN, 0},
                                 {child_.to.get(), POLLOUT, 0}}};
    ::poll(files.data(), files.size(), timeout());
    if (files[4].revents != 0) write_input();
    if (files[2].revents != 0) read_output();
    if (files[3].revents != 0) read_errors();
    if (files[1].revents != 0) ask_to_stop();
    if (is_due(stop_at_)) {
      ask_to_stop();
      timed_out_ = true;
    }
    if (is_due(kill_at_)) {
      kill_at_.reset();
      child_.signal(SIGKILL);
    }
    return files[0].revents != 0 && hear();
  }

  /// What the guard says. Whether the program has ended.
  bool hear() {
    message one;
    const auto count = ::read(child_.messages.get(), &one, sizeof one);
    if (count < 0 && errno == EINTR) return false;
    if (count != sizeof one) {
      end_.status = 128 + SIGKILL;  // with its guard
      return true;
    }
    if (one.what == message::kind::not_started) {
      failed_to_start_ = one.value;
      return false;
    }
    const auto status = one.value;
    end_.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return true;
  }

  void ask_to_stop() {
    asked_ = true;
    stop_at_.reset();
    kill_at_ = clock::now() + what_.grace;
    child_.signal(SIGTERM);
  }

  static bool is_due(const std::optional<clock::time_point>& at) {
    return at && clock::now() >= *at;
  }

  /// Until something is due; -1: nothing.
  int timeout() const {
    const auto due = kill_at_ ? kill_at_ : stop_at_;
    if (!due) return -1;
    const auto left = std::chrono::ceil<milliseconds>(*due - clock::now());
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 3'600'000));
  }

  /// A program that has stopped reading is no reason for a signal.
  void write_input() {
    const signal_kept_off none{SIGPIPE};
    const auto left = std::string_view{what_.input}.substr(written_);
    const auto count = ::write(child_.to.get(), left.data(), left.size());
    if (count > 0) written_ += static_cast<std::size_t>(count);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count < 0 || written_ == what_.input.size()) child_.to.close();
  }

  /// Whether there was something.
  bool read_output() {
    const auto bytes = read_some(child_.output);
    end_.output_bytes += static_cast<std::int64_t>(bytes.size());
    end_.output += bytes.substr(0, what_.most_output - end_.output.size());
    return !bytes.empty();
  }
  bool read_errors() {
    const auto bytes = read_some(child_.errors);
    log_.add(bytes);
    return !bytes.empty();
  }

  const program_call& what_;
  guarded_program& child_;
  log_lines log_;
  stop_signal stop_;
  std::size_t written_ = 0;
  bool asked_ = false;  // to stop
  bool timed_out_ = false;
  std::optional<int> failed_to_start_;  // an errno
  std::optional<clock::time_point> stop_at_;
  std::optional<clock::time_point> kill_at_;
  program_end end_;
};

}  // namespace

void allow_programs(const std::vector<fs::path>& folders) {
  std::vector<fs::path> chosen;
  for (const auto& given : folders) {
    std::error_code failed;
    auto real = fs::canonical(given, failed);
    if (!failed && !fs::is_directory(real))
      failed = std::make_error_code(std::errc::not_a_directory);
    if (failed) throw std::system_error(failed, "--allow-command " + given.string());
    chosen.push_back(std::move(real));
  }
  allowed = std::move(chosen);
}

program_end run_program(partition_context& p, const program_call& what) {
  const auto program = found(what.program);
  for (const auto& [name, value] : what.environment)
    if (name.empty() || name.find_first_of(std::string("=\0", 2)) != std::string::npos ||
        value.find('\0') != std::string::npos)
      program_failed(program, "is given a variable that cannot be: " + utf8::printable(name));
  for (const auto& word : what.arguments)
    if (word.find('\0') != std::string::npos)
      program_failed(program, "has an argument with a NUL in it");
  p.stop_if_requested();
  guarded_program child{program, what.arguments, environment_of(p, what)};
  conversation with{p, what, child};
  auto end = with.run();
  if (with.asked_to_stop()) p.stop_if_requested();
  return end;
}

}  // namespace partita
