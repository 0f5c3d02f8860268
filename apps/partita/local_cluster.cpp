#include "apps/partita/local_cluster.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "batch/argv.hpp"
#include "protocol/process_end.hpp"
#include "storage/clock.hpp"

namespace partita::cli {

namespace {

constexpr const char* this_program = "/proc/self/exe";
constexpr milliseconds look_every{20};

std::vector<std::string> environment_with(const std::map<std::string, std::string>& added) {
  std::vector<std::string> all;
  for (char** entry = ::environ; *entry; ++entry) {
    std::string text = *entry;
    if (!added.contains(text.substr(0, text.find('=')))) all.push_back(std::move(text));
  }
  for (const auto& [name, value] : added) all.push_back(name + "=" + value);
  return all;
}

/// In the child, between fork and exec: system calls only.
[[noreturn]] void become(pid_t parent, char** argv, char** envp) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(127);  // it died before the line above
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  auto null = ::open("/dev/null", O_RDONLY);
  if (null >= 0) ::dup2(null, STDIN_FILENO);
  if (null > STDERR_FILENO) ::close(null);
  ::dup2(STDERR_FILENO, STDOUT_FILENO);
  ::execve(this_program, argv, envp);
  ::_exit(127);
}

}  // namespace

local_cluster::~local_cluster() { kill_all(); }

pid_t local_cluster::start(const child_plan& plan) {
  auto words = plan.words;
  words.insert(words.begin(), program_invocation_short_name);
  auto environment = environment_with(plan.environment);
  auto argv = argv_of(words);
  auto envp = argv_of(environment);
  auto parent = ::getpid();
  auto pid = ::fork();
  if (pid < 0) throw std::system_error(errno, std::generic_category(), "cannot start a node");
  if (pid == 0) become(parent, argv.data(), envp.data());
  children_.push_back({pid, boot_now()});
  return pid;
}

std::size_t local_cluster::alive() {
  std::erase_if(children_, [this](const child& one) {
    int status = 0;
    if (::waitpid(one.pid, &status, WNOHANG) != one.pid) return false;
    ended_.push_back({one.pid, describe_end(status),
                      std::chrono::duration_cast<milliseconds>(boot_now() - one.started)});
    return true;
  });
  return children_.size();
}

bool local_cluster::kill(pid_t pid) {
  auto found = std::find_if(children_.begin(), children_.end(),
                            [&](const child& one) { return one.pid == pid; });
  if (found == children_.end()) return false;
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  children_.erase(found);
  return true;
}

void local_cluster::send(int signal) const {
  for (const auto& one : children_) ::kill(one.pid, signal);
}

void local_cluster::kill_all() {
  send(SIGKILL);
  for (const auto& one : children_) ::waitpid(one.pid, nullptr, 0);
  children_.clear();
}

void local_cluster::stop(signal_watch& signals, milliseconds grace) {
  const auto until = boot_now() + grace;
  send(SIGTERM);
  while (alive() > 0 && boot_now() < until)
    if (signals.wait(look_every)) return stop_now(signals);
  kill_all();
}

void local_cluster::stop_now(signal_watch& signals) {
  const auto until = boot_now() + at_once_;
  // Two that are the same would count once, if they come at the same time.
  send(SIGINT);
  send(SIGTERM);
  while (alive() > 0 && boot_now() < until)
    if (signals.wait(look_every)) break;
  kill_all();
}

}  // namespace partita::cli
