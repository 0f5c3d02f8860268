#pragma once

#include <string>
#include <vector>

#include "batch/http_connection.hpp"
#include "batch/partition_context.hpp"

namespace partita {

struct http_request {
  std::string address;               // batch/addresses.hpp
  std::vector<std::string> headers;  // "Name: value"
  std::string body;
  milliseconds connect_limit{10'000};
  milliseconds limit{60'000};  // of the whole call
};

/// Asks servers on behalf of a partition. It keeps its connection. Used by one thread.
class http_client {
 public:
  /// What http_connection::ask answers and throws. Throws stop_requested_error when `p` is asked to
  /// stop meanwhile, permanent_error for an address that may not be reached.
  http_answer post(const partition_context& p, const http_request& what);

 private:
  http_connection connection_;
};

}  // namespace partita
