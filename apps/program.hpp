#pragma once

#include "batch/registry.hpp"

namespace partita {

/// The whole program: the commands of `partita`, with these jobs. Ends the process with the exit
/// code of the command.
[[noreturn]] int main(int argc, char** argv, const registry& jobs);

}  // namespace partita
