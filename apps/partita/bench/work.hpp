#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "protocol/values.hpp"

namespace partita::bench {

/// Keeps a core busy for about as long, by counting: on a core that is shared it takes longer, as
/// real work does.
void spin(microseconds work);

/// The costs of `count` partitions, the same ones every time, `mean` on average: all alike
/// (uniform), the k-th largest in proportion to 1/k (zipf), or a quarter of all in one (giant).
std::vector<microseconds> costs(const std::string& shape, std::int64_t count, microseconds mean);

}  // namespace partita::bench
