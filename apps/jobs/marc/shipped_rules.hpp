#pragma once

#include <string_view>

#include "apps/jobs/marc/targets.hpp"

namespace partita::marc {

/// The rules that ship for a type: apps/jobs/marc/rules/TYPE.json, which the program carries.
std::string_view shipped_rules(entity_type type);

}  // namespace partita::marc
