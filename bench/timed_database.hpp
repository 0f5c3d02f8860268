#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "storage/database.hpp"

namespace partita::bench {

/// How long claims that got a lease took, in milliseconds, over all sessions.
class claim_times {
 public:
  void add(double ms);
  /// Those since the last call.
  std::vector<double> take();

 private:
  std::mutex mutex_;
  std::vector<double> ms_;
};

/// The same database, with a watch on every claim.
std::shared_ptr<database> timed(std::shared_ptr<database> inner, std::shared_ptr<claim_times> to);

}  // namespace partita::bench
