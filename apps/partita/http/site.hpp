#pragma once

#include <memory>
#include <optional>

#include "apps/partita/http/access.hpp"
#include "apps/partita/http/probes.hpp"
#include "apps/partita/options.hpp"
#include "batch/registry.hpp"
#include "storage/database.hpp"

namespace partita::http {

/// --http and what belongs to it.
cli::option_list http_options();

/// What this process answers by HTTP: the page, its API, probes and metrics. Has its addresses
/// until it is destroyed.
class site {
 public:
  /// Who connects waits until it begins. `jobs`: those that this program knows. Throws
  /// command_error: usage for wrong options, failed where it cannot listen.
  site(const cli::arguments& args, const std::shared_ptr<database>& db,
       std::shared_ptr<const registry> jobs);
  ~site();

  /// Answers from now on. `own`: of the node in this process, if there is one. Called once.
  void begin(const std::shared_ptr<const vital_signs>& own);

  /// Where it listens; "" for what it does not.
  std::string page_address() const;

 private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

/// Whether the arguments ask for anything of it.
bool asks_for_site(const cli::arguments& args);

}  // namespace partita::http
