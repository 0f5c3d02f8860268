#pragma once

#include <string>

namespace partita::http {

/// The description of /api/v1 for programs: OpenAPI 3.1, as JSON.
const std::string& openapi_text();

}  // namespace partita::http
