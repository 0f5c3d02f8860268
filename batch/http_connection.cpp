#include "batch/http_connection.hpp"

#include <curl/curl.h>
#include <openssl/sha.h>

#include <algorithm>
#include <cctype>
#include <new>

#include "batch/errors.hpp"

namespace partita {

namespace {

using namespace std::chrono_literals;

/// What one call collects, and what may end it.
struct call_state {
  const http_call* what = nullptr;
  http_answer answer{};
  bool is_too_long = false;
};

std::size_t keep_body(char* bytes, std::size_t, std::size_t count, void* user) {
  auto& one = *static_cast<call_state*>(user);
  one.is_too_long = one.answer.body.size() + count > one.what->most_answer;
  if (one.is_too_long) return 0;
  one.answer.body.append(bytes, count);
  return count;
}

std::size_t keep_header(char* bytes, std::size_t, std::size_t count, void* user) {
  std::string_view line{bytes, count};
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return count;
  std::string name{line.substr(0, colon)};
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  const auto begin = line.find_first_not_of(" \t", colon + 1);
  const auto end = line.find_last_not_of(" \t\r\n");
  static_cast<call_state*>(user)->answer.headers[std::move(name)] =
      begin == std::string_view::npos || end < begin ? "" : line.substr(begin, end - begin + 1);
  return count;
}

int look_for_end(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  const auto& what = *static_cast<call_state*>(user)->what;
  return what.must_end && what.must_end() ? 1 : 0;
}

std::string sha256_of(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  unsigned char hash[SHA256_DIGEST_LENGTH];
  ::SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), hash);
  std::string hex;
  for (const auto byte : hash) hex.append({digits[byte >> 4], digits[byte & 15]});
  return hex;
}

using curl_text = std::unique_ptr<char, decltype(&curl_free)>;
using header_list = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

header_list list_of(const http_call& what) {
  header_list all{nullptr, curl_slist_free_all};
  const auto add = [&](const std::string& header) {
    auto* longer = curl_slist_append(all.get(), header.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    static_cast<void>(all.release());
    all.reset(longer);
  };
  for (const auto& header : what.headers) {
    const auto odd = [](unsigned char c) { return c < 0x20 && c != '\t'; };
    if (std::any_of(header.begin(), header.end(), odd))  // it may be a secret: not shown
      throw permanent_error("a header of a request has a control character in it");
    add(header);
  }
  if (what.signature == nullptr)
    add("Expect:");  // the body goes with the request
  else
    add("x-amz-content-sha256: " + sha256_of(what.body));
  return all;
}

void choose_method(CURL* easy, const http_call& what) {
  if (what.method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    return;
  }
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, what.method.c_str());
  if (what.method != "POST" && what.method != "PUT") return;
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, what.body.empty() ? "" : what.body.data());
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(what.body.size()));
}

}  // namespace

std::string percent_encoded(const std::string& text) {
  const curl_text made{curl_easy_escape(nullptr, text.data(), static_cast<int>(text.size())),
                       curl_free};
  if (!made) throw std::bad_alloc();
  return made.get();
}

std::string percent_decoded(const std::string& text) {
  int length = 0;
  const curl_text made{
      curl_easy_unescape(nullptr, text.data(), static_cast<int>(text.size()), &length), curl_free};
  if (!made) throw std::bad_alloc();
  return {made.get(), static_cast<std::size_t>(length)};
}

void http_connection::closes::operator()(void* easy) const { curl_easy_cleanup(easy); }

http_connection::http_connection() {
  static const auto once = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (once != CURLE_OK) throw std::bad_alloc();
  easy_.reset(curl_easy_init());
  if (!easy_) throw std::bad_alloc();
}

http_answer http_connection::ask(const http_call& what) {
  const auto headers = list_of(what);
  call_state now{&what};
  char why[CURL_ERROR_SIZE]{};
  CURL* easy = easy_.get();
  // What it points to lives no longer than this call.
  const std::unique_ptr<CURL, decltype(&curl_easy_reset)> forgets{easy, curl_easy_reset};
  choose_method(easy, what);
  curl_easy_setopt(easy, CURLOPT_URL, what.address.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers.get());
  if (what.signature != nullptr) {
    const auto provider = "aws:amz:" + what.signature->region + ":s3";
    curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, provider.c_str());
    curl_easy_setopt(easy, CURLOPT_USERNAME, what.signature->key.c_str());
    curl_easy_setopt(easy, CURLOPT_PASSWORD, what.signature->secret.c_str());
  }
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(what.connect_limit.count()));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(what.limit.count()));
  if (what.stall_limit.count() > 0) {
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);  // byte a second
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, static_cast<long>(what.stall_limit / 1s));
  }
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, keep_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &now);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, keep_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &now);
  curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, look_for_end);
  curl_easy_setopt(easy, CURLOPT_XFERINFODATA, &now);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, why);
  const auto code = curl_easy_perform(easy);
  if (now.is_too_long)
    throw transient_error(what.address + " answers with more than " +
                          std::to_string(what.most_answer) + " bytes");
  if (code != CURLE_OK)
    throw transient_error(what.address +
                          " does not answer: " + (why[0] != '\0' ? why : curl_easy_strerror(code)));
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  now.answer.status = static_cast<int>(status);
  return std::move(now.answer);
}

}  // namespace partita
