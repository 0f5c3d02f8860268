#pragma once

#include <array>
#include <httplib.h>

#include "apps/partita/http/server.hpp"

namespace partita::http {

/// Waits until the socket can be read (or written), at most that long. Whether it can.
bool wait_for(int socket, short events, std::chrono::milliseconds most);

/// One request and its answer on a connection, with limits of time and size on the whole of each:
/// a client that sends or takes a byte now and then is dropped too.
class connection final : public httplib::Stream {
 public:
  connection(int socket, const server_limits& limits)
      : socket_(socket), limits_(limits), began_(clock::now()) {}

  bool is_readable() const override;
  bool is_writable() const override;
  ssize_t read(char* to, size_t size) override;
  ssize_t write(const char* from, size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  int socket() const override { return socket_; }

 private:
  using clock = std::chrono::steady_clock;
  std::chrono::milliseconds left_to_read() const;

  const int socket_;
  const server_limits& limits_;
  const clock::time_point began_;
  clock::time_point answered_{};  // when the answer began
  std::array<char, 4096> buffer_{};
  std::size_t from_ = 0, to_ = 0;
  std::size_t received_ = 0;
};

}  // namespace partita::http
