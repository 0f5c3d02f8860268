#include "tests/sim/child.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <stdexcept>

namespace partita::sim {

child::child(const std::function<std::string()>& compute) {
  std::fflush(stdout);
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error("there is no pipe");
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("there is no process");
  if (pid_ == 0) {
    ::close(ends[0]);
    auto text = compute();
    auto written = ::write(ends[1], text.data(), text.size());
    std::fflush(stdout);
    ::_exit(written == static_cast<ssize_t>(text.size()) ? 0 : 1);
  }
  ::close(ends[1]);
  from_ = ends[0];
}

std::string child::wait() {
  std::string text;
  char buffer[4096];
  for (ssize_t n = 0; (n = ::read(from_, buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(n));
  ::close(from_);
  int status = 0;
  ::waitpid(pid_, &status, 0);
  if (status != 0) throw std::runtime_error("a process of the simulation died");
  return text;
}

}  // namespace partita::sim
