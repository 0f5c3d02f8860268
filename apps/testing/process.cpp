#include "apps/testing/process.hpp"

#include <cxxabi.h>

#include <cstdlib>
#include <memory>

#include "apps/testing/lookup.hpp"

namespace partita::test {

namespace {

std::string name_of(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name{
      abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), &std::free};
  return status == 0 ? name.get() : type.name();
}

}  // namespace

const item_processor& processor_of(const job& j, const std::string& step) {
  const auto& found = partitioned_of(j, step);
  if (!found.processor().make.has_value())
    throw definition_error(
        "step " + step + " of job " + j.name() +
        " has no chunks, or a processor that is made for each attempt: run_partition "
        "runs its body");
  return found.processor();
}

void refuse_items(const std::string& step, const item_processor& has, const std::type_info& in,
                  const std::type_info& out) {
  throw definition_error("step " + step + " makes " + name_of(*has.out) + " of " +
                         name_of(*has.in) + "; process was asked to make " + name_of(out) + " of " +
                         name_of(in));
}

}  // namespace partita::test
