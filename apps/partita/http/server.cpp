#include "apps/partita/http/server.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <future>

#include "actors/log_event.hpp"
#include "apps/partita/errors.hpp"
#include "apps/partita/http/connection.hpp"
#include "apps/partita/http/errors.hpp"
#include "apps/partita/http/task_queue.hpp"

namespace partita::http {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds look_for_others_every{50};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

request request_of(const httplib::Request& from) {
  request to;
  to.method = from.method;
  to.path = from.path;
  to.query = {from.params.begin(), from.params.end()};
  for (const auto& [name, value] : from.headers) to.headers.emplace(lower(name), value);
  to.body = from.body;
  return to;
}

/// What every answer carries: no page of ours is shown inside another, runs code that is not ours,
/// or is taken for another type.
const httplib::Headers& safe_headers() {
  static const httplib::Headers headers{
      {"Content-Security-Policy",
       "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; "
       "frame-ancestors 'none'"},
      {"X-Content-Type-Options", "nosniff"},
      {"X-Frame-Options", "DENY"},
      {"Referrer-Policy", "no-referrer"},
      {"Cross-Origin-Resource-Policy", "same-origin"}};
  return headers;
}

void give(const response& from, httplib::Response& to) {
  to.status = from.status;
  for (const auto& [name, value] : from.headers) to.set_header(name, value);
  if (from.status != 304) to.set_content(from.body, from.type.c_str());
}

/// A connection that does not keep a thread from those that wait, nor for ever.
class bounded_server final : public httplib::Server {
 public:
  explicit bounded_server(const server_limits& limits) : limits_(limits) {
    new_task_queue = [this] {
      std::lock_guard lock{mutex_};
      return queue_ = new task_queue{limits_.threads, limits_.waiting};  // httplib deletes it
    };
    set_payload_max_length(limits_.body_bytes);
    // Not SO_REUSEPORT, its default: then two nodes could listen at one address.
    set_socket_options([](int socket) {
      const int yes = 1;
      ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    });
    set_tcp_nodelay(true);
  }

  void end() {
    {
      std::lock_guard lock{mutex_};
      if (queue_ != nullptr) queue_->end();
    }
    stop();
  }

 private:
  bool process_and_close_socket(int socket) override {
    bool well = true;
    for (int i = 1; well && wait_for_request(socket, i == 1); ++i) {
      connection one{socket, limits_};
      bool closed = false;
      const bool last = i == limits_.requests || queue_->is_wanted();
      well = process_request(one, last, closed, [](httplib::Request& r) { spare_brotli(r); }) &&
             !closed && !last;
    }
    ::shutdown(socket, SHUT_RDWR);
    ::close(socket);
    return well;
  }

  bool wait_for_request(int socket, bool first) {
    const auto until = std::chrono::steady_clock::now() + (first ? limits_.request : limits_.idle);
    while (!wait_for(socket, POLLIN, look_for_others_every))
      if (queue_->is_wanted() || std::chrono::steady_clock::now() >= until) return false;
    return true;
  }

  /// It would be compressed as well as Brotli can, which takes longer than to send it.
  static void spare_brotli(httplib::Request& r) {
    const auto accepts = r.headers.find("Accept-Encoding");
    if (accepts == r.headers.end()) return;
    const bool gzip = accepts->second.find("gzip") != std::string::npos;
    r.headers.erase("Accept-Encoding");
    if (gzip) r.headers.emplace("Accept-Encoding", "gzip");
  }

  const server_limits limits_;
  std::mutex mutex_;
  task_queue* queue_ = nullptr;
};

}  // namespace

address address::parse(const std::string& option, const std::string& text) {
  const auto refuse = [&] {
    return cli::usage_error("--" + option + " must be HOST:PORT, such as 127.0.0.1:8080, not " +
                            text);
  };
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) throw refuse();
  address at{text.substr(0, colon), 0};
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, at.port);
  if (error != std::errc{} || stop != end || at.port < 0 || at.port > 65535) throw refuse();
  if (at.host.front() == '[' && at.host.back() == ']')
    at.host = at.host.substr(1, at.host.size() - 2);
  else if (at.host.find(':') != std::string::npos)
    throw refuse();
  return at;
}

bool address::is_loopback() const {
  in_addr v4{};
  if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> 24 == 127;
  return host == "localhost" || host == "::1";
}

std::string address::text() const {
  const auto name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return name + ":" + std::to_string(port);
}

class server::implementation {
 public:
  implementation(const address& at, handler answer, const server_limits& limits)
      : server_(limits), answer_(std::move(answer)) {
    const auto handle = [this](const httplib::Request& from, httplib::Response& to) {
      const auto what = request_of(from);
      const auto answered = guarded(answer_, what);
      log::debug("http", {}, {{"method", what.method}, {"path", what.path},
                              {"status", answered.status}});
      give(answered, to);
    };
    server_.Get(".*", handle).Post(".*", handle).Put(".*", handle).Patch(".*", handle);
    server_.Delete(".*", handle).Options(".*", handle);
    server_.set_default_headers(safe_headers());
    // What never reached the handler: it was malformed or too large.
    server_.set_error_handler([](const httplib::Request&, httplib::Response& to) {
      if (to.body.empty() && to.status >= 400) give(error_response(to.status), to);
    });
    port_ = at.port;
    if (at.port == 0)
      port_ = server_.bind_to_any_port(at.host);
    else if (!server_.bind_to_port(at.host, at.port))
      port_ = -1;
    if (port_ < 0)
      throw cli::command_error(cli::exit_code::usage, "address",
                               "cannot listen at " + at.text() +
                                   ": it is in use, or not an address of this machine");
    listens_ = std::thread{[this] { server_.listen_after_bind(); }};
    while (!server_.is_running()) std::this_thread::yield();
  }

  ~implementation() {
    server_.end();
    listens_.join();
  }

  int port() const { return port_; }

 private:
  bounded_server server_;
  const handler answer_;
  int port_ = 0;
  std::thread listens_;
};

server::server(const address& at, handler answer, const server_limits& limits)
    : of_(std::make_unique<implementation>(at, std::move(answer), limits)) {}
server::~server() = default;
int server::port() const { return of_->port(); }

}  // namespace partita::http
