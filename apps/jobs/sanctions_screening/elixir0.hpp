#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "batch/readers/csv.hpp"

/// Payments in the format Elixir-0: UTF-8, comma-separated, 16 columns, a line for each payment,
/// without a header.
namespace partita::screening {

inline constexpr std::size_t elixir0_columns = 16;

/// One payment. What has no use is left out: the columns 5, 10, 13 and 14.
struct transaction {
  std::int64_t line = 0;  // of the file
  std::int64_t payment_code = 0;
  std::string payment_date;  // YYYY-MM-DD
  std::string amount;        // decimal digits
  std::string ordering_sort_code;
  std::string ordering_account;
  std::string beneficiary_account;
  std::string ordering_name;
  std::string ordering_address;
  std::string beneficiary_name;
  std::string beneficiary_address;
  std::string beneficiary_sort_code;
  std::string payment_details;
  std::string transaction_code;
  std::string client_bank_information;

  friend bool operator==(const transaction&, const transaction&) = default;
};

/// Throws data_error "column 2 (payment date) is no date YYYYMMDD: "20251341"", and so on. Does not
/// verify the check digits of accounts.
transaction transaction_of(const record& from);

/// The records of a slice that csv::split cut from a file without a header. What is wrong with one
/// is a data_error "FILE, line N: reason". Throws what csv::reader throws.
csv::rows<transaction> transactions(const std::filesystem::path& file, const csv::slice& part);

}  // namespace partita::screening
