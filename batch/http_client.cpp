#include "batch/http_client.hpp"

#include "batch/addresses.hpp"

namespace partita {

http_answer http_client::post(const partition_context& p, const http_request& what) {
  http_call call{
      "POST",    require_allowed_address(what.address), what.headers, what.body, what.connect_limit,
      what.limit};
  call.must_end = [&p] { return p.stop_requested(); };
  try {
    auto answer = connection_.ask(call);
    p.stop_if_requested();
    return answer;
  } catch (const transient_error&) {
    p.stop_if_requested();
    throw;
  }
}

}  // namespace partita
