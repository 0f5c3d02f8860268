#pragma once

#include <exception>
#include <stdexcept>
#include <string>

#include "apps/partita/http/message.hpp"

namespace partita::http {

/// An answer that says why something was not done.
class http_error : public std::runtime_error {
 public:
  http_error(int status, std::string code, const std::string& sentence, std::string hint = "")
      : std::runtime_error(sentence),
        status_(status),
        code_(std::move(code)),
        hint_(std::move(hint)) {}

  int status() const { return status_; }
  const std::string& code() const { return code_; }
  const std::string& hint() const { return hint_; }

 private:
  int status_;
  std::string code_;
  std::string hint_;
};

/// {"error":{"code","message","hint","details"}}
response error_response(int status, const std::string& code, const std::string& message,
                        const std::string& hint = "");
/// Of a status that says all there is to say.
response error_response(int status);
/// What was thrown as an answer.
response error_response(const std::exception_ptr& error);

/// The answer, or what it throws as one.
response guarded(const handler& answer, const request& what);

}  // namespace partita::http
