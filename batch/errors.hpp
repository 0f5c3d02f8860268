#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace partita {

/// Thrown by user code when trying again cannot help (a malformed row, a wrong file): the partition
/// is FAILED at once. Every other exception but stop_requested_error and lease_lost_error counts as
/// a failed try, and is retried by the step's retry policy.
class permanent_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// An item that cannot be processed as it is: a policy may let it be skipped. Trying again does not
/// help.
class data_error : public permanent_error {
 public:
  using permanent_error::permanent_error;
};

/// The same, with something to write in place of the item where a policy lets it be skipped: a line
/// of a file of errors, say. It goes to the writer with the outputs of its chunk, and does not
/// count as written. `Out` is what the processor makes.
template <class Out>
class data_error_with : public data_error {
 public:
  data_error_with(const std::string& why, Out instead_of_it)
      : data_error(why), instead(std::move(instead_of_it)) {}
  Out instead;
};

/// What becomes of an item that crashes the process of an isolated chunked body, where a policy
/// lets it be skipped: `skip(on<data_error, crash_error>(), …)`. Nobody throws it.
class crash_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// May pass by itself: trying again can help.
class transient_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Thrown by the contexts when the work must end early: a stop was requested. Code that catches it
/// to clean up must rethrow it.
class stop_requested_error : public std::runtime_error {
 public:
  stop_requested_error() : std::runtime_error("stopped on request") {}
};

/// Thrown by `checkpoint`, `transaction` and the commits of chunks when the lease was lost: another
/// node redoes this partition, and nothing that this attempt still does will count. Code that
/// catches it to clean up must rethrow it.
class lease_lost_error : public std::runtime_error {
 public:
  lease_lost_error() : std::runtime_error("the lease was lost; another node redoes this") {}
};

/// A job definition, a parameter or an argument of the batch API that cannot work.
class definition_error : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

}  // namespace partita
