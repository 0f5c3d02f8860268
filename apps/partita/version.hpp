#pragma once

#include <string>

namespace partita::cli {

std::string program_version();

}  // namespace partita::cli
