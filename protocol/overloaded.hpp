#pragma once

namespace partita {

/// Several functions as one, for std::visit: `overloaded{[](shared) {…}, [](round_robin) {…}}`.
template <class... F>
struct overloaded : F... {
  using F::operator()...;
};
template <class... F>
overloaded(F...) -> overloaded<F...>;  // clang before 17 needs it said

}  // namespace partita
