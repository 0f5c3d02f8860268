#pragma once

#include <httplib.h>
#include <array>

#include "apps/partita/http/server.hpp"
#include "protocol/values.hpp"

namespace partita::http {

/// Waits until the socket can be read (or written), at most that long. Whether it can.
bool wait_for(int socket, short events, std::chrono::milliseconds most);

/// What comes and goes on a socket, with limits of time and size on the whole of each request and
/// answer: a client that sends or takes a byte now and then is dropped too.
class connection final : public httplib::Stream {
 public:
  connection(int socket, const server_limits& limits) : socket_(socket), limits_(limits) {}

  /// What is read from now on belongs to the next request.
  void begin_request();
  /// Whether a part of the next request has been received already.
  bool has_more() const { return from_ < to_; }
  /// Whether the answer was an error. Then the rest of its request may still be on the way.
  bool refused() const { return refused_; }

  bool is_readable() const override;
  bool is_writable() const override;
  ssize_t read(char* to, size_t size) override;
  ssize_t write(const char* from, size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  int socket() const override { return socket_; }

 private:
  std::chrono::milliseconds left_to_read() const;

  const int socket_;
  const server_limits& limits_;
  mono_time began_{};
  mono_time answered_{};  // when the answer began
  bool refused_ = false;
  std::array<char, 4096> buffer_{};
  std::size_t from_ = 0, to_ = 0;
  std::size_t received_ = 0;
};

}  // namespace partita::http
