#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "batch/readers/csv.hpp"

/// The lists of sanctioned entities of OFAC: comma-separated files without a header, as they are
/// published ("-0-" is nothing) or reduced (empty is nothing). Blanks around a field do not count.
namespace partita::screening {

/// A person, a company, a vessel or an aircraft. A file of names has 12 columns: these, in order.
struct entity {
  std::int64_t uid = 0;
  std::string name;
  std::optional<std::string> type;  // "individual", "vessel", "aircraft"; none: a company
  std::optional<std::string> program;
  std::optional<std::string> title;
  std::optional<std::string> call_sign;
  std::optional<std::string> vessel_type;
  std::optional<std::string> tonnage;
  std::optional<std::string> gross_registered_tonnage;
  std::optional<std::string> flag;
  std::optional<std::string> owner;
  std::optional<std::string> info;

  friend bool operator==(const entity&, const entity&) = default;
};

/// A file of addresses has 6 columns.
struct address {
  std::int64_t entity_uid = 0;
  std::int64_t address_uid = 0;
  std::optional<std::string> street;
  std::optional<std::string> city;
  std::optional<std::string> country;
  std::optional<std::string> ext;

  /// "street city country", as it is matched; what is not there is empty.
  std::string text() const;

  friend bool operator==(const address&, const address&) = default;
};

/// A file of alternate names has 4 columns, and perhaps remarks.
struct alternate_name {
  std::int64_t entity_uid = 0;
  std::int64_t alternate_uid = 0;
  std::optional<std::string> type;  // "aka", "fka", "nka"
  std::string name;

  friend bool operator==(const alternate_name&, const alternate_name&) = default;
};

/// Throw data_error "column 1 (uid) is no number", and so on.
entity entity_of(const record& from);
address address_of(const record& from);
alternate_name alternate_name_of(const record& from);

/// The records of a slice that csv::split cut from a file without a header. What is wrong with one
/// is a data_error "FILE, line N: reason". They throw what csv::reader throws.
csv::rows<entity> entities(const std::filesystem::path& file, const csv::slice& part);
csv::rows<address> addresses(const std::filesystem::path& file, const csv::slice& part);
csv::rows<alternate_name> alternate_names(const std::filesystem::path& file,
                                          const csv::slice& part);

}  // namespace partita::screening
