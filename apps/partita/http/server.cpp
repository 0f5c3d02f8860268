#include "apps/partita/http/server.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "actors/log_event.hpp"
#include "apps/partita/errors.hpp"
#include "apps/partita/http/connection.hpp"
#include "apps/partita/http/errors.hpp"
#include "apps/partita/http/gzip.hpp"
#include "apps/partita/http/task_queue.hpp"
#include "storage/clock.hpp"

namespace partita::http {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds look_for_others_every{50};
constexpr milliseconds listen_again_after{500};

/// httplib would compress what is compressed already: it must not see who takes that.
constexpr auto hidden_encodings = "Hidden-Accept-Encoding";
void hide_encodings(httplib::Request& r) {
  r.headers.erase(hidden_encodings);
  const auto taken = r.get_header_value("Accept-Encoding");
  r.headers.erase("Accept-Encoding");
  r.headers.emplace(hidden_encodings, taken);
}

request request_of(const httplib::Request& from) {
  request to;
  to.method = from.method;
  to.path = from.path;
  to.query = {from.params.begin(), from.params.end()};
  for (const auto& [name, value] : from.headers)
    to.headers.emplace(name == hidden_encodings ? "accept-encoding" : lower(name), value);
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
      {"Accept-Ranges", "none"},
      {"Cross-Origin-Resource-Policy", "same-origin"}};
  return headers;
}

bool is_text(const std::string& type) {
  return type.starts_with("text/") || type == "application/json" || type == "image/svg+xml";
}

/// Answers are not compressed as well as Brotli can, which takes longer than to send them.
void give(const response& from, httplib::Response& to, bool takes_gzip) {
  to.status = from.status;
  for (const auto& [name, value] : from.headers) to.set_header(name, value);
  if (is_text(from.type)) to.set_header("Vary", "Accept-Encoding");
  if (from.status == 304) return;
  if (!takes_gzip || !is_text(from.type) || from.body.empty())
    return to.set_content(from.body, from.type);
  to.set_header("Content-Encoding", "gzip");
  to.set_content(from.packed.empty() ? gzipped(from.body) : from.packed, from.type);
}

/// The one length that these headers tell; nothing when it is not clear.
std::optional<std::uint64_t> length_in(const httplib::Headers& headers) {
  const auto [first, last] = headers.equal_range("Content-Length");
  if (std::distance(first, last) != 1) return std::nullopt;
  std::uint64_t length = 0;
  const auto& text = first->second;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (end != text.data() + text.size() || text.empty()) return std::nullopt;
  return error == std::errc::result_out_of_range ? UINT64_MAX : length;
}

/// A name with anything else, a space before the colon for one, may be read in two ways.
bool is_header_name(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || std::strchr("!#$%&'*+-.^_`|~", c) != nullptr;
  });
}

/// Before a request is answered: where its body ends must be beyond doubt, or what follows would be
/// taken for a request of its own. Bodies are taken as they are: a small one that unpacks to a
/// large one is not. Answers are not cut into ranges. Throws http_error. Returns whether the body
/// will not be read.
bool prepare(httplib::Request& r, std::size_t largest_body) {
  const bool chunked = r.has_header("Transfer-Encoding");
  const bool counted = r.has_header("Content-Length");
  const auto length = counted ? length_in(r.headers) : 0;
  if (!length || (chunked && (counted || r.headers.count("Transfer-Encoding") != 1 ||
                              r.get_header_value("Transfer-Encoding") != "chunked")))
    throw http_error(400, "http_400", "the length of the request is not clear");
  for (const auto& [name, value] : r.headers)
    if (!is_header_name(name)) throw http_error(400, "http_400", "a header has no valid name");
  if (*length > largest_body) throw http_error(413, "http_413", "the request is too large");
  if (r.has_header("Content-Encoding"))
    throw http_error(415, "http_415", "the body must not be compressed");
  if (!chunked && !counted) r.headers.emplace("Content-Length", "0");
  hide_encodings(r);
  r.headers.erase("Range");
  r.ranges.clear();
  const bool has_body = chunked || *length > 0;
  return has_body && r.method != "POST" && r.method != "PUT" && r.method != "PATCH";
}

/// A connection that does not keep a thread from those that wait, nor for ever.
class bounded_server final : public httplib::Server {
 public:
  explicit bounded_server(const server_limits& limits) : limits_(limits) {
    new_task_queue = [this] {
      std::lock_guard lock{mutex_};
      const auto gone = [this] {
        std::lock_guard again{mutex_};
        queue_ = nullptr;
      };
      return queue_ = new task_queue{limits_.threads, limits_.waiting, gone};  // httplib deletes it
    };
    set_payload_max_length(limits_.body_bytes);
    set_keep_alive_max_count(static_cast<std::size_t>(limits_.requests));
    set_keep_alive_timeout(std::chrono::duration_cast<std::chrono::seconds>(limits_.idle).count());
    // Not SO_REUSEPORT, its default: then two nodes could listen at one address.
    set_socket_options([](int socket) {
      const int yes = 1;
      ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    });
    set_tcp_nodelay(true);
  }

  /// Nobody waits for a client any more.
  void end() {
    {
      std::lock_guard lock{mutex_};
      ending_ = true;
      if (queue_ != nullptr) queue_->end();
      for (int socket : open_) ::shutdown(socket, SHUT_RDWR);
    }
    stop();
  }

 private:
  bool process_and_close_socket(int socket) override {
    if (!open(socket)) return false;
    connection one{socket, limits_};
    for (int i = 1; wait_for_request(one, i == 1) && answer(one, i == limits_.requests); ++i) {
    }
    close(socket);
    return true;
  }

  /// Whether another request may follow.
  bool answer(connection& one, bool last) {
    one.begin_request();
    bool closed = false, unread = false;
    last = last || is_wanted();
    try {
      const auto setup = [&](httplib::Request& r) { unread = prepare(r, limits_.body_bytes); };
      return process_request(one, last, closed, setup) && !closed && !last && !unread &&
             !one.refused();
    } catch (const http_error&) {
      write_refusal(one, error_response(std::current_exception()));
    } catch (const std::exception& e) {
      log::error("http_failed", {}, {{"why", e.what()}});
    }
    return false;
  }

  static void write_refusal(httplib::Stream& to, const response& refused) {
    auto text = "HTTP/1.1 " + std::to_string(refused.status) + " Refused\r\nConnection: close\r\n";
    for (const auto& [name, value] : safe_headers()) text += name + ": " + value + "\r\n";
    text += "Content-Type: " + refused.type +
            "\r\nContent-Length: " + std::to_string(refused.body.size()) + "\r\n\r\n";
    to.write(text + refused.body);
  }

  bool wait_for_request(const connection& one, bool first) {
    const auto begun = boot_now();
    const auto until = begun + (first ? limits_.request : limits_.idle);
    // Browsers do not repeat a request that a connection cuts off which was never used before.
    const auto kept_until = begun + (first ? limits_.fresh : std::chrono::milliseconds{0});
    while (!one.has_more() && !wait_for(one.socket(), POLLIN, look_for_others_every)) {
      const auto now = boot_now();
      if (now >= until || (now >= kept_until && is_wanted())) return false;
    }
    return true;
  }

  /// Whether this thread should make room.
  bool is_wanted() {
    std::lock_guard lock{mutex_};
    return ending_ || queue_ == nullptr || queue_->is_wanted();
  }

  bool open(int socket) {
    std::lock_guard lock{mutex_};
    if (!ending_) open_.insert(socket);
    if (ending_) ::close(socket);
    return !ending_;
  }

  void close(int socket) {
    std::lock_guard lock{mutex_};
    open_.erase(socket);
    ::shutdown(socket, SHUT_RDWR);
    ::close(socket);
  }

  const server_limits limits_;
  std::mutex mutex_;
  task_queue* queue_ = nullptr;
  std::set<int> open_;  // the sockets of clients
  bool ending_ = false;
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
  implementation(const address& at, const server_limits& limits) : server_(limits), host_(at.host) {
    const auto handle = [this](const httplib::Request& from, httplib::Response& to) {
      const auto what = request_of(from);
      const auto answered = guarded(answer_, what);
      log::debug("http", {},
                 {{"method", what.method}, {"path", what.path}, {"status", answered.status}});
      give(answered, to, what.takes_gzip());
    };
    server_.Get(".*", handle).Post(".*", handle).Put(".*", handle).Patch(".*", handle);
    server_.Delete(".*", handle).Options(".*", handle);
    server_.set_default_headers(safe_headers());
    // What never reached the handler: it was malformed or too large.
    server_.set_error_handler([](const httplib::Request&, httplib::Response& to) {
      if (to.body.empty() && to.status >= 400) give(error_response(to.status), to, false);
    });
    port_ = at.port;
    if (at.port == 0)
      port_ = server_.bind_to_any_port(at.host);
    else if (!server_.bind_to_port(at.host, at.port))
      port_ = -1;
    if (port_ < 0)
      throw cli::command_error(
          cli::exit_code::failed, "address",
          "cannot listen at " + at.text() + ": it is in use, or not an address of this machine");
  }

  void begin(handler answer) {
    answer_ = std::move(answer);
    listens_ = std::thread{[this] { listen(); }};
    while (!server_.is_running()) std::this_thread::yield();
  }

  ~implementation() {
    if (!listens_.joinable()) return;  // httplib leaves the socket to the end of the process
    {
      std::unique_lock lock{guard_};
      ending_ = true;
      over_.notify_all();
      // Again and again: it may be about to listen anew.
      do {
        lock.unlock();
        server_.end();
        lock.lock();
      } while (!over_.wait_for(lock, look_for_others_every, [this] { return has_ended_; }));
    }
    listens_.join();
  }

  int port() const { return port_; }

 private:
  /// Where the kernel is short of something, httplib stops to listen.
  void listen() {
    server_.listen_after_bind();
    std::unique_lock lock{guard_};
    while (!over_.wait_for(lock, listen_again_after, [this] { return ending_; })) {
      log::error("http_stopped", {}, {{"why", "connections cannot be accepted"}, {"port", port_}});
      if (!server_.bind_to_port(host_, port_)) continue;
      lock.unlock();
      server_.listen_after_bind();
      lock.lock();
    }
    has_ended_ = true;
    over_.notify_all();
  }

  bounded_server server_;
  const std::string host_;
  handler answer_;
  int port_ = 0;
  std::mutex guard_;
  std::condition_variable over_;
  bool ending_ = false, has_ended_ = false;
  std::thread listens_;
};

server::server(const address& at, const server_limits& limits)
    : of_(std::make_unique<implementation>(at, limits)) {}
server::~server() = default;
void server::begin(handler answer) { of_->begin(std::move(answer)); }
int server::port() const { return of_->port(); }

}  // namespace partita::http
