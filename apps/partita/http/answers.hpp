#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "apps/partita/http/message.hpp"
#include "protocol/values.hpp"

namespace partita::http {

/// One answer for all who ask the same within a second: ten viewers cost the database what one
/// does. An answer that says that the database is away counts too.
class answers {
 public:
  explicit answers(milliseconds kept = milliseconds{1000}) : kept_(kept) {}

  /// With an ETag; 304 without a body for who has it already.
  response get(const request& what, const std::function<response()>& make);
  /// The same for who must not wait: 503, as text, while the answer is being made for another.
  response get_soon(const request& what, const std::function<response()>& make);

 private:
  struct slot {
    std::mutex guard;    // held while somebody makes the answer
    std::mutex of_last;  // of what follows
    mono_time made{};
    std::shared_ptr<const response> last;
    std::string etag;
  };
  bool is_old(slot& one, mono_time now) const;
  static response last_of(const slot& of, const request& what);
  response answer(slot& of, const request& what, const std::function<response()>& make);
  std::shared_ptr<slot> slot_of(const std::string& key, mono_time now);

  const milliseconds kept_;
  std::mutex guard_;
  std::map<std::string, std::shared_ptr<slot>> slots_;
};

/// Of a text: 64-bit FNV-1a, in quotes.
std::string etag_of(const std::string& text);

/// Whether a request says that it has this version.
bool has_version(const request& what, const std::string& etag);

}  // namespace partita::http
