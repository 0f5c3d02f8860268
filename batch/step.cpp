#include "batch/step.hpp"

#include "protocol/overloaded.hpp"

namespace partita {

namespace {

constexpr int most_threads = 1024;

}  // namespace

std::optional<scaling> partitioned::scaled(const parameters& given) const {
  if (!scale_) return std::nullopt;
  auto how = scale_(given);
  const int number = std::visit(
      overloaded{[](const local_chunking& s) { return s.threads; },
                 [](const local_partitioning& s) { return s.slices; },
                 [](const remote_chunking& s) { return s.items; },
                 [](const remote_partitioning& s) { return s.slices == 0 ? 1 : s.slices; }},
      how);
  if (number < 1) throw definition_error("step " + name_ + " is scaled by less than one");
  if (std::holds_alternative<local_chunking>(how) && number > most_threads)
    throw definition_error("step " + name_ + " wants more than " + std::to_string(most_threads) +
                           " threads a partition");
  const bool chunks =
      std::holds_alternative<local_chunking>(how) || std::holds_alternative<remote_chunking>(how);
  if (chunks && !chunked_.run_in_threads)
    throw definition_error("step " + name_ + " is scaled by chunks, and its body is not chunked");
  if (std::holds_alternative<remote_chunking>(how) && !chunked_.pack)
    throw definition_error("step " + name_ +
                           " cannot send its items to other nodes: they have no way to JSON and "
                           "back (to_json, from_json)");
  return how;
}

std::vector<partition> partitioned::slices(split_context& context) const {
  if (split_) return split_(context);
  if (context.slices() > 1)
    throw definition_error("step " + name_ + " is scaled by slices, and has no split");
  return {{"all", nullptr}};
}

bool partitioned::streams(const parameters& given) const {
  if (stream_) return true;
  const auto how = scaled(given);
  return how && std::holds_alternative<remote_chunking>(*how);
}

std::int64_t partitioned::crash_suspects(const parameters& given) const {
  const auto how = scaled(given);
  const bool in_threads = how && std::holds_alternative<local_chunking>(*how);
  return in_threads ? 2 * chunked_.crash_suspects : chunked_.crash_suspects;
}

void partitioned::run(partition_context& p) const {
  const auto how = scaled(p.all_parameters());
  if (!how) return body_(p);
  // A killer is looked for in one chunk at a time.
  if (const auto* here = std::get_if<local_chunking>(&*how); here && p.crashes().starts == 0)
    return chunked_.run_in_threads(p, here->threads);
  if (std::holds_alternative<remote_chunking>(*how)) return chunked_.run_packed(p);
  body_(p);
}

void partitioned::pack(partition_context& reading, const take_partition& yield) const {
  const auto how = scaled(reading.all_parameters());
  chunked_.pack(reading, std::get<remote_chunking>(how.value()).items, yield);
}

int slices_of(const std::optional<scaling>& how) {
  if (!how) return 0;
  return std::visit(overloaded{[](const local_partitioning& s) { return s.slices; },
                               [](const remote_partitioning& s) { return s.slices; },
                               [](const auto&) { return 1; }},
                    *how);
}

}  // namespace partita
