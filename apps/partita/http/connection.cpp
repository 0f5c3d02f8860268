#include "apps/partita/http/connection.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "storage/clock.hpp"

namespace partita::http {

namespace {

using std::chrono::milliseconds;

void name_of(const sockaddr_storage& who, std::string& ip, int& port) {
  char text[INET6_ADDRSTRLEN] = "";
  if (who.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(who);
    ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    port = ntohs(v4.sin_port);
  } else if (who.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(who);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
    port = ntohs(v6.sin6_port);
  }
  ip = text;
}

}  // namespace

bool wait_for(int socket, short events, milliseconds most) {
  const auto until = boot_now() + most;
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(until - boot_now()).count();
    pollfd one{socket, events, 0};
    const auto ready = ::poll(&one, 1, static_cast<int>(std::max<std::int64_t>(0, left)));
    if (ready >= 0 || errno != EINTR) return ready > 0;
  }
}

void connection::begin_request() {
  began_ = boot_now();
  answered_ = {};
  refused_ = false;
  received_ = to_ - from_;
}

milliseconds connection::left_to_read() const {
  return std::chrono::duration_cast<milliseconds>(began_ + limits_.request - boot_now());
}

bool connection::is_readable() const {
  return from_ < to_ || wait_for(socket_, POLLIN, left_to_read());
}

bool connection::is_writable() const { return wait_for(socket_, POLLOUT, limits_.answer); }

ssize_t connection::read(char* to, size_t size) {
  if (from_ == to_) {
    const auto most = limits_.head_bytes + limits_.body_bytes;
    if (received_ >= most || !wait_for(socket_, POLLIN, left_to_read())) return -1;
    const auto got = ::recv(socket_, buffer_.data(), std::min(buffer_.size(), most - received_), 0);
    if (got <= 0) return got;
    from_ = 0;
    to_ = static_cast<std::size_t>(got);
    received_ += to_;
  }
  const auto taken = std::min(size, to_ - from_);
  std::memcpy(to, buffer_.data() + from_, taken);
  from_ += taken;
  return static_cast<ssize_t>(taken);
}

ssize_t connection::write(const char* from, size_t size) {
  if (answered_ == mono_time{}) {
    answered_ = boot_now();
    constexpr std::string_view head = "HTTP/1.1 4";  // or 5
    refused_ = size >= head.size() && std::string_view{from, head.size() - 1} == "HTTP/1.1 " &&
               from[head.size() - 1] >= '4';
  }
  const auto left =
      std::chrono::duration_cast<milliseconds>(answered_ + limits_.answer - boot_now());
  if (left <= milliseconds{0} || !wait_for(socket_, POLLOUT, left)) return -1;
  return ::send(socket_, from, size, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void connection::get_remote_ip_and_port(std::string& ip, int& port) const {
  sockaddr_storage who{};
  socklen_t size = sizeof who;
  if (::getpeername(socket_, reinterpret_cast<sockaddr*>(&who), &size) == 0) name_of(who, ip, port);
}

void connection::get_local_ip_and_port(std::string& ip, int& port) const {
  sockaddr_storage who{};
  socklen_t size = sizeof who;
  if (::getsockname(socket_, reinterpret_cast<sockaddr*>(&who), &size) == 0) name_of(who, ip, port);
}

}  // namespace partita::http
