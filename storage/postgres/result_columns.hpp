#pragma once

#include "storage/postgres/rows.hpp"

namespace partita::postgres {

/// Reports as the array parameters that sql::unnested_results takes, in its order.
struct result_columns {
  /// `report_of` gives the report of one of `items`.
  template <class Items, class ReportOf>
  result_columns(const Items& items, ReportOf report_of)
      : no(column(items, [&](const auto& i) { return report_of(i)->no; })),
        output(
            column_unless(std::string_view{"null"}, items,
                          [&](const auto& i) { return std::string_view{report_of(i)->output}; })),
        read(counts(items, report_of, &item_counts::read)),
        written(counts(items, report_of, &item_counts::written)),
        filtered(counts(items, report_of, &item_counts::filtered)),
        skipped(counts(items, report_of, &item_counts::skipped)),
        took(column_unless(std::int64_t{0}, items,
                           [&](const auto& i) { return report_of(i)->took.count(); })),
        files(column_unless(std::string_view{}, items,
                            [&](const auto& i) { return std::string_view{report_of(i)->files}; })),
        ended(column_unless(std::int64_t{0}, items,
                            [&](const auto& i) { return report_of(i)->ended_ago.count(); })) {}

  std::string no, output, read, written, filtered, skipped, took, files, ended;

 private:
  template <class Items, class ReportOf>
  static std::string counts(const Items& items, ReportOf report_of,
                            std::int64_t item_counts::*which) {
    return column_unless(std::int64_t{0}, items,
                         [&](const auto& i) { return report_of(i)->counts.*which; });
  }
};

}  // namespace partita::postgres
