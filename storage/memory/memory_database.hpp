#pragma once

#include <memory>

#include "storage/clock.hpp"
#include "storage/database.hpp"

namespace partita {

namespace memory {
struct state;
}

/// A database that lives in this process: the reference model of the contract. Any number of
/// sessions, on any threads, share it; it is gone with the last of them.
class memory_database : public database {
 public:
  explicit memory_database(wall_clock clock);

  std::shared_ptr<session> connect(const session_options& options) override;
  schema_status schema() override;
  int migrate() override;
  std::string address() const override;
  bool shared_over_network() const override;

  /// All rows, whichever run is asked for, as of one moment between two transactions.
  tables audit_rows(std::optional<run_id> run) override;

  std::vector<diagnosis> examine() override { return {}; }

 private:
  std::shared_ptr<memory::state> state_;
};

std::shared_ptr<memory_database> make_memory_database(wall_clock clock = wall_now);

}  // namespace partita
