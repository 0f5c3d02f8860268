#pragma once

#include <cstdint>
#include <vector>

#include "apps/jobs/sanctions_screening/matcher.hpp"
#include "batch/resources.hpp"

namespace partita::screening {

/// The lists of a run, ready to be matched.
class listed {
 public:
  /// Reads the lists that the run has loaded.
  explicit listed(resource_context& from);

  struct entity {
    std::int64_t uid = 0;
    name main;
    std::vector<name> alternates;
    std::vector<name> addresses;
  };
  /// By uid.
  const std::vector<entity>& entities() const { return entities_; }

 private:
  entity* find(std::int64_t uid);

  std::vector<entity> entities_;
};

/// What is matched of a payment.
struct parties {
  name beneficiary;
  name ordering;
  name beneficiary_address;
  name ordering_address;
};

/// Whether a payment may have to do with an entity: by the name, an address or an alternate name of
/// one of its parties.
bool concerns(const parties& payment, const listed::entity& entity);

}  // namespace partita::screening
