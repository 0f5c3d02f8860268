#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "apps/jobs/marc/formats.hpp"
#include "apps/jobs/marc/record.hpp"

namespace partita::marc {

/// How a record is broken on purpose.
enum class flaw {
  none,
  length,      // the leader tells a wrong length
  directory,   // an entry of the directory is no number
  indicators,  // an indicator is a control character
  truncated,   // the second half is missing
  encoding,    // bytes that are not of the encoding that the leader tells
  nameless,    // it has no control number
};
inline constexpr int flaw_count = 6;

/// An invented authority record, of what it is the n-th: the same for the same seed.
record generated_authority(std::int64_t n, std::uint64_t seed);

/// ISO 2709 of a record whose text is UTF-8; the leader says so. Throws permanent_error for one
/// that is longer than the format can tell.
std::string to_iso2709(const record& r);
/// The same in MARC-8. REQUIRES: no text but ASCII and the accented letters of the generator.
std::string to_marc8(const record& r);
/// An element `record` of MARC-XML, with a line end.
std::string to_marcxml(const record& r);

/// The record, as the format has it, with a flaw. Not every flaw can be in MARC-XML: those of
/// leader, directory and encoding are markup that is cut off there.
std::string broken(const record& r, flaw what, format how);

/// A file of authority records. In every thousand, so many are broken, each in another way; of ISO
/// 2709, every fourth is in MARC-8.
void generate_marc(const std::filesystem::path& file, format how, std::int64_t records,
                   std::int64_t broken_per_mille, std::uint64_t seed);

}  // namespace partita::marc
