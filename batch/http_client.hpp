#pragma once

#include <memory>
#include <string>
#include <vector>

#include "batch/partition_context.hpp"

namespace partita {

struct http_request {
  std::string address;               // batch/addresses.hpp
  std::vector<std::string> headers;  // "Name: value"
  std::string body;
  milliseconds connect_limit{10'000};
  milliseconds limit{60'000};  // of the whole call
};

struct http_answer {
  int status = 0;
  std::string body;
};

/// Asks one server after the other. It keeps its connection. Used by one thread.
class http_client {
 public:
  static constexpr std::size_t most_answer = 1 << 20;  // bytes

  http_client();

  /// Its answer, whatever its status is. Redirections are not followed. Throws transient_error when
  /// there is none, or not a whole one of at most most_answer: the server may have done what was
  /// asked for. Throws stop_requested_error when `p` is asked to stop meanwhile, permanent_error
  /// for an address that may not be reached.
  http_answer post(const partition_context& p, const http_request& what);

 private:
  struct closes {
    void operator()(void* easy) const;
  };
  std::unique_ptr<void, closes> easy_;
};

}  // namespace partita
