#include "batch/aggregate.hpp"

#include "batch/errors.hpp"
#include "batch/split_context.hpp"

namespace partita {

void results::for_each(const std::function<void(const partition_result&)>& visit) const {
  constexpr int page = 1000;
  for (partition_no after = -1;;) {
    auto rows = read_(after, page);
    for (const auto& row : rows) {
      auto document = json::parse(row.output, nullptr, false);
      if (document.is_discarded()) document = nullptr;
      partition_result one{row.no, std::move(document), row.counts, {}};
      for (const auto& file : parse_files(row.files)) one.files.push_back(file.final_path);
      visit(one);
    }
    if (rows.size() < page) return;
    after = rows.back().no;
  }
}

const results::sums& results::totals() const {
  if (totals_) return *totals_;
  sums s;
  for_each([&](const partition_result& r) {
    ++s.count;
    s.items += r.counts;
  });
  totals_ = s;
  return *totals_;
}

void run_context::stop_if_requested() const {
  if (stop_requested()) throw stop_requested_error{};
}

std::vector<sql_row> split_context::fetch(std::string_view statement,
                                          std::span<const sql_value> values) {
  if (!queries_) throw definition_error("a split is called here without a database to read");
  return queries_->query(statement, values);
}

std::optional<json> split_context::last_stored() { return last_ ? last_() : std::nullopt; }

int split_context::slots() const {
  int sum = 0;
  for (const auto& node : nodes_) sum += node.slots;
  return std::max(1, sum);
}

}  // namespace partita
