#pragma once

#include <string>
#include <string_view>

#include "apps/jobs/marc/record.hpp"

/// How records are written.
namespace partita::marc {

enum class format { json, iso2709, marcxml };

/// Reads one record: MARC-in-JSON; ISO 2709, up to and with its terminator, in MARC-8 or UTF-8, as
/// its leader says; or one element `record` of MARC-XML. All text of it is UTF-8 then, whatever the
/// leader says. Throws data_error that tells what is wrong.
record decode(format how, std::string_view bytes);

/// Whether it is all of a document of XML whose element is called `collection`.
bool is_collection(std::string_view xml);

// Of ISO 2709.
inline constexpr char record_terminator = 0x1D;
inline constexpr char field_terminator = 0x1E;
inline constexpr char subfield_delimiter = 0x1F;

}  // namespace partita::marc
