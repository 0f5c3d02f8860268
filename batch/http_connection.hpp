#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace partita {

using std::chrono::milliseconds;

/// How requests to Amazon S3, and to servers that speak as it does, are signed (AWS Signature
/// Version 4).
struct http_signature {
  std::string region;
  std::string key;
  std::string secret;
};

struct http_call {
  std::string method;                  // GET, HEAD, POST, PUT or DELETE
  std::string address;                 // http or https
  std::vector<std::string> headers{};  // "Name: value"
  std::string_view body{};             // of POST and PUT
  milliseconds connect_limit{10'000};
  milliseconds limit{60'000};  // of the whole call
  milliseconds stall_limit{};  // without a byte sent or received, in whole seconds; 0: as long
  std::size_t most_answer = 1 << 20;
  const http_signature* signature = nullptr;
  std::function<bool()> must_end{};  // asked now and then meanwhile
};

struct http_answer {
  int status = 0;
  std::string body;
  std::map<std::string, std::string> headers;  // by name in lower case
};

/// Everything but letters and digits of ASCII, '-', '.', '_' and '~' becomes %XX; and back.
std::string percent_encoded(const std::string& text);
std::string percent_decoded(const std::string& text);

/// Asks one server after the other. It keeps its connection. Used by one thread.
class http_connection {
 public:
  http_connection();

  /// The answer, whatever its status is. Redirections are not followed. Throws transient_error when
  /// there is none, or not a whole one of at most most_answer bytes: the server may have done what
  /// was asked for. Throws permanent_error for a header that could smuggle in others.
  http_answer ask(const http_call& what);

 private:
  struct closes {
    void operator()(void* easy) const;
  };
  std::unique_ptr<void, closes> easy_;
};

}  // namespace partita
