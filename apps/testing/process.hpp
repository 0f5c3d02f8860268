#pragma once

#include <any>
#include <optional>
#include <string>
#include <type_traits>
#include <typeinfo>

#include "batch/batch.hpp"

namespace partita::test {

/// Throws definition_error when the job has no such step, or the step no chunks.
const item_processor& processor_of(const job& j, const std::string& step);

/// Throws definition_error: the step has items of other types.
[[noreturn]] void refuse_items(const std::string& step, const item_processor& has,
                               const std::type_info& in, const std::type_info& out);

/// What the processor of a chunked step makes of one item: nothing when it filters it. What it
/// throws passes on; no policy is asked. Where the processor makes another type of it, name that:
/// `process<row>(job, "load", record)`. The types must be exactly those of the step.
template <class Out = void, class In>
auto process(const job& j, const std::string& step, In input,
             const item& place = {0, [] { return std::string{}; }}) {
  using made = std::conditional_t<std::is_void_v<Out>, In, Out>;
  const auto& processor = processor_of(j, step);
  const auto* make = std::any_cast<processor_function<In, made>>(&processor.make);
  if (make == nullptr) refuse_items(step, processor, typeid(In), typeid(made));
  return (*make)(std::move(input), place);
}

}  // namespace partita::test
