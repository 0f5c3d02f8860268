#include "apps/partita/service_notify.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <cstdlib>
#include <cstring>
#include <filesystem>

using namespace partita;
using namespace std::chrono_literals;
using partita::cli::service_notify;

namespace {

/// The socket of a service manager: what is sent to it stays until it is read.
class manager {
 public:
  /// "@NAME" for an abstract one.
  explicit manager(const std::string& name) : name_(name) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::memcpy(at.sun_path, name.data(), name.size());
    if (name.front() == '@') at.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    REQUIRE(::bind(in_, reinterpret_cast<const sockaddr*>(&at), size) == 0);
  }
  ~manager() {
    ::close(in_);
    if (name_.front() == '/') std::filesystem::remove(name_);
  }
  manager(const manager&) = delete;
  manager& operator=(const manager&) = delete;

  /// The next message; "" when there is none.
  std::string next() const {
    char text[4096];
    const auto got = ::recv(in_, text, sizeof text, MSG_DONTWAIT);
    return got > 0 ? std::string(text, static_cast<std::size_t>(got)) : "";
  }

 private:
  const std::string name_;
  const int in_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
};

std::string socket_name(const std::string& kind) {
  const auto unique = "partita-notify-" + std::to_string(::getpid());
  return kind == "abstract" ? "@" + unique
                            : (std::filesystem::temp_directory_path() / unique).string();
}

constexpr mono_time start{1h};

}  // namespace

TEST_CASE("a service manager hears that the process is ready, alive and stopping") {
  const auto name = socket_name(GENERATE(as<std::string>{}, "path", "abstract"));
  const manager systemd{name};
  service_notify service{name, 30s};
  service.ready("has joined as\nnode 1");
  CHECK(systemd.next() == "READY=1\nSTATUS=has joined as node 1");
  service.alive(start, start, 1s);
  CHECK(systemd.next() == "WATCHDOG=1");
  service.stopping("drains", 60s);
  CHECK(systemd.next() == "STOPPING=1\nSTATUS=drains\nEXTEND_TIMEOUT_USEC=60000000");

  service.ready("has joined");
  service.stopping("drains", 60s);
  CHECK(systemd.next().empty());  // each once
}

TEST_CASE("WATCHDOG=1 comes at half of the time, and not while the process is stuck") {
  const auto name = socket_name("abstract");
  const manager systemd{name};
  service_notify service{name, 30s};
  CHECK(service.period() == 15s);
  service.ready("has joined");
  CHECK(systemd.next().starts_with("READY=1"));
  service.alive(start, start, 2s);
  CHECK(systemd.next() == "WATCHDOG=1");
  service.alive(start + 14s, start + 14s, 2s);
  CHECK(systemd.next().empty());
  service.alive(start + 15s, start + 14s, 2s);
  CHECK(systemd.next() == "WATCHDOG=1");

  service.alive(start + 30s, start + 14s, 2s);
  CHECK(systemd.next() == "STATUS=has done nothing for 16 s");
  service.alive(start + 31s, start + 14s, 2s);
  CHECK(systemd.next().empty());
  service.alive(start + 32s, start + 32s, 2s);
  CHECK(systemd.next() == "WATCHDOG=1\nSTATUS=has joined");
}

TEST_CASE("a message that nobody takes is sent again, and does not end the process") {
  const auto name = socket_name("path");
  service_notify service{name, 30s};
  service.ready("has joined");
  service.alive(start, start, 1s);
  const manager late{name};
  service.ready("has joined");
  CHECK(late.next().starts_with("READY=1"));
  service.alive(start + 1s, start + 1s, 1s);
  CHECK(late.next() == "WATCHDOG=1");
}

TEST_CASE(
    "what the environment says is taken out of it, and another process's watchdog is not ours") {
  const auto name = socket_name("abstract");
  const auto period = [&](const std::string& pid) {
    ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
    ::setenv("WATCHDOG_USEC", "4000000", 1);
    if (!pid.empty()) ::setenv("WATCHDOG_PID", pid.c_str(), 1);
    const auto found = service_notify::from_environment().period();
    for (const auto* variable : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"})
      CHECK(std::getenv(variable) == nullptr);
    return found;
  };
  CHECK(period("") == 2s);
  CHECK(period(std::to_string(::getpid())) == 2s);
  CHECK(period("1") == 0s);
}

TEST_CASE("without a service manager, or with an address that is none, nothing happens") {
  const auto socket =
      GENERATE(as<std::string>{}, "", "@", "relative", "vsock:2:1234", "/" + std::string(200, 'x'));
  service_notify service{socket, 30s};
  service.ready("has joined");
  service.alive(start, start, 1s);
  service.stopping("drains", 60s);
  CHECK(service.period() == 0s);
}
