#pragma once

#include "apps/jobs/marc/record.hpp"
#include "apps/jobs/marc/rules.hpp"
#include "batch/json.hpp"

namespace partita::marc {

/// The entity that a record becomes by the rules: a JSON object of their targets. Fields are taken
/// in the order of the record, mappings in the order of the rules. A mapping with indicators is for
/// fields that have them; one without is for those that no mapping of the tag with indicators is
/// for. Values of several subfields are joined with a blank; a backslash at the end of a value
/// goes, unless it is kept; what is empty then is not there.
json map_record(const record& from, const mapping_rules& rules);

}  // namespace partita::marc
