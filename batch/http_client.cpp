#include "batch/http_client.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <new>

#include "batch/addresses.hpp"
#include "batch/errors.hpp"

namespace partita {

namespace {

/// What one call collects, and what may end it.
struct call {
  const partition_context* of = nullptr;
  std::string body{};
  bool is_too_long = false;
};

std::size_t keep_body(char* bytes, std::size_t, std::size_t count, void* user) {
  auto& one = *static_cast<call*>(user);
  one.is_too_long = one.body.size() + count > http_client::most_answer;
  if (one.is_too_long) return 0;
  one.body.append(bytes, count);
  return count;
}

int look_for_stop(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<call*>(user)->of->stop_requested() ? 1 : 0;
}

using header_list = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

header_list list_of(const std::vector<std::string>& headers) {
  header_list all{nullptr, curl_slist_free_all};
  const auto add = [&](const std::string& header) {
    auto* longer = curl_slist_append(all.get(), header.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    static_cast<void>(all.release());
    all.reset(longer);
  };
  for (const auto& header : headers) {
    const auto odd = [](unsigned char c) { return c < 0x20 && c != '\t'; };
    if (std::any_of(header.begin(), header.end(), odd))  // it may be a secret: not shown
      throw permanent_error("a header of a request has a control character in it");
    add(header);
  }
  add("Expect:");  // the body goes with the request
  return all;
}

}  // namespace

void http_client::closes::operator()(void* easy) const { curl_easy_cleanup(easy); }

http_client::http_client() {
  static const auto once = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (once != CURLE_OK) throw std::bad_alloc();
  easy_.reset(curl_easy_init());
  if (!easy_) throw std::bad_alloc();
}

http_answer http_client::post(const partition_context& p, const http_request& what) {
  const auto address = require_allowed_address(what.address);
  const auto headers = list_of(what.headers);
  call now{&p};
  char why[CURL_ERROR_SIZE]{};
  CURL* easy = easy_.get();
  // What it points to lives no longer than this call.
  const std::unique_ptr<CURL, decltype(&curl_easy_reset)> forgets{easy, curl_easy_reset};
  curl_easy_setopt(easy, CURLOPT_URL, address.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, what.body.data());
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(what.body.size()));
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(what.connect_limit.count()));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(what.limit.count()));
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, keep_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &now);
  curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, look_for_stop);
  curl_easy_setopt(easy, CURLOPT_XFERINFODATA, &now);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, why);
  const auto code = curl_easy_perform(easy);
  p.stop_if_requested();
  if (now.is_too_long)
    throw transient_error(address + " answers with more than " + std::to_string(most_answer) +
                          " bytes");
  if (code != CURLE_OK)
    throw transient_error(address +
                          " does not answer: " + (why[0] != '\0' ? why : curl_easy_strerror(code)));
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  return {static_cast<int>(status), std::move(now.body)};
}

}  // namespace partita
