#pragma once

#include <memory>
#include <optional>

#include "apps/partita/http/access.hpp"
#include "apps/partita/http/probes.hpp"
#include "apps/partita/options.hpp"
#include "storage/database.hpp"

namespace partita::http {

/// --http and what belongs to it.
cli::option_list http_options();

/// What this process answers by HTTP: the page, its API, probes and metrics. Listens until it is
/// destroyed.
class site {
 public:
  /// `own`: of the node in this process, if there is one. Throws command_error (usage).
  site(const cli::arguments& args, const std::shared_ptr<database>& db,
       std::shared_ptr<const vital_signs> own);
  ~site();

  /// Where it listens; "" for what it does not.
  std::string page_address() const;

 private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

/// Whether the arguments ask for anything of it.
bool asks_for_site(const cli::arguments& args);

}  // namespace partita::http
