#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "batch/http_connection.hpp"
#include "batch/objects/object_name.hpp"

namespace partita {

/// Where the store is, and who asks it. Read from the environment by the names that other programs
/// for such stores use: AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL (else Amazon's own of the region);
/// AWS_REGION or AWS_DEFAULT_REGION (else us-east-1); AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and
/// AWS_SESSION_TOKEN, else those of AWS_PROFILE (else "default") in the file
/// AWS_SHARED_CREDENTIALS_FILE (else ~/.aws/credentials).
struct object_access {
  std::string endpoint;
  http_signature who;
  std::string token;
};

/// Throws permanent_error when no key and secret are found, or the file cannot be read.
object_access access_of_environment();

struct object_state {
  std::int64_t size = 0;
  std::string etag;  // changes with the content
  std::string mark;  // what `put` was given
};

struct object_limits {
  std::int64_t part = 16 << 20;  // bytes: what is larger is sent in parts
  int listed = 1'000;            // keys of a page
  int tries = 7;                 // of each request
  milliseconds wait{200};        // before the second try; it doubles
  milliseconds stall{60'000};    // a transfer of which no byte comes through for so long has failed
  milliseconds longest{1'800'000};  // of a request
  bool by_this_host = true;         // may copy by way of it
};

/// Reads and writes objects. A request that fails for a reason that can pass (no answer, 408, 429,
/// 5xx) is repeated some times. Then, each verb throws transient_error; permanent_error when the
/// store refuses. Both tell the name of the object and what the store says. Used by one thread.
class object_store {
 public:
  explicit object_store(object_limits limits = {}) : limits_(limits) {}

  /// Nothing: there is no such object, or no such bucket: the store does not tell which.
  std::optional<object_state> find(const object_name& name);
  /// Throws permanent_error where the bucket is not there; not where the store does not say so.
  void require_bucket(const object_name& name);

  /// `most` bytes from `offset`, which must be there. `etag` is of the state that is meant: throws
  /// permanent_error "NAME changed while the run was under way" for another one.
  std::string read(const object_name& name, std::int64_t offset, std::int64_t most,
                   const std::string& etag);

  /// All bytes of an open file, in parts where they are many: the object has its new content when
  /// all of it has arrived, and not before. `mark` is kept with it, also by a copy. What is sent is
  /// signed with its SHA-256, so the store refuses what arrives otherwise.
  /// Throws stop_requested_error once `stop` asks for it.
  void put(const object_name& name, int file, const std::string& mark,
           const std::stop_token& stop = {});
  void put_text(const object_name& name, std::string_view text);

  /// Within the store. False: there is no `from`.
  bool copy(const object_name& from, const object_name& to);
  /// By way of this host: for what is larger than the store copies at once.
  bool copy_in_parts(const object_name& from, const object_name& to);

  /// Also when there is none.
  void remove(const object_name& name);

  /// The keys that begin so and have no '/' behind that, in order.
  std::vector<std::string> list(const object_name& prefix);

 private:
  struct request;
  http_answer ask(const request& what);
  http_answer ask_once(const request& what);
  std::string begin_parts(const object_name& name, const std::string& mark);
  std::string put_part(const object_name& name, const std::string& upload, std::size_t no,
                       std::string_view bytes);
  void end_parts(const object_name& name, const std::string& upload,
                 const std::vector<std::string>& etags, const object_state& wanted);
  void give_up(const object_name& name, const std::string& upload) noexcept;
  template <class Part>
  void in_parts(const object_name& name, const object_state& wanted, Part transfer);

  object_limits limits_;
  http_connection connection_;
  std::stop_token stop_;  // of a put
};

/// The ones of this thread. The second asks once, and waits for seconds.
object_store& objects();
object_store& objects_in_a_hurry();

}  // namespace partita
