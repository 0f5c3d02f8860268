#include "apps/partita/http/errors.hpp"

#include "actors/log_event.hpp"
#include "apps/partita/errors.hpp"
#include "apps/partita/text.hpp"
#include "protocol/errors.hpp"

namespace partita::http {

namespace {

int status_of(errc code) {
  switch (code) {
    case errc::not_found:
      return 404;
    case errc::bad_request:
      return 400;
    case errc::already_running:
    case errc::launch_key_taken:
    case errc::wrong_state:
      return 409;
    case errc::missing_right:
      return 403;
    default:
      return 503;  // the database is away, or not as this program needs it
  }
}

std::string meaning_of(int status) {
  switch (status) {
    case 400:
      return "the request is malformed";
    case 404:
      return "there is nothing at this address";
    case 405:
      return "this method does nothing here";
    case 413:
      return "the request is too large";
    case 414:
      return "the address is too long";
    case 415:
      return "a request that changes something must be application/json";
    case 431:
      return "the headers are too large";
    default:
      return "the request could not be answered";
  }
}

}  // namespace

response error_response(int status, const std::string& code, const std::string& message,
                        const std::string& hint) {
  const cli::document body{{"error",
                            {{"code", code},
                             {"message", message},
                             {"hint", hint.empty() ? cli::document(nullptr) : cli::document(hint)},
                             {"details", nullptr}}}};
  response answer{status, "application/json", cli::dump(body) + "\n"};
  if (status == 401) answer.headers.emplace_back("WWW-Authenticate", "Bearer");
  if (status == 503) answer.headers.emplace_back("Retry-After", "2");
  return answer;
}

response error_response(int status) {
  return error_response(status, "http_" + std::to_string(status), meaning_of(status));
}

response error_response(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const http_error& e) {
    return error_response(e.status(), e.code(), e.what(), e.hint());
  } catch (const store_error& e) {
    return error_response(status_of(e.code()), std::string{to_string(e.code())}, e.what());
  } catch (const cli::command_error& e) {
    const auto status = e.exit() == cli::exit_code::not_found ? 404 : 400;
    return error_response(status, e.code(), e.what(), e.hint());
  } catch (const std::exception& e) {
    log::error("http_failed", {}, {{"why", e.what()}});
    return error_response(500, "internal", e.what());
  }
}

response guarded(const handler& answer, const request& what) {
  try {
    return answer(what);
  } catch (...) {
    return error_response(std::current_exception());
  }
}

}  // namespace partita::http
