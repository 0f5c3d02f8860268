#pragma once

#include <nlohmann/json.hpp>

namespace partita {

/// Inputs, outputs, checkpoints and results of a job are JSON documents.
using json = nlohmann::json;

}  // namespace partita
