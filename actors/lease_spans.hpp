#pragma once

#include <map>
#include <memory>

#include "actors/span_sink.hpp"
#include "protocol/lease_book.hpp"

namespace partita {

/// The leases of this node that will be spans once they are over. Does nothing without a sink.
class lease_spans {
 public:
  explicit lease_spans(std::shared_ptr<span_sink> to = nullptr) : to_(std::move(to)) {}

  bool wanted() const { return to_ != nullptr; }

  void granted(lease_origin from, const run_trace& of, range partitions, mono_time at) {
    const auto lease = from.lease;
    if (to_ && of.submit.sampled) open_[lease] = {std::move(from), of, partitions, at};
  }

  /// The lease ends below `from`.
  void given_back(lease_id lease, partition_no from) {
    if (const auto found = open_.find(lease); found != open_.end())
      found->second.partitions.hi = from - 1;
  }

  void reported(lease_id lease, const lease_tally& more) {
    if (const auto found = open_.find(lease); found != open_.end()) found->second.tally += more;
  }

  /// What the book holds no longer is over. A lease of which nothing was executed is no span.
  void close_what_is_over(const lease_book& book, mono_time now) {
    std::erase_if(open_, [&](const auto& entry) {
      if (book.holds(entry.first)) return false;
      if (!entry.second.tally.empty()) to_->take(span_of(entry.second, now));
      return true;
    });
  }

  /// The cluster has taken all leases away.
  void lost_all(mono_time now) {
    for (auto& [lease, one] : open_) {
      ++one.tally.refused;
      to_->take(span_of(one, now));
    }
    open_.clear();
  }

 private:
  std::shared_ptr<span_sink> to_;
  std::map<lease_id, traced_lease> open_;
};

}  // namespace partita
