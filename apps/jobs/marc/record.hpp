#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// A MARC 21 record, as all formats give it.
namespace partita::marc {

struct subfield {
  char code = 0;
  std::string value;  // UTF-8
  friend bool operator==(const subfield&, const subfield&) = default;
};

/// A field of a record. A control field (tags 001 to 009) has a value and nothing else, all others
/// have indicators and subfields.
struct field {
  std::string tag;
  std::string value;
  std::array<char, 2> indicators{' ', ' '};
  std::vector<subfield> subfields;

  bool is_control() const { return tag.starts_with("00"); }
  bool has(char code) const;
  friend bool operator==(const field&, const field&) = default;
};

struct record {
  std::string leader;  // 24 characters
  std::vector<field> fields;
  friend bool operator==(const record&, const record&) = default;
};

/// Three letters or digits.
bool is_tag(const std::string& tag);

/// Throws data_error "field 3 (100): REASON" for a tag, an indicator or a code of a subfield that
/// cannot be. `no` counts the fields of the record from 1.
void require_valid(const field& f, std::size_t no);

/// Throws data_error unless the leader has 24 characters.
void require_leader(const std::string& leader);

/// Reads MARC-in-JSON:
///   {"leader": "…", "fields": [{"001": "…"},
///     {"100": {"ind1": "1", "ind2": " ", "subfields": [{"a": "…"}]}}]}
/// Throws data_error that tells what is wrong with which field.
record parse_record(std::string_view json);

/// Writes it. Throws data_error for text that is no UTF-8.
std::string to_json_text(const record& r);

/// The value of the control field 001 without blanks around it: what the record is called. Empty:
/// it has none.
std::string control_number(const record& r);

}  // namespace partita::marc
