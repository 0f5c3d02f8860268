#include "apps/partita/service_notify.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "actors/log_event.hpp"

namespace partita::cli {

namespace {

std::string take_variable(const char* name) {
  const auto* set = std::getenv(name);
  std::string value = set ? set : "";
  ::unsetenv(name);
  return value;
}

std::int64_t whole_number(const std::string& text) {
  std::int64_t number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && stop == text.data() + text.size() && number > 0 ? number : 0;
}

/// A status is one line.
std::string one_line(std::string text) {
  for (auto& c : text)
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  return text;
}

}  // namespace

service_notify service_notify::from_environment() {
  auto socket = take_variable("NOTIFY_SOCKET");
  const auto period = whole_number(take_variable("WATCHDOG_USEC"));
  const auto whose = take_variable("WATCHDOG_PID");
  const bool ours = whose.empty() || whole_number(whose) == ::getpid();
  return service_notify{std::move(socket), microseconds{ours ? period : 0}};
}

service_notify::service_notify(std::string socket, microseconds watchdog)
    : socket_(std::move(socket)), watchdog_(socket_.empty() ? microseconds{0} : watchdog) {
  const bool has_form = socket_.starts_with('/') || socket_.starts_with('@');
  const bool fits = socket_.size() > 1 && socket_.size() < sizeof(sockaddr_un::sun_path);
  if (socket_.empty() || (has_form && fits)) return;
  log::warn("notify_socket", {}, {{"why", "NOTIFY_SOCKET is no path of a socket: not used"}});
  socket_.clear();
  watchdog_ = {};
}

bool service_notify::send(const std::string& text) const {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, socket_.data(), socket_.size());
  // An abstract name begins with a zero byte and ends where the address does.
  if (socket_.front() == '@') to.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  const int out = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (out < 0) return false;
  // Never wait for the manager: this thread has other work.
  const auto sent = ::sendto(out, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                             reinterpret_cast<const sockaddr*>(&to), size);
  ::close(out);
  return sent == static_cast<ssize_t>(text.size());
}

void service_notify::ready(const std::string& status) {
  if (socket_.empty() || ready_) return;
  status_ = one_line(status);
  ready_ = send("READY=1\nSTATUS=" + status_);
}

void service_notify::alive(mono_time now, mono_time sign, milliseconds longest) {
  if (watchdog_.count() == 0 || (fed_ != mono_time{} && now - fed_ < period())) return;
  if (now - sign <= longest) {
    if (send(stuck_ ? "WATCHDOG=1\nSTATUS=" + status_ : "WATCHDOG=1")) fed_ = now;
    stuck_ = false;
  } else if (!std::exchange(stuck_, true)) {
    const auto seconds = std::chrono::duration<double>(now - sign).count();
    send(fmt::format("STATUS=has done nothing for {:.0f} s", seconds));
    log::error("node_stuck", {}, {{"for_s", fmt::format("{:.0f}", seconds)}});
  }
}

void service_notify::stopping(const std::string& status, milliseconds most) {
  if (socket_.empty() || std::exchange(stopping_, true)) return;
  status_ = one_line(status);
  send(fmt::format("STOPPING=1\nSTATUS={}\nEXTEND_TIMEOUT_USEC={}", status_,
                   microseconds{most}.count()));
}

milliseconds service_notify::period() const {
  return std::chrono::duration_cast<milliseconds>(watchdog_ / 2);
}

}  // namespace partita::cli
