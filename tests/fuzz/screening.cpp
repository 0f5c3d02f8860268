// Any bytes as a record of a list or a payment: understood, or a data_error. And as two texts: both
// matchers agree.

#include <cstdlib>
#include <iostream>
#include <string>

#include "apps/jobs/sanctions_screening/elixir0.hpp"
#include "apps/jobs/sanctions_screening/matcher.hpp"
#include "apps/jobs/sanctions_screening/sdn.hpp"
#include "batch/errors.hpp"
#include "bench/plain_matcher.hpp"

using namespace partita;
using namespace partita::screening;

namespace {

template <class F>
void fuzz_refused_or_fine(F f) {
  try {
    f();
  } catch (const data_error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  record fields;
  fields.line = 1;
  std::string_view rest = text;
  for (std::size_t end = 0; end != rest.npos; rest.remove_prefix(end + 1)) {
    end = rest.find(',');
    fields.fields.push_back(rest.substr(0, end));
    if (end == rest.npos) break;
  }
  fuzz_refused_or_fine([&] { (void)entity_of(fields); });
  fuzz_refused_or_fine([&] { (void)address_of(fields); });
  fuzz_refused_or_fine([&] { (void)alternate_name_of(fields); });
  fuzz_refused_or_fine([&] { (void)transaction_of(fields); });
  const auto half = text.find('\n');
  const auto one = text.substr(0, half);
  const auto two = half == text.npos ? std::string{} : text.substr(half + 1);
  if (matches(prepare(one), prepare(two)) != bench::plain::matches(one, two)) {
    std::cerr << "the matchers differ\n";
    std::abort();
  }
  return 0;
}
