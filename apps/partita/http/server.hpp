#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "apps/partita/http/message.hpp"

namespace partita::http {

/// HOST:PORT; port 0: any that is free.
struct address {
  std::string host;
  int port = 0;

  /// "[::1]:8080" for IPv6. Throws command_error (usage).
  static address parse(const std::string& option, const std::string& text);
  /// Only programs on this machine can reach it.
  bool is_loopback() const;
  std::string text() const;
};

/// What one client, or many, may take of a server.
struct server_limits {
  int threads = 16;
  std::size_t waiting = 64;         // connections that wait for a thread; more wait in the kernel
  std::size_t head_bytes = 16'384;  // request line and headers
  std::size_t body_bytes = 262'144;
  std::chrono::milliseconds fresh{250};       // for a first request, also where others wait
  std::chrono::milliseconds request{10'000};  // to send a whole request
  std::chrono::milliseconds answer{20'000};   // to take a whole answer
  std::chrono::milliseconds idle{5'000};      // between requests of one connection
  int requests = 1'000;                       // of one connection
};

/// Has an address until it is destroyed, and answers there from `begin` on, on threads of its own.
class server {
 public:
  /// Who connects waits from now on. Throws command_error (failed) when the address cannot be
  /// listened on.
  explicit server(const address& at, const server_limits& limits = {});
  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  /// Called once.
  void begin(handler answer);

  int port() const;

 private:
  class implementation;
  std::unique_ptr<implementation> of_;
};

}  // namespace partita::http
