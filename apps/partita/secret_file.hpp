#pragma once

#include <string>

namespace partita::cli {

/// What is wrong with a file that holds a secret, as the end of a sentence about it; "" when it is
/// fine: this process can read it, not everybody may, and its group may not change it. That the
/// group may read it is how secrets are handed over: by systemd as credentials, by Kubernetes in a
/// volume with fsGroup.
std::string trouble_of_secret_file(const std::string& path);

}  // namespace partita::cli
